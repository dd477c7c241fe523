"""Fitting the readout: targets and loss by hand, what is kept, and that it learns what decides a score."""

import math

import numpy as np
import pytest
import torch

from dermatrust.evaluator.form import Evaluation, Form
from dermatrust.evaluator.policy import Row, batch_of
from dermatrust.evaluator.readout import Readout, answer_chances, read_out, shared_answers, with_agreements
from dermatrust.evaluator.script import NOT_LEARNT
from dermatrust.records import Dimension
from dermatrust.train.checkpoint import State
from dermatrust.train.measure import score
from dermatrust.train.objectives import open_skeleton
from dermatrust.train.readout import ReadoutTask, chances_of, open_logits, readout_step, wanted_levels
from dermatrust.train.recipe import ReadoutRecipe

NONE_SHARED = np.zeros((0, 3), np.int16)
LEVELS = tuple(k / 2 for k in range(11))
TEXTS = ("A red plaque.", "A dark spot on the face, and more of it. See a doctor soon.", "None.")


@pytest.fixture(scope="module")
def policy(build):
    return build(seed=1)


@pytest.fixture(scope="module")
def rows(policy):
    generator = torch.Generator().manual_seed(0)
    return [Row(policy.script.prompt(text, 2), torch.rand(2, 6, generator=generator)) for text in TEXTS]


def test_levels_worked_by_hand():
    form = Form("{narrative}", "half")
    found = wanted_levels(form, [Evaluation({Dimension.SAFETY: 2.5, Dimension.ACCURACY: 5.0}), Evaluation({})])
    assert found.tolist() == [[10, 5, *[NOT_LEARNT] * 4], [NOT_LEARNT] * 6]


def test_chances_are_those_of_single_rows(policy, rows):
    lengths = [len(row) for row in rows]
    together = chances_of(policy, lengths, lambda chosen: [rows[k] for k in chosen])
    assert together.shape == (3, 5)
    for k, row in enumerate(rows):
        with torch.no_grad():
            logits = policy(batch_of([Row(row.prompt, row.features, [open_skeleton(policy.script)])], pad_id=0))
        alone = answer_chances(policy.script.skeleton, logits.numpy()[None])
        assert np.allclose(together[k], alone[0], atol=1e-5)
    seen = [k for chosen, _ in open_logits(policy, lengths, lambda chosen: [rows[k] for k in chosen]) for k in chosen]
    assert sorted(seen) == [0, 1, 2]


def test_scores_are_measured_by_the_readout_or_at_their_own_places(policy, rows):
    rng = np.random.default_rng(5)
    shapes = ((5, 4), (4,), (4, 66), (66,), (5, 6), (6,))
    weights = (rng.normal(size=shape).astype(np.float32) * 3 for shape in shapes)
    policy.readout = Readout(NONE_SHARED, *weights, np.array(LEVELS, np.float32))
    lengths = [len(row) for row in rows]
    found = {}
    for chosen, logits in open_logits(policy, lengths, lambda chosen: [rows[k] for k in chosen]):
        found |= dict(zip(chosen, logits, strict=True))
    options = [list(one) for one in policy.script.skeleton.options[-6:]]
    for by_readout, readout in ((True, policy.readout), (False, None)):
        likeliest, expected = score(policy, rows, by_readout=by_readout)
        for k in range(3):
            logits = read_out(policy.script, readout, found[k][None])[0, -6:]
            own = np.array([logits[j, one] for j, one in enumerate(options)])
            chances = np.exp(own) / np.exp(own).sum(axis=1, keepdims=True)
            assert np.array_equal(likeliest[k], chances.argmax(axis=1) / 2)
            assert np.allclose(expected[k], chances @ (np.arange(11) / 2), atol=1e-4)
    policy.readout = None


def loss_of(task, chances, targets):
    step = readout_step(chances, targets)
    return step(task, range(len(chances)), State(), torch.Generator()).loss


def train(task, inputs, targets):
    optimizer = torch.optim.Adam(task.parameters(), lr=0.02)
    for _ in range(80):
        optimizer.zero_grad()
        loss_of(task, inputs, targets).backward()
        optimizer.step()
    task.eval()


