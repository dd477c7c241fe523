"""No word gives the score away: what can be guessed without picture and truth stays under the stated bounds."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "audit_atlas_shortcuts.py"
SLACK = 0.06
"""A small sample's R² strays by about this much."""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit_atlas_shortcuts", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_words_alone_predict_no_more_than_stated(script):
    found = script.audit(script.words, 1, 600, 400)
    for name, (_, _, r2) in found.items():
        assert r2 <= script.MOST_R2_OF_WORDS[name] + SLACK, name


def test_truth_cannot_be_read_where_no_error_stands_in_the_text_itself(script):
    found = script.audit(script.words, 3, 1200, 800, hidden_only=True)
    for name in ("Accuracy", "Medical Groundedness", "Description Precision"):
        assert found[name][2] < 0.15, name


def test_an_image_blind_reader_predicts_no_more_than_stated(script):
    found = script.audit(script.image_blind, 2, 600, 400)
    for name, (_, _, r2) in found.items():
        assert r2 <= script.MOST_R2_IMAGE_BLIND[name] + SLACK, name


def test_the_audit_would_notice_a_word_that_gives_the_score_away(script, monkeypatch):
    draw = script.draw_texts

    def leaking(seed: int, split: str, n_texts: int, **_: bool) -> tuple[list[str], np.ndarray]:
        texts, scores = draw(seed, split, n_texts)
        return [f"{text} {'truly ' * int(row[-2])}" for text, row in zip(texts, scores, strict=True)], scores

    monkeypatch.setattr(script, "draw_texts", leaking)
    found = script.audit(script.words, 1, 500, 300)
    assert found[script.FALSE_FINDINGS][2] > script.MOST_R2_OF_WORDS[script.FALSE_FINDINGS] + SLACK


def test_ridge_regression_finds_a_linear_rule_and_knows_nothing_of_noise(script):
    rng = np.random.default_rng(0)
    seen, unseen = rng.normal(size=(400, 5)), rng.normal(size=(200, 5))
    rule = np.array([[1.0], [2.0], [0.0], [0.0], [-1.0]])
    guesses = script.guess(seen, seen @ rule, unseen)
    assert np.corrcoef(guesses[:, 0], (unseen @ rule)[:, 0])[0, 1] > 0.99
    noise = script.guess(seen, rng.normal(size=(400, 1)), unseen)
    assert np.abs(noise).mean() < 0.3
