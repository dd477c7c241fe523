"""Advantages worked by hand, their laws, and the cases in which there is nothing to learn."""

import json
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import zscore

from dermatrust.errors import DataError
from dermatrust.train.advantages import against_ema, ema, group_relative, leave_one_out

NAN = float("nan")
reward = st.floats(-25, 0)
groups = st.tuples(st.integers(1, 4), st.integers(2, 5))
mixed = arrays(np.float64, groups, elements=reward | st.just(NAN))


def test_the_paper_s_baseline_worked_by_hand():
    # one draw at a time: the advantage is over the baseline before the update
    advantages, baseline = against_ema([-2.0], NAN)
    assert (advantages.tolist(), baseline) == ([0.0], -2.0)  # it starts at the first reward
    advantages, baseline = against_ema([-1.0], baseline)
    assert advantages.tolist() == [1.0]
    assert baseline == pytest.approx(0.9 * -2 + 0.1 * -1)
    advantages, baseline = against_ema([-3.0], baseline)
    assert advantages.tolist() == pytest.approx([-1.1])
    assert baseline == pytest.approx(-2.01)


def test_a_batch_is_compared_with_one_baseline_and_updates_it_in_order():
    advantages, baseline = against_ema([[-2.0, NAN], [-3.0, -1.0]], -1.0)
    assert advantages.tolist() == [[-1.0, 0.0], [-2.0, 0.0]]
    # -1 -> -1.1 -> -1.29 -> -1.261
    assert baseline == pytest.approx(-1.261)


def test_the_first_batch_is_compared_with_its_own_mean():
    advantages, baseline = against_ema([-1.0, NAN, -3.0], NAN)
    assert advantages.tolist() == [1.0, 0.0, -1.0]
    assert baseline == pytest.approx(0.9 * (0.9 * -2 + 0.1 * -1) + 0.1 * -3)


@pytest.mark.parametrize("baseline", [NAN, -1.5])
def test_unscored_draws_leave_the_baseline_as_it_is(baseline):
    advantages, after = against_ema([NAN, NAN], baseline)
    assert advantages.tolist() == [0.0, 0.0]
    assert after == pytest.approx(baseline, nan_ok=True)


@given(st.lists(reward | st.just(NAN), min_size=1, max_size=8), st.integers(0, 8))
def test_a_run_resumed_from_its_baseline_goes_on_the_same(rewards, stop):
    whole, baseline = [], NAN
    for r in rewards:
        advantages, baseline = against_ema([r], baseline)
        whole += advantages.tolist()
    parts, resumed = [], NAN
    for n, r in enumerate(rewards):
        resumed = json.loads(json.dumps(resumed)) if n == stop else resumed
        advantages, resumed = against_ema([r], resumed)
        parts += advantages.tolist()
    assert parts == whole
    assert resumed == pytest.approx(baseline, nan_ok=True)


@given(reward, arrays(np.float64, st.integers(1, 8), elements=reward), st.floats(0, 1))
def test_the_baseline_is_the_weighted_mean_of_the_past(start, rewards, beta):
    n = len(rewards)
    weights = (1 - beta) * beta ** np.arange(n - 1, -1, -1)
    assert ema(start, rewards, beta=beta) == pytest.approx(beta**n * start + weights @ rewards)


def test_leave_one_out_worked_by_hand():
    # -1 against (-2, -6); -2 against (-1, -6); -6 against (-1, -2)
    assert leave_one_out([[-1, -2, -6], [-2, NAN, -5]]).tolist() == [[3, 1.5, -4.5], [3, 0, -3]]


@given(mixed)
def test_leave_one_out_compares_with_the_scored_siblings(rewards):
    advantages = leave_one_out(rewards)
    for (case, draw), r in np.ndenumerate(rewards):
        siblings = [x for k, x in enumerate(rewards[case]) if k != draw and not math.isnan(x)]
        expected = 0.0 if math.isnan(r) or not siblings else r - sum(siblings) / len(siblings)
        assert advantages[case, draw] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("of", [leave_one_out, group_relative])
