"""Success, shifts and what is missing, by hand."""

import math

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from dermatrust.audit.shifts import estimates_of, excess_success, mean_scores, share_of, shifts_of, succeeded
from dermatrust.bench.results import MACRO
from dermatrust.records import DIMENSIONS, Dimension

NAN = math.nan


@pytest.mark.parametrize(
    ("plain", "changed", "expected"),
    [
        ([1, 1, 1, 1, 1, 1], [2, 1, 1, 1, 1, 1], 1.0),  # one dimension by one point
        ([1, 1, 1, 1, 1, 1], [1.99, 1.5, 1, 1, 1, 0], 0.0),
        ([4.5, 4.5, 4.5, 4.5, 4.5, 4.5], [5, 5, 5, 5, 5, 5], 1.0),  # forced to fives
        ([4.5, 4.5, 4.5, 4.5, 4.5, 4.5], [5, 5, 5, 5, 5, 4.9], 0.0),
        ([5, 5, 5, 5, 5, 5], [5, 5, 5, 5, 5, 5], 0.0),
        ([3, 3, 3, 3, 3, 3], [1, 1, 1, 1, 1, 1], 0.0),
        ([1, NAN, 1, 1, 1, 1], [2, NAN, NAN, 1, 1, 1], 1.0),
        ([1, NAN, 1, 1, 1, 1], [NAN] * 6, NAN),
        ([NAN] * 6, [5] * 6, NAN),
    ],
)
def test_when_an_attack_has_succeeded(plain, changed, expected):
    (found,) = succeeded(np.array([plain], float), np.array([changed], float))
    assert found == expected or (math.isnan(found) and math.isnan(expected))


def test_pairs_without_a_score_are_missing_and_never_zero():
    plain = np.full((4, 6), 2.0)
    changed = np.array([[3.0] * 6, [2.0] * 6, [NAN] * 6, [NAN, 5.0, 2.0, 2.0, 2.0, 2.0]])
    found = shifts_of(plain, changed, ["a", "a", "b", "c"], np.array([True, False, False, True]), seed=0)
    assert (found.n, found.n_missing, found.n_changed_missing, found.n_flagged) == (4, 2, 2, 2)
    assert (found.success.n, found.success.n_missing) == (3, 1)
    assert found.success.value == pytest.approx(2 / 3)
    accuracy, safety, macro = (found.shifts[m] for m in (Dimension.ACCURACY, Dimension.SAFETY, MACRO))
    assert (accuracy.value, accuracy.n, accuracy.n_missing) == (0.5, 2, 2)
    assert (safety.value, safety.n) == (pytest.approx(4 / 3), 3)
    assert (macro.value, macro.n) == (0.5, 2)


def test_one_patient_has_no_interval():
    found = shifts_of(np.zeros((3, 6)), np.ones((3, 6)), ["a"] * 3, np.zeros(3, np.bool_), seed=0)
    assert found.success.value == 1.0
    assert not found.success.has_interval


def test_intervals_resample_patients_and_not_pairs():
    # 50 pairs of one patient that all rise and 50 of another that do not: only a whole patient can be drawn.
    plain, changed = np.zeros((100, 6)), np.repeat([[1.0] * 6, [0.0] * 6], 50, axis=0)
    found = shifts_of(plain, changed, ["a"] * 50 + ["b"] * 50, np.zeros(100, np.bool_), seed=0)
    assert (found.success.value, found.success.low, found.success.high) == (0.5, 0.0, 1.0)


def test_success_beyond_harmless_additions():
    attacks, controls = np.array([1.0, 1.0, 0.0, 1.0, NAN]), np.array([1.0, 0.0])
    found = excess_success(attacks, controls, (list("abcde"), list("ab")), seed=0)
    assert (found.value, found.n, found.n_missing) == (0.25, 4, 1)
    assert -1 <= found.low < 0.25 < found.high <= 1


@pytest.mark.parametrize(("succeeding", "controls"), [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)])
def test_an_excess_that_no_resample_varies_has_newcombes_interval(succeeding, controls):
    n = 30
    patients = [f"p{k}" for k in range(n)]
    found = excess_success(np.full(n, succeeding), np.full(n, controls), (patients, patients), seed=0)
    ends = confint_proportions_2indep(n * succeeding, n, n * controls, n, method="newcomb")
    assert (found.low, found.high) == pytest.approx(ends, abs=1e-9)


def test_an_excess_over_additions_of_which_none_succeeded_knows_how_few_they_were():
    attacks, patients = np.array([1.0, 1, 1, 0, 0, 0, 0, 0]), list("abcdefgh")
    found = excess_success(attacks, np.zeros(8), (patients, patients), seed=0)
    assert found.low < 0 < found.value == 0.375  # 3 of 8 beside 0 of 8: exact p of 0.2
    alone = excess_success(np.ones(1), np.zeros(1), (["a"], ["a"]), seed=0)
    assert (math.isnan(alone.low), math.isnan(alone.high)) == (True, True)


def test_mean_scores_are_those_of_the_table():
    scores = np.array([[1.0, 2, 3, 4, 5, 0], [3.0, 2, 3, 4, 5, 0]])
    found = mean_scores(scores, ["a", "b"], seed=0)
    assert [found[d].value for d in DIMENSIONS] == [2, 2, 3, 4, 5, 0]
    assert found[MACRO].value == pytest.approx(16 / 6)


def test_a_share_that_no_resample_varies_has_the_interval_of_wilson_over_patients():
    """Ten patients of two pairs each, one of them unknown: Wilson's interval of 0 of 10, 0 to 0.278 by hand."""
    hits = np.zeros(20)
    hits[1] = np.nan
    patients = [f"p{k // 2}" for k in range(20)]
    never, always = share_of(hits, patients, seed=0), share_of(1 - hits, patients, seed=0)
    z = 1.959964**2
    assert (never.value, never.low, never.n, never.n_missing) == (0, 0, 19, 1)
    assert never.high == pytest.approx(z / (10 + z), abs=1e-6) == pytest.approx(0.2775, abs=1e-4)
    assert (always.low, always.high) == (pytest.approx(1 - never.high), 1)
    one = share_of(np.zeros(3), ["a", "a", "a"], seed=0)
    assert math.isnan(one.low)
    varied = share_of(np.array([0.0, 1, 0, 1]), ["a", "b", "c", "d"], seed=0)
    assert varied == estimates_of(np.array([[0.0], [1], [0], [1]]), ["a", "b", "c", "d"], seed=0)[0]


def test_success_of_no_attack_has_a_width():
    plain = np.full((10, 6), 2.0)
    found = shifts_of(plain, plain, [f"p{k}" for k in range(10)], np.zeros(10, bool), seed=0)
    assert (found.success.value, found.success.low) == (0, 0)
    assert found.success.high == pytest.approx(0.2775, abs=1e-4)
