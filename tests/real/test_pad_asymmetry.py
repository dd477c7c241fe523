"""Five people's scores, 1 to 4, of the asymmetry of PAD-UFES-20 lesions: agreement as other software computes it."""

import csv
from itertools import combinations
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from dermatrust.agreement.concordance import concordance, pearson
from dermatrust.agreement.icc import icc_statistic, intraclass_correlation
from dermatrust.agreement.interval import estimates
from dermatrust.agreement.krippendorff_alpha import krippendorff_alpha
from dermatrust.agreement.weighted_kappa import weighted_kappa

TABLE = Path(__file__).parents[3] / "shared/data/agreement/pad_asymmetry.csv"
LEVELS = range(1, 5)

pytestmark = pytest.mark.skipif(not TABLE.is_file(), reason="the asymmetry scores are not beside this repository")


@pytest.fixture(scope="module")
def rows():
    with TABLE.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.fixture(scope="module")
def ratings(rows):
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


def test_intraclass_correlations_are_those_of_other_software(ratings):
    single, mean = intraclass_correlation(ratings, "ICC(2,1)"), intraclass_correlation(ratings, "ICC(2,k)")
    assert (single.n, single.n_raters, single.n_left_out) == (121, 5, 1)
    assert round(single.value, 4) == 0.7877
    assert (round(single.low, 2), round(single.high, 2)) == (0.74, 0.83)
    assert round(mean.value, 4) == 0.9489
    # Spearman-Brown: the mean of five of such raters.
    assert mean.value == pytest.approx(5 * single.value / (1 + 4 * single.value))


def test_resampling_patients_gives_about_the_same_interval(rows, ratings):
    patients = [row["image_id"].split("_")[1] for row in rows]
    asked = [(icc_statistic("ICC(2,1)"), ratings), (concordance, ratings[:2]), (pearson, ratings[:2])]
    panel, agreed, correlated = estimates(asked, patients, rng=np.random.default_rng(0), n_resamples=2_000)
    assert (panel.n, panel.n_clusters) == (121, 116)
    assert (panel.low, panel.high) == pytest.approx((0.74, 0.83), abs=0.03)
    assert 0.5 < agreed.low < agreed.value < correlated.value < 1
