"""A recipe small enough to train for real in a test, its trained run, and an untrained toy."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from transformers import LlavaForConditionalGeneration

from dermatrust.evaluator.form import Evaluation, Form
from dermatrust.evaluator.policy import Policy
from dermatrust.evaluator.tower import AtlasTower, AtlasTowerConfig
from dermatrust.train.fresh import build_policy, corpus
from dermatrust.train.recipe import Fresh, Recipe, TowerRecipe
from dermatrust.train.vocabulary import train_tokenizer

TINY = """
name: tiny
seed: 3
threads: 1
form: {prompt: nano, step: half, checks: true, orders: [critique first, scores first], room: 200}
model:
  tower: {side_px: 28, width: 4, hidden: 8, epochs: 12, batch: 16, learning_rate: 0.01}
  vocabulary: 1300
  hidden: 32
  layers: 2
  heads: 2
  inner: 48
data:
  - atlas: {n: 16, seed: 5, candidates: 2}
alignment: {epochs: 5, batch: 4, learning_rate: 0.05, keep_every: 4}
stage1: {epochs: 3, batch: 4, learning_rate: 0.005, keep_every: 5}
stage2: {epochs: 0.5, batch: 4, learning_rate: 0.001, keep_every: 2, order: scores first}
readout: {epochs: 10, batch: 4, learning_rate: 0.01, keep_every: 7, hidden: 16}
"""


Checks = tuple[tuple[str, tuple[str, ...]], ...]
CHECKS = (("site", ("right", "wrong")), ("lesion", ("right", "wrong", "missing")))
FORM = Form("Narrative:\n{narrative}", "half", CHECKS)
TEXTS = ("A red plaque on the back, most likely psoriasis.", "A dark spot on the face. See a doctor soon.")


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """One thread, and none of what a training run sets for its whole process left behind."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    torch.use_deterministic_algorithms(False)
    torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def tiny() -> Recipe:
    return Recipe.model_validate(yaml.safe_load(TINY))


@pytest.fixture(scope="session")
def tiny_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    path.write_text(TINY)
    return path


@pytest.fixture(scope="session")
def build() -> Callable[..., Policy]:
    """Build a toy of 2 image tokens a picture; the fields are those of `Fresh`, `kv_heads` and `checks`."""

    def built(seed: int = 0, kv_heads: int | None = None, checks: Checks = CHECKS, **sizes: int) -> Policy:
        form = replace(FORM, checks=checks)
        written = [(text, form.write(Evaluation({}, text), "critique first")) for text in TEXTS]
        tokenizer = train_tokenizer(corpus(form, written), form, 400)
        torch.manual_seed(seed)
        tower = AtlasTower(AtlasTowerConfig(image_size=16, width=2, n_tokens=2, hidden_size=6))
        known = {"hidden": 32, "layers": 2, "heads": 4, "inner": 24, "context": 256}
        recipe = Fresh(tower=TowerRecipe(side_px=16, width=2, hidden=6), **(known | sizes))
        policy = build_policy(recipe, tower, tokenizer, form).eval()
        if kv_heads is not None:
            config = copy.deepcopy(policy.model.config)
            config.text_config.num_key_value_heads = kv_heads
            policy.model = LlavaForConditionalGeneration(config).eval()
            policy.model.model.vision_tower = tower
        return policy

    return built
