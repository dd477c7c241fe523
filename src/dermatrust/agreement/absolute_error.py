"""How far scores are from what they are compared with: the mean absolute error, summed within patients."""

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.clusters import ClusterSums, sum_clusters


def absolute_errors(scores: ArrayLike, targets: ArrayLike, clusters: ArrayLike) -> ClusterSums:
    """Sum the absolute differences of scores and targets within clusters, for their means and intervals.

    Args:
        scores: Shape (n, columns) or (n,) for one column; NaN marks a missing score.
        targets: What the scores are compared with, same shape; NaN where there is nothing to compare with.
        clusters: The cluster number of each row, shape (n,), integers of at least 0.

    Returns:
        Sums and counts per column. Its `means` are the mean absolute errors; an observation counts only where both
        score and target are there. `resampled_means` makes intervals of it.

    Raises:
        ValueError: The shapes do not fit, or a cluster is not an integer of at least 0.

    Example:
        >>> errors = absolute_errors([3.0, 5.0, 1.0], [4.0, 4.5, float("nan")], [0, 0, 1])
        >>> errors.means.tolist(), errors.n.tolist()
        ([0.75], [2])

    Reference:
        Willmott & Matsuura (2005), Climate Research 30:79-82, https://doi.org/10.3354/cr030079.
    """
    given, wanted = np.asarray(scores, dtype=np.float64), np.asarray(targets, dtype=np.float64)
    if given.shape != wanted.shape:
        raise ValueError(f"scores of shape {given.shape} do not fit targets of shape {wanted.shape}")
    return sum_clusters(np.abs(given - wanted), clusters)
