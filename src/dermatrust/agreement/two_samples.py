"""Means of samples that share no patient, and how far they are apart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.bootstrap import percentile_intervals, resampled_means
from dermatrust.agreement.clusters import Floats, Ints, sum_clusters
from dermatrust.agreement.proportion import unvaried_in_mean, unvaried_interval


@dataclass(frozen=True, slots=True, eq=False)
class SampleMeans:
    """Means of the columns of one sample with their intervals; arrays have shape (columns,) unless said otherwise.

    Attributes:
        means: Mean of the observations; NaN where there is none.
        low: Lower end of the interval; NaN with observations from fewer than two clusters.
        high: Upper end of the interval; NaN where `low` is.
        draws: The mean in every resample, shape (resamples, columns); NaN where it is not defined.
        is_flat: Whether every cluster has the same mean: resampling then shows no variation, though there may be some.
            Of a mean of means, whether this holds of one of them.
        n: Observations.
        n_clusters: Clusters with at least one of them.
        confidence: Nominal coverage of the interval.
    """

    means: Floats
    low: Floats
    high: Floats
    draws: Floats
    is_flat: Ints
    n: Ints
    n_clusters: Ints
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class SampleGap:
    """Means of one sample less those of another; arrays have shape (columns,).

    Attributes:
        values: The differences; NaN where a sample has no observation.
        low: Lower end of the interval; NaN where a sample has none.
        high: Upper end of the interval; NaN where `low` is.
    """

    values: Floats
    low: Floats
    high: Floats


def sample_means(
    values: ArrayLike, clusters: ArrayLike, *, rng: np.random.Generator, n_resamples: int = 10_000,
    confidence: float = 0.95, means_of: Sequence[Sequence[int]] = (),
) -> SampleMeans:  # fmt: skip
    """Return the mean of each column with its interval, resampling whole clusters.

    Args:
        values: Numbers from 0 to 1, shape (n, columns) or (n,) for one column; NaN marks a missing one.
        clusters: Which cluster (patient) each observation belongs to, shape (n,): numbers or texts.
        rng: Source of the draws. Samples that are to be compared need different states.
        n_resamples: How many resamples, at least 1.
        confidence: Nominal coverage, above 0 and below 1.
        means_of: Columns to append, each the mean of the means of some columns, such as balanced accuracy from
            sensitivity and specificity. Its `n` and `n_clusters` are the smallest of theirs.

    Returns:
        Percentile intervals. Where all clusters have the same mean, no resample differs from another; the interval is
        then that of `proportion.unvaried_interval`: Wilson's where all observations are 0, or all are 1. A mean of
        means, some of them such, is widened as `proportion.unvaried_in_mean` says.

    Raises:
        ValueError: The shapes do not fit, or a number is out of its range.

    Example:
        >>> found = sample_means([1, 1, 1, 1], "abcd", rng=np.random.default_rng(0), n_resamples=99)
        >>> found.means.tolist(), found.low.round(2).tolist(), found.high.tolist()
        ([1.0], [0.51], [1.0])
    """
    table = np.asarray(values, dtype=np.float64)
    if ((table < 0) | (table > 1)).any():
        raise ValueError("an observation is outside 0 to 1")
    items = np.asarray(list(clusters) if isinstance(clusters, str) else clusters)
    labels, numbers = np.unique(items, return_inverse=True)
    sums = sum_clusters(table, numbers)
    (draws,) = resampled_means([sums], labels.size, rng=rng, n_resamples=n_resamples)
    means, n, n_clusters = sums.means, sums.n, sums.n_clusters
    unseen = np.zeros((2, means.size + len(means_of)))
    alike = np.fmin.reduce(draws) == np.fmax.reduce(draws)
    for place, columns in enumerate(map(list, means_of), means.size):
        parts = sums.means[columns], sums.n_clusters[columns], confidence
        unseen[:, place] = unvaried_in_mean(*parts, flat=alike[columns])
        means = np.append(means, means[columns].mean())
        draws = np.column_stack([draws, draws[:, columns].mean(axis=1)])
        n, n_clusters = (np.append(count, count[columns].min()) for count in (n, n_clusters))
    few = n_clusters.copy()
    for place, columns in enumerate(map(list, means_of), sums.means.size):
        few[place] = min(n_clusters[columns][~alike[columns]], default=few[place])
    low, high, _ = percentile_intervals(draws, confidence, few)
    flat = (n_clusters > 1) & (low == high)
    flat[sums.means.size :] = False
    found = _widened(SampleMeans(means, low, high, draws, flat, n, n_clusters, confidence))
    low, high = means - np.hypot(means - found.low, unseen[0]), means + np.hypot(found.high - means, unseen[1])
    return replace(found, low=low, high=high, is_flat=flat | (unseen > 0).any(axis=0))


def sample_gap(sample: SampleMeans, first: SampleMeans) -> SampleGap:
    """Return how much higher the means of one sample are than those of another that shares no cluster with it.

    The interval is the middle of the differences of two independent resamples, one of each sample, expanded for the
    clusters of the smaller one as `bootstrap.percentile_intervals` says. Where one of them is
    flat, its resamples say nothing; the interval then combines those of the two means by the square root of the sum of
    the squared distances from the mean to the end.

    Args:
        sample: Its means.
        first: Those of the other, with the same columns and as many resamples, drawn from another state.

    Raises:
        ValueError: The samples have different columns, numbers of resamples or nominal coverages.

    Example:
        >>> rngs = np.random.default_rng(0).spawn(2)
        >>> near, far = (sample_means(hits, range(4), rng=rng) for hits, rng in zip([[1, 1, 1, 0], [0] * 4], rngs))
        >>> gap = sample_gap(far, near)
        >>> gap.values.tolist(), gap.low.round(2).tolist(), gap.high.round(2).tolist()
        ([-0.75], [-1.0], [0.15])

    Reference:
        Efron & Tibshirani (1993), An Introduction to the Bootstrap, sec. 8.3 (two samples),
        https://doi.org/10.1201/9780429246593; Zou & Donner (2008), Stat. Med. 27(10):1693-1702,
        https://doi.org/10.1002/sim.3095 (combining intervals).
    """
    if sample.draws.shape != first.draws.shape or sample.confidence != first.confidence:
        raise ValueError(f"resamples of shape {sample.draws.shape} do not fit those of {first.draws.shape}")
    values = sample.means - first.means
    few = np.minimum(sample.n_clusters, first.n_clusters)
    low, high, _ = percentile_intervals(sample.draws - first.draws, sample.confidence, few)
    down = np.hypot(sample.means - sample.low, first.high - first.means)
    up = np.hypot(sample.high - sample.means, first.means - first.low)
    flat = (sample.is_flat | first.is_flat).astype(bool)
    return SampleGap(values, np.where(flat, values - down, low), np.where(flat, values + up, high))


def _widened(found: SampleMeans) -> SampleMeans:
    """Return the means with intervals that have a width where resampling shows no variation."""
    ends = unvaried_interval(found.means, found.n_clusters, lowest=0.0, highest=1.0, confidence=found.confidence)
    flat = found.is_flat.astype(bool)
    return replace(found, low=np.where(flat, ends[0], found.low), high=np.where(flat, ends[1], found.high))
