import math
import tracemalloc
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from dermatrust.agreement.bootstrap import (
    KeptDraws,
    cluster_bootstrap,
    percentile_intervals,
    resample_weights,
    resampled_means,
)
from dermatrust.agreement.clusters import ClusterSums, sum_clusters

NAN = math.nan
scores = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5) | st.none()), min_size=1, max_size=15)


def rng(seed=0):
    return np.random.default_rng(seed)


def columns(pairs):
    return np.array([NAN if score is None else score for _, score in pairs], dtype=float), [p for p, _ in pairs]


def test_the_resamples_of_two_patients_are_those_worked_by_hand():
    # Patients (3, 4) and (1,): drawn twice each 3.5 and 1, or one of each 8/3, with probability 1/4, 1/4, 1/2.
    sums = sum_clusters([3, 4, 1], [0, 0, 1])
    (means,) = resampled_means([sums], 2, rng=rng(), n_resamples=40_000)
    values, counts = np.unique(means.round(9), return_counts=True)
    assert values.tolist() == pytest.approx([1, 8 / 3, 3.5])
    assert (counts / 40_000).tolist() == pytest.approx([0.25, 0.5, 0.25], abs=0.01)


def test_the_interval_is_the_exact_one_of_all_resamples_of_a_small_sample():
    sums, counts = np.array([7.0, 2, 9, 5]), np.array([2.0, 1, 2, 3])
    drawn = np.array(list(product(range(4), repeat=4)))
    exact = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    values, clusters = [3, 4, 2, 4, 5, 1, 2, 2], [0, 0, 1, 2, 2, 3, 3, 3]
    (means,) = resampled_means([sum_clusters(values, clusters)], 4, rng=rng(), n_resamples=100_000)
    for q in (0.1, 0.25, 0.5, 0.75, 0.9):
        assert np.quantile(means, q) == pytest.approx(np.quantile(exact, q), abs=0.02)


def test_with_clusters_of_one_it_is_the_ordinary_bootstrap_of_scipy():
    values = rng(7).normal(3, 1, 60)
    found = cluster_bootstrap(values, np.arange(60), rng=rng(1), n_resamples=20_000)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=rng(2))
    assert found.means[0] == pytest.approx(values.mean())
    assert found.low[0] == pytest.approx(theirs.confidence_interval.low, abs=0.01)
    assert found.high[0] == pytest.approx(theirs.confidence_interval.high, abs=0.01)


def test_with_unequal_clusters_it_is_scipys_bootstrap_of_the_ratio():
    sizes = rng(3).integers(1, 5, 50)
    clusters = np.repeat(np.arange(50), sizes)
    values = rng(4).normal(0, 1, 50)[clusters] + rng(5).normal(0, 1, len(clusters))
    sums = np.bincount(clusters, weights=values)
    theirs = stats.bootstrap(
        (sums, sizes), lambda s, n, axis: s.sum(axis) / n.sum(axis), paired=True, method="percentile", rng=rng(6)
    ).confidence_interval
    found = cluster_bootstrap(values, clusters, rng=rng(8))
    assert (found.low[0], found.high[0]) == pytest.approx((theirs.low, theirs.high), abs=0.015)


def test_alike_narratives_of_one_patient_widen_the_interval():
    patients = np.repeat(np.arange(100), 2)
    values = rng(1).normal(3, 1, 100)[patients]
    honest = cluster_bootstrap(values, patients, rng=rng())
    naive = cluster_bootstrap(values, np.arange(200), rng=rng())
    widths = (honest.high - honest.low)[0], (naive.high - naive.low)[0]
    assert widths[0] / widths[1] == pytest.approx(math.sqrt(2), abs=0.08)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    n_covered = 0
    for trial in range(300):
        patients = np.repeat(np.arange(40), 3)
        values = rng([trial, 0]).normal(2, 1, 40)[patients] + rng([trial, 1]).normal(0, 1, 120)
        found = cluster_bootstrap(values, patients, rng=rng([trial, 2]), n_resamples=400)
        n_covered += found.low[0] <= 2 <= found.high[0]
    assert 0.90 <= n_covered / 300 <= 0.98


@settings(max_examples=40)
@given(scores, st.integers(-3, 3))
def test_adding_a_constant_moves_the_interval_by_it(pairs, shift):
    values, clusters = columns(pairs)
    before = cluster_bootstrap(values, clusters, rng=rng(), n_resamples=50)
    after = cluster_bootstrap(values + shift, clusters, rng=rng(), n_resamples=50)
    for name in ("means", "low", "high"):
        assert getattr(after, name) == pytest.approx(getattr(before, name) + shift, nan_ok=True)


