import math

import numpy as np
import pingouin
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from scipy import stats

from dermatrust.agreement.bland_altman import bland_altman_points, lower_limit, proportional_bias, upper_limit
from dermatrust.agreement.differences import bias

NAN = math.nan
STATISTICS = (lower_limit, upper_limit, proportional_bias)


def test_values_by_hand():
    # Differences 1, -1, 3: mean 1, squared deviations 0 + 4 + 4 = 8 by n - 1 = 2, so the standard deviation is 2.
    # Means 1.5, 2.5, 3.5: the slope is ((-1)(0) + 0 * (-2) + 1 * 2) / (1 + 0 + 1) = 1.
    ratings = [[2, 2, NAN, 5, 4], [1, 3, 4, 2, NAN]]
    assert lower_limit(ratings) == pytest.approx(1 - 1.96 * 2)
    assert upper_limit(ratings) == pytest.approx(1 + 1.96 * 2)
    assert proportional_bias(ratings) == pytest.approx(1.0)
    points = bland_altman_points(ratings)
    assert points.means.tolist() == [1.5, 2.5, 3.5]
    assert points.differences.tolist() == [1.0, -1.0, 3.0]
    assert points.counts.tolist() == [1, 1, 1]


def test_limits_are_pingouins_and_the_slope_is_scipys():
    rng = np.random.default_rng(0)
    for n in (3, 25, 300):
        ratings = np.round(10 * np.clip(rng.normal(2.5, 1, n) + rng.normal(0, [[0.5], [1.0]], (2, n)), 0, 5)) / 10
        figure = Figure()
        plot = pingouin.plot_blandaltman(*ratings, ax=figure.subplots(), confidence=None)
        heights = sorted({float(line.get_ydata()[0]) for line in plot.lines} - {0.0})
        assert heights == pytest.approx([lower_limit(ratings), bias(ratings), upper_limit(ratings)], abs=1e-9)
        slope = stats.linregress(ratings.mean(axis=0), ratings[0] - ratings[1]).slope
        assert proportional_bias(ratings) == pytest.approx(slope, abs=1e-9)


def test_missing_ratings_leave_their_items_out():
    rng = np.random.default_rng(1)
    ratings = rng.integers(0, 6, (2, 30)).astype(float)
    gaps = np.array([[NAN, 3.0, NAN], [2.0, NAN, NAN]])
    for statistic in STATISTICS:
        assert statistic(np.hstack([gaps, ratings])) == statistic(ratings)
    assert bland_altman_points(np.hstack([gaps, ratings])).counts.sum() == 30


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=12))
def test_exchanged_raters_exchange_the_limits_and_the_sign(pairs):
    ratings = np.array(pairs, dtype=float).T
    assert lower_limit(ratings[::-1]) == pytest.approx(-upper_limit(ratings), abs=1e-9)
    assert (lower_limit(ratings) + upper_limit(ratings)) / 2 == pytest.approx(bias(ratings), abs=1e-9)
    slope = proportional_bias(ratings)
    assert proportional_bias(ratings[::-1]) == pytest.approx(-slope, abs=1e-9, nan_ok=True)
    if not math.isnan(slope):
        assert np.sign(round(slope, 9)) == np.sign(round(ratings[0].var() - ratings[1].var(), 9))
    points = bland_altman_points(ratings)
    assert len(points.means) == len(set(pairs))
    assert points.counts @ points.differences / len(pairs) == pytest.approx(bias(ratings), abs=1e-9)


def test_twice_as_much_of_the_scale_has_a_slope_of_two_thirds():
    # First = 2 x, second = x: the difference is x, the mean 3 x / 2.
    assert proportional_bias([[0, 2, 4, 5], [0, 1, 2, 2.5]]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("ratings", [np.zeros((2, 0)), [[NAN, 1.0], [2.0, NAN]], [[1.0, NAN], [3.0, 4.0]]])
def test_fewer_than_two_items_have_no_limits_and_no_slope(ratings):
    assert np.isnan([statistic(ratings) for statistic in STATISTICS]).all()
    assert bland_altman_points(ratings).counts.sum() in (0, 1)


def test_differences_and_means_that_do_not_vary_are_told_from_rounding():
    """4.4 and 0.1 are no sums of powers of two, so that sums of their squares are rounded."""
    same, other, varied = np.full(30, 4.4), np.full(30, 0.1), np.linspace(0, 5, 30)
    assert lower_limit([same, other]) == upper_limit([same, other]) == pytest.approx(4.3)
    assert lower_limit([varied + 0.1, varied]) == upper_limit([varied + 0.1, varied]) == pytest.approx(0.1)
    assert math.isnan(proportional_bias([same, other]))
    opposite = np.array([3.2, 1.3, 0.2, 0.1, 4.1, 4.6])
    assert math.isnan(proportional_bias([opposite, 5 - opposite]))


def test_stacked_sums_give_what_each_gives_alone_and_weights_stand_for_repeated_items():
    ratings = np.random.default_rng(2).integers(0, 6, (2, 9)).astype(float)
    ratings[1, 2] = NAN
    weights = np.random.default_rng(3).multinomial(9, np.full(9, 1 / 9), (3, 5))
    for statistic in STATISTICS:
        together = statistic.value(weights @ statistic.terms(ratings))
        alone = [[statistic(np.repeat(ratings, row, axis=1)) for row in block] for block in weights]
        assert together == pytest.approx(np.array(alone), abs=1e-12)
    assert lower_limit.terms is upper_limit.terms is proportional_bias.terms


def test_three_raters_are_refused():
    for function in (*STATISTICS, bland_altman_points):
        with pytest.raises(ValueError, match="with 2 raters"):
            function([[1.0], [2.0], [3.0]])
