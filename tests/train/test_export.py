"""The hand-written ONNX graph against the same weights in torch, over random sizes."""

import numpy as np
import onnx
import onnxruntime
import PIL.Image
import pytest
import torch
from torch import nn

from dermatrust.errors import DataError
from dermatrust.evaluator.drawing import draw
from dermatrust.evaluator.nano import DECODER, TOWER, NanoEvaluator
from dermatrust.evaluator.policy import Row, batch_of
from dermatrust.train.export import MOST, write_evaluator
from dermatrust.train.onnx_file import EIGHT_BITS, whole_numbers

TEXTS = ("A red plaque.", "A dark spot on the face, and more of it. See a doctor soon.", "")
SIZES = [
    {"hidden": 32, "layers": 2, "heads": 4, "inner": 24},
    {"hidden": 24, "layers": 1, "heads": 2, "inner": 40},
    {"hidden": 36, "layers": 3, "heads": 3, "inner": 20},
]


def asked(policy):
    """Return prompts and features of rows of different lengths with different numbers of images."""
    rng = np.random.default_rng(3)
    counts = (1, 2, 1)
    prompts = [policy.script.prompt(text, 2 * n) for text, n in zip(TEXTS, counts, strict=True)]
    return prompts, [rng.random((2 * n, 6), dtype=np.float32) for n in counts]


def in_torch(policy):
    """Return the logits at the open places of the skeleton, shape (3, places, vocabulary)."""
    answer = policy.script.filled([0] * len(policy.script.skeleton.places))
    rows = [Row(p, torch.from_numpy(f), [answer]) for p, f in zip(*asked(policy), strict=True)]
    with torch.no_grad():
        return policy(batch_of(rows, pad_id=policy.script.placeholder_id)).view(3, 8, -1).numpy()


def differences(policy, ours, theirs):
    """Return how far the logits of answers are apart; those of all other tokens must be minus infinity."""
    answers = sorted({token for options in policy.script.skeleton.options for token in options})
    assert np.isneginf(np.delete(ours, answers, axis=-1)).all()
    return np.abs(ours[..., answers] - theirs[..., answers])


def relative(found, theirs):
    """Return the root mean square of differences over the spread of the logits."""
    return np.sqrt((found**2).mean()) / theirs.std()


@pytest.mark.parametrize("most", [MOST, EIGHT_BITS])
def test_whole_numbers_are_within_half_a_step(most):
    weight = torch.randn(50, 30, generator=torch.Generator().manual_seed(1)) * torch.logspace(-6, 3, 50)[:, None]
    weight[3] = 0
    numbers, steps = whole_numbers(weight.numpy(), most)
    assert numbers.dtype == np.int8
    assert set(np.abs(numbers).max(axis=1)) == {0, most}
    assert (np.abs(numbers * steps[:, None] - weight.numpy()) <= 0.5001 * steps[:, None]).all()
    again, same = whole_numbers(numbers * steps[:, None], most)
    assert np.array_equal(again, numbers)
    assert np.allclose(same, steps, rtol=1e-6)


def test_two_products_of_whole_numbers_fit_in_16_bits():
    assert 2 * 255 * MOST < 2**15


@pytest.mark.parametrize("sizes", SIZES)
def test_scores_equal_torch_up_to_eight_bits(build, tmp_path, sizes):
    policy = build(**sizes)
    write_evaluator(policy, tmp_path)
    ours, theirs = NanoEvaluator(tmp_path).score(*asked(policy)), in_torch(policy)
    assert relative(differences(policy, ours, theirs), theirs) < 0.02
    assert np.abs(theirs).max() > 0.1


@pytest.mark.parametrize("sizes", SIZES)
def test_scores_of_rounded_weights_equal_torch_up_to_the_rounding_of_what_they_multiply(
    build, round_weights, tmp_path, sizes
):
    policy = round_weights(build(**sizes))
    write_evaluator(policy, tmp_path)
    ours, theirs = NanoEvaluator(tmp_path).score(*asked(policy)), in_torch(policy)
    assert relative(differences(policy, ours, theirs), theirs) < 0.01


@pytest.mark.parametrize("sizes", SIZES)
def test_the_graph_of_rounded_weights_equals_torch_to_the_last_digits(build, round_weights, in_floats, tmp_path, sizes):
    policy = round_weights(build(**sizes))
    write_evaluator(policy, tmp_path)
    in_floats(tmp_path)
    ours = NanoEvaluator(tmp_path).score(*asked(policy))
    assert differences(policy, ours, in_torch(policy)).max() < 1e-5


