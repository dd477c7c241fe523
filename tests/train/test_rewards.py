"""Rewards worked by hand, against SciPy, and the exploit: who may skip a hard dimension learns to skip it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import somersd

from dermatrust.errors import DataError
from dermatrust.evaluator.form import Form
from dermatrust.train.advantages import against_ema
from dermatrust.train.losses import policy_gradient
from dermatrust.train.rewards import rewards

NAN = float("nan")
POINTWISE = ("mse", "absolute", "ordinal")
KINDS = (*POINTWISE, "rank")
points = st.floats(0, 5)
six = arrays(np.float64, 6, elements=points | st.just(NAN))
batch = arrays(np.float64, (5, 6), elements=st.sampled_from([0.0, 1.5, 3.0, 4.5, 5.0, NAN]))


@pytest.mark.parametrize(
    ("kind", "missing", "reward"),
    [
        # errors 0, 1, 2.5, 0, unread (target 4: 4 away from 0), no target
        ("mse", "paper", -(0 + 1 + 6.25 + 0) / 4),
        ("mse", "penalise", -(0 + 1 + 6.25 + 0 + 16) / 5),
        ("absolute", "paper", -(0 + 1 + 2.5 + 0) / 4),
        ("absolute", "penalise", -(0 + 1 + 2.5 + 0 + 4) / 5),
        # 2.5 against 5 passes 3 of 5 thresholds; the unread one could have missed 4 of 5
        ("ordinal", "paper", -(0 + 0.2 + 0.4 + 0) / 4),
        ("ordinal", "penalise", -(0 + 0.2 + 0.4 + 0 + 0.8) / 5),
    ],
)
def test_rewards_worked_by_hand(kind, missing, reward):
    said, experts = [3, 2, 2.5, 0, NAN, 5], [3, 3, 5, 0, 4, NAN]
    assert rewards(said, experts, kind=kind, missing=missing) == pytest.approx(reward)


def test_the_rank_reward_worked_by_hand():
    said = np.full((4, 6), NAN)
    experts = np.full((4, 6), NAN)
    experts[:, 0] = [1, 2, 2, 4]  # the middle two are not compared
    said[:, 0] = [1, 0, 1, 3]
    # first: above the second (wrong), level with the third, below the fourth (right) -> (1 - 1 + 0) / 3
    # second: below the first (wrong) and the fourth (right) -> 0; third: level, then right -> 1/2; fourth: right twice
    assert rewards(said, experts, kind="rank").tolist() == pytest.approx([0, 0, 0.5, 1])


def test_an_unread_rank_is_wrong_throughout_and_says_nothing_of_the_others():
    said, experts = np.full((3, 6), NAN), np.full((3, 6), NAN)
    experts[:, 2], said[:, 2] = [1, 2, 3], [NAN, 4, 5]
    assert rewards(said, experts, kind="rank").tolist() == [-1, 1, 1]
    assert np.array_equal(rewards(said, experts, kind="rank", missing="paper"), [NAN, 1, 1], equal_nan=True)


def test_the_only_readable_draw_has_nobody_to_be_compared_with():
    said, experts = np.full((2, 6), NAN), np.full((2, 6), NAN)
    experts[:, 0], said[:, 0] = [1, 2], [NAN, 4]
    assert np.array_equal(rewards(said, experts, kind="rank"), [-1, NAN], equal_nan=True)


def test_draws_of_one_case_are_compared_with_those_of_other_cases_only():
    said, experts = np.full((2, 2, 6), NAN), np.full((2, 6), NAN)
    experts[:, 0] = [1, 4]
    said[:, :, 0] = [[0, 5], [3, 3]]
    # 0 stands below both 3s, 5 above both; each 3 stands above 0 and below 5
    assert rewards(said, experts, kind="rank").tolist() == [[1, -1], [0, 0]]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8))
def test_the_rank_reward_weighted_by_pairs_is_somers_d(pairs):
    # two that differ, without which SciPy has no value, and one without score or target each
    y, x = np.array([*pairs, (0, 1), (5, 4)], dtype=float).T
    said, experts = np.full((len(x) + 2, 6), NAN), np.full((len(x) + 2, 6), NAN)
    said[:, 0], experts[:, 0] = [*y, NAN, 2], [*x, 3, NAN]
    reward = rewards(said, experts, kind="rank", missing="paper")[: len(x)]
    with np.errstate(invalid="ignore"):  # of SciPy's p-value, which nobody asks for
        d = somersd(x, y).statistic
    assert np.average(reward, weights=(x[:, None] != x).sum(axis=1)) == pytest.approx(d)


@given(points, points)
def test_the_ordinal_reward_is_the_distance_of_the_whole_levels(said, target):
    nearest = Form("{narrative}").nearest
    reward = rewards([said] + [NAN] * 5, [target] + [NAN] * 5, kind="ordinal")
    assert reward == pytest.approx(-abs(nearest(said) - nearest(target)) / 5)


@given(six, six)
def test_the_paper_s_reward_is_the_mean_over_what_could_be_read(said, experts):
    squares = [(s - t) ** 2 for s, t in zip(said, experts, strict=True) if not math.isnan(s - t)]
    reward = rewards(said, experts, missing="paper")
    assert math.isnan(reward) if not squares else reward == pytest.approx(-sum(squares) / len(squares))


@pytest.mark.parametrize("kind", POINTWISE)
@given(said=six, experts=six, place=st.integers(0, 5))
def test_leaving_a_dimension_out_never_pays_when_it_is_penalised(kind, said, experts, place):
    without = said.copy()
    without[place] = NAN
    told, silent = rewards(said, experts, kind=kind), rewards(without, experts, kind=kind)
    assert math.isnan(told) == math.isnan(silent) == np.isnan(experts).all()
    assert math.isnan(told) or silent <= told + 1e-12


@given(said=batch, experts=batch, row=st.integers(0, 4), place=st.integers(0, 5))
def test_leaving_a_rank_out_never_pays_when_it_is_penalised(said, experts, row, place):
    without = said.copy()
    without[row, place] = NAN
    told, silent = rewards(said, experts, kind="rank")[row], rewards(without, experts, kind="rank")[row]
    assert math.isnan(told) or silent <= told + 1e-12


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", ["paper", "penalise"])
@given(said=batch, experts=batch, order=st.permutations(range(5)))
def test_the_order_of_the_batch_does_not_matter(kind, missing, said, experts, order):
    earned = rewards(said, experts, kind=kind, missing=missing)
    shuffled = rewards(said[list(order)], experts[list(order)], kind=kind, missing=missing)
    assert np.allclose(shuffled, earned[list(order)], equal_nan=True)


@pytest.mark.parametrize("kind", KINDS)
def test_targets_of_cases_serve_all_their_draws_even_when_there_are_as_many_draws_as_cases(kind):
    rng = np.random.default_rng(5)
    said, experts = rng.uniform(0, 5, (3, 3, 6)), rng.uniform(0, 5, (3, 6))
    repeated = np.repeat(experts[:, None], 3, axis=1)
    assert np.array_equal(rewards(said, experts, kind=kind), rewards(said, repeated, kind=kind))
    if kind != "rank":
        assert rewards(said, experts, kind=kind)[2, 1] == pytest.approx(
            float(rewards(said[2, 1], experts[2], kind=kind))
        )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", ["paper", "penalise"])
def test_without_targets_there_is_no_reward(kind, missing):
    assert np.isnan(rewards(np.full((2, 6), 3.0), np.full((2, 6), NAN), kind=kind, missing=missing)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_draw_that_says_nothing_is_unscored_in_the_paper_and_worst_here(kind):
    said, experts = np.full((2, 6), NAN), np.array([[1.0] * 6, [5.0] * 6])
    worst = {"mse": [-16, -25], "absolute": [-4, -5], "ordinal": [-0.8, -1], "rank": [-1, -1]}
    assert np.isnan(rewards(said, experts, kind=kind, missing="paper")).all()
    assert rewards(said, experts, kind=kind).tolist() == pytest.approx(worst[kind])


@pytest.mark.parametrize(
    ("said", "experts", "options", "message"),
    [
        ([5.5] + [3] * 5, [3] * 6, {}, "a score is 5.5; expected a number from 0 to 5, or NaN"),
        ([3] * 6, [3] * 5 + [-1], {}, "a target is -1"),
        ([math.inf] + [3] * 5, [3] * 6, {}, "a score is inf"),
        ([3] * 5, [3] * 5, {}, r"shape \(5,\)"),
        ([[3] * 6] * 2, [3] * 6, {}, r"targets \(6,\)"),
        (3, 3, {}, r"shape \(\)"),
        ([3] * 6, [3] * 6, {"kind": "rank"}, "have no order"),
        ([3] * 6, [3] * 6, {"kind": "mae"}, "kind is 'mae'; expected one of mse, absolute, ordinal, rank"),
        ([3] * 6, [3] * 6, {"missing": "skip"}, "missing is 'skip'; expected one of paper, penalise"),
    ],
)
def test_what_cannot_be_rewarded_is_refused(said, experts, options, message):
    with pytest.raises(DataError, match=message):
        rewards(said, experts, **options)


# The exploit. Five dimensions are easy. The sixth is hard: the experts say 3; the policy, when it answers, says 1 or 5.
EXPERTS = [3.0] * 6


def said(*, hard: float) -> list[float]:
    return [3.0] * 5 + [hard]


def test_skipping_the_hard_dimension_pays_under_the_paper_s_rule_only():
    def expected(missing, *hard):
        return np.mean([rewards(said(hard=h), EXPERTS, missing=missing) for h in hard])

    assert expected("paper", 1, 5) == pytest.approx(-4 / 6)  # error 2 on one dimension of six
    assert expected("paper", NAN) == 0  # the five that are left are perfect
    assert expected("penalise", 1, 5) == pytest.approx(-4 / 6)
    assert expected("penalise", NAN) == pytest.approx(-9 / 6)  # 3 could have been called 0


def chance_of_skipping(missing: str) -> float:
    """Train a policy of one number, to answer or to skip, as the paper does: one draw, running baseline, REINFORCE."""
    rng = np.random.default_rng(7)
    logit = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([logit], lr=0.5)
    baseline = NAN
    for _ in range(400):
        skips = rng.random() < torch.sigmoid(logit).item()
        hard = NAN if skips else rng.choice([1.0, 5.0])
        advantage, baseline = against_ema(rewards([said(hard=hard)], [EXPERTS], missing=missing), baseline)
        log_probability = torch.nn.functional.logsigmoid(logit if skips else -logit)
        optimizer.zero_grad()
        policy_gradient(log_probability, torch.tensor(advantage)).backward()
        optimizer.step()
    return torch.sigmoid(logit).item()


def test_a_policy_learns_to_skip_the_hard_dimension_under_the_paper_s_rule():
    assert chance_of_skipping("paper") > 0.95


def test_a_policy_learns_to_answer_the_hard_dimension_when_silence_costs():
    assert chance_of_skipping("penalise") < 0.05
