import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats import inter_rater

from dermatrust.agreement.fleiss_kappa import fleiss_kappa

NAN = math.nan
rating = st.one_of(st.integers(0, 3).map(float), st.just(NAN))
panels = st.integers(2, 5).flatmap(
    lambda k: st.lists(st.lists(rating, min_size=k, max_size=k), min_size=1, max_size=15)
)


def test_kappa_by_hand():
    # Of three raters, the pairs that agree are 3, 1 and 1 of 3; levels given 4, 3 and 2 times of 9.
    ratings = [[0, 1, 2], [0, 1, 2], [0, 0, 1]]
    by_chance = (16 + 9 + 4) / 81
    assert fleiss_kappa(range(3))(ratings) == pytest.approx((5 / 9 - by_chance) / (1 - by_chance))


def test_kappa_of_a_worked_example():
    """Fourteen raters, ten items, five levels, in https://en.wikipedia.org/wiki/Fleiss%27_kappa#Worked_example."""
    rows = ["0000E", "02642", "00356", "03920", "22811", "77000", "32630", "25322", "65210", "02237"]
    counts = [[int(digit, 16) for digit in row] for row in rows]
    ratings = np.array([np.repeat(np.arange(5), row) for row in counts]).T
    assert ratings.shape == (14, 10)
    assert fleiss_kappa(range(5))(ratings) == pytest.approx(0.210, abs=5e-4)


@given(panels)
def test_kappa_is_that_of_statsmodels_on_the_items_that_all_rated(columns):
    ratings = np.array(columns).T
    complete = ratings[:, ~np.isnan(ratings).any(axis=0)]
    found = fleiss_kappa(range(4))(ratings)
    if np.unique(complete).size < 2:
        assert math.isnan(found)
    else:
        counts = (complete[:, :, np.newaxis] == np.arange(4)).sum(axis=0)
        assert found == pytest.approx(inter_rater.fleiss_kappa(counts), abs=1e-9)


@given(panels)
def test_names_of_levels_do_not_matter(columns):
    ratings = np.array(columns).T
    kappa = fleiss_kappa(range(4))
    assert kappa(3 - ratings) == pytest.approx(kappa(ratings), abs=1e-12, nan_ok=True)


def test_kappa_of_full_agreement_is_1():
    assert fleiss_kappa(range(3))([[0, 1, 2], [0, 1, 2], [0, 1, 2]]) == 1
