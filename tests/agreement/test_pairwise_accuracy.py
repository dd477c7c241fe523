import itertools
import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from dermatrust.agreement.bootstrap import resampled_means
from dermatrust.agreement.pairwise_accuracy import pairwise_accuracy

NAN = math.nan
scores = st.integers(0, 4).map(float) | st.just(NAN)
items = st.lists(st.tuples(scores, scores, st.integers(0, 3)), min_size=1, max_size=20)


def naive_counts(judge, experts, groups):
    """Pairs ordered alike, a judge's tie counted one half, and all pairs, by group number."""
    alike, pairs = dict.fromkeys(groups, 0.0), dict.fromkeys(groups, 0)
    for i, j in itertools.combinations(range(len(judge)), 2):
        if groups[i] != groups[j] or math.isnan(judge[i] + judge[j] + experts[i] + experts[j]):
            continue
        if experts[i] != experts[j]:
            pairs[groups[i]] += 1
            same = (judge[i] < judge[j]) == (experts[i] < experts[j])
            alike[groups[i]] += 0.5 if judge[i] == judge[j] else same
    return alike, pairs


def test_pairs_by_hand():
    # Group 7: experts 1 < 2 < 3, judge 2, 2, 1: the first pair is tied, the two others reversed: 1/2 of 3.
    # Group 2: experts tie its first two, so two pairs with the third are left; the judge has both right: 2 of 2.
    # Group 4 has one item with both scores, and so no pair. Items of the groups are mixed.
    experts = [1, 5, 2, 5, 3, 4, 1, 1]
    judge = [2, 3, 2, 4, 1, 2, 1, NAN]
    pairs = pairwise_accuracy(judge, experts, [7, 2, 7, 2, 7, 2, 4, 4])
    assert pairs.clusters.tolist() == [2, 4, 7]
    assert pairs.sums.tolist() == [[2], [0], [0.5]]
    assert pairs.counts.tolist() == [[2], [0], [3]]
    assert pairs.means.tolist() == [0.5]
    assert (pairs.n.tolist(), pairs.n_clusters.tolist()) == ([5], [2])


@given(items)
def test_pairs_are_those_of_a_loop(rows):
    judge, experts, groups = map(list, zip(*rows, strict=True))
    alike, pairs = naive_counts(judge, experts, groups)
    found = pairwise_accuracy(judge, experts, groups)
    assert found.clusters.tolist() == sorted(alike)
    assert found.sums[:, 0].tolist() == [alike[g] for g in sorted(alike)]
    assert found.counts[:, 0].tolist() == [pairs[g] for g in sorted(pairs)]


@given(items)
def test_a_reversed_judge_has_the_other_share_and_any_rising_scale_the_same(rows):
    judge, experts, groups = map(np.array, zip(*rows, strict=True))
    share = pairwise_accuracy(judge, experts, groups).means
    np.testing.assert_allclose(pairwise_accuracy(-judge, experts, groups).means, 1 - share)
    np.testing.assert_array_equal(pairwise_accuracy(judge**3, experts, groups).means, share)


def test_columns_are_those_of_each_alone():
    rng = np.random.default_rng(0)
    judge, experts = rng.integers(0, 5, (2, 40, 3)).astype(float)
    judge[3, 1] = experts[8, 2] = NAN
    groups = rng.integers(0, 6, 40)
    both = pairwise_accuracy(judge, experts, groups)
    for k in range(3):
        alone = pairwise_accuracy(judge[:, k], experts[:, k], groups)
        np.testing.assert_array_equal(both.sums[:, k], alone.sums[:, 0])
        np.testing.assert_array_equal(both.counts[:, k], alone.counts[:, 0])


def test_without_ties_it_is_kendalls_tau_also_of_one_large_group():
    rng = np.random.default_rng(1)
    experts = rng.permutation(2000).astype(float)
    judge = experts + rng.normal(0, 500, 2000)
    start = time.perf_counter()
    found = pairwise_accuracy(judge, experts, np.zeros(2000, dtype=int))
    assert time.perf_counter() - start < 1
    assert found.n.tolist() == [2000 * 1999 / 2]
    assert found.means[0] == pytest.approx((kendalltau(judge, experts).statistic + 1) / 2)


def test_its_interval_is_of_groups():
    rng = np.random.default_rng(2)
    pairs = pairwise_accuracy(rng.normal(size=60), rng.normal(size=60), np.arange(60) // 6)
    (means,) = resampled_means([pairs], 10, rng=rng, n_resamples=100)
    assert means.shape == (100, 1)
    assert means.min() < pairs.means[0] < means.max()


def test_without_pairs_there_is_no_share():
    assert np.isnan(pairwise_accuracy([1, 2], [3, 3], [0, 0]).means).all()
    assert np.isnan(pairwise_accuracy([1, 2], [3, 4], [0, 1]).means).all()
    assert np.isnan(pairwise_accuracy([], [], []).means).all()


@pytest.mark.parametrize(
    ("judge", "experts", "groups", "message"),
    [
        ([1, 2], [1], [0, 0], r"judge of shape \(2,\) does not fit experts of shape \(1,\)"),
        ([1, 2], [1, 2], [0], r"scores of shape \(2,\) do not fit groups of shape \(1,\)"),
        (1, 1, 0, r"judge of shape \(\)"),
        ([1, 2], [1, 2], [0, -1], "integers of at least 0"),
        ([1, 2], [1, 2], ["a", "b"], "integers of at least 0"),
    ],
)
def test_what_does_not_fit_is_refused(judge, experts, groups, message):
    with pytest.raises(ValueError, match=message):
        pairwise_accuracy(judge, experts, groups)
