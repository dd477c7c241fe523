"""Means of many columns, all with intervals from the same resampled patients."""

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.bootstrap import Source, percentile_intervals, resampled_means
from dermatrust.agreement.clusters import Floats, Ints, sum_clusters
from dermatrust.agreement.interval import Estimate
from dermatrust.agreement.proportion import unvaried_interval


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
        self._lowest: list[float] = []

    def add(self, values: ArrayLike, *, lowest: float = 0.0) -> int:
        """Take a column, shape (n_cases,), of numbers from `lowest` to 1, NaN where missing, and return its number."""
        self._columns.append(np.asarray(values, dtype=np.float64))
        self._lowest.append(lowest)
        return len(self._columns) - 1

    def solve(self, rng: Source, *, n_resamples: int, confidence: float = 0.95) -> list[Estimate]:
        """Return the mean of every column with its percentile interval, expanded for few patients, by number.

        A column of nothing, or of cases of one patient, has no interval (NaN). Where all observations, or
        all patients' means, are the same, resamples cannot tell how far off they may be, and the interval is that of
        `unvaried_interval`.
        """
        if not self._columns:
            return []
        table = np.stack(self._columns, axis=1)
        sums = sum_clusters(table, self._cluster)
        (draws,) = resampled_means([sums], self._n_clusters, rng=rng, n_resamples=n_resamples)
        low, high, n_skipped = percentile_intervals(draws, confidence, sums.n_clusters)
        flat = np.fmin.reduce(table, initial=np.inf) == np.fmax.reduce(table, initial=-np.inf)
        flat |= low == high  # as where every patient has the same mean
        ends = unvaried_interval(sums.means, sums.n_clusters, lowest=self._lowest, highest=1.0, confidence=confidence)
        low, high = np.where(flat, ends[0], low), np.where(flat, ends[1], high)
        parts = zip(
            sums.means.tolist(), low.tolist(), high.tolist(), sums.n.tolist(), sums.n_clusters.tolist(),
            n_skipped.tolist(), strict=True,
        )  # fmt: skip
        return [Estimate(*part) for part in parts]