@given(rewards=mixed, shift=st.floats(-10, 10))
def test_advantages_of_a_case_sum_to_zero_and_forget_a_common_shift(of, rewards, shift):
    advantages = of(rewards)
    assert advantages.sum(axis=1) == pytest.approx(0, abs=1e-8)
    if of is leave_one_out:  # for the other a shift may cost digits that the division by a tiny spread shows
        assert of(rewards + shift) == pytest.approx(advantages, abs=1e-8)


@pytest.mark.parametrize("of", [leave_one_out, group_relative])
@given(rewards=mixed, seed=st.integers(0, 99))
def test_cases_and_draws_may_come_in_any_order(of, rewards, seed):
    rng = np.random.default_rng(seed)
    cases, draws = rng.permutation(rewards.shape[0]), rng.permutation(rewards.shape[1])
    assert of(rewards[cases][:, draws]) == pytest.approx(of(rewards)[cases][:, draws], abs=1e-8)


def test_group_relative_worked_by_hand():
    # mean -3, sample standard deviation 2; scored draws only
    expected = [[2 / 2.5, 0, 0, -2 / 2.5], [0, 0, 0, 0]]
    rewards = [[-1, -3, NAN, -5], [-0.1, -0.1, NAN, -0.1]]
    assert group_relative(rewards, epsilon=0.5).tolist() == [pytest.approx(row) for row in expected]


@given(arrays(np.float64, groups, elements=st.integers(-25, 0).map(float)))
def test_group_relative_is_the_z_score_as_epsilon_vanishes(rewards):
    varied = rewards[np.ptp(rewards, axis=1) > 0]
    assume(len(varied))
    assert group_relative(varied, epsilon=1e-12) == pytest.approx(zscore(varied, axis=1, ddof=1), abs=1e-9)


@pytest.mark.parametrize("of", [leave_one_out, group_relative])
@pytest.mark.parametrize("rewards", [[[NAN, NAN, NAN]], [[-1.0, NAN, NAN]], [[-0.1, -0.1, -0.1]], np.empty((0, 3))])
def test_without_anything_to_compare_there_is_nothing_to_learn(of, rewards):
    assert of(rewards) == pytest.approx(np.zeros(np.shape(rewards)), abs=1e-15)


def test_a_group_without_spread_gets_zero_exactly():
    # the mean of these differs from each by rounding, which a small epsilon would blow up
    assert not group_relative([[-0.1, -0.1, -0.1]], epsilon=1e-30).any()


@pytest.mark.parametrize("of", [leave_one_out, group_relative])
@pytest.mark.parametrize(
    ("rewards", "message"),
    [
        ([[-1.0]], "there is 1 draw per case; expected at least 2, to compare with each other. Draw more"),
        ([-1.0, -2.0], r"rewards have shape \(2,\); expected \(cases, draws\)"),
        ([[-1.0, -math.inf]], "a reward is infinite"),
    ],
)
def test_groups_that_cannot_be_compared_are_refused(of, rewards, message):
    with pytest.raises(DataError, match=message):
        of(rewards)


@pytest.mark.parametrize("epsilon", [0.0, -1.0, NAN])
def test_epsilon_must_be_positive(epsilon):
    with pytest.raises(DataError, match="expected a positive number"):
        group_relative([[-1.0, -2.0]], epsilon=epsilon)


@pytest.mark.parametrize(
    ("baseline", "rewards", "beta", "message"),
    [
        (-1.0, [-1.0], 1.5, "beta is 1.5; expected a number from 0 to 1"),
        (-1.0, [-1.0], NAN, "beta is nan"),
        (-math.inf, [-1.0], 0.9, "the baseline is -inf"),
        (-1.0, [math.inf], 0.9, "a reward is infinite"),
    ],
)
def test_a_baseline_that_cannot_be_followed_is_refused(baseline, rewards, beta, message):
    with pytest.raises(DataError, match=message):
        against_ema(rewards, baseline, beta=beta)
