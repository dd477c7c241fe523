"""The readout: by hand, against PyTorch, from its file, and what it may change."""

import io
import math
import tomllib
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.errors import DataError
from dermatrust.evaluator.form import Form
from dermatrust.evaluator.nano import WEIGHTS, NanoEvaluator
from dermatrust.evaluator.readout import (
    READOUT,
    Readout,
    answer_chances,
    read_out,
    read_readout,
    shared_answers,
    with_agreements,
    write_readout,
)  # fmt: skip

ROOT = Path(__file__).parents[2]
N_ANSWERS, N_LEVELS = 5, 11
"""Of the toy's two checks, and of half points."""
SHARED = np.array([[0, 0, 3], [0, 1, 2], [1, 4, 4]], np.int16)
NONE_SHARED = np.zeros((0, 3), np.int16)


LEVELS = np.arange(N_LEVELS, dtype=np.float32) / 2


def readout_of(seed=0, hidden=7):
    rng = np.random.default_rng(seed)
    shapes = ((N_ANSWERS + 2, hidden), (hidden,), (hidden, 6 * N_LEVELS), (6 * N_LEVELS,), (N_ANSWERS + 2, 6), (6,))
    weights = (rng.normal(size=shape).astype(np.float16).astype(np.float32) for shape in shapes)
    return Readout(SHARED, *weights, LEVELS)


@pytest.fixture(scope="module")
def script(build):
    return build().script


def logits_of(script, n=3, seed=0):
    shape = (n, len(script.skeleton.places), 400)
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_scores_worked_by_hand():
    """One answer, one hidden unit, two levels: relu(2 x 0.5 - 0.5) = 0.5, then 0.5 x (0, ln 3 / 0.5) = (0, ln 3)."""
    second = np.zeros((1, 12), np.float32)
    second[0, 1] = math.log(3) / 0.5
    points, levels = np.zeros((1, 6)), np.array([4.0, 5.0])
    readout = Readout(
        NONE_SHARED, np.array([[2.0]]), np.array([-0.5]), second, np.zeros(12), points, np.zeros(6), levels
    )
    found = np.exp(readout.logits(np.array([[0.5]])))
    assert found.shape == (1, 6, 2)
    assert found[0, 0] == pytest.approx([0.25, 0.75])
    assert found[0, 1:] == pytest.approx(np.full((5, 2), 0.5))


def test_points_worked_by_hand():
    """Two answers take 1 and 2 points off Accuracy, sure of the first and half sure of the second: 5 - 1 - 1 = 3.

    With a sharpness of ln 2 level 3 has a weight of 1, 4 of 2^-1, 5 of 2^-4; where nothing is taken off, 5 has 1, 4 has
    2^-1 and 3 has 2^-4; without sharpness all have the same.
    """
    points = np.array([[1.0, 0, 0, 0, 0, 0], [2.0, 0, 0, 0, 0, 0]])
    sharpness = np.array([math.log(2), math.log(2), 0, 0, 0, 0])
    nothing = (np.zeros((2, 1)), np.zeros(1), np.zeros((1, 18)), np.zeros(18))
    found = np.exp(Readout(NONE_SHARED, *nothing, points, sharpness, np.arange(3.0, 6)).logits(np.array([[1, 0.5]])))
    assert found[0, 0] == pytest.approx(np.array([16, 8, 1]) / 25)
    assert found[0, 1] == pytest.approx(np.array([1, 8, 16]) / 25)
    assert found[0, 2:] == pytest.approx(np.full((4, 3), 1 / 3))


def test_scores_equal_those_of_pytorch():
    readout, chances = readout_of(), np.random.default_rng(1).random((4, N_ANSWERS), dtype=np.float32)
    first, first_bias, second, second_bias = (
        torch.from_numpy(one) for one in (readout.first, readout.first_bias, readout.second, readout.second_bias)
    )
    agreements = [chances[:, 0] * chances[:, 3] + chances[:, 1] * chances[:, 2], chances[:, 4] ** 2]
    inputs = np.column_stack([chances, *agreements]).astype(np.float32)
    theirs = torch.relu(torch.from_numpy(inputs) @ first + first_bias) @ second + second_bias
    total = 5 - torch.from_numpy(inputs) @ torch.from_numpy(readout.points)
    off = torch.arange(N_LEVELS) / 2 - total[:, :, None]
    theirs = theirs.view(4, 6, N_LEVELS) - torch.from_numpy(readout.sharpness)[:, None] * off**2
    theirs = theirs.log_softmax(-1).numpy()
    assert np.allclose(readout.logits(chances), theirs, atol=1e-5)


def test_chances_worked_by_hand(script):
    """The toy's checks have two and three answers; the second answer of the first has odds of 3 to 1."""
    logits = np.zeros((1, len(script.skeleton.places), 400), np.float32)
    logits[0, 0, script.skeleton.options[0][1]] = math.log(3)
    assert answer_chances(script.skeleton, logits)[0] == pytest.approx([0.25, 0.75, 1 / 3, 1 / 3, 1 / 3])


FORM = Form("{narrative}", checks=(("said", ("red", "blue", "none")), ("care", ("red",)), ("seen", ("blue", "red"))))


def test_shared_answers_worked_by_hand():
    assert shared_answers(FORM, [("said", "seen")]).tolist() == [[0, 0, 5], [0, 1, 4]]
    pairs = [("said", "felt"), ("care", "seen"), ("seen", "said")]
    assert shared_answers(FORM, pairs).tolist() == [[0, 3, 5], [1, 4, 1], [1, 5, 0]]
    assert shared_answers(FORM, []).shape == (0, 3)


