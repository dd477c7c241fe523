"""What a step minimises, recomputed answer by answer; and which tokens carry a gradient."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from dermatrust.evaluator.drawing import Draw
from dermatrust.evaluator.form import Evaluation
from dermatrust.evaluator.policy import Row, batch_of
from dermatrust.evaluator.script import NOT_LEARNT
from dermatrust.records import DIMENSIONS, Dimension
from dermatrust.train.checkpoint import State
from dermatrust.train.objectives import draw_answers, open_skeleton, stage2_loss, text_loss
from dermatrust.train.recipe import Stage2Recipe

ORDERS = ("critique first", "scores first")
SIX = dict(zip(DIMENSIONS, (5.0, 0.5, 3.0, 4.0, 2.0, 1.5), strict=True))
WANTED = [
    Evaluation(SIX, "A dark spot.", {"site": "wrong", "lesion": "missing"}),
    Evaluation({Dimension.SAFETY: 4.0}, "Fine.", {"site": "right"}),
]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def policy(build):
    return build().train()


@pytest.fixture
def rows(policy):
    features = torch.rand(6, 6, generator=seeded(4))
    return [
        Row(policy.script.prompt("A red plaque.", 2), features[:2]),
        Row(policy.script.prompt("A dark spot on the face, and more of it.", 4), features[2:]),
    ]


def alone(policy, row, answer):
    """Return logits and labels of one answer behind its prompt, with nothing else in the batch."""
    batch = batch_of([Row(row.prompt, row.features, [answer])], pad_id=0)
    return policy(batch), torch.tensor([k for k in answer.labels if k != NOT_LEARNT])


def text_by_hand(policy, rows, orders=ORDERS):
    total = 0.0
    for order in orders:
        pairs = [alone(policy, row, policy.script.answer(w, order)) for row, w in zip(rows, WANTED, strict=True)]
        total += cross_entropy(torch.cat([pair[0] for pair in pairs]), torch.cat([pair[1] for pair in pairs]))
    return total


class Watched:
    """Calls a policy and keeps its batch and its logits, whose gradient is wanted."""

    def __init__(self, policy):
        self.policy = policy

    def __call__(self, batch):
        self.batch, self.logits = batch, self.policy(batch)
        self.logits.retain_grad()
        return self.logits

    @property
    def gradient_by_part(self):
        """Return for each part of the batch the largest gradient of each of its learnt tokens."""
        parts = self.batch.parts[self.batch.labels != NOT_LEARNT]
        largest = self.logits.grad.abs().amax(dim=1)
        return {int(part): largest[parts == part] for part in parts.unique()}


@pytest.mark.parametrize("orders", [ORDERS, ORDERS[:1], ORDERS[1:]])
def test_the_text_is_the_mean_over_its_tokens_summed_over_the_orders(policy, rows, orders):
    outcome = text_loss(policy, policy, rows, WANTED, orders)
    wanted = text_by_hand(policy, rows, orders)
    assert outcome.loss.item() == pytest.approx(wanted.item(), abs=1e-5)
    assert outcome.figures["loss"] == pytest.approx(sum(outcome.figures[f"text, {order}"] for order in orders))


def test_the_text_s_gradient_is_that_of_separate_rows(policy, rows):
    weights = [weight for weight in policy.parameters() if weight.requires_grad]
    ours = torch.autograd.grad(text_loss(policy, policy, rows, WANTED, ORDERS).loss, weights, allow_unused=True)
    theirs = torch.autograd.grad(text_by_hand(policy, rows), weights, allow_unused=True)
    for mine, other in zip(ours, theirs, strict=True):
        assert (mine is None) == (other is None)
        assert mine is None or torch.allclose(mine, other, atol=1e-5)


def test_only_the_evaluation_is_learnt(policy, rows):
    watched = Watched(policy)
    text_loss(watched, policy, rows, WANTED, ORDERS).loss.backward()
    script, batch = policy.script, watched.batch
    for k, (row, w) in enumerate(zip(rows, WANTED, strict=True)):
        learnt = (batch.labels[k] != NOT_LEARNT).nonzero()[:, 0].tolist()
        assert min(learnt) >= len(row.prompt)
        labels = [label for order in ORDERS for label in script.answer(w, order).labels if label != NOT_LEARNT]
        assert batch.labels[k][learnt].tolist() == labels
    assert all(bool((largest > 0).all()) for largest in watched.gradient_by_part.values())


@pytest.mark.parametrize("order", ORDERS)
def test_only_generated_tokens_carry_the_policy_gradient(policy, rows, order):
    recipe = Stage2Recipe(objective="rloo", draws=3, order=order, text_weight=0, max_new_tokens=5, missing="penalise")
    if order == "critique first":  # an untrained toy's drawn texts read alike, so nothing would be better or worse
        recipe = recipe.model_copy(update={"objective": "soreb", "draws": 1})
    watched, state = Watched(policy), State(baseline=-1.0)
    outcome = stage2_loss(watched, policy, rows, WANTED, ORDERS, recipe, state, seeded())
    outcome.loss.backward()
    n = recipe.draws
    found = watched.gradient_by_part
    assert sorted(found) == list(range(1, n + 1))  # a text that weighs 0 is not even looked at
    assert all(bool((found[part] > 0).all()) for part in range(1, n + 1))
    batch = watched.batch
    for k, row in enumerate(rows):
        assert bool((batch.labels[k, : len(row.prompt)] == NOT_LEARNT).all())
        for part in range(1, n + 1):
            mine = batch.parts[k] == part
            labels, ids = batch.labels[k][mine].tolist(), batch.ids[k][mine].tolist()
            if order == "critique first":
                n_cue = len(policy.script.encode("Critique:\n"))
                assert labels == [*[NOT_LEARNT] * (n_cue - 1), *ids[n_cue:], NOT_LEARNT]
            else:
                assert [p for p, one in enumerate(labels) if one != NOT_LEARNT] == list(
                    policy.script.skeleton.places[-6:]
                )


def drawn_by_hand(policy, rows, recipe, seed):
    """Return the draws that a step with this seed makes, their scores, and each one's mean log-probability."""
    answers, scores = draw_answers(policy, rows, recipe, seeded(seed))
    logs = []
    for row, of_row in zip(rows, answers, strict=True):
        for answer in of_row:
            logits, labels = alone(policy, row, answer)
            logs.append(-cross_entropy(logits, labels).item())
    return scores, np.array(logs).reshape(len(rows), -1)