@pytest.mark.parametrize("kv_heads", [1, 2])
def test_grouped_keys_and_values_serve_several_heads(build, round_weights, in_floats, tmp_path, kv_heads):
    policy = round_weights(build(kv_heads=kv_heads))
    assert policy.model.model.language_model.layers[0].self_attn.k_proj.weight.shape == (8 * kv_heads, 32)
    write_evaluator(policy, tmp_path)
    in_floats(tmp_path)
    nano = NanoEvaluator(tmp_path)
    assert differences(policy, nano.score(*asked(policy)), in_torch(policy)).max() < 1e-5
    prompts, features = asked(policy)
    cue = policy.script.encode("Critique:\n")
    ((theirs,),) = draw(policy, [Row(prompts[1], torch.from_numpy(features[1]))], cue, max_new_tokens=12)
    assert nano.write(prompts[1], features[1], cue, max_new_tokens=12, n_alternatives=1).ids == theirs.ids


def test_scores_do_not_depend_on_what_else_is_asked(build, tmp_path):
    policy = build()
    write_evaluator(policy, tmp_path)
    nano, (prompts, features) = NanoEvaluator(tmp_path), asked(policy)
    together = nano.score(prompts, features)
    for k in range(3):
        assert np.array_equal(together[k], nano.score([prompts[k]], [features[k]])[0])


def test_writing_equals_drawing(build, round_weights, in_floats, tmp_path):
    policy = round_weights(build())
    write_evaluator(policy, tmp_path)
    in_floats(tmp_path)
    nano, (prompts, features) = NanoEvaluator(tmp_path), asked(policy)
    cue = policy.script.encode("Critique:\n")
    for k in range(3):
        ((theirs,),) = draw(policy, [Row(prompts[k], torch.from_numpy(features[k]))], cue, max_new_tokens=15)
        assert nano.write(prompts[k], features[k], cue, max_new_tokens=15, n_alternatives=1).ids == theirs.ids


def test_the_tower_equals_torch(build, tmp_path):
    policy = build()
    tower = policy.model.model.vision_tower
    with torch.no_grad():
        for module in tower.modules():  # as after training: folding must use them
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.3)
                module.running_var.uniform_(0.5, 2)
                module.weight.uniform_(0.5, 2)
    write_evaluator(policy, tmp_path)
    for layer in tower.layers:
        if isinstance(layer, nn.Linear):
            numbers, steps = whole_numbers(layer.weight.detach().numpy(), EIGHT_BITS)
            layer.weight.data = torch.from_numpy(numbers * steps[:, None])
    rng = np.random.default_rng(1)
    pictures = [PIL.Image.fromarray(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)) for _ in range(3)]
    theirs = policy.look(policy.pixels(pictures)).flatten(0, 1).numpy()
    assert np.abs(NanoEvaluator(tmp_path).look(pictures) - theirs).max() < 1e-3 * max(1, np.abs(theirs).max())


def test_the_files_are_always_the_same_bytes(build, tmp_path):
    policy = build()
    for name in ("a", "b"):
        write_evaluator(policy, tmp_path / name)
    for name in (TOWER, DECODER):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_layers_are_kept_in_eight_bits_and_the_rest_in_sixteen(build, tmp_path):
    write_evaluator(build(), tmp_path)
    kinds = {}
    for name in (TOWER, DECODER):
        for one in onnx.load(tmp_path / name).graph.initializer:
            if np.prod(one.dims) > 16 and not one.name.startswith("constant") and not one.name.endswith(".steps"):
                kinds.setdefault(one.data_type, set()).add(one.name)
    layers = {f"{kind}_proj.{k}" for kind in ("q", "k", "v", "o", "gate", "up", "down") for k in range(2)}
    dense = {name for name in kinds[onnx.TensorProto.INT8] if name.endswith(".weight")}
    assert len(dense) == 2  # of the tower
    assert kinds.pop(onnx.TensorProto.INT8) == layers | dense
    assert set(kinds) == {onnx.TensorProto.FLOAT16}


def test_another_tower_is_not_exported(build, tmp_path):
    policy = build()
    policy.model.model.vision_tower = nn.Identity()
    with pytest.raises(TypeError, match="the tower is a Identity; only an evaluator trained from nothing"):
        write_evaluator(policy, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(build, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write_evaluator(build(), tmp_path / "file" / "weights")


def test_no_other_inputs_than_those_of_the_docstring(build, tmp_path):
    write_evaluator(build(), tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / DECODER)
    past = [f"past_{kind}.{k}" for k in range(2) for kind in "kv"]
    assert [one.name for one in session.get_inputs()] == [
        "features", "ids", "positions", "mask", "places", "answers", *past
    ]  # fmt: skip
    assert [one.name for one in session.get_outputs()] == ["logits", *(one.removeprefix("past_") for one in past)]
