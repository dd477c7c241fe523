"""What a rater is compared with: the mean of a panel, of its colleagues, or of other patients' scores."""

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.clusters import Floats, ratios, sum_clusters


def panel_means(ratings: ArrayLike) -> Floats:
    """Mean of the raters who gave a score.

    Args:
        ratings: Shape (raters, ...); NaN marks a missing score.

    Returns:
        Shape (...); NaN where nobody gave one.

    Example:
        >>> panel_means([[3.0, 4.0], [5.0, float("nan")]]).tolist()
        [4.0, 4.0]
    """
    scores = np.asarray(ratings, dtype=np.float64)
    known = ~np.isnan(scores)
    return ratios(np.where(known, scores, 0.0).sum(axis=0), known.sum(axis=0))


def others_means(ratings: ArrayLike) -> Floats:
    """Mean of the other raters, for each rater: what one of a panel is compared with.

    Args:
        ratings: Shape (raters, ...); NaN marks a missing score.

    Returns:
        Same shape; NaN where no other rater gave a score. Whether the rater itself gave one does not matter.

    Example:
        >>> others_means([[3.0, 4.0], [5.0, float("nan")], [4.0, 1.0]]).tolist()
        [[4.5, 1.0], [3.5, 2.5], [4.0, 4.0]]
    """
    scores = np.asarray(ratings, dtype=np.float64)
    known = ~np.isnan(scores)
    given = np.where(known, scores, 0.0)
    return ratios(given.sum(axis=0) - given, known.sum(axis=0) - known)


def other_clusters_means(values: ArrayLike, clusters: ArrayLike) -> Floats:
    """Mean of all observations of other clusters, for each observation: the guess of whoever knows only the mean.

    Leaving out the whole cluster (patient) keeps the guess from knowing what it is to guess.

    Args:
        values: Shape (n, columns); NaN marks a missing observation.
        clusters: The cluster number of each row, shape (n,), integers of at least 0.

    Returns:
        Same shape as `values`; NaN where no other cluster has an observation of the column.

    Raises:
        ValueError: The shapes do not fit, or a cluster is not an integer of at least 0.

    Example:
        >>> other_clusters_means([[1.0], [2.0], [6.0]], [0, 0, 1]).tolist()
        [[6.0], [6.0], [1.5]]
    """
    sums = sum_clusters(values, clusters)
    means = ratios(sums.sums.sum(axis=0) - sums.sums, sums.counts.sum(axis=0) - sums.counts)
    return means[np.searchsorted(sums.clusters, np.asarray(clusters))]
