import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dermatrust.agreement.rank import kendall_tau_b, spearman

NAN = math.nan
LEVELS = (0, 0.5, 1, 3, 4, 10)
pairs = st.lists(st.tuples(st.sampled_from(LEVELS), st.sampled_from(LEVELS)), min_size=1, max_size=40)
RATINGS = [[0, 1, 1, 4], [0, 3, 0, 1]]


def test_spearman_by_hand():
    # Ranks 1, 2.5, 2.5, 4 and 1.5, 4, 1.5, 3, about their mean 2.5: products 1.5, 0, 0, 0.75; squares 4.5 and 4.5.
    assert spearman(LEVELS)(RATINGS) == pytest.approx(2.25 / 4.5)


def test_kendall_by_hand():
    # Of 6 pairs, 12, 14 and 34 are alike, 24 opposite, 23 tied by the first and 13 by the second: (3 - 1) / 5.
    assert kendall_tau_b(LEVELS)(RATINGS) == pytest.approx(2 / 5)


@given(pairs)
def test_rank_correlations_are_scipys(pairs):
    ratings = np.array(pairs).T
    if min(len(set(row)) for row in ratings) == 1:
        assert math.isnan(spearman(LEVELS)(ratings))
        assert math.isnan(kendall_tau_b(LEVELS)(ratings))
    else:
        assert spearman(LEVELS)(ratings) == pytest.approx(stats.spearmanr(*ratings).statistic, abs=1e-12)
        assert kendall_tau_b(LEVELS)(ratings) == pytest.approx(stats.kendalltau(*ratings).statistic, abs=1e-12)


@pytest.mark.parametrize("correlation", [spearman(LEVELS), kendall_tau_b(LEVELS)])
@given(pairs)
def test_turning_a_rater_round_turns_the_sign(correlation, pairs):
    ratings = np.array(pairs).T
    turned = np.array([ratings[0], np.array(LEVELS)[::-1][np.searchsorted(LEVELS, ratings[1])]])
    assert correlation(turned) == pytest.approx(-correlation(ratings), abs=1e-12, nan_ok=True)
    assert correlation(ratings[::-1]) == pytest.approx(correlation(ratings), abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("correlation", [spearman(LEVELS), kendall_tau_b(LEVELS)])
def test_only_the_order_counts_and_only_of_items_with_both_ratings(correlation):
    assert correlation([[0, 10, 1, 3, NAN, 0], [0.5, 4, 1, 3, 10, NAN]]) == 1
    assert correlation([[0, 1, 3], [4, 3, 0]]) == -1


@pytest.mark.parametrize("correlation", [spearman(LEVELS), kendall_tau_b(LEVELS)])
def test_ten_thousand_tables_take_well_under_a_third_of_a_second(correlation):
    sums = np.random.default_rng(0).multinomial(400, np.full(36, 1 / 36), 10_000).astype(float)
    sums = np.hstack([sums.sum(axis=1, keepdims=True), sums])
    began = time.process_time()
    correlation.value(sums)
    assert time.process_time() - began < 0.3
