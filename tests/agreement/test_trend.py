import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress

from dermatrust.agreement.interval import estimate
from dermatrust.agreement.trend import slope

NAN = math.nan
places = st.integers(0, 60).map(lambda k: k / 100) | st.just(NAN)
leads = st.integers(-20, 20).map(lambda k: k / 4) | st.just(NAN)


def test_a_slope_by_hand():
    # Means 2 and 3; deviations (-2, 0, 2) and (-1, 1, 0): (2 + 0 + 0) / (4 + 0 + 4). The fourth has no second value.
    assert slope([[0, 2, 4, 9], [2, 4, 3, NAN]]) == pytest.approx(0.25)


@given(st.lists(st.tuples(places, leads), max_size=20))
def test_it_is_scipys(pairs):
    known = np.array([pair for pair in pairs if not math.isnan(sum(pair))], dtype=float).reshape(-1, 2)
    found = slope(np.array(pairs, dtype=float).reshape(-1, 2).T)
    if len(np.unique(known[:, 0])) < 2:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(linregress(known[:, 0], known[:, 1]).slope, abs=1e-6)


def test_scores_that_all_rise_alike_rise_by_so_much():
    order = np.arange(500) / 100
    assert slope([order, 3 + 0.2 * order]) == pytest.approx(0.2)
    assert slope([order, 3 - 0.2 * order]) == pytest.approx(-0.2)
    assert slope([order, np.full(500, 2.5)]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("ratings", [[[], []], [[1], [2]], [[2, 2, 2], [1, 3, 5]], [[NAN, 1], [1, NAN]]])
def test_without_two_places_there_is_no_slope(ratings):
    assert math.isnan(slope(ratings))


def test_its_interval_holds_it():
    rng = np.random.default_rng(0)
    order = np.arange(200) / 100
    found = estimate(slope, [order, 0.5 * order + rng.normal(0, 0.3, 200)], rng=rng, n_resamples=300)
    assert 0.3 < found.low < found.value < found.high < 0.7
    assert found.n == 200
