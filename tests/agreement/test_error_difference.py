import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error

from dermatrust.agreement.error_difference import error_difference, error_terms
from dermatrust.agreement.interval import estimate

NAN = math.nan
scores = st.integers(0, 10).map(lambda k: k / 2) | st.just(NAN)
items = st.lists(st.tuples(scores, scores, scores), min_size=1, max_size=15)


def test_a_difference_by_hand():
    # Errors of the first 1, 0, 2 and of the second 0, 3, 1: (3 - 4) / 3. The last item lacks the first's score.
    assert error_difference([[3, 4, 5, NAN], [2, 1, 2, 0], [2, 4, 3, 5]]) == pytest.approx(-1 / 3)


def test_terms_are_nought_where_one_of_three_is_missing():
    table = np.array([[1.0, NAN, 1, 1], [4.0, 1, NAN, 1], [2.0, 1, 1, NAN]])
    assert error_terms(table).tolist() == [[1, 1, 2], [0, 0, 0], [0, 0, 0], [0, 0, 0]]


@given(items)
def test_it_is_the_difference_of_scikit_learns_errors(rows):
    table = np.array(rows).T
    known = ~np.isnan(table).any(axis=0)
    found = error_difference(table)
    if not known.any():
        assert math.isnan(found)
    else:
        first, second, target = table[:, known]
        expected = mean_absolute_error(target, first) - mean_absolute_error(target, second)
        assert found == pytest.approx(expected, abs=1e-12)


@given(items)
def test_the_other_way_round_it_has_the_other_sign(rows):
    first, second, target = np.array(rows).T
    found = error_difference([first, second, target])
    assert error_difference([second, first, target]) == pytest.approx(-found, nan_ok=True)


def test_its_interval_is_paired():
    # The first is always half a point farther, on easy items and hard: the difference does not vary.
    target = np.zeros(10)
    second = np.arange(10) / 3
    found = estimate(error_difference, [second + 0.5, second, target], rng=np.random.default_rng(0), n_resamples=50)
    assert (found.low, found.value, found.high) == pytest.approx((0.5, 0.5, 0.5))


def test_two_rows_are_refused():
    with pytest.raises(ValueError, match="with 3 raters"):
        error_difference([[1.0], [2.0]])
