"""What holds of every statistic of ratings on a scale of levels."""

import math

import numpy as np
import pytest

from dermatrust.agreement.fleiss_kappa import fleiss_kappa
from dermatrust.agreement.gwet_ac import gwet_ac
from dermatrust.agreement.interval import estimate
from dermatrust.agreement.krippendorff_alpha import krippendorff_alpha
from dermatrust.agreement.rank import kendall_tau_b, spearman
from dermatrust.agreement.weighted_kappa import weighted_kappa

NAN = math.nan
LEVELS = (0, 0.5, 1, 2, 4)
OF_TWO = [
    spearman(LEVELS),
    kendall_tau_b(LEVELS),
    *(weighted_kappa(LEVELS, w) for w in ("quadratic", "linear", "none")),
]
OF_MANY = [
    *(krippendorff_alpha(LEVELS, metric) for metric in ("ordinal", "interval", "nominal")),
    *(gwet_ac(LEVELS, weights) for weights in ("quadratic", "linear", "ordinal", "none")),
    fleiss_kappa(LEVELS),
]
ALL = [*((statistic, 2) for statistic in OF_TWO), *((statistic, 4) for statistic in OF_MANY)]


def random_ratings(n_raters, n_items, rng):
    ratings = rng.choice(LEVELS, (n_raters, n_items))
    ratings[:, : n_items // 2] = ratings[0, : n_items // 2]  # some agreement
    ratings[rng.random(ratings.shape) < 0.15] = NAN
    ratings[:, 0] = NAN
    return ratings


@pytest.mark.parametrize(("statistic", "n_raters"), ALL)
def test_values_of_stacked_sums_are_those_one_by_one(statistic, n_raters):
    """Undefined ones among them: sums of nothing, of one item, and of items all alike."""
    rng = np.random.default_rng(0)
    tables = [random_ratings(n_raters, 20, rng) for _ in range(4)]
    tables += [np.full((n_raters, 3), NAN), np.ones((n_raters, 1)), np.full((n_raters, 5), 2.0)]
    sums = np.array([statistic.terms(table).sum(axis=0) for table in tables] + [np.zeros_like(sums_of(statistic))])
    expected = np.array([statistic.value(row) for row in sums])
    assert 0 < np.isnan(expected).sum() < len(expected)
    assert statistic.value(sums.reshape(2, 4, -1)).ravel() == pytest.approx(expected, abs=1e-12, nan_ok=True)


def sums_of(statistic):
    return statistic.terms(np.ones((2, 1))).sum(axis=0)


@pytest.mark.parametrize(("statistic", "n_raters"), ALL)
def test_without_ratings_nothing_is_defined(statistic, n_raters):
    assert math.isnan(statistic(np.full((n_raters, 3), NAN)))
    assert math.isnan(statistic(np.empty((n_raters, 0))))


@pytest.mark.parametrize(("statistic", "n_raters"), ALL)
def test_items_that_do_not_count_add_nothing(statistic, n_raters):
    terms = statistic.terms(random_ratings(n_raters, 200, np.random.default_rng(1)))
    counted = terms[:, 0] == 1
    assert 0 < counted.sum() < 200
    assert not terms[~counted].any()


@pytest.mark.parametrize(("statistic", "n_raters"), ALL)
def test_a_rating_off_the_scale_is_refused(statistic, n_raters):
    ratings = np.zeros((n_raters, 3))
    ratings[1, 2] = 3
    with pytest.raises(ValueError, match="rating 3 is no level of the scale"):
        statistic(ratings)


@pytest.mark.parametrize("statistic", OF_TWO)
def test_a_statistic_of_two_raters_refuses_three(statistic):
    with pytest.raises(ValueError, match=r"expected \(raters, n\) with 2 raters"):
        statistic(np.zeros((3, 4)))


def test_statistics_of_one_table_share_its_terms_however_the_levels_are_written():
    assert weighted_kappa(range(3)).terms is spearman([0, 1, 2]).terms is kendall_tau_b((0.0, 1.0, 2.0)).terms
    assert krippendorff_alpha(range(3)).terms is krippendorff_alpha([0, 1, 2], "nominal").terms
    assert gwet_ac(range(3)).terms is gwet_ac([0, 1, 2], "none").terms
    assert fleiss_kappa(range(3)).terms is fleiss_kappa([0, 1, 2]).terms
    assert weighted_kappa(range(3)).terms is not weighted_kappa(range(4)).terms


@pytest.mark.parametrize(("statistic", "n_raters"), ALL)
def test_an_interval_holds_the_value(statistic, n_raters):
    ratings = random_ratings(n_raters, 60, np.random.default_rng(2))
    for method in ("percentile", "bca"):
        found = estimate(statistic, ratings, rng=np.random.default_rng(3), n_resamples=300, method=method)
        assert found.low < found.value < found.high
        assert found.n_skipped == 0
