import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.agreement.bootstrap import cluster_bootstrap
from dermatrust.agreement.differences import bias
from dermatrust.agreement.icc import intraclass_correlation
from dermatrust.agreement.interval import estimate
from dermatrust.agreement.krippendorff_alpha import krippendorff_alpha
from dermatrust.agreement.planning import (
    icc_inflation,
    icc_variance,
    jackknife,
    patients_for_mean,
    residual_variance,
    spread_of,
    subjects_for_icc,
)
from dermatrust.agreement.weighted_kappa import weighted_kappa

NAN = math.nan


def clustered(rng, n_patients, per_patient, sd_between, sd_within):
    patients = np.repeat(np.arange(n_patients), per_patient)
    own = sd_between * rng.standard_normal(n_patients)
    return own[patients] + sd_within * rng.standard_normal(patients.size), patients


def rated(rng, n, n_raters, icc, level=0.0):
    """Ratings of unit variance about each rater's level, shape (raters, n)."""
    truth = math.sqrt(icc) * rng.standard_normal(n)
    noise = math.sqrt(1 - icc) * rng.standard_normal((n_raters, n))
    return truth + noise + level * np.arange(n_raters)[:, np.newaxis]


def test_patients_by_hand():
    # Standard error 0.1 / 1.96 = 0.05102; variance of a patient's mean 0.25 + 0.64 / 4 = 0.41; 0.41 / 0.002603 = 157.5.
    assert patients_for_mean(0.2, 0.5, 0.8, per_patient=4) == 158
    # Independent observations: the same as four times as many patients with one each, 0.64 / 0.002603 = 245.9.
    assert patients_for_mean(0.2, 0.0, 0.8, per_patient=4) == 62
    assert patients_for_mean(0.2, 0.0, 0.8) == 246


def test_more_narratives_of_a_patient_help_only_within_patients():
    assert patients_for_mean(0.2, 0.5, 0.0, per_patient=9) == patients_for_mean(0.2, 0.5, 0.0)
    assert patients_for_mean(0.2, 0.5, 0.8, per_patient=1000) == patients_for_mean(0.2, 0.5, 0.0)
    assert patients_for_mean(9.0, 0.1, 0.1) == 2


@pytest.mark.parametrize("per_patient", [1, 3, 9])
def test_with_the_planned_patients_the_interval_of_a_mean_is_as_wide_as_asked(per_patient):
    width, rng = 0.3, np.random.default_rng(per_patient)
    n = patients_for_mean(width, 0.5, 0.8, per_patient)
    widths = []
    for _ in range(60):
        found = cluster_bootstrap(*clustered(rng, n, per_patient, 0.5, 0.8), rng=rng, n_resamples=500)
        widths.append(found.high[0] - found.low[0])
    assert np.mean(widths) == pytest.approx(width, rel=0.1)
    # Taking narratives for independent would have missed it, so this test can fail.
    independent = math.ceil(patients_for_mean(width, 0.0, math.hypot(0.5, 0.8)) / per_patient)
    assert independent <= n * (1.01 if per_patient == 1 else 0.7)


@pytest.mark.parametrize(
    ("width", "icc", "n_raters", "n"),
    [
        (0.2, 0.85, 4, 20),  # the paper's example, 19.2
        (0.2, 0.8, 2, 55),  # 50.8, and 5 * 0.8 more as the paper advises for two raters
        (0.32332, 0.5, 3, 50),  # R's presize::prec_icc(0.5, 3, 50) gives the width 0.3233102
        (0.3233, 0.5, 3, 51),
    ],
)
def test_subjects_published(width, icc, n_raters, n):
    assert subjects_for_icc(width, icc, n_raters) == n


@pytest.mark.parametrize("kind", ["ICC(2,1)", "ICC(3,1)"])
@pytest.mark.parametrize(("width", "icc", "n_raters"), [(0.2, 0.7, 3), (0.2, 0.8, 2), (0.3, 0.5, 4), (0.15, 0.85, 5)])
def test_with_the_planned_subjects_the_interval_of_an_icc_is_as_wide_as_asked(kind, width, icc, n_raters):
    n, rng = subjects_for_icc(width, icc, n_raters), np.random.default_rng(0)
    found = [intraclass_correlation(rated(rng, n, n_raters, icc), kind) for _ in range(300)]
    assert np.mean([one.high - one.low for one in found]) == pytest.approx(width, rel=0.1)


