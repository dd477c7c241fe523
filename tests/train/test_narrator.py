"""Narrators are trained for real, on a few cases: the loss falls, and the ONNX file says what the network says."""

import dataclasses

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from dermatrust.atlas import draw_facts
from dermatrust.atlas.perception import Heads
from dermatrust.clients.nano import scaled
from dermatrust.train import narrator
from dermatrust.train.onnx_file import write_onnx

RECIPE = narrator.Recipe("tiny", side_px=16, width=4, n_cases=30, n_epochs=30, learning_rate=1e-2, batch=16)


@pytest.fixture(scope="module")
def examples():
    return narrator.draw_examples(3, "tiny", RECIPE.n_cases, RECIPE.side_px, workers=1)


def test_the_loss_of_even_chances_is_the_mean_entropy_of_the_heads():
    # three values: ln 3; one feature, chance 1/2: ln 2; the mean of both heads
    heads = Heads({"colour": ("Brown", "Black", "White"), "features": ("Scale",)})
    loss = narrator.loss_of(torch.zeros(2, 4), torch.tensor([[1.0, 0, 0, 1], [0, 0, 1, 0]]), heads)
    assert float(loss) == pytest.approx((np.log(3) + np.log(2)) / 2)


def test_examples_are_the_pictures_of_the_cases_in_order(examples):
    pictures, targets, numbers = examples
    views = [draw_facts(3, "tiny", n).views for n in range(RECIPE.n_cases)]
    assert numbers.tolist() == [n for n, of_case in enumerate(views) for _ in of_case]
    assert pictures.shape == (len(numbers), 16, 16, 3)
    assert np.array_equal(targets[0], Heads.of_atlas().targets(draw_facts(3, "tiny", 0)))


def test_training_lowers_the_loss_and_the_same_seed_gives_the_same_network(examples):
    pictures, targets, _ = examples
    heads = Heads.of_atlas()

    def loss(network):
        with torch.no_grad():
            return float(
                narrator.loss_of(network(torch.from_numpy(scaled(pictures))), torch.from_numpy(targets), heads)
            )

    torch.manual_seed(0)
    untrained = narrator.build_network(RECIPE, heads.n_outputs).eval()
    first, second = (narrator.train(RECIPE, pictures, targets, seed=0) for _ in range(2))
    assert loss(first) < 0.7 * loss(untrained)
    assert all(
        torch.equal(a, b) for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    )


def test_the_onnx_file_says_what_the_network_says(tmp_path, examples):
    pictures, targets, _ = examples
    network = narrator.train(dataclasses.replace(RECIPE, n_epochs=2), pictures, targets)
    path = tmp_path / "tiny.onnx"
    write_onnx(path, network, RECIPE.side_px, {"side_px": "16"})
    inputs = torch.from_numpy(scaled(pictures))
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = network(inputs).numpy()
    np.testing.assert_allclose(session.run(None, {"pixels": inputs.numpy()})[0], expected, atol=1e-4)
    assert session.get_modelmeta().custom_metadata_map == {"side_px": "16"}


def test_a_layer_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(TypeError, match="layer 1 is a GELU"):
        write_onnx(tmp_path / "x.onnx", nn.Sequential(nn.Flatten(), nn.GELU(), nn.Linear(3, 1)), 1, {})