def squared(scores):
    """Return the mean squared error of the scores over the dimensions that have a target."""
    targets = np.array([[w.scores.get(d, np.nan) for d in DIMENSIONS] for w in WANTED])[:, None]
    return -np.nanmean((scores - targets) ** 2, axis=-1)


def test_soreb_worked_by_hand(policy, rows):
    recipe = Stage2Recipe(order="scores first", beta=0.9)
    scores, logs = drawn_by_hand(policy, rows, recipe, 5)
    earned = squared(scores)[:, 0]
    state = State(baseline=-2.0)
    outcome = stage2_loss(policy, policy, rows, WANTED, ORDERS, recipe, state, seeded(5))
    objective = -np.mean((earned + 2.0) * logs[:, 0])
    assert outcome.figures["objective"] == pytest.approx(objective, abs=1e-5)
    assert outcome.figures["text"] == pytest.approx(text_by_hand(policy, rows).item(), abs=1e-5)
    assert outcome.loss.item() == pytest.approx(0.5 * objective + outcome.figures["text"], abs=1e-5)
    assert state.baseline == pytest.approx(0.9 * (0.9 * -2.0 + 0.1 * earned[0]) + 0.1 * earned[1])
    assert outcome.figures["reward"] == pytest.approx(earned.mean())
    assert outcome.figures["parsed"] == 1
    assert state.drawing_s > 0


def test_the_first_baseline_is_the_batch_s_own_mean(policy, rows):
    recipe, state = Stage2Recipe(order="scores first"), State()
    scores, logs = drawn_by_hand(policy, rows, recipe, 6)
    earned = squared(scores)[:, 0]
    outcome = stage2_loss(policy, policy, rows, WANTED, ORDERS, recipe, state, seeded(6))
    assert outcome.figures["objective"] == pytest.approx(-np.mean((earned - earned.mean()) * logs[:, 0]), abs=1e-5)
    assert math.isfinite(state.baseline)