def test_the_f_based_interval_for_other_raters_stays_wide_where_levels_differ():
    rng = np.random.default_rng(1)
    n = subjects_for_icc(0.2, 0.7, 3)
    apart = [intraclass_correlation(rated(rng, many, 3, 0.8, level=0.5), "ICC(2,1)") for many in (n, 20 * n)]
    assert apart[1].high - apart[1].low > 0.4


def test_spread_is_recovered_and_missing_observations_are_left_out():
    values, patients = clustered(np.random.default_rng(2), 3000, 4, 0.5, 0.8)
    found = spread_of(values, patients)
    assert (found.sd_between, found.sd_within) == pytest.approx((0.5, 0.8), rel=0.05)
    assert found.correlation == pytest.approx(0.25 / 0.89, rel=0.1)
    assert (found.per_patient, found.n_patients) == (4.0, 3000)
    gaps = np.random.default_rng(3).random(values.size) < 0.3
    some = spread_of(np.where(gaps, NAN, values), patients)
    assert (some.sd_between, some.sd_within) == pytest.approx((0.5, 0.8), rel=0.06)
    assert some.per_patient == pytest.approx((~gaps).sum() / some.n_patients)


def test_spread_of_one_observation_a_patient_is_all_between():
    found = spread_of([1.0, 2.0, 3.0], [0, 1, 2])
    assert (found.sd_between, found.sd_within, found.per_patient) == (1.0, 0.0, 1.0)


def test_spread_of_patients_who_are_alike_is_all_within():
    found = spread_of([0.0, 2.0, 0.0, 2.0], [0, 0, 1, 1])
    assert (found.mean, found.sd_between, found.sd_within) == (1.0, 0.0, pytest.approx(math.sqrt(2)))


def test_spread_of_too_little_is_unknown():
    for values, clusters, mean, n in ([[1.0, 3.0], [0, 0], 2.0, 1], [[NAN], [0], NAN, 0]):
        found = spread_of(values, clusters)
        assert found.mean == pytest.approx(mean, nan_ok=True)
        assert math.isnan(found.sd_between)
        assert math.isnan(found.correlation)
        assert found.n_patients == n


def test_inflation_is_one_for_independent_items_and_more_for_repeated_ones():
    rng = np.random.default_rng(4)
    alone = [icc_inflation(rated(rng, 300, 3, 0.6), np.arange(300)) for _ in range(20)]
    assert np.mean(alone) == pytest.approx(1.0, abs=0.1)
    # The same item three times tells as much as once: three times the variance the formula expects of 300.
    thrice = [
        icc_inflation(np.repeat(rated(rng, 100, 3, 0.6), 3, axis=1), np.repeat(np.arange(100), 3)) for _ in range(20)
    ]
    assert np.mean(thrice) == pytest.approx(3.0, rel=0.15)


def test_inflation_of_too_little_is_unknown():
    assert math.isnan(icc_inflation([[1.0, 2.0], [2.0, 3.0]], [0, 1]))
    assert math.isnan(icc_inflation([[3.0, 3.0, 3.0], [3.0, 3.0, 3.0]], [0, 1, 2]))


def test_jackknife_of_a_kappa_by_hand():
    # Three patients of one item each, levels 0 and 1: (0, 0), (1, 1), (0, 1). p_o = 2/3 and p_e = (2/3)(1/3) +
    # (1/3)(2/3) = 4/9, so kappa is (2/3 - 4/9) / (5/9) = 2/5. Without the first or the second one rater never varies:
    # p_o = p_e = 1/2, kappa 0. Without the third it is 1.
    found = jackknife(weighted_kappa([0, 1]), [[0, 1, 0], [0, 1, 1]], [0, 1, 2])
    assert found.value == pytest.approx(2 / 5)
    assert found.variance == pytest.approx(2 / 3 * (2 * (1 / 3) ** 2 + (2 / 3) ** 2))
    assert (found.n, found.n_patients) == (3, 3)