def test_the_loss_by_hand():
    """Without weights every level is as likely as the others; scores nobody gave count for nothing."""
    task = ReadoutTask(NONE_SHARED, 5, LEVELS, ReadoutRecipe(hidden=3))
    for weight in task.parameters():
        torch.nn.init.zeros_(weight)
    chances, targets = np.ones((2, 5), np.float32), np.full((2, 6), NOT_LEARNT)
    targets[0, 0], targets[1, 5] = 3, 10
    assert loss_of(task, chances, targets).item() == pytest.approx(math.log(11), abs=1e-6)
    with torch.no_grad():
        task.second.bias[3] = math.log(10)  # the level wanted of the first score now has a chance of one half
    assert loss_of(task, chances, targets).item() == pytest.approx((math.log(2) + math.log(11)) / 2, abs=1e-5)
    nothing = loss_of(task, chances, np.full((2, 6), NOT_LEARNT))
    nothing.backward()
    assert nothing.item() == 0


def test_what_is_kept_is_what_was_trained():
    torch.manual_seed(0)
    shared = np.array([[0, 0, 3], [1, 1, 4]], np.int16)
    task = ReadoutTask(shared, 5, LEVELS, ReadoutRecipe(hidden=16, dropout=0.5)).eval()
    torch.nn.init.normal_(task.points.weight)
    chances = np.random.default_rng(0).random((6, 5), dtype=np.float32)
    theirs = task(torch.from_numpy(with_agreements(chances, shared))).log_softmax(-1).detach().numpy()
    assert np.allclose(task.fitted().logits(chances), theirs, atol=5e-3)  # half precision


def test_it_learns_which_answer_decides_a_score():
    """The first answer decides Safety; the others are chance."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    chances = rng.random((400, 5), dtype=np.float32)
    chances[:, 0] = rng.integers(0, 2, 400)
    targets = np.full((400, 6), NOT_LEARNT)
    targets[:, 1] = np.where(chances[:, 0] == 1, 10, 4)
    task = ReadoutTask(NONE_SHARED, 5, LEVELS, ReadoutRecipe(hidden=16))
    train(task, chances[:300], targets[:300])
    found = task.fitted().logits(chances[300:])[:, 1].argmax(axis=-1)
    assert np.array_equal(found, targets[300:, 1])


def test_points_that_add_up_are_found_where_no_two_texts_are_alike():
    """Each of 12 answers takes a quarter to three quarters off Safety; 40 texts show what 200 others get."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    costs = rng.integers(1, 4, 12) * 0.25
    given = (rng.random((240, 12)) < 0.3).astype(np.float32)
    targets = np.full((240, 6), NOT_LEARNT)
    targets[:, 1] = np.maximum(20 - given @ costs * 4, 0)
    task = ReadoutTask(NONE_SHARED, 12, tuple(k / 4 for k in range(21)), ReadoutRecipe(hidden=4))
    for weight in task.second.parameters():  # the layer that bends would learn 40 texts by heart
        torch.nn.init.zeros_(weight)
        weight.requires_grad = False
    optimizer = torch.optim.Adam([*task.points.parameters(), task.sharpness], lr=0.02)
    for _ in range(300):
        optimizer.zero_grad()
        loss_of(task, given[:40], targets[:40]).backward()
        optimizer.step()
    fitted = task.eval().fitted()
    found = fitted.logits(given[40:])[:, 1].argmax(axis=-1)
    assert np.abs(found - targets[40:, 1]).mean() < 0.2  # levels, that is 0.05 points
    assert fitted.points[:, 1] == pytest.approx(costs, abs=0.15)


def test_it_learns_whether_two_checks_agree():
    """Safety is low where two checks of 20 answers each differ, which 400 texts do not show of every two answers."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    said, seen = rng.integers(0, 20, 400), rng.integers(0, 20, 400)
    seen = np.where(rng.random(400) < 0.5, said, seen)
    chances = np.concatenate([np.eye(20, dtype=np.float32)[said], np.eye(20, dtype=np.float32)[seen]], axis=1)
    targets = np.full((400, 6), NOT_LEARNT)
    targets[:, 1] = np.where(said == seen, 10, 4)
    words = tuple("abcdefghijklmnopqrst")
    shared = shared_answers(Form("{narrative}", checks=(("said", words), ("seen", words))), [("said", "seen")])
    inputs = with_agreements(chances, shared)
    task = ReadoutTask(shared, 40, LEVELS, ReadoutRecipe(hidden=16))
    train(task, inputs[:300], targets[:300])
    found = task.fitted().logits(chances[300:])[:, 1].argmax(axis=-1)
    assert np.array_equal(found, targets[300:, 1])