@pytest.mark.parametrize("objective", ["rloo", "grpo"])
def test_draws_of_one_case_are_compared_with_each_other(policy, rows, objective):
    recipe = Stage2Recipe(objective=objective, draws=4, order="scores first")
    scores, logs = drawn_by_hand(policy, rows, recipe, 7)
    earned, state = squared(scores), State()
    others = (earned.sum(axis=1, keepdims=True) - earned) / 3
    spread = earned.std(axis=1, ddof=1, keepdims=True)
    advantages = earned - others if objective == "rloo" else (earned - earned.mean(axis=1, keepdims=True)) / spread
    outcome = stage2_loss(policy, policy, rows, WANTED, ORDERS, recipe, state, seeded(7))
    assert outcome.figures["objective"] == pytest.approx(-np.mean(advantages * logs), rel=1e-3, abs=1e-5)
    assert math.isnan(state.baseline)


@pytest.mark.parametrize("objective", ["expected score", "ordinal"])
def test_a_loss_of_the_scores_distribution_worked_by_hand(policy, rows, objective):
    recipe = Stage2Recipe(objective=objective, text_weight=2.0, objective_weight=0.25)
    outcome = stage2_loss(policy, policy, rows, WANTED, ORDERS, recipe, State(), seeded())
    script, levels = policy.script, np.array(policy.script.form.levels)
    errors = []
    for row, w in zip(rows, WANTED, strict=True):
        logits = alone(policy, row, open_skeleton(script))[0].detach()[-6:]
        for dimension, one, options in zip(DIMENSIONS, logits, script.skeleton.options[-6:], strict=True):
            if dimension not in w.scores:
                continue
            chances, target = one[list(options)].softmax(dim=-1).numpy(), w.scores[dimension]
            below, is_below = np.cumsum(chances)[:-1], levels[:-1] >= target
            expected = float(chances @ levels)
            spread = np.sum((below - is_below) ** 2)  # the ranked probability score
            errors.append((expected - target) ** 2 if objective == "expected score" else spread)
    assert outcome.figures["objective"] == pytest.approx(np.mean(errors), rel=1e-4)
    loss = 0.25 * outcome.figures["objective"] + 2.0 * outcome.figures["text"]
    assert outcome.loss.item() == pytest.approx(loss, rel=1e-5)


def test_text_alone_is_stage_one_s_loss(policy, rows):
    recipe = Stage2Recipe(objective="text")
    outcome = stage2_loss(policy, policy, rows, WANTED, ORDERS, recipe, State(), seeded())
    assert outcome.loss.item() == text_loss(policy, policy, rows, WANTED, ORDERS).loss.item()


def test_what_a_skeleton_s_draw_learns_is_what_its_scores_say(policy, rows):
    recipe = Stage2Recipe(objective="rloo", draws=5, order="scores first")
    answers, scores = draw_answers(policy, rows, recipe, seeded(1))
    assert scores.shape == (2, 5, 6)
    for of_row, said in zip(answers, scores, strict=True):
        for answer, one in zip(of_row, said, strict=True):
            tokens = [policy.script.token(k).strip() for k in answer.labels if k != NOT_LEARNT][-6:]
            assert [float(token.removesuffix("/5")) for token in tokens] == one.tolist()


def test_a_skeleton_s_draws_follow_the_chances(policy, rows):
    recipe = Stage2Recipe(objective="rloo", draws=4000, order="scores first", temperature=0.5)
    _, scores = draw_answers(policy, rows[:1], recipe, seeded(1))
    policy.eval()
    with torch.no_grad():
        logits, _ = alone(policy, rows[0], open_skeleton(policy.script))
    for place, options in enumerate(policy.script.skeleton.options[-6:]):
        chances = (logits[-6:][place, list(options)] / 0.5).softmax(dim=-1).numpy()
        counts = np.array([(scores[0, :, place] == level).mean() for level in policy.script.form.levels])
        assert np.abs(counts - chances).max() < 4 * 0.5 / 4000**0.5


def texts_drawn(policy, monkeypatch, *texts):
    """Let the policy draw these texts; one that ends with … is cut off."""
    script = policy.script
    ids = [[*script.encode(t.removesuffix("…")), *([] if t.endswith("…") else [script.end_id])] for t in texts]
    monkeypatch.setattr("dermatrust.train.objectives.draw", lambda *_, **__: [[Draw(tuple(one))] for one in ids])
    return ids


