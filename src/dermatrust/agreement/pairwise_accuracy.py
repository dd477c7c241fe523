"""Whether a judge orders items as the experts do: over pairs of the same group, such as narratives of one case."""

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.clusters import ClusterSums, Floats, Ints, sum_clusters


def pairwise_accuracy(judge: ArrayLike, experts: ArrayLike, groups: ArrayLike) -> ClusterSums:
    """Count the pairs of items that a judge orders as the experts do, within groups, for their share and its interval.

    Only pairs of one group that the experts order strictly are asked about; one that the judge leaves tied counts one
    half, which is what guessing would earn. Levels do not matter, only order, so that scales may differ.

    Args:
        judge: The judge's scores, shape (n, columns) or (n,) for one column; NaN marks a missing one.
        experts: The experts' scores of the same items, same shape; NaN marks a missing one. Scores are tied where they
            are exactly equal, so means should be rounded first.
        groups: The group number of each item, shape (n,), integers of at least 0.

    Returns:
        Sums and counts per column whose observations are pairs: `n` is how many there are, and `means` the shares of
        pairs ordered alike, 1 for the same order throughout, 0 for the reverse and NaN without pairs. A missing item
        is in no pair. `resampled_means` makes intervals of it, with each group drawn as a whole: several groups of one
        patient would have to be added up first.

    Raises:
        ValueError: The shapes do not fit, or a group is not an integer of at least 0.

    Example:
        >>> pairs = pairwise_accuracy([5.0, 3.0, 3.0, 9.0], [4.0, 2.0, 1.0, 0.0], [0, 0, 0, 1])
        >>> pairs.means.round(3).tolist(), pairs.n.tolist()
        ([0.833], [3])

    Reference:
        Kendall (1938), Biometrika 30(1/2):81-93, https://doi.org/10.1093/biomet/30.1-2.81: without ties the share
        is (tau + 1) / 2.
    """
    given, wanted, numbers = np.asarray(judge, np.float64), np.asarray(experts, np.float64), np.asarray(groups)
    if given.shape != wanted.shape or given.ndim not in {1, 2}:
        raise ValueError(f"judge of shape {given.shape} does not fit experts of shape {wanted.shape}")
    if numbers.shape != given.shape[:1]:
        raise ValueError(f"scores of shape {given.shape} do not fit groups of shape {numbers.shape}")
    order = np.argsort(numbers, kind="stable")
    alike, pairs = _pairs(given[order], wanted[order], numbers[order])
    sums = sum_clusters(alike, numbers[order])
    return ClusterSums(sums.clusters, sums.sums, sum_clusters(pairs, numbers[order]).sums)


def _pairs(judge: Floats, experts: Floats, groups: Ints) -> tuple[Floats, Floats]:
    """Return how many pairs each item makes with later ones of its group, those ordered alike and all of them.

    Groups lie together. Items a distance apart are compared all at once, for every distance found within a group, so
    that the work is the number of pairs, however the items are spread over groups.
    """
    alike, pairs = np.zeros_like(judge), np.zeros_like(judge)
    first = np.arange(len(judge))
    for distance in range(1, len(judge)):
        first = first[: np.searchsorted(first, len(judge) - distance)]
        first = first[groups[first] == groups[first + distance]]
        if not first.size:
            break
        by_judge = np.sign(judge[first + distance] - judge[first])
        by_experts = np.sign(experts[first + distance] - experts[first])
        asked = (by_experts != 0) & ~np.isnan(by_judge + by_experts)
        alike[first] += np.where(asked, (1 + by_judge * by_experts) / 2, 0.0)
        pairs[first] += asked
    return alike, pairs