@settings(max_examples=40)
@given(scores, st.randoms(use_true_random=False))
def test_neither_order_nor_names_of_clusters_that_sort_alike_matter(pairs, random):
    values, clusters = columns(pairs)
    order = list(range(len(pairs)))
    random.shuffle(order)
    before = cluster_bootstrap(values, clusters, rng=rng(), n_resamples=50)
    after = cluster_bootstrap(values[order], [f"p{clusters[i]}" for i in order], rng=rng(), n_resamples=50)
    for name in ("means", "low", "high", "n", "n_clusters", "n_skipped"):
        assert np.array_equal(getattr(before, name), getattr(after, name), equal_nan=True)


@settings(max_examples=40)
@given(scores)
def test_the_interval_stays_within_the_scores_and_counts_what_it_rests_on(pairs):
    values, clusters = columns(pairs)
    found = cluster_bootstrap(values, clusters, rng=rng(), n_resamples=50)
    known = values[~np.isnan(values)]
    patients = {c for c, v in zip(clusters, values, strict=True) if not np.isnan(v)}
    assert (found.n[0], found.n_clusters[0]) == (len(known), len(patients))
    assert np.isnan(found.low[0]) == np.isnan(found.high[0])
    if len(patients) < 2:
        assert np.isnan(found.low[0])
        assert found.n_skipped[0] == 50
    elif not np.isnan(found.low[0]):
        assert known.min() - 1e-9 <= found.low[0] <= found.high[0] <= known.max() + 1e-9


def test_one_patient_has_a_mean_and_no_interval():
    found = cluster_bootstrap([[1, 2], [3, 4]], ["a", "a"], rng=rng())
    assert found.means.tolist() == [2, 3]
    assert np.isnan([found.low, found.high]).all()


def test_all_equal_scores_give_an_interval_of_no_width():
    found = cluster_bootstrap([4.0] * 6, [0, 0, 1, 1, 2, 3], rng=rng())
    assert (found.low[0], found.high[0]) == (4, 4)


def test_a_missing_score_leaves_the_other_columns_alone():
    full = cluster_bootstrap([[1, 5], [2, 4], [3, 1]], [0, 1, 2], rng=rng())
    holed = cluster_bootstrap([[1, NAN], [2, NAN], [3, NAN]], [0, 1, 2], rng=rng())
    assert (holed.low[0], holed.high[0]) == (full.low[0], full.high[0])
    assert np.isnan([holed.means[1], holed.low[1], holed.high[1]]).all()
    assert holed.n.tolist() == [3, 0]


def test_resamples_that_miss_a_rare_column_are_skipped_and_counted():
    values = np.full((10, 1), NAN)
    values[:2, 0] = 1, 3
    found = cluster_bootstrap(values, np.arange(10), rng=rng())
    assert found.n_skipped[0] / 10_000 == pytest.approx(0.8**10, abs=0.02)  # neither of two in ten draws
    assert (found.low[0], found.high[0]) == (1, 3)


def test_a_block_of_some_clusters_equals_the_same_column_padded_with_missing_scores():
    values, some = rng(1).integers(0, 6, 30).astype(float), np.arange(5, 17)
    padded = np.where(np.isin(np.arange(30), some), values, NAN)
    short, long = resampled_means(
        [sum_clusters(values[some], some), sum_clusters(padded, np.arange(30))], 30, rng=rng(), n_resamples=200
    )
    assert short == pytest.approx(long, nan_ok=True)


def test_blocks_of_memory_do_not_change_the_draws(monkeypatch):
    sums = sum_clusters(rng(1).random((20, 3)), np.arange(20))
    (whole,) = resampled_means([sums], 20, rng=rng(), n_resamples=100)
    monkeypatch.setattr("dermatrust.agreement.bootstrap._BLOCK_BYTES", 8 * 20 * 7)
    (parts,) = resampled_means([sums], 20, rng=rng(), n_resamples=100)
    assert parts == pytest.approx(whole)


def test_memory_does_not_grow_with_clusters_times_resamples():
    values = rng().integers(0, 6, (20_000, 12)).astype(float)
    tracemalloc.start()
    cluster_bootstrap(values, np.arange(20_000), rng=rng(), n_resamples=300)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30_000_000  # all weights at once would take 48 MB


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="n_resamples is 0"):
        cluster_bootstrap([1.0], [0], rng=rng(), n_resamples=0)
    for confidence in (0, 1, NAN):
        with pytest.raises(ValueError, match="confidence"):
            percentile_intervals(np.ones((3, 1)), confidence)


@settings(max_examples=60)
@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 40), st.integers(1, 4)), elements=st.floats(-5, 5) | st.just(NAN)),
    st.sampled_from([0.5, 0.9, 0.95]),
)
def test_its_ends_are_numpys_quantiles_to_the_last_digit(resamples, confidence):
    low, high, n_skipped = percentile_intervals(resamples, confidence)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    for column, values in enumerate(resamples.T):
        known = values[~np.isnan(values)]
        expected = np.quantile(known, tails) if known.size else [NAN, NAN]
        assert n_skipped[column] == len(values) - known.size
        np.testing.assert_array_equal([low[column], high[column]], expected)


