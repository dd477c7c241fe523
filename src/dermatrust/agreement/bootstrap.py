"""Intervals of means by resampling whole clusters (patients) with replacement."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.clusters import ClusterSums, Floats, Ints, ratios, sum_clusters

_BLOCK_BYTES = 4_000_000
"""Size of one block of resampling weights: it bounds the memory, and is small enough for a processor's cache."""


@dataclass(frozen=True, slots=True)
class BootstrapMeans:
    """Means of columns with percentile intervals; every array has shape (columns,).

    Attributes:
        means: Sum of all observations over their number; NaN where there is none.
        low: Lower end of the interval; NaN with observations from fewer than two clusters.
        high: Upper end of the interval; NaN where `low` is.
        n: Observations.
        n_clusters: Clusters with at least one observation.
        n_skipped: Resamples left out of the interval since they drew no observation of the column.
    """

    means: Floats
    low: Floats
    high: Floats
    n: Ints
    n_clusters: Ints
    n_skipped: Ints


def cluster_bootstrap(
    values: ArrayLike,
    clusters: ArrayLike,
    *,
    rng: np.random.Generator,
    n_resamples: int = 10_000,
    confidence: float = 0.95,
) -> BootstrapMeans:
    """Mean of each column and its percentile interval, resampling whole clusters.

    A resample draws as many clusters as there are, with replacement, and divides the sum of their sums by the sum
    of their counts (the ratio estimator), so clusters may differ in size. One resample serves all columns.

    Args:
        values: Observations, shape (n, columns) or (n,) for one column; NaN marks a missing one.
        clusters: Which cluster each observation belongs to, shape (n,): numbers or texts.
        rng: Source of the draws. The same state gives the same interval.
        n_resamples: How many resamples, at least 1.
        confidence: Nominal coverage, above 0 and below 1.

    Returns:
        Missing observations are in neither sum nor count. A resample without any observation of a column is left
        out of that column's interval and counted in `n_skipped`. With observations from fewer than two clusters
        the interval is NaN and every resample is skipped. Intervals from fewer than about 20 clusters are too narrow.

    Raises:
        ValueError: The shapes do not fit, `n_resamples` is below 1, or `confidence` is not between 0 and 1.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> found = cluster_bootstrap([3, 4, 1, 2, 5], ["a", "a", "b", "b", "c"], rng=rng)
        >>> found.means.tolist(), found.low.tolist(), found.high.tolist()
        ([3.0], [1.5], [5.0])

    Reference:
        Efron & Tibshirani (1993), An Introduction to the Bootstrap, ch. 13, https://doi.org/10.1201/9780429246593;
        Field & Welsh (2007), J. R. Stat. Soc. B 69(3):369-390, https://doi.org/10.1111/j.1467-9868.2007.00593.x
        (resampling whole clusters).
    """
    labels, numbers = np.unique(np.asarray(clusters), return_inverse=True)
    sums = sum_clusters(values, numbers)
    (resamples,) = resampled_means([sums], labels.size, rng=rng, n_resamples=n_resamples)
    low, high, n_skipped = percentile_intervals(resamples, confidence)
    return BootstrapMeans(sums.means, low, high, sums.n, sums.n_clusters, n_skipped)


def resampled_means(
    blocks: Sequence[ClusterSums], n_clusters: int, *, rng: np.random.Generator, n_resamples: int
) -> list[Floats]:
    """Means of all columns of all blocks in every resample of `n_clusters` clusters.

    All blocks see the same resampled clusters, so what is computed from several columns (a difference, a mean of
    means) keeps their correlation. A block need not cover every cluster: a subgroup is a block of the clusters it has.

    Args:
        blocks: Sums and counts on the clusters numbered 0 to `n_clusters - 1`.
        n_clusters: Clusters of the whole sample, and of each resample.
        rng: Source of the draws. They do not depend on the blocks.
        n_resamples: How many resamples, at least 1.

    Returns:
        For each block, shape (n_resamples, columns). NaN where a resample drew no observation of a column, and
        throughout for a column with observations from fewer than two clusters, which shows no variation between any.

    Raises:
        ValueError: `n_resamples` is below 1.
    """
    if n_resamples < 1:
        raise ValueError(f"n_resamples is {n_resamples}; it must be at least 1")
    results = [np.full((n_resamples, block.sums.shape[1]), np.nan) for block in blocks]
    factors = _factors(blocks, n_clusters)
    for start, weights in resample_weights(n_clusters, n_resamples, rng):
        rows = slice(start, start + len(weights))
        for clusters, matrix, members in factors:
            totals = weights[:, clusters] @ matrix
            for number, first, count_columns in members:
                n_columns = results[number].shape[1]
                results[number][rows] = ratios(totals[:, first : first + n_columns], totals[:, count_columns])
    for result, block in zip(results, blocks, strict=True):
        result[:, block.n_clusters < 2] = np.nan
    return results