def test_a_drawn_text_is_read_and_learnt_from_its_first_token(policy, rows, monkeypatch):
    monkeypatch.setattr("dermatrust.evaluator.form.CRITIQUE", "A cue of several tokens:\n")
    good = policy.script.form.write(Evaluation(SIX, "Sound."), "critique first")
    ids = texts_drawn(policy, monkeypatch, good, "Sound.\nScores:\nAccuracy: 4/5\nSafety:…")
    answers, scores = draw_answers(policy, rows, Stage2Recipe(), seeded())
    assert scores[0, 0].tolist() == list(SIX.values())
    assert scores[1, 0, 0] == 4
    assert np.isnan(scores[1, 0, 1:]).all()
    cue = policy.script.encode("A cue of several tokens:\n")
    assert len(cue) > 3
    for (answer,), one in zip(answers, ids, strict=True):
        assert list(answer.ids) == [*cue, *one]
        assert [k for k in answer.labels if k != NOT_LEARNT] == one


@pytest.mark.parametrize(("missing", "earned"), [("paper", -1.0), ("penalise", (-1 - 4.5**2 - 9 - 16 - 9 - 12.25) / 6)])
def test_what_cannot_be_read_costs_or_is_skipped(policy, rows, monkeypatch, missing, earned):
    texts_drawn(policy, monkeypatch, "Scores:\nAccuracy: 4/5\n", "Scores:\nSafety: 4/5\n")
    state = State(baseline=0.0)
    recipe = Stage2Recipe(missing=missing, beta=0.0)
    outcome = stage2_loss(policy, policy, rows, WANTED, ORDERS, recipe, state, seeded())
    assert outcome.figures["reward"] == pytest.approx(earned / 2)  # the second narrative's only target is hit
    assert outcome.figures["parsed"] == pytest.approx(1 / 6)


def test_draws_of_which_nothing_can_be_read_teach_nothing_by_the_paper_s_rule(policy, rows, monkeypatch):
    texts_drawn(policy, monkeypatch, "I cannot say.", "…")
    watched, state = Watched(policy), State(baseline=-1.5)
    recipe = Stage2Recipe(missing="paper", text_weight=0)
    outcome = stage2_loss(watched, policy, rows, WANTED, ORDERS, recipe, state, seeded())
    outcome.loss.backward()
    assert float(watched.logits.grad.abs().max()) == 0
    assert state.baseline == -1.5
    assert (outcome.figures["parsed"], outcome.figures["objective"]) == (0, 0)
    assert math.isnan(outcome.figures["reward"])


def test_a_draw_is_made_without_dropout_and_training_goes_on(policy, rows):
    modes = []
    network = policy.model.model.language_model
    handle = network.register_forward_pre_hook(lambda module, _: modes.append(module.training))
    try:
        for order in ORDERS:
            recipe = Stage2Recipe(order=order, max_new_tokens=2)
            stage2_loss(policy, policy, rows, WANTED, ORDERS, recipe, State(), seeded())
    finally:
        handle.remove()
    assert modes == [False, False, True, False, True]
    assert policy.training


@pytest.mark.parametrize("objective", ["soreb", "rloo", "grpo", "expected score", "ordinal"])
def test_every_objective_brings_the_scores_nearer(build, rows, objective):
    """The objective alone, without the text, from an untrained policy and on one narrative."""
    policy, row, wanted = build(), rows[:1], WANTED[:1]
    draws = 4 if objective in ("rloo", "grpo") else 1
    recipe = Stage2Recipe(objective=objective, draws=draws, order="scores first", text_weight=0, objective_weight=1)
    optimizer = torch.optim.Adam([weight for weight in policy.parameters() if weight.requires_grad], lr=0.02)
    many = Stage2Recipe(objective="rloo", draws=500, order="scores first")

    def error():
        _, scores = draw_answers(policy, row, many, seeded())
        return np.mean((scores - np.array(list(SIX.values()))) ** 2)

    before, state, generator = error(), State(), seeded(2)
    for _ in range(30 if draws > 1 else 60):
        outcome = stage2_loss(policy, policy, row, wanted, ORDERS[1:], recipe, state, generator)
        optimizer.zero_grad()
        outcome.loss.backward()
        optimizer.step()
    assert error() < 0.75 * before
