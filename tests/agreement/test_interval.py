import math

import numpy as np
import pytest
from scipy import stats

from dermatrust.agreement.bootstrap import cluster_bootstrap
from dermatrust.agreement.differences import (
    agreement_within_one,
    bias,
    exact_agreement,
    mean_absolute_difference,
    root_mean_squared_difference,
)
from dermatrust.agreement.interval import Question, estimate, estimates, resample
from dermatrust.agreement.statistic import Statistic, rating_table
from dermatrust.agreement.weighted_kappa import weighted_kappa

NAN = math.nan
RATINGS = np.array([[3.0, 4.0, 0.0, 5.0, NAN, 1.0], [1.0, 4.0, 1.0, 5.0, 2.0, NAN]])


def test_statistics_of_differences_by_hand():
    # Of six items four have both ratings; their differences are 2, 0, -1 and 0.
    assert bias(RATINGS) == pytest.approx(1 / 4)
    assert mean_absolute_difference(RATINGS) == pytest.approx(3 / 4)
    assert root_mean_squared_difference(RATINGS) == pytest.approx(math.sqrt(5 / 4))
    assert exact_agreement(RATINGS) == pytest.approx(2 / 4)
    assert agreement_within_one(RATINGS) == pytest.approx(3 / 4)


def test_without_an_item_that_both_rated_nothing_is_defined():
    found = estimate(bias, [[NAN, 1.0], [2.0, NAN]], rng=np.random.default_rng(0), n_resamples=9)
    assert math.isnan(found.value)
    assert math.isnan(found.low)
    assert (found.n, found.n_clusters, found.n_skipped) == (0, 0, 9)


def test_one_patient_gives_no_interval():
    found = estimate(bias, [[1.0, 2.0], [2.0, 4.0]], ["a", "a"], rng=np.random.default_rng(0), n_resamples=9)
    assert (found.value, found.n, found.n_clusters) == (-1.5, 2, 1)
    assert math.isnan(found.high)


def test_percentile_interval_is_that_of_the_mean_of_differences():
    """The clustered bootstrap of means, with the same draws, on differences made beforehand."""
    rng = np.random.default_rng(1)
    ratings = rng.integers(0, 6, (2, 60)).astype(float)
    ratings[0, 7] = NAN
    patients = rng.integers(0, 20, 60)
    expected = cluster_bootstrap(ratings[0] - ratings[1], patients, rng=np.random.default_rng(2), n_resamples=500)
    found = estimate(bias, ratings, patients, rng=np.random.default_rng(2), n_resamples=500)
    assert (found.value, found.low, found.high) == pytest.approx(
        (expected.means[0], expected.low[0], expected.high[0]), abs=1e-12
    )
    assert (found.n, found.n_clusters) == (expected.n[0], expected.n_clusters[0]) == (59, 18)


def test_bca_interval_is_scipys():
    rng = np.random.default_rng(3)
    ratings = np.array([rng.exponential(2, 80), np.zeros(80)])
    found = estimate(bias, ratings, rng=np.random.default_rng(4), n_resamples=40_000, method="bca")
    theirs = stats.bootstrap((ratings[0],), np.mean, n_resamples=40_000, method="BCa", rng=np.random.default_rng(5))
    assert (found.low, found.high) == pytest.approx(tuple(theirs.confidence_interval), abs=0.01)
    plain = estimate(bias, ratings, rng=np.random.default_rng(4), n_resamples=40_000)
    assert found.high - plain.high > 0.02  # so the line above can fail


