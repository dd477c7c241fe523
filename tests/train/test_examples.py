"""Examples out of folders, and the order in which they come."""

import json
from collections import Counter

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.atlas.critique import CHECKS
from dermatrust.datasets.atlas import write_atlas
from dermatrust.datasets.atlas_truth import read_errors
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Dimension
from dermatrust.store import DatasetFolder
from dermatrust.train.examples import Examples, batches, kept_photographs, read_examples, read_photographs

N = 8


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    path = tmp_path_factory.mktemp("atlas") / "d"
    write_atlas(path, n=N, seed=4, candidates=2, raters=2, critiques=True)
    return path


def rewrite(folder, name, change):
    """Put each record of a file through a function; None takes it away."""
    path = folder / name
    lines = [change(json.loads(line)) for line in path.read_text().splitlines()]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines if line is not None))


@pytest.fixture
def copy(tmp_path):
    path = tmp_path / "d"
    write_atlas(path, n=3, seed=4, raters=2, critiques=True)
    return path


def test_every_rated_narrative_is_an_example_with_its_photographs(drawn):
    found = read_examples(drawn, rater="atlas/truth")
    dataset = DatasetFolder.open(drawn)
    cases = {case.id: case for case in dataset.iter_cases()}
    narratives = list(dataset.iter_narratives())
    assert [row.narrative for row in found.rows] == [one.text for one in narratives]
    for row in found.rows:
        case = cases[row.case_id]
        assert row.patient_id == case.patient_id
        assert [found.pictures[k] for k in row.images] == [drawn / name for name in case.file_names]
        assert set(row.evaluation.scores) == set(DIMENSIONS)
        assert row.evaluation.critique
        assert row.evaluation.checks == {}
    assert len(set(found.pictures)) == len(found.pictures)


def test_checks_come_from_the_known_errors(drawn):
    found = read_examples(drawn, rater="atlas/truth", with_checks=True)
    known = list(read_errors(drawn))
    assert len(found.rows) == len(known) == 2 * N
    answers = dict(CHECKS)
    for row, one in zip(found.rows, known, strict=True):
        assert all(answer in answers[name] for name, answer in row.evaluation.checks.items())
        refuses = "refusal" in {error.kind for error in one.errors}
        assert (row.evaluation.checks["text"] == "refused") == refuses


def test_the_mean_of_raters_worked_by_hand(copy):
    first = next(DatasetFolder.open(copy).iter_narratives()).id

    def change(rating):
        if rating["narrative_id"] != first:
            return rating
        given = {"atlas/truth": {"accuracy": 1, "safety": 4}, "atlas/rater-steady": {"accuracy": 2}}
        scores = given.get(rating["rater"], {"accuracy": 4.5})
        return rating | {
            "scores": scores,
            "unscored": {d: {"reason": "missing"} for d in DIMENSIONS if d not in scores},
        }

    rewrite(copy, "ratings.jsonl", change)
    row = read_examples(copy).rows[0]
    assert row.evaluation.scores == {Dimension.ACCURACY: 2.5, Dimension.SAFETY: 4}
    assert row.evaluation.critique == read_examples(copy, rater="atlas/truth").rows[0].evaluation.critique
    assert read_examples(copy, rater="atlas/rater-steady").rows[0].evaluation.scores == {Dimension.ACCURACY: 2}


def test_a_limit_keeps_the_first_cases(drawn):
    found = read_examples(drawn, rater="atlas/truth", limit=3)
    assert {row.case_id for row in found.rows} == {f"atlas-train-{k:06d}" for k in range(3)}
    assert len(found.rows) == 6


def test_narratives_without_a_rating_or_a_score_are_no_examples(copy):
    ids = [one.id for one in DatasetFolder.open(copy).iter_narratives()]
    rewrite(copy, "ratings.jsonl", lambda r: None if r["narrative_id"] == ids[0] else r)
    assert len(read_examples(copy).rows) == 2


def test_a_rater_who_rated_nothing_is_named(copy):
    with pytest.raises(
        DataError, match=r"holds no narrative rated by 'nobody'\. Give another rater, or add narratives"
    ):
        read_examples(copy, rater="nobody")


def test_a_case_without_photograph_is_named(copy):
    rewrite(copy, "metadata.jsonl", lambda case: case | {"file_names": []})
    with pytest.raises(DataError, match=r"atlas-train-000000|file_names"):
        read_examples(copy)


def test_checks_without_known_errors_are_refused(copy):
    (copy / "errors.jsonl").unlink()
    with pytest.raises(DataError, match=r"errors\.jsonl: there is no such file; expected the known errors"):
        read_examples(copy, with_checks=True)


def test_joined_examples_keep_their_photographs(drawn, copy):
    one, other = read_examples(drawn, rater="atlas/truth"), read_examples(copy, rater="atlas/truth")
    both = one.joined(other)
    assert both.pictures == (*one.pictures, *other.pictures)
    assert both.rows[: len(one.rows)] == one.rows
    for ours, theirs in zip(both.rows[len(one.rows) :], other.rows, strict=True):
        assert [both.pictures[k] for k in ours.images] == [other.pictures[k] for k in theirs.images]
        assert (ours.narrative, ours.evaluation) == (theirs.narrative, theirs.evaluation)


def test_photographs_are_read_in_order(tmp_path):
    paths = []
    for k in range(5):
        paths.append(tmp_path / f"{k}.png")
        PIL.Image.new("RGB", (30, 20), (40 * k, 0, 0)).save(paths[-1])
    found = read_photographs(paths, 14)
    assert (found.shape, found.dtype) == ((5, 14, 14, 3), np.uint8)
    assert found[:, 0, 0, 0].tolist() == [0, 40, 80, 120, 160]
    for _ in range(2):  # written, then read
        assert np.array_equal(kept_photographs(paths, 14, tmp_path / "kept.npy"), found)
    paths[2].write_bytes(paths[2].read_bytes()[:40])
    with pytest.raises(DataError, match=r"2\.png"):
        read_photographs(paths, 14)
    paths[2].unlink()
    with pytest.raises(DataError, match=r"2\.png"):
        read_photographs(paths, 14)


@given(st.lists(st.integers(1, 50), max_size=90), st.integers(1, 9), st.integers(1, 5), st.integers(0, 9))
def test_batches_hold_every_example_once(lengths, size, window, seed):
    found = list(batches(lengths, size, np.random.default_rng(seed), window=window))
    assert Counter(k for one in found for k in one) == Counter(range(len(lengths)))
    assert all(1 <= len(one) <= size for one in found)
    assert sum(len(one) < size for one in found) <= 1
    assert found == list(batches(lengths, size, np.random.default_rng(seed), window=window))


def test_batches_worked_by_hand_are_of_like_length():
    lengths = [1, 10, 2, 20, 3, 30, 4, 40]
    found = batches(lengths, 2, np.random.default_rng(0))
    assert sorted([lengths[k] for k in one] for one in found) == [[1, 2], [3, 4], [10, 20], [30, 40]]


def test_batches_come_in_no_order_of_length():
    lengths = list(range(400))
    firsts = [one[0] for one in batches(lengths, 4, np.random.default_rng(0), window=100)]
    assert abs(np.corrcoef(firsts, range(100))[0, 1]) < 0.3


def test_no_examples_are_joined_to_none():
    assert Examples((), ()).joined(Examples((), ())) == Examples((), ())