def test_of_few_clusters_the_interval_is_expanded():
    draws = rng().normal(size=(20_000, 3))
    n = np.array([5, 40, 10_000])
    low, high, _ = percentile_intervals(draws, 0.95, n)
    expected = np.sqrt(n / (n - 1)) * stats.t.ppf(0.975, n - 1)  # of draws that are standard normal
    np.testing.assert_allclose(high[1:], expected[1:], rtol=0.04)
    np.testing.assert_allclose(-low[1:], expected[1:], rtol=0.04)
    plain_low, plain_high, _ = percentile_intervals(draws, 0.95)
    assert (low <= plain_low).all()
    assert (high >= plain_high).all()
    np.testing.assert_allclose([low[2], high[2]], [plain_low[2], plain_high[2]], atol=1e-3)
    assert percentile_intervals(draws, 0.95, 1)[0].tolist() == pytest.approx(draws.min(axis=0).tolist(), abs=0.2)


def test_a_mean_of_few_clusters_is_held_as_often_as_it_says():
    held = np.zeros(2)
    for seed in range(1500):
        own = np.random.default_rng(seed)
        values = own.normal(size=12)
        draws = values[own.integers(12, size=(400, 12))].mean(axis=1)[:, np.newaxis]
        for k, n in enumerate((None, 12)):
            low, high, _ = percentile_intervals(draws, 0.95, n)
            held[k] += low[0] <= 0 <= high[0]
    assert held[0] / 1500 < 0.93 < 0.94 <= held[1] / 1500 < 0.97


@pytest.mark.parametrize("n_each", [3, 2**22])
def test_a_resample_is_the_sum_of_what_it_drew_however_many_observations_a_cluster_has(n_each):
    counts = np.array([[n_each], [1], [n_each + 1], [5]], dtype=float)
    sums = ClusterSums(np.arange(4), counts * [[1.5], [4.0], [2.25], [0.5]], counts)
    (means,) = resampled_means([sums], 4, rng=rng(), n_resamples=50)
    for start, weights in resample_weights(4, 50, rng()):
        expected = (weights @ sums.sums) / (weights @ counts)
        np.testing.assert_allclose(means[start : start + len(weights)], expected, rtol=1e-15)


@pytest.mark.parametrize(("n_clusters", "n_resamples"), [(3, 5), (2_000, 300), (1, 4)])
def test_kept_draws_are_those_of_a_new_generator_every_time(n_clusters, n_resamples):
    draws = KeptDraws(7)
    expected = list(resample_weights(n_clusters, n_resamples, rng(7)))
    for _ in range(2):
        found = list(resample_weights(n_clusters, n_resamples, draws))
        assert [start for start, _ in found] == [start for start, _ in expected]
        for (_, own), (_, other) in zip(found, expected, strict=True):
            assert own.dtype == np.float64
            assert np.array_equal(own, other)
            own[:] = 0  # whoever takes a block may do with it what he likes


def test_kept_draws_of_two_sizes_are_apart():
    draws = KeptDraws(0)
    sizes = [sum(len(weights) for _, weights in draws.blocks(4, n)) for n in (10, 20, 10)]
    assert sizes == [10, 20, 10]
    assert next(draws.blocks(9, 10))[1].shape == (10, 9)


@pytest.mark.parametrize("step", [0.1, 0.01, 0.25, 1 / 3, 0.5])
def test_a_mean_of_graded_scores_is_the_nearest_number_to_the_fraction(step):
    steps = rng(3).integers(0, int(5 / step) + 1, (40, 2))
    sums = sum_clusters(steps * step, np.arange(40) // 2)
    (means,) = resampled_means([sums], 20, rng=rng(), n_resamples=60)
    totals = steps.reshape(20, 2, 2).sum(axis=1)
    for start, weights in resample_weights(20, 60, rng()):
        drawn = weights.astype(int) @ totals
        expected = [
            [float(Fraction(int(n)) * Fraction(step).limit_denominator(300) / 40) for n in row] for row in drawn
        ]
        assert means[start : start + len(weights)].tolist() == expected


@pytest.mark.parametrize("unit", [np.pi, 1e7 / 3, 1e-5, 1e-15])
def test_other_scores_are_added_up_as_they_are(unit):
    values = unit * rng(3).integers(0, 6, (30, 2))
    (means,) = resampled_means([sum_clusters(values, np.arange(30))], 30, rng=rng(), n_resamples=60)
    for start, weights in resample_weights(30, 60, rng()):
        np.testing.assert_allclose(means[start : start + len(weights)], weights @ values / 30, rtol=1e-13)
