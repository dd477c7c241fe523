"""Scores summed within clusters: all that resampling whole patients needs to know of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """Sum and number of the observations of every column in every cluster that has any.

    Columns are things measured on the same clusters, such as one model's scores on one dimension. A cluster is what
    is drawn as a whole: a patient, whose narratives share skin, lesion and photographer and so are not independent.

    Attributes:
        clusters: The clusters' numbers, shape (k,), from 0 to below the number of clusters of the whole sample.
        sums: Sum of the observations, shape (k, columns).
        counts: Number of observations, same shape; a missing observation is in neither.
    """

    clusters: Ints
    sums: Floats
    counts: Floats

    @property
    def n(self) -> Ints:
        """Observations of each column, shape (columns,)."""
        n: Ints = self.counts.sum(axis=0).astype(np.int64)
        return n

    @property
    def n_clusters(self) -> Ints:
        """Clusters with at least one observation of each column, shape (columns,)."""
        n: Ints = (self.counts > 0).sum(axis=0)
        return n

    @property
    def means(self) -> Floats:
        """Mean of each column over its observations, shape (columns,); NaN where there is none."""
        return ratios(self.sums.sum(axis=0), self.counts.sum(axis=0))


def ratios(sums: Floats, counts: Floats) -> Floats:
    """Return `sums / counts`, NaN where the count is 0."""
    result = np.full(np.shape(sums), np.nan)
    np.divide(sums, counts, out=result, where=counts > 0)
    return result


def sum_clusters(values: ArrayLike, clusters: ArrayLike) -> ClusterSums:
    """Sum observations within clusters.

    Args:
        values: Shape (n, columns) or (n,) for one column; NaN marks a missing observation.
        clusters: The cluster number of each observation, shape (n,), integers of at least 0.

    Returns:
        Sums and counts, clusters in ascending order. A cluster whose observations are all missing is kept with
        count 0: it could have been drawn as well.

    Raises:
        ValueError: The shapes do not fit, or a cluster is not an integer of at least 0.

    Example:
        >>> sums = sum_clusters([1.0, 2.0, float("nan"), 4.0], [7, 7, 9, 9])
        >>> sums.clusters.tolist(), sums.sums.ravel().tolist(), sums.counts.ravel().tolist()
        ([7, 9], [3.0, 4.0], [2.0, 1.0])
    """
    table = np.asarray(values, dtype=np.float64)
    table = table[:, np.newaxis] if table.ndim == 1 else table
    numbers = np.asarray(clusters)
    if table.ndim != 2 or numbers.shape != table.shape[:1]:
        raise ValueError(f"values of shape {np.shape(values)} do not fit clusters of shape {numbers.shape}")
    if numbers.size and (not np.issubdtype(numbers.dtype, np.integer) or numbers.min() < 0):
        raise ValueError("clusters must be integers of at least 0")
    present, row = np.unique(numbers.astype(np.int64), return_inverse=True)
    sums = np.empty((present.size, table.shape[1]))
    counts = np.empty_like(sums)
    for column, observed in enumerate(table.T):
        known = ~np.isnan(observed)
        sums[:, column] = np.bincount(row[known], weights=observed[known], minlength=present.size)
        counts[:, column] = np.bincount(row[known], minlength=present.size)
    return ClusterSums(present, sums, counts)