def test_bca_of_patients_resamples_patients():
    """Three narratives a patient, all alike: the interval is that of one narrative a patient."""
    values = np.random.default_rng(3).exponential(2, 50)
    single = np.array([values, np.zeros(50)])
    tripled = np.repeat(single, 3, axis=1)
    asked = {"rng": np.random.default_rng(6), "n_resamples": 2_000, "method": "bca"}
    found = estimate(bias, tripled, np.repeat(np.arange(50), 3), **asked)
    expected = estimate(bias, single, **(asked | {"rng": np.random.default_rng(6)}))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_bca_where_all_resamples_lie_on_one_side_has_no_interval():
    """No resample has all of twelve items, so the number of items left out is above that of the sample in each."""

    def one_hot(ratings):
        return np.hstack([np.ones((ratings.shape[1], 1)), np.eye(ratings.shape[1])])

    left_out = Statistic(one_hot, lambda sums: (sums[..., 1:] == 0).sum(axis=-1).astype(float))
    found = estimate(left_out, np.zeros((2, 12)), rng=np.random.default_rng(1), n_resamples=50, method="bca")
    assert (found.value, found.n_skipped) == (0.0, 0)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_statistics_share_resamples_and_sums():
    """Their intervals are those each has alone; the terms of one function and one array are made once."""
    calls = []

    def terms(ratings):
        calls.append(len(ratings))
        return bias.terms(ratings)

    ratings = np.random.default_rng(0).integers(0, 6, (2, 40)).astype(float)
    one, other = Statistic(terms, bias.value), Statistic(terms, mean_absolute_difference.value)
    both = estimates([(one, ratings), (other, ratings)], rng=np.random.default_rng(9), n_resamples=200)
    assert calls == [2]
    alone = estimate(mean_absolute_difference, ratings, rng=np.random.default_rng(9), n_resamples=200)
    assert both[1] == alone
    assert both[0] != both[1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_resamples": 0}, "n_resamples is 0"),
        ({"confidence": 1.0}, "confidence is 1.0"),
        ({"clusters": [1, 2]}, r"ratings of \[3\] items and clusters of shape \(2,\) do not fit"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        estimate(bias, [[1, 2, 3], [1, 2, 3]], rng=np.random.default_rng(0), **given)


@pytest.mark.parametrize("ratings", [[1.0, 2.0], [[1.0, 2.0]], [[1.0], [math.inf]], [[[1.0]]]])
def test_what_is_no_table_of_ratings_is_refused(ratings):
    with pytest.raises(ValueError, match="expected"):
        rating_table(ratings)


def test_a_statistic_of_two_raters_refuses_three():
    with pytest.raises(ValueError, match=r"ratings of shape \(3, 1\); expected \(raters, n\) with 2 raters"):
        bias([[1.0], [2.0], [3.0]])


def test_the_mean_of_answers_keeps_their_correlation():
    """Two questions about the same differences, once with the sign turned: their mean never varies."""
    ratings = np.random.default_rng(0).integers(0, 6, (2, 40)).astype(float)
    numbers = np.arange(40) // 2
    asked = [Question(bias, ratings, numbers), Question(bias, ratings[::-1], numbers)]
    found = resample(asked, 20, rng=np.random.default_rng(1), n_resamples=300).mean([0, 1])
    assert (found.value, found.low, found.high) == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)
    assert (found.n, found.n_clusters) == (40, 20)


def test_a_mean_lacks_what_one_of_its_answers_lacks():
    known, unknown = np.array([[1.0, 2.0], [2.0, 2.0]]), np.full((2, 2), NAN)
    asked = [Question(bias, ratings, np.arange(2)) for ratings in (known, unknown)]
    found = resample(asked, 2, rng=np.random.default_rng(1), n_resamples=30).mean([0, 1])
    assert math.isnan(found.value)
    assert math.isnan(found.low)
    assert (found.n, found.n_skipped) == (0, 30)


def test_questions_about_other_items_see_the_same_resampled_patients():
    """A question about the items of half the patients has the interval that NaN for the others gives it."""
    ratings = np.random.default_rng(0).integers(0, 6, (2, 40)).astype(float)
    numbers = np.arange(40) % 10
    half = numbers < 5
    masked = np.where(half, ratings, NAN)
    asked = [Question(bias, ratings[:, half], numbers[half]), Question(bias, masked, numbers)]
    found = resample(asked, 10, rng=np.random.default_rng(1), n_resamples=300)
    assert found.estimate(0) == found.estimate(1)
    assert found.estimate(0).n_clusters == 5


def test_clusters_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="ratings of 2 items do not fit 3 clusters"):
        resample([Question(bias, [[1, 2], [1, 2]], np.arange(3))], 3, rng=np.random.default_rng(0))


def test_bca_where_the_statistic_needs_every_cluster_corrects_the_bias_alone():
    # Two items of different levels: without either of them kappa is not defined, and a spread of nothing has no mean.
    asked = {"rng": np.random.default_rng(0), "n_resamples": 200}
    found = estimate(weighted_kappa(range(6)), [[1, 2], [1, 2]], [0, 1], method="bca", **asked)
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)
