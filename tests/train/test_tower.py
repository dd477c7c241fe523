"""The tower: its convolutions and residuals against PyTorch's, how photographs are moved, what it may look at."""

import numpy as np
import pytest
import torch
from torch import nn

from dermatrust.evaluator.tower import AtlasTower, AtlasTowerConfig, Convolution, Residual
from dermatrust.train.loop import Optimizers
from dermatrust.train.recipe import Drawn, StageRecipe, TowerRecipe
from dermatrust.train.run import shown_to_tower
from dermatrust.train.tower import SHIFT, moved


@pytest.mark.parametrize(("size", "stride", "padding"), [(3, 1, 1), (3, 2, 1), (4, 4, 0)])
def test_a_convolution_is_that_of_pytorch(size, stride, padding):
    torch.manual_seed(0)
    ours = Convolution(3, 5, size, stride=stride, padding=padding).train()
    plain = nn.Conv2d(3, 5, size, stride=stride, padding=padding, bias=False)
    plain.weight.data = ours.weight.detach().reshape(plain.weight.shape)
    pictures = torch.randn(4, 3, 12, 12)
    assert torch.allclose(ours(pictures), nn.BatchNorm2d(5)(plain(pictures)), atol=1e-5)


def test_a_residual_without_weights_gives_what_it_was_given():
    residual = Residual(4).eval()
    for module in residual.modules():
        if isinstance(module, Convolution):
            nn.init.zeros_(module.weight)
    pictures = torch.randn(2, 4, 6, 6)
    assert torch.equal(residual(pictures), pictures)


def test_tokens_have_the_shape_that_was_asked_for_and_none_is_negative():
    tower = AtlasTower(AtlasTowerConfig(image_size=24, patch_size=4, width=2, n_tokens=3, hidden_size=5)).eval()
    tokens = tower(torch.randn(2, 3, 24, 24)).last_hidden_state
    assert tokens.shape == (2, 3, 5)
    assert (tokens >= 0).all()


def test_muon_trains_the_convolutions_and_dense_layers_of_a_tower():
    tower = AtlasTower(AtlasTowerConfig(image_size=16, width=2, n_tokens=2, hidden_size=6))
    optimizers = Optimizers(nn.ModuleDict({"tower": tower}), StageRecipe(matrix_rate=0.03, matrix_momentum=0.9))
    kept = optimizers.state_dict()
    assert [one["param_groups"][0].get("momentum") for one in kept] == [None, 0.9]
    n_matrices = sum(weight.ndim == 2 for weight in tower.parameters())
    assert len(kept[1]["param_groups"][0]["params"]) == n_matrices == 17  # 15 convolutions, two dense layers
    assert all(weight.ndim in (1, 2) for weight in tower.parameters())


def test_a_moved_photograph_is_mirrored_or_not_and_shifted_by_a_few_pixels():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (112, 112, 3), dtype=np.uint8)
    far = 112 // SHIFT
    places = [
        (down, right, side) for down in range(-far, far + 1) for right in range(-far, far + 1) for side in (1, -1)
    ]
    known = {
        np.roll(picture[:, ::side], (down, right), (0, 1)).tobytes(): (down, right, side)
        for down, right, side in places
    }
    before = np.stack([picture] * 400)
    found = moved(before, np.random.default_rng(1))
    assert {known[one.tobytes()] for one in found} == set(places)
    assert (before == picture).all()


def test_a_picture_too_small_to_shift_is_mirrored_alone():
    picture = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3)
    found = moved(np.stack([picture] * 20), np.random.default_rng(0))
    assert {one.tobytes() for one in found} == {picture.tobytes(), picture[:, ::-1].tobytes()}


def test_patches_must_fill_a_picture():
    with pytest.raises(ValueError, match="5 px patches do not fill a side of 112 px: give a divisor of it"):
        TowerRecipe(patch_px=5)


def test_a_tower_learns_from_photographs_of_its_own_or_from_those_of_the_data(tiny):
    assert shown_to_tower(tiny) == tiny.data
    own = (Drawn(n=3, seed=5), Drawn(n=2, seed=6, degrade="random"))
    model = tiny.model.model_copy(update={"tower": TowerRecipe(atlas=own)})
    recipe = tiny.model_copy(update={"model": model})
    assert tuple(source.atlas for source in shown_to_tower(recipe)) == own
    assert shown_to_tower(recipe.model_copy(update={"blank": True})) == ()
