"""The alignment: evidence by hand and by counting, which answers have any, and that words come to mean them."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from dermatrust.atlas.critique import FEATURES
from dermatrust.evaluator.form import Evaluation
from dermatrust.evaluator.policy import Row
from dermatrust.evaluator.script import NOT_LEARNT
from dermatrust.train.alignment import (
    AlignmentTask,
    Finding,
    Question,
    alignment_loss,
    alignment_step,
    evidence,
    findings_loss,
    findings_of,
    questions_of,
)
from dermatrust.train.checkpoint import State

FORM_CHECKS = (("site", ("right", "wrong")),)
SITE = Question("site-said", True, ("back", "face"), (5, 6))
SEEN = Question("site-seen", False, ("back", "face"), (5, 6))


def test_evidence_by_hand():
    """Tokens (3, 4) and (0, 2) have root mean squares 3.5355 and 1.4142; the answer is (1, 0)."""
    tokens, answer = torch.tensor([[[3.0, 4.0], [0.0, 2.0]]]), torch.tensor([[1.0, 0.0]])
    found = evidence(tokens, torch.tensor([[True, True]]), answer)
    assert found.item() == pytest.approx(math.log((math.exp(3 / 3.5355339) + math.exp(0)) / 2), abs=1e-5)


def test_padding_is_no_evidence():
    tokens, answers = torch.randn(1, 3, 4), torch.randn(2, 4)
    there = torch.tensor([[True, True, False]])
    assert torch.allclose(evidence(tokens, there, answers), evidence(tokens[:, :2], there[:, :2], answers))


@given(st.integers(1, 5), st.integers(1, 4), st.floats(0.1, 100))
def test_neither_order_nor_length_of_a_vector_matters(n_tokens, n_answers, factor):
    generator = torch.Generator().manual_seed(n_tokens)
    tokens, answers = torch.randn(2, n_tokens, 8, generator=generator), torch.randn(n_answers, 8, generator=generator)
    there = torch.ones(2, n_tokens, dtype=torch.bool)
    found = evidence(tokens, there, answers)
    assert torch.allclose(evidence(tokens.flip(1) * factor, there, answers), found, atol=1e-3)


def test_the_loss_by_hand_and_by_pytorch():
    """Both are even between the two answers of the first row; the second row answers only what is said."""
    said, seen = torch.tensor([[0.0, 0.0, 9.0, 9.0], [1.0, 3.0, 9.0, 9.0]]), torch.zeros(2, 4)
    targets = torch.tensor([[0, 1], [1, NOT_LEARNT]])
    first = (math.log(2) + math.log(1 + math.exp(-2))) / 2
    found = alignment_loss(said, seen, targets, (SITE, SEEN))
    assert found.item() == pytest.approx((first + math.log(2)) / 2, abs=1e-6)
    assert torch.allclose(found, (cross_entropy(said[:, :2], targets[:, 0]) + math.log(2)) / 2)


def test_a_question_nobody_answers_counts_as_nothing():
    said = torch.zeros(1, 2, requires_grad=True)
    loss = alignment_loss(said, said, torch.tensor([[NOT_LEARNT]]), (SITE,))
    loss.backward()
    assert loss.item() == 0
    assert not said.grad.any()


def test_only_answers_with_evidence_are_asked_for():
    assert SITE.wanted({"site-said": "face"}) == 1
    assert SITE.wanted({"site-said": "nothing"}) == SITE.wanted({}) == NOT_LEARNT


def test_the_loss_of_findings_by_hand():
    """Even odds, and odds of 3 to 1 for what is not there; the last is not known."""
    logits = torch.tensor([[0.0, math.log(3.0), 9.0]], requires_grad=True)
    loss = findings_loss(logits, torch.tensor([[1.0, 0.0, math.nan]]))
    assert loss.item() == pytest.approx((math.log(2) + math.log(4)) / 2, abs=1e-6)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[0].tolist() == pytest.approx([-0.25, 0.375, 0.0], abs=1e-6)
    assert findings_loss(logits, torch.full((1, 3), math.nan)).item() == 0


def test_what_is_wanted_of_a_finding():
    scale = Finding("scale", 5)
    others = dict.fromkeys(FEATURES, "none")
    found = [scale.wanted(others | {"scale": answer}) for answer in ("none", "right", "missing", "wrong")]
    assert found == [(0, 0), (1, 1), (0, 1), (1, 0)]
    assert all(map(math.isnan, scale.wanted({})))


def test_what_is_told_of_a_finding_out_of_sight_is_not_shown():
    """Such findings are answered for where they are told, and no others."""
    told, shown = Finding("scale", 5).wanted({"scale": "right", "crust": "wrong"})
    assert (told, math.isnan(shown)) == (1, True)


def test_words_and_image_tokens_come_to_mean_findings(build):
    """Two words and two pictures, of which the first of each is scale and the other is not."""
    policy = build(checks=(("site-said", ("right", "wrong")), ("scale", ("none", "right", "missing", "wrong"))))
    assert [finding.name for finding in findings_of(policy.script)] == ["scale"]
    pictures = torch.eye(6)[:2, None]
    texts = ("A red plaque.", "A dark spot.")
    rows = [Row(policy.script.prompt(text, 1), pictures[k]) for text in texts for k in (0, 1)]
    others = dict.fromkeys(FEATURES, "none")
    evaluations = [Evaluation({}, "", others | {"scale": answer}) for answer in ("right", "wrong", "missing", "none")]
    step = alignment_step(policy, lambda chosen: ([rows[k] for k in chosen], [evaluations[k] for k in chosen]))
    optimizer = torch.optim.Adam(AlignmentTask(policy).parameters(), lr=0.02)
    for _ in range(80):
        optimizer.zero_grad()
        loss = step(AlignmentTask(policy), range(4), State(), torch.Generator()).loss
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_words_and_image_tokens_come_to_mean_answers(build):
    """Two words that are never answers and two pictures: after training each bears out its own answer."""
    checks = (("site-said", ("right", "wrong", "nothing")), ("site-seen", ("right", "wrong")), *FORM_CHECKS)
    policy = build(checks=checks)
    names = [question.name for question in questions_of(policy.script)]
    assert names == ["site-said", "site-seen"]
    assert [question.answers for question in questions_of(policy.script)] == [("right", "wrong")] * 2
    pictures = torch.eye(6)[:2, None]
    texts = ("A red plaque.", "A dark spot.")
    rows = [Row(policy.script.prompt(text, 1), pictures[k]) for text in texts for k in (0, 1)]
    answers = ("right", "wrong")
    evaluations = [
        Evaluation({}, "", {"site-said": answers[t], "site-seen": answers[k]}) for t in (0, 1) for k in (0, 1)
    ]
    step = alignment_step(policy, lambda chosen: ([rows[k] for k in chosen], [evaluations[k] for k in chosen]))
    task = AlignmentTask(policy)
    optimizer = torch.optim.Adam(task.parameters(), lr=0.02)
    for _ in range(60):
        optimizer.zero_grad()
        loss = step(task, range(4), State(), torch.Generator()).loss
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05
    layers = policy.model.model.language_model.layers
    assert all(weight.grad is None for weight in layers.parameters())