@given(st.integers(0, 2**32 - 1), st.integers(3, 12))
def test_jackknife_does_not_mind_order_or_names_and_is_exact_for_a_mean(seed, n):
    rng = np.random.default_rng(seed)
    ratings, patients = rng.integers(0, 6, (2, 4 * n)).astype(float), np.arange(4 * n) % n
    order, names = rng.permutation(4 * n), rng.permutation(n)
    for statistic in (weighted_kappa(range(6)), krippendorff_alpha(range(6)), bias):
        one = jackknife(statistic, ratings, patients)
        other = jackknife(statistic, ratings[:, order], names[patients[order]])
        assert one.variance == pytest.approx(other.variance)
    of_patients = (ratings[0] - ratings[1]).reshape(4, n).mean(axis=0)
    assert jackknife(bias, ratings, patients).variance == pytest.approx(np.var(of_patients, ddof=1) / n)


@pytest.mark.parametrize("statistic", [weighted_kappa(range(6)), krippendorff_alpha(range(6), "interval")])
def test_with_the_planned_patients_the_interval_is_as_wide_as_asked(statistic):
    def study(n):
        ratings = np.clip(np.round(2.5 + 1.3 * rated(rng, 2 * n, 2, 0.7)), 0, 5)
        return ratings, np.arange(2 * n) // 2

    rng, width = np.random.default_rng(0), 0.2
    found = jackknife(statistic, *study(150))
    n = patients_for_mean(width, math.sqrt(found.n_patients * found.variance), 0.0)
    widths = []
    for _ in range(40):
        one = estimate(statistic, *study(n), rng=rng, n_resamples=400)
        widths.append(one.high - one.low)
    assert np.mean(widths) == pytest.approx(width, rel=0.1)


def test_correlations_vary_as_published():
    # Bonett: 2 (1 - r)^2 (1 + (k - 1) r)^2 / (k (k - 1)); for two it is (1 - r^2)^2.
    assert icc_variance(0.6, 2) == pytest.approx((1 - 0.36) ** 2)
    assert icc_variance(0.6, 4) == pytest.approx(2 * 0.16 * 2.8**2 / 12)
    assert icc_variance(-0.3, 2) == 1.0
    assert 0 < icc_variance(1.0, 2) < 1e-9
    assert math.isnan(icc_variance(NAN, 2))
    with pytest.raises(ValueError, match="n_raters is 1"):
        icc_variance(0.5, 1)


def test_residual_variance_is_that_of_the_noise():
    ratings = rated(np.random.default_rng(5), 4000, 3, 0.6, level=0.7)
    assert residual_variance(ratings) == pytest.approx(0.4, rel=0.05)
    ratings[0, :1000] = NAN
    assert residual_variance(ratings) == pytest.approx(0.4, rel=0.05)
    assert math.isnan(residual_variance([[1.0, NAN], [NAN, 2.0]]))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: patients_for_mean(0.0, 1, 1), "width is 0.0"),
        (lambda: patients_for_mean(NAN, 1, 1), "width is nan"),
        (lambda: patients_for_mean(0.1, -1, 1), "standard deviations are -1"),
        (lambda: patients_for_mean(0.1, 1, NAN), "standard deviations are 1 and nan"),
        (lambda: patients_for_mean(0.1, 1, 1, per_patient=0.5), "per_patient is 0.5"),
        (lambda: patients_for_mean(0.1, 1, 1, confidence=1.0), "confidence is 1.0"),
        (lambda: subjects_for_icc(0.1, 1.0, 3), "icc is 1.0"),
        (lambda: subjects_for_icc(0.1, -0.1, 3), "icc is -0.1"),
        (lambda: subjects_for_icc(0.1, 0.5, 1), "n_raters is 1"),
    ],
)
def test_numbers_out_of_range(call, said):
    with pytest.raises(ValueError, match=said):
        call()
