"""Five raters' asymmetry scores of PAD-UFES-20 images: agreement as other programs compute it."""

import csv
from itertools import combinations
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from dermatrust.agreement.krippendorff_alpha import krippendorff_alpha
from dermatrust.agreement.weighted_kappa import weighted_kappa

TABLE = Path(__file__).parents[3] / "shared/data/agreement/pad_asymmetry.csv"
LEVELS = range(1, 5)

pytestmark = pytest.mark.skipif(not TABLE.is_file(), reason="the asymmetry scores are not beside this repository")


@pytest.fixture(scope="module")
def ratings():
    with TABLE.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    return np.array([[float(row[f"rater_{rater}"] or "nan") for row in rows] for rater in range(1, 6)])


def test_ordinal_alpha_of_the_121_images_that_all_five_rated_is_0_7675(ratings):
    complete = ratings[:, ~np.isnan(ratings).any(axis=0)]
    assert (ratings.shape, complete.shape) == ((5, 122), (5, 121))
    assert krippendorff_alpha(LEVELS)(complete) == pytest.approx(0.7675, abs=5e-5)


@pytest.mark.parametrize("metric", ["ordinal", "interval", "nominal"])
def test_alpha_with_the_image_that_one_did_not_rate_is_that_of_the_package(ratings, metric):
    expected = krippendorff.alpha(reliability_data=ratings, level_of_measurement=metric)
    assert krippendorff_alpha(LEVELS, metric)(ratings) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("pair", list(combinations(range(5), 2)))
def test_quadratic_kappa_of_each_pair_is_scikit_learns(ratings, pair):
    both = ratings[list(pair)]
    first, second = both[:, ~np.isnan(both).any(axis=0)]
    expected = cohen_kappa_score(first, second, labels=list(LEVELS), weights="quadratic")
    assert weighted_kappa(LEVELS)(both) == pytest.approx(expected, abs=1e-12)
