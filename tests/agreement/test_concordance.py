import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.agreement.concordance import concordance, pearson
from dermatrust.agreement.interval import estimates

NAN = math.nan


def lins_formula(first, second):
    """Lin (1989), with moments divided by n, from centred scores."""
    first_mean, second_mean = first.mean(), second.mean()
    covariance = np.mean((first - first_mean) * (second - second_mean))
    return 2 * covariance / (first.var() + second.var() + (first_mean - second_mean) ** 2)


def test_values_by_hand():
    # Means 2 and 3, sums of squared deviations 2 and 8, of products (-1)(-2) + 0 + 1 * 2 = 4. Pearson 4 / sqrt(16) = 1;
    # concordance 2 * 4 / (2 + 8 + 3 * (2 - 3)^2) = 8/13.
    ratings = [[1, 2, 3, NAN, 5], [1, 3, 5, 4, NAN]]
    assert pearson(ratings) == pytest.approx(1.0)
    assert concordance(ratings) == pytest.approx(8 / 13)
    # Opposite orders of the same scores: -2 / 2 and 2 * (-2) / (2 + 2 + 0).
    assert pearson([[1, 2, 3], [3, 2, 1]]) == concordance([[1, 2, 3], [3, 2, 1]]) == pytest.approx(-1.0)


@pytest.mark.parametrize("step", [1.0, 0.5, 0.1])
def test_values_are_numpys_and_those_of_lins_formula(step):
    rng = np.random.default_rng(0)
    for n in (3, 20, 400):
        ratings = np.clip(
            np.round((rng.normal(2.5, 1, n) + rng.normal(0, 1, (2, n)) + [[0.4], [0]]) / step) * step, 0, 5
        )
        ratings[0, rng.random(n) < 0.1] = NAN
        first, second = ratings[:, ~np.isnan(ratings[0])]
        assert pearson(ratings) == pytest.approx(np.corrcoef(first, second)[0, 1], abs=1e-12)
        assert concordance(ratings) == pytest.approx(lins_formula(first, second), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_symmetric_and_concordance_is_never_further_from_0_than_correlation(pairs):
    ratings = np.array(pairs, dtype=float).reshape(-1, 2).T
    r, c = pearson(ratings), concordance(ratings)
    assert pearson(ratings[::-1]) == pytest.approx(r, nan_ok=True)
    assert concordance(ratings[::-1]) == pytest.approx(c, nan_ok=True)
    assert math.isnan(r) == (len(pairs) < 2 or bool((np.ptp(ratings, axis=1) == 0).any()))
    assert math.isnan(c) == (len(pairs) < 2 or np.ptp(ratings) == 0)
    if not math.isnan(r):
        assert abs(c) <= abs(r) + 1e-12
        assert r * c >= 0
        assert pearson([ratings[0], 5 - 0.5 * ratings[1]]) == pytest.approx(-r)  # only its sign follows the scale
        assert concordance([ratings[0], ratings[0]]) == pytest.approx(1.0)


@pytest.mark.parametrize("ratings", [np.zeros((2, 0)), [[NAN, 1.0], [2.0, NAN]], [[1.0, NAN], [3.0, 4.0]]])
def test_fewer_than_two_items_give_neither(ratings):
    assert math.isnan(pearson(ratings))
    assert math.isnan(concordance(ratings))


@pytest.mark.parametrize("score", [0.3, 0.7, 3.3, 3.6, 4.4])
def test_scores_that_do_not_vary_are_told_from_rounding(score):
    """None of these is a sum of powers of two, so that sums of their squares are rounded."""
    same, other, varied = np.full(30, score), np.full(30, 0.1), np.linspace(0, 5, 30)
    assert math.isnan(concordance([same, same]))
    assert math.isnan(concordance([same, np.nextafter(same, 5)]))  # as 0.1 + 0.2 is not quite 0.3
    assert math.isnan(pearson([same, other]))
    assert math.isnan(pearson([varied, same]))
    assert concordance([same, other]) == pytest.approx(0.0, abs=1e-12)
    assert concordance([varied, same]) == pytest.approx(0.0, abs=1e-12)


def test_rounding_does_not_carry_them_beyond_1():
    rng = np.random.default_rng(0)
    for _ in range(200):
        scores = np.round(rng.uniform(0, 5, 7), 1)
        assert max(pearson([scores, 0.7 * scores]), concordance([scores, scores])) <= 1.0


def test_stacked_sums_give_what_each_gives_alone_and_weights_stand_for_repeated_items():
    ratings = np.random.default_rng(1).integers(0, 6, (2, 9)).astype(float)
    ratings[1, 2] = NAN
    weights = np.random.default_rng(2).multinomial(9, np.full(9, 1 / 9), (3, 5))
    weights[0, 0] = 9 * np.eye(9, dtype=int)[0]  # one item nine times: nothing varies
    for statistic in (concordance, pearson):
        together = statistic.value(weights @ statistic.terms(ratings))
        alone = [[statistic(np.repeat(ratings, row, axis=1)) for row in block] for block in weights]
        assert together == pytest.approx(np.array(alone), abs=1e-12, nan_ok=True)
        assert not np.isnan(together).all()


def test_both_have_intervals_from_the_same_sums():
    ratings = np.random.default_rng(3).normal(0, 1, 80) + np.random.default_rng(4).normal(0, 0.5, (2, 80))
    assert concordance.terms is pearson.terms
    for found in estimates([(concordance, ratings), (pearson, ratings)], rng=np.random.default_rng(5), n_resamples=500):
        assert found.low < found.value < found.high
        assert found.n == 80
