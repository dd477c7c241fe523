import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dermatrust.agreement.clusters import sum_clusters
from dermatrust.agreement.permutation import sign_flip_test

NAN = math.nan
differences = st.lists(st.integers(-3, 3) | st.none(), min_size=1, max_size=9)


def flips(values, clusters=None, n_permutations=10_000, seed=0):
    clusters = np.arange(len(values)) if clusters is None else clusters
    sums = sum_clusters(values, np.asarray(clusters))
    return sign_flip_test(sums, rng=np.random.default_rng(seed), n_permutations=n_permutations)


def brute_force(values):
    """Count sign patterns whose |sum| reaches the observed one, in whole numbers."""
    reached = [
        abs(sum(s * v for s, v in zip(signs, values, strict=True))) for signs in product((1, -1), repeat=len(values))
    ]
    return sum(r >= abs(sum(values)) for r in reached) / len(reached)


def test_p_of_three_patients_worked_by_hand():
    # |sum| of 1, 1/2, 2 is 3.5; of the eight patterns only all plus and all minus reach it.
    found = flips([1.0, 0.5, 2.0])
    assert found.p.tolist() == [0.25]
    assert (found.is_exact, found.n_patterns, found.n_clusters.tolist()) == (True, 8, [3])


def test_ties_with_the_observed_sum_count():
    # |sum| of 1, 1, -1 is 1: all eight patterns give 1 or 3.
    assert flips([1.0, 1.0, -1.0]).p.tolist() == [1.0]


@settings(max_examples=60)
@given(differences)
def test_exact_p_is_that_of_brute_force(values):
    known = [v for v in values if v is not None]
    found = flips([NAN if v is None else float(v) for v in values]).p[0]
    if known:
        assert found == pytest.approx(brute_force(known))
    else:
        assert math.isnan(found)


def test_exact_p_is_that_of_scipy():
    values = np.random.default_rng(2).normal(0.3, 1, 11)
    theirs = stats.permutation_test(
        (values, np.zeros(11)), lambda a, b, axis: (a - b).mean(axis), permutation_type="samples", n_resamples=np.inf
    )
    assert flips(values).p[0] == pytest.approx(theirs.pvalue)


def test_random_p_is_near_the_exact_one(monkeypatch):
    values = np.random.default_rng(2).normal(0.4, 1, 12)
    exact = flips(values)
    monkeypatch.setattr("dermatrust.agreement.permutation._MOST_EXACT", 0)
    drawn = flips(values, n_permutations=4000)
    assert (exact.is_exact, drawn.is_exact) == (True, False)
    assert drawn.p[0] == pytest.approx(exact.p[0], abs=0.03)


def test_a_random_p_is_never_zero():
    assert flips(np.ones(40), n_permutations=999).p.tolist() == [1 / 1000]


def test_the_differences_of_a_patient_flip_together():
    # Two patients with five equal differences each: four patterns, two as extreme. Ten patients would give 2/1024.
    assert flips(np.ones(10), clusters=[0] * 5 + [1] * 5).p.tolist() == [0.5]
    assert flips(np.ones(10)).p.tolist() == [2 / 1024]


def test_under_the_null_small_p_values_are_as_rare_as_they_say():
    p = []
    for trial in range(400):
        rng = np.random.default_rng([trial, 5])
        patients = np.repeat(np.arange(20), 3)
        values = rng.normal(0, 1, 20)[patients] + rng.normal(0, 1, 60)
        p.append(flips(values, patients, n_permutations=199, seed=[trial, 6]).p[0])
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.03)
    assert np.mean(np.array(p) <= 0.5) == pytest.approx(0.5, abs=0.08)


def test_no_difference_at_all_is_p_one_and_no_pair_is_no_p():
    found = flips([[0.0, NAN, 1.0]] * 30, n_permutations=200)
    assert found.p[0] == 1
    assert math.isnan(found.p[1])
    assert found.p[2] == 1 / 201


@pytest.mark.parametrize("values", [[[NAN]], np.empty((0, 1))])
def test_nothing_to_test_is_no_p(values):
    assert np.isnan(flips(values).p).all()


def test_one_patient_proves_nothing():
    assert flips([5.0, 5.0], clusters=[0, 0]).p.tolist() == [1.0]


def test_the_sign_and_scale_of_the_differences_do_not_matter():
    values = np.random.default_rng(3).integers(-2, 4, 50).astype(float)
    p = flips(values, n_permutations=500).p
    assert flips(-values, n_permutations=500).p.tolist() == p.tolist()
    assert flips(values / 3, n_permutations=500).p.tolist() == p.tolist()  # thirds round, ties must survive


def test_blocks_of_memory_do_not_change_the_draws(monkeypatch):
    values = np.random.default_rng(4).normal(0.2, 1, (30, 2))
    whole = flips(values, n_permutations=500).p.tolist()
    monkeypatch.setattr("dermatrust.agreement.permutation._CACHED_BYTES", 8 * 30 * 7)
    assert flips(values, n_permutations=500).p.tolist() == whole


def test_blocks_of_memory_do_not_change_the_exact_p(monkeypatch):
    values = np.random.default_rng(4).normal(0.2, 1, (9, 2))
    whole = flips(values).p.tolist()
    monkeypatch.setattr("dermatrust.agreement.permutation._CACHED_BYTES", 8 * 9 * 7)
    assert flips(values).p.tolist() == whole


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="n_permutations is 0"):
        flips([1.0], n_permutations=0)
