"""Means of many columns, all with intervals from the same resampled patients."""

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.bootstrap import percentile_intervals, resampled_means
from dermatrust.agreement.clusters import Floats, Ints, sum_clusters
from dermatrust.agreement.interval import Estimate


class Estimator:
    """Collects columns of observations, one per case, and estimates all their means at once.

    Args:
        cluster: Number of each case's patient, shape (n_cases,).
        n_clusters: Patients.

    Example:
        >>> estimator = Estimator(np.array([0, 0, 1]), 2)
        >>> place = estimator.add([1.0, 0.0, float("nan")])
        >>> estimator.solve(np.random.default_rng(0), n_resamples=10)[place].n
        2
    """

    def __init__(self, cluster: Ints, n_clusters: int) -> None:
        self._cluster = cluster
        self._n_clusters = n_clusters
        self._columns: list[Floats] = []

    def add(self, values: ArrayLike) -> int:
        """Take a column, shape (n_cases,), NaN where missing, and return its number."""
        self._columns.append(np.asarray(values, dtype=np.float64))
        return len(self._columns) - 1

    def solve(self, rng: np.random.Generator, *, n_resamples: int, confidence: float = 0.95) -> list[Estimate]:
        """Return the mean of every column with its percentile interval, by number.

        A column of nothing, or of cases of one patient, has no interval (NaN).
        """
        if not self._columns:
            return []
        sums = sum_clusters(np.stack(self._columns, axis=1), self._cluster)
        (draws,) = resampled_means([sums], self._n_clusters, rng=rng, n_resamples=n_resamples)
        low, high, n_skipped = percentile_intervals(draws, confidence)
        parts = zip(
            sums.means.tolist(), low.tolist(), high.tolist(), sums.n.tolist(), sums.n_clusters.tolist(),
            n_skipped.tolist(), strict=True,
        )  # fmt: skip
        return [Estimate(*part) for part in parts]
