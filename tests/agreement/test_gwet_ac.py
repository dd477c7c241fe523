import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.agreement.gwet_ac import gwet_ac

NAN = math.nan
N_LEVELS = 4
WEIGHTS = {
    "none": lambda a, b: float(a == b),
    "linear": lambda a, b: 1 - abs(a - b) / (N_LEVELS - 1),
    "quadratic": lambda a, b: 1 - (a - b) ** 2 / (N_LEVELS - 1) ** 2,
    "ordinal": lambda a, b: 1 - math.comb(abs(a - b) + 1, 2) / math.comb(N_LEVELS, 2),
}
rating = st.one_of(st.integers(0, N_LEVELS - 1).map(float), st.just(NAN))
panels = st.integers(2, 5).flatmap(
    lambda k: st.lists(st.lists(rating, min_size=k, max_size=k), min_size=1, max_size=12)
)

RAW_4_RATERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, NAN],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]
"""Gwet (2014), p. 120: four raters, twelve items, five levels; no rater rated all."""


def test_ac_by_hand():
    # Pairs that agree: 1 of 1, 1 of 3, the third item has one rating. Shares of level 0: 1, 1/3, 0; mean 4/9.
    # Chance without weights: 2 / (2 * 1) * 2 * 4/9 * 5/9 / 1 = 40/81.
    ratings = [[0, 0, NAN], [0, 1, 1], [NAN, 1, NAN]]
    by_chance = 40 / 81
    assert gwet_ac([0, 1], "none")(ratings) == pytest.approx(((1 + 1 / 3) / 2 - by_chance) / (1 - by_chance))


@pytest.mark.parametrize(
    ("weights", "expected", "digits"),
    [("none", 0.77544, 5), ("quadratic", 0.914, 5), ("linear", 0.859, 3), ("ordinal", 0.899, 3)],
)
def test_ac_of_published_data(weights, expected, digits):
    """Values of its author's program, as https://github.com/afergadis/irrCAC documents and tests them."""
    assert gwet_ac(range(1, 6), weights)(RAW_4_RATERS) == pytest.approx(expected, abs=0.5 * 10**-digits)


def test_ac1_of_a_published_table():
    """Diagnoses by two abstractors, in https://cran.r-project.org/web/packages/irrCAC/vignettes/overview.html."""
    table = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    ratings = np.repeat(np.argwhere(table >= 0), table.ravel(), axis=0).T
    assert gwet_ac(range(3), "none")(ratings) == pytest.approx(0.8493305, abs=5e-8)


def naive_ac(ratings, weight):
    """AC item by item and pair by pair of raters; NaN where no item has two ratings."""
    items = [[int(r) for r in column if not math.isnan(r)] for column in ratings.T]
    items = [item for item in items if item]
    pairs = [[weight(a, b) for a, b in permutations(item, 2)] for item in items if len(item) >= 2]
    if not pairs:
        return NAN
    observed = np.mean([np.mean(pair) for pair in pairs])
    shares = [np.mean([item.count(level) / len(item) for item in items]) for level in range(N_LEVELS)]
    total = sum(weight(a, b) for a in range(N_LEVELS) for b in range(N_LEVELS))
    expected = total / (N_LEVELS * (N_LEVELS - 1)) * sum(share * (1 - share) for share in shares)
    return (observed - expected) / (1 - expected)


@pytest.mark.parametrize("weights", WEIGHTS)
@given(panels)
def test_ac_is_that_of_a_loop_over_items_and_pairs_of_raters(weights, columns):
    ratings = np.array(columns).T
    found = gwet_ac(range(N_LEVELS), weights)(ratings)
    assert found == pytest.approx(naive_ac(ratings, WEIGHTS[weights]), abs=1e-12, nan_ok=True)


@given(panels)
def test_which_rater_and_which_end_of_the_scale_do_not_matter(columns):
    ratings = np.array(columns).T
    ac = gwet_ac(range(N_LEVELS))
    assert ac(N_LEVELS - 1 - ratings[::-1]) == pytest.approx(ac(ratings), abs=1e-12, nan_ok=True)


def test_ac_is_1_where_nobody_varies_and_levels_nobody_used_have_an_influence():
    assert gwet_ac(range(3))([[2, 2], [2, 2]]) == 1
    ratings = [[0, 0, 1, 1], [0, 1, 1, 1]]
    assert gwet_ac(range(6), "none")(ratings) > gwet_ac(range(2), "none")(ratings)


def test_single_ratings_alone_say_nothing():
    assert math.isnan(gwet_ac(range(3))([[1, NAN], [NAN, 2]]))
