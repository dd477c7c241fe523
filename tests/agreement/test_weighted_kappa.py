import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from dermatrust.agreement.weighted_kappa import weighted_kappa

NAN = math.nan
LEVELS = (0, 1, 2, 3, 4, 5)
pairs = st.lists(st.tuples(st.sampled_from(LEVELS), st.sampled_from(LEVELS)), min_size=1, max_size=30)


def test_kappas_of_a_hand_worked_table():
    # Pairs (0, 0), (0, 2), (1, 1), (2, 1); margins (2, 1, 1) and (1, 2, 1) of 4. Cells expected, times 16:
    # 2 4 2 / 1 2 1 / 1 2 1. Steps observed: 0, 2, 0, 1; expected: (4 + 1 + 1 + 2 + 2(2 + 1)) / 16 = 14 / 16.
    ratings = [[0, 0, 1, 2], [0, 2, 1, 1]]
    assert weighted_kappa(range(3), "linear")(ratings) == pytest.approx(1 - (3 / 4) / (14 / 16))
    # Squares: 4 + 1 of 4 observed; (8 + 4(3)) / 16 expected. Without weights: 2 / 4 and (16 - 2 - 2 - 1) / 16.
    assert weighted_kappa(range(3))(ratings) == pytest.approx(1 - (5 / 4) / (20 / 16))
    assert weighted_kappa(range(3), "none")(ratings) == pytest.approx(1 - (2 / 4) / (11 / 16))


def test_kappa_of_a_published_table():
    """Diagnoses by two abstractors, in https://cran.r-project.org/web/packages/irrCAC/vignettes/overview.html."""
    table = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    ratings = np.repeat(np.argwhere(table >= 0), table.ravel(), axis=0).T
    assert weighted_kappa(range(3), "none")(ratings) == pytest.approx(0.7964094, abs=5e-8)


@pytest.mark.parametrize(("weights", "theirs"), [("quadratic", "quadratic"), ("linear", "linear"), ("none", None)])
@given(pairs)
def test_kappa_is_scikit_learns(weights, theirs, pairs):
    ratings = np.array(pairs, dtype=float).T
    found = weighted_kappa(LEVELS, weights)(ratings)
    if len(set(np.ravel(pairs))) == 1:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(cohen_kappa_score(*ratings, labels=LEVELS, weights=theirs), abs=1e-12)


@given(pairs)
def test_kappa_is_the_same_from_either_rater_and_from_either_end_and_at_most_1(pairs):
    ratings = np.array(pairs, dtype=float).T
    kappa = weighted_kappa(LEVELS)
    assert kappa(ratings[::-1]) == pytest.approx(kappa(ratings), abs=1e-12, nan_ok=True)
    assert kappa(5 - ratings) == pytest.approx(kappa(ratings), abs=1e-12, nan_ok=True)
    assert not kappa(ratings) > 1


def test_levels_nobody_used_set_the_distance_of_those_used():
    ratings = np.array([[0, 0, 4, 4, 5], [0, 4, 4, 5, 4]])
    assert weighted_kappa(LEVELS)(ratings) > weighted_kappa([0, 4, 5])(ratings)


def test_items_without_both_ratings_are_left_out():
    whole, gaps = [[0, 1, 3], [1, 1, 2]], [[0, 5, 1, NAN, 3], [1, NAN, 1, 0, 2]]
    assert weighted_kappa(LEVELS)(gaps) == weighted_kappa(LEVELS)(whole)


def test_where_only_one_rater_varies_there_is_no_agreement_beyond_chance():
    assert weighted_kappa(LEVELS)([[1, 2, 3], [2, 2, 2]]) == 0
    assert weighted_kappa(LEVELS)([[1], [2]]) == 0
