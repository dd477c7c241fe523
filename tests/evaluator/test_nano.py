"""The embedded evaluator's runtime: a toy's ONNX files against the toy in torch."""

import numpy as np
import onnx
import pytest
import torch

from dermatrust.errors import DataError
from dermatrust.evaluator.drawing import draw
from dermatrust.evaluator.nano import DECODER, TOWER, NanoEvaluator
from dermatrust.evaluator.policy import Row, batch_of
from dermatrust.evaluator.readout import READOUT, Readout, read_out
from dermatrust.train.export import write_evaluator

TEXTS = ("A red plaque.", "A dark spot on the face, and more of it. See a doctor soon.", "")


@pytest.fixture(scope="module")
def rounded(build, round_weights):
    """A toy whose weights are what its files keep of them, so that only arithmetic differs."""
    return round_weights(build(seed=2))


@pytest.fixture(scope="module")
def folder(rounded, in_floats, tmp_path_factory):
    """Its files, but for the rounding of what its weights are multiplied with."""
    path = tmp_path_factory.mktemp("weights")
    write_evaluator(rounded, path)
    in_floats(path)
    return path


@pytest.fixture(scope="module")
def nano(folder):
    return NanoEvaluator(folder)


@pytest.fixture(scope="module")
def asked(rounded):
    """Prompts and features of rows of different lengths with different numbers of images."""
    rng = np.random.default_rng(3)
    counts = (1, 2, 1)
    prompts = [rounded.script.prompt(text, 2 * n) for text, n in zip(TEXTS, counts, strict=True)]
    return prompts, [rng.random((2 * n, 6), dtype=np.float32) for n in counts]


def test_the_script_is_that_of_the_policy(nano, rounded):
    ours, theirs = nano.script, rounded.script
    assert (ours.form, ours.skeleton, ours.begin) == (theirs.form, theirs.skeleton, theirs.begin)
    text = "A dark spot é <image> on</s>\n 4/5\n"
    assert ours.encode(text) == theirs.encode(text)
    assert ours.decode(ours.encode(text)) == theirs.decode(theirs.encode(text))
    assert ours.prompt(text, 4) == theirs.prompt(text, 4)
    assert (nano.n_tokens, nano.context) == (2, 256)


def test_it_sees_what_the_tower_sees(nano, rounded, pictures):
    with torch.no_grad():
        theirs = rounded.look(rounded.pixels(pictures)).flatten(0, 1).numpy()
    assert nano.look(pictures).shape == (8, 6)
    assert np.allclose(nano.look(pictures), theirs, atol=0.02 * np.abs(theirs).max())


def test_scores_equal_those_in_torch(nano, rounded, asked):
    prompts, features = asked
    answer = rounded.script.filled([0] * len(rounded.script.skeleton.places))
    rows = [Row(p, torch.from_numpy(f), [answer]) for p, f in zip(prompts, features, strict=True)]
    with torch.no_grad():
        theirs = rounded(batch_of(rows, pad_id=rounded.script.placeholder_id)).view(3, 8, -1).numpy()
    ours = nano.score(prompts, features)
    assert ours.shape == theirs.shape
    answers = np.unique(np.concatenate(rounded.script.skeleton.options))
    assert np.allclose(ours[..., answers], theirs[..., answers], atol=1e-4, rtol=1e-4)
    assert np.isneginf(np.delete(ours, answers, axis=-1)).all()


def test_a_ragged_batch_equals_single_rows(nano, asked):
    prompts, features = asked
    together = nano.score(prompts, features)
    for k in range(3):
        assert np.allclose(together[k], nano.score([prompts[k]], [features[k]])[0], atol=1e-4, rtol=1e-5)


def test_it_writes_what_torch_draws(nano, rounded, asked):
    prompts, features = asked
    cue = rounded.script.encode("Critique:\n")
    for prompt, feature in zip(prompts, features, strict=True):
        ((theirs,),) = draw(
            rounded, [Row(prompt, torch.from_numpy(feature))], cue, max_new_tokens=15, n_alternatives=3
        )  # fmt: skip
        ours = nano.write(prompt, feature, cue, max_new_tokens=15, n_alternatives=3)
        assert ours.ids == theirs.ids
        for mine, other in zip(ours.alternatives, theirs.alternatives, strict=True):
            assert [k for k, _ in mine] == [k for k, _ in other]
            assert [log for _, log in mine] == pytest.approx([log for _, log in other], abs=1e-3)


