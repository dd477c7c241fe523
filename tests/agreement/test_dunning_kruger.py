import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from dermatrust.agreement.answer_entropy import calibration_shift
from dermatrust.agreement.dunning_kruger import between_models, dunning_kruger

NAN = math.nan
items = st.lists(
    st.tuples(st.sampled_from([0, 0.25, 0.5, 1, NAN]), st.sampled_from([0, 0.5, 1]), st.integers(0, 1)), min_size=1
)


def ask(ratings, **options):
    return dunning_kruger(ratings, rng=np.random.default_rng(0), n_resamples=200, **options)


def test_by_hand():
    # Easy: confidence 0.9, right 1: shift -0.1. Hard: confidence 0.8, right 0.5: shift 0.3. The last has no confidence.
    found = ask([[1.0, 0.8, 1.0, 0.6, NAN], [1, 1, 1, 0, 0], [0, 0, 1, 1, 1]])
    assert found.fall.value == pytest.approx(0.5)
    assert found.rise.value == pytest.approx(0.4)
    assert (found.fall.n, found.holds) == (4, True)


@pytest.mark.parametrize(
    ("confidence", "right", "holds"),
    [
        ([0.9, 0.9], [1, 0], True),  # as sure as before
        ([0.9, 0.3], [1, 0.5], False),  # it notices: confidence falls by more than accuracy
        ([0.75, 0.25], [1, 0.5], True),  # by as much: shifts are equal, and that is allowed
        ([0.5, 0.9], [0.5, 0.5], False),  # no worse
        ([0.5, 0.9], [0.5, 1], False),  # better
    ],
)
def test_the_rule(confidence, right, holds):
    assert ask([confidence, right, [0, 1]]).holds is holds


@given(items)
def test_it_is_the_difference_of_shifts(rows):
    table = np.array(rows, dtype=float).T
    found = ask(table)
    easy, hard = (table[:2, table[2] == k] for k in (0, 1))
    expected = calibration_shift(hard) - calibration_shift(easy)
    assert found.rise.value == pytest.approx(expected, nan_ok=True)
    if math.isnan(expected):
        assert not found.holds
        assert not found.is_sure


def test_it_is_sure_of_a_plain_effect_and_not_of_chance():
    rng = np.random.default_rng(1)
    condition = np.repeat([0.0, 1.0], 200)
    right = rng.random(400) < np.where(condition == 0, 0.8, 0.4)
    images = np.tile(np.arange(200), 2)
    plain = ask([np.full(400, 0.9), right, condition], clusters=images)
    assert plain.is_sure
    assert plain.fall.n_clusters == 200
    coin = rng.random(20) < 0.5
    assert not ask([np.full(20, 0.5), coin, np.repeat([0.0, 1.0], 10)]).is_sure


def test_pairs_of_models_by_hand():
    # From 0.6 to 0.5 the shift rises, to 0.3 too; from 0.5 to 0.3 it falls. Ties and unknowns are no pair.
    found = between_models([0.6, 0.5, 0.3, NAN], [0.1, 0.2, 0.15, 0.9])
    assert (found.n_holds, found.n) == (2, 3)
    assert found.share == pytest.approx(2 / 3)
    assert between_models([0.5, 0.5], [0.1, 0.2]).n == 0
    assert math.isnan(between_models([], []).share)
    assert between_models([0.5, 0.4, 0.3], [0.1, NAN, 0.1]).n_holds == 1


@given(st.integers(2, 8), st.integers(0, 1000))
def test_without_ties_it_is_kendalls_tau(n, seed):
    accuracies, shifts = np.random.default_rng(seed).random((2, n))
    tau = kendalltau(accuracies, shifts).statistic
    assert between_models(accuracies, shifts).share == pytest.approx((1 - tau) / 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ask([[1], [1], [2]]), "condition is 2; expected 0 for easy or 1 for hard"),
        (lambda: ask([[1], [1]]), "expected"),
        (lambda: ask([[1], [3], [0]]), "right is 3"),
        (lambda: between_models([1], [1, 2]), r"accuracies of shape \(1,\) do not fit shifts of shape \(2,\)"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
