import math

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.agreement.krippendorff_alpha import krippendorff_alpha

NAN = math.nan
LEVELS = (0, 0.5, 1, 3, 4, 10)
METRICS = ("ordinal", "interval", "nominal")
rating = st.one_of(st.sampled_from(LEVELS), st.just(NAN))
panels = st.integers(2, 5).flatmap(
    lambda k: st.lists(st.lists(rating, min_size=k, max_size=k), min_size=1, max_size=15)
)

PUBLISHED = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]
"""Four observers' data in Krippendorff (2011), https://repository.upenn.edu/asc_papers/43."""


def test_alphas_by_hand():
    # Ratings 0 0, 0 1, 4 4: coincidences 00 twice, 01, 10, 44 twice; counts (3, 1, 2) of 6 ratings.
    # Nominal: 5 * 2 observed; 2(3 * 1 + 3 * 2 + 1 * 2) expected.
    ratings = [[0, 0, 4], [0, 1, 4]]
    assert krippendorff_alpha(LEVELS, "nominal")(ratings) == pytest.approx(1 - 10 / 22)
    # Interval: squares 1, 16 and 9 between 0 and 1, 0 and 4, 1 and 4.
    assert krippendorff_alpha(LEVELS, "interval")(ratings) == pytest.approx(1 - 10 / (2 * (3 + 6 * 16 + 2 * 9)))
    # Ordinal: half of the ratings at each end and all between them: 3/2 + 1/2, 3/2 + 1 + 2/2, 1/2 + 2/2, squared.
    expected = 2 * (3 * 2**2 + 6 * 3.5**2 + 2 * 1.5**2)
    assert krippendorff_alpha(LEVELS)(ratings) == pytest.approx(1 - 5 * 2 * 2**2 / expected)


@pytest.mark.parametrize(("metric", "expected"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alphas_of_published_data(metric, expected):
    assert krippendorff_alpha(range(1, 6), metric)(PUBLISHED) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("metric", METRICS)
@given(panels)
def test_alpha_is_that_of_the_package(metric, columns):
    ratings = np.array(columns).T
    found = krippendorff_alpha(LEVELS, metric)(ratings)
    pairable = ratings[:, (~np.isnan(ratings)).sum(axis=0) >= 2]
    if np.unique(pairable[~np.isnan(pairable)]).size < 2:
        assert math.isnan(found)
    else:
        theirs = krippendorff.alpha(reliability_data=ratings, value_domain=LEVELS, level_of_measurement=metric)
        assert found == pytest.approx(theirs, abs=1e-9)


@given(panels, st.permutations(range(5)))
def test_the_order_of_raters_and_levels_nobody_used_do_not_matter(columns, order):
    ratings = np.array(columns).T
    shuffled = ratings[[rater for rater in order if rater < len(ratings)]]
    found = krippendorff_alpha(LEVELS)(ratings)
    assert krippendorff_alpha((-1, *LEVELS, 11))(shuffled) == pytest.approx(found, abs=1e-12, nan_ok=True)


def test_one_item_rated_differently_says_nothing_of_agreement():
    assert krippendorff_alpha(LEVELS)([[1], [3]]) == 0


def test_a_metric_of_another_name_is_refused():
    with pytest.raises(ValueError, match="metric is 'ratio'; expected ordinal, interval or nominal"):
        krippendorff_alpha(LEVELS, "ratio")