def test_agreement_is_the_chance_of_the_same_answer():
    """0.5 x 0.4 + 0.3 x 0.6 = 0.38; certain answers agree or do not."""
    shared = shared_answers(FORM, [("said", "seen")])
    rows = [[0.5, 0.3, 0.2, 1.0, 0.6, 0.4], [1, 0, 0, 1, 0, 1], [1, 0, 0, 1, 1, 0], [0, 0, 1, 1, 1, 0]]
    found = with_agreements(np.array(rows, np.float32), shared)
    assert np.allclose(found[:, :6], rows)
    assert found[:, 6] == pytest.approx([0.38, 1, 0, 0])


@given(st.integers(0, 1000), st.floats(0.01, 30))
def test_chances_of_each_check_and_score_are_1(script, seed, scale):
    logits = logits_of(script, seed=seed) * np.float32(scale)
    chances = answer_chances(script.skeleton, logits)
    assert np.allclose([chances[:, :2].sum(axis=1), chances[:, 2:].sum(axis=1)], 1, atol=1e-5)
    assert np.allclose(np.exp(readout_of(seed).logits(chances)).sum(axis=-1), 1, atol=1e-5)


def test_it_changes_the_levels_of_the_scores_and_nothing_else(script):
    logits, readout = logits_of(script), readout_of()
    before = logits.copy()
    found = read_out(script, readout, logits)
    assert np.array_equal(logits, before)
    scores = readout.logits(answer_chances(script.skeleton, logits))
    for k, options in enumerate(script.skeleton.options[-6:]):
        assert np.allclose(found[:, k - 6, list(options)], scores[:, k])
        found[:, k - 6, list(options)] = logits[:, k - 6, list(options)]
    assert np.array_equal(found, logits)
    assert read_out(script, None, logits) is logits


def test_rows_do_not_matter_to_each_other(script):
    logits, readout = logits_of(script, n=4), readout_of()
    together = read_out(script, readout, logits)
    for k in range(4):
        assert np.allclose(read_out(script, readout, logits[k : k + 1])[0], together[k], atol=1e-5)


def test_its_file_gives_it_back_and_has_the_same_bytes_again(script, tmp_path):
    readout = readout_of()
    write_readout(tmp_path / READOUT, readout)
    again = read_readout(tmp_path / READOUT, script)
    assert all(np.array_equal(a, b) for a, b in zip(_arrays(again), _arrays(readout), strict=True))
    assert again.to_bytes() == readout.to_bytes() == (tmp_path / READOUT).read_bytes()
    write_readout(tmp_path / READOUT, None)
    assert list(tmp_path.iterdir()) == []
    assert read_readout(tmp_path / READOUT, script) is None


def _arrays(readout):
    return tuple(getattr(readout, field.name) for field in fields(readout))


def _missing_one():
    buffer = io.BytesIO()
    np.savez(buffer, first=np.zeros((5, 2)))
    return buffer.getvalue()


def _an_array():
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


@pytest.mark.parametrize("content", [b"", b"PK", readout_of().to_bytes()[:-40], _missing_one(), _an_array()])
def test_what_is_no_readout_is_refused(script, content):
    with pytest.raises(
        DataError, match=r"^here: is cut short, or is no readout; expected what `dermatrust train` wrote\.$"
    ):
        Readout.from_bytes(content, script, where="here")


def test_words_in_the_place_of_shared_answers_are_refused(script):
    buffer = io.BytesIO()
    arrays = {field.name: getattr(readout_of(), field.name) for field in fields(Readout)}
    np.savez(buffer, **arrays | {"shared": SHARED.astype(str)})
    with pytest.raises(DataError, match=r"^here: is the readout of another form"):
        Readout.from_bytes(buffer.getvalue(), script, where="here")


def test_weights_that_are_no_numbers_are_refused(script):
    for damage in ({"second_bias": np.full(66, np.nan)}, {"sharpness": np.full(6, np.inf)}):
        with pytest.raises(DataError, match="a weight is no number"):
            Readout.from_bytes(replace(readout_of(), **damage).to_bytes(), script, where="here")


def test_a_damaged_file_is_one_error(script):
    """One bit of every place of the directory at its end, where NumPy and zipfile look first."""
    content = readout_of().to_bytes()
    for place in range(len(content) - 300, len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1
        with suppress(DataError):
            Readout.from_bytes(bytes(damaged), script, where="here")


def test_the_package_carries_the_readout_of_its_decoder():
    assert NanoEvaluator().readout is not None
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["dermatrust"]
    assert {f"**/*{path.suffix}" for path in WEIGHTS.iterdir()} <= set(patterns)


@pytest.mark.parametrize(
    "change",
    [
        {"first": np.zeros((4, 7))},
        {"second": np.zeros((7, 66 - 1))},
        {"points": np.zeros((N_ANSWERS + 2, 5))},
        {"points": np.zeros((N_ANSWERS, 6))},
        {"sharpness": np.zeros(1)},
        {"levels": LEVELS[:-1]},
        {"levels": LEVELS + 1},
        {"shared": SHARED[:2]},
        {"shared": SHARED[:, :2]},
        {"shared": SHARED + np.int16(3)},
        {"shared": SHARED.astype(np.float32)},
    ],
)
def test_the_readout_of_another_form_is_refused(script, change):
    with pytest.raises(DataError, match=r"^here: is the readout of another form"):
        Readout.from_bytes(replace(readout_of(), **change).to_bytes(), script, where="here")
