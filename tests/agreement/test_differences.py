import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from dermatrust.agreement.differences import (
    agreement_within_one,
    bias,
    exact_agreement,
    mean_absolute_difference,
    root_mean_squared_difference,
)

NAN = math.nan
scores = st.integers(0, 5).map(float)


def test_statistics_by_hand():
    # Differences 1, -1, 0, 3 of four items; the fifth counts for nothing.
    ratings = [[3, 2, 4, 5, NAN], [2, 3, 4, 2, 1]]
    assert bias(ratings) == 3 / 4
    assert mean_absolute_difference(ratings) == 5 / 4
    assert root_mean_squared_difference(ratings) == pytest.approx(math.sqrt(11 / 4))
    assert exact_agreement(ratings) == 1 / 4
    assert agreement_within_one(ratings) == 3 / 4


@given(st.lists(st.tuples(scores, scores), min_size=1, max_size=20))
def test_errors_are_scikit_learns(pairs):
    first, second = np.array(pairs).T
    assert mean_absolute_difference([first, second]) == pytest.approx(mean_absolute_error(second, first))
    assert root_mean_squared_difference([first, second]) == pytest.approx(root_mean_squared_error(second, first))


def test_a_point_apart_is_a_point_apart_however_it_is_written():
    # In floating point 2.2 - 1.2 is above 1; and 0.1 + 0.2 is not 0.3.
    assert 2.2 - 1.2 > 1
    assert agreement_within_one([[2.2, 3.2], [1.2, 2.1]]) == 0.5
    assert exact_agreement([[0.1 + 0.2, 0.31], [0.3, 0.3]]) == 0.5
