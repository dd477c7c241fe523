"""An untrained evaluator of a few thousand weights, large enough for every path through the code."""

from collections.abc import Callable, Iterator

import numpy as np
import PIL.Image
import pytest
import torch

from dermatrust.evaluator.form import Evaluation, Form
from dermatrust.evaluator.policy import Policy
from dermatrust.evaluator.tower import AtlasTower, AtlasTowerConfig
from dermatrust.train.fresh import build_policy, corpus
from dermatrust.train.recipe import Fresh, TowerRecipe
from dermatrust.train.vocabulary import train_tokenizer

CHECKS = (("site", ("right", "wrong")), ("lesion", ("right", "wrong", "missing")))
FORM = Form("Narrative:\n{narrative}", "half", CHECKS)
TEXTS = ("A red plaque on the back, most likely psoriasis.", "A dark spot on the face. See a doctor soon.")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def build() -> Callable[..., Policy]:
    """Build a toy of 2 image tokens a picture; the fields are those of `Fresh`. Its weights follow from the seed."""

    def built(seed: int = 0, **sizes: int) -> Policy:
        tokenizer = train_tokenizer(corpus(FORM, [(t, FORM.write(Evaluation({}, t), "critique first")) for t in TEXTS]),
                                    FORM, 400)  # fmt: skip
        torch.manual_seed(seed)
        recipe = Fresh(
            tower=TowerRecipe(side_px=16, width=2, hidden=6),
            **({"hidden": 32, "layers": 2, "heads": 4, "inner": 24, "context": 256} | sizes),
        )
        tower = AtlasTower(AtlasTowerConfig(image_size=16, width=2, n_tokens=2, hidden_size=6))
        policy = build_policy(recipe, tower, tokenizer, FORM).eval()
        with torch.no_grad():  # larger than at the start of training, so that one token is clearly the likeliest
            for name, weight in policy.model.named_parameters():
                weight *= 1 if "norm" in name or "inner" in name else 4
        return policy

    return built


@pytest.fixture(scope="session")
def policy(build: Callable[..., Policy]) -> Policy:
    return build(seed=1)


@pytest.fixture(scope="session")
def pictures() -> list[PIL.Image.Image]:
    rng = np.random.default_rng(1)
    return [PIL.Image.fromarray(rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)) for _ in range(4)]