_Members = list[tuple[int, int, Ints]]
"""Number of a block, its first column of sums, and the column of counts of each of its columns."""


def _factors(blocks: Sequence[ClusterSums], n_clusters: int) -> list[tuple[Ints | slice, Floats, _Members]]:
    """Return the blocks of the same clusters as one matrix each, so that its clusters are looked up once.

    Sums stand beside the distinct columns of counts: without missing scores all are equal, and one of them is enough.
    """
    alike: dict[bytes, list[int]] = {}
    for number, block in enumerate(blocks):
        alike.setdefault(block.clusters.tobytes(), []).append(number)
    factors = []
    for numbers in alike.values():
        matrices, members, first = [], [], 0
        for number in numbers:
            distinct, count_column = np.unique(blocks[number].counts, axis=1, return_inverse=True)
            n_columns = blocks[number].sums.shape[1]
            matrices += [blocks[number].sums, distinct]
            members.append((number, first, first + n_columns + count_column.ravel()))
            first += n_columns + distinct.shape[1]
        clusters = blocks[numbers[0]].clusters
        whole = np.array_equal(clusters, np.arange(n_clusters))
        factors.append((slice(None) if whole else clusters, np.hstack(matrices), members))
    return factors


def resample_weights(n_clusters: int, n_resamples: int, rng: np.random.Generator) -> Iterator[tuple[int, Floats]]:
    """Yield (number of the first resample, how often each resample draws each cluster) in blocks of resamples."""
    size = max(1, min(n_resamples, _BLOCK_BYTES // (8 * max(n_clusters, 1))))
    for start in range(0, n_resamples, size):
        n_rows = min(size, n_resamples - start)
        drawn = rng.integers(max(n_clusters, 1), size=(n_rows, n_clusters))
        places = drawn + np.arange(n_rows)[:, np.newaxis] * n_clusters
        weights = np.bincount(places.ravel(), minlength=n_rows * n_clusters).astype(np.float64)
        yield start, weights.reshape(n_rows, n_clusters)


def percentile_intervals(resamples: Floats, confidence: float) -> tuple[Floats, Floats, Ints]:
    """Return the central interval of each column of resampled values, and how many were undefined.

    Args:
        resamples: Shape (n_resamples, columns); NaN marks a resample in which the value is undefined.
        confidence: Share of the defined values inside the interval, above 0 and below 1.

    Returns:
        Lower ends, upper ends (NaN where no resample is defined) and numbers of undefined resamples, each of shape
        (columns,). Quantiles between two values are interpolated linearly.

    Raises:
        ValueError: `confidence` is not between 0 and 1.

    Example:
        >>> low, high, n_skipped = percentile_intervals(np.array([[1.0], [2.0], [3.0], [np.nan]]), 0.5)
        >>> low.tolist(), high.tolist(), n_skipped.tolist()
        ([1.5], [2.5], [1])
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; it must be above 0 and below 1")
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    undefined = np.isnan(resamples).sum(axis=0)
    ends = np.full((2, resamples.shape[1]), np.nan)
    whole = undefined == 0
    if whole.any():
        ends[:, whole] = np.quantile(np.ascontiguousarray(resamples[:, whole].T), tails, axis=1)
    for column in np.flatnonzero(~whole & (undefined < len(resamples))):
        values = resamples[:, column]
        ends[:, column] = np.quantile(values[~np.isnan(values)], tails)
    return ends[0], ends[1], undefined