def test_writing_ends_with_the_end(nano, asked, monkeypatch):
    prompts, features = asked
    cue = nano.script.encode("Critique:\n")
    whole = nano.write(prompts[0], features[0], cue, max_new_tokens=9, n_alternatives=1)
    monkeypatch.setattr(nano.script, "end_id", whole.ids[4])
    short = nano.write(prompts[0], features[0], cue, max_new_tokens=9, n_alternatives=1)
    assert short.ids == whole.ids[: whole.ids.index(whole.ids[4]) + 1]
    assert len(short.alternatives) == len(short.ids)


def test_its_hash_is_that_of_its_files(nano, folder, build, tmp_path):
    assert NanoEvaluator(folder).sha256 == nano.sha256
    write_evaluator(build(seed=5), tmp_path)
    assert NanoEvaluator(tmp_path).sha256 != nano.sha256


@pytest.fixture
def reading(rounded):
    """The toy with a readout, which it loses again."""
    rng = np.random.default_rng(4)
    shared = np.array([[0, 0, 3]], np.int16)
    shapes = ((6, 3), (3,), (3, 66), (66,), (6, 6), (6,))
    weights = (rng.normal(size=shape).astype(np.float16).astype(np.float32) for shape in shapes)
    rounded.readout = Readout(shared, *weights, np.arange(11, dtype=np.float32) / 2)
    yield rounded
    rounded.readout = None


def test_its_scores_are_those_of_its_readout(reading, nano, asked, in_floats, tmp_path):
    write_evaluator(reading, tmp_path)
    in_floats(tmp_path)
    again = NanoEvaluator(tmp_path)
    assert again.sha256 != nano.sha256
    expected = read_out(nano.script, reading.readout, nano.score(*asked))
    assert np.allclose(again.score(*asked), expected, atol=1e-5)


def test_the_readout_of_another_decoder_or_none_is_refused(reading, folder, tmp_path):
    write_evaluator(reading, tmp_path)
    (tmp_path / DECODER).write_bytes((folder / DECODER).read_bytes())
    with pytest.raises(DataError, match=r"readout\.npz: is not the one of this decoder\.onnx"):
        NanoEvaluator(tmp_path)
    write_evaluator(reading, tmp_path)
    (tmp_path / READOUT).unlink()
    with pytest.raises(DataError, match=r"readout\.npz: is missing"):
        NanoEvaluator(tmp_path)


@pytest.mark.parametrize("name", [TOWER, DECODER])
def test_a_missing_or_broken_file_is_named(folder, tmp_path, name):
    for one in (TOWER, DECODER):
        (tmp_path / one).write_bytes((folder / one).read_bytes())
    (tmp_path / name).write_bytes((folder / name).read_bytes()[:1000])
    with pytest.raises(
        DataError, match=f"{name}: is cut short, or is no network of dermatrust; expected what .* Export it again"
    ):
        NanoEvaluator(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(DataError, match=f"{name}: cannot be read"):
        NanoEvaluator(tmp_path)


@pytest.mark.parametrize(("key", "value"), [
    ("form", None), ("form", "{}"), ("tokenizer", "{"), ("ids", "{}"), ("ids", "[]"), ("sizes", None), ("sizes", "x"),
])  # fmt: skip
def test_a_network_of_something_else_is_refused(folder, tmp_path, key, value):
    (tmp_path / TOWER).write_bytes((folder / TOWER).read_bytes())
    model = onnx.load_model_from_string((folder / DECODER).read_bytes())
    kept = {one.key: one.value for one in model.metadata_props if one.key != key}
    onnx.helper.set_model_props(model, kept if value is None else {**kept, key: value})
    (tmp_path / DECODER).write_bytes(model.SerializeToString())
    with pytest.raises(DataError, match=r"no embedded evaluator|not an evaluator's form"):
        NanoEvaluator(tmp_path)


def test_a_tower_that_another_training_exported_is_refused(folder, build, tmp_path):
    """It has the same shape, so every photograph would be rated, by what the decoder never learnt to look through."""
    write_evaluator(build(seed=5), tmp_path)
    (tmp_path / DECODER).write_bytes((folder / DECODER).read_bytes())
    with pytest.raises(DataError, match=r"tower\.onnx: is not the one of this decoder\.onnx; expected the file that"):
        NanoEvaluator(tmp_path)
