"""The difference of two weighted shares of the same items, such as true cases found less false alarms."""

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.clusters import Floats, Ints, ratios
from dermatrust.agreement.proportion import wilson_interval

_NOTHING = 1e-9
"""Items squared, below which a sum of squares is rounding."""


def effective_items(hits: ArrayLike, items: ArrayLike) -> Floats:
    """Return how many independent items would know a share as well as these, which come in clusters.

    Args:
        hits: Items that count in each cluster (patient), shape (clusters, columns).
        items: All items of each cluster, same shape.

    Returns:
        Shape (columns,): share times its complement over the variance of the share between clusters, at most the number
        of items. The number of clusters where no cluster differs from another, as with shares of 0 and 1: they tell
        nothing of how alike the items of a cluster are. 0 with items of fewer than two clusters.

    Example:
        >>> effective_items([[2.0], [0.0], [2.0], [0.0]], [[2.0], [2.0], [2.0], [2.0]]).tolist()
        [3.0]

    Reference:
        Korn & Graubard (1998), Survey Methodology 24(2):193-201 (intervals of shares by their effective sample size);
        https://support.sas.com/documentation/cdl/en/statug/63347/HTML/default/statug_surveyfreq_a0000000221.htm
        ("modified Wilson"); the variance is that of a ratio of sums over clusters, Field & Welsh (2007), as for
        `bootstrap.cluster_bootstrap`.
    """
    hit, item = np.asarray(hits, dtype=np.float64), np.asarray(items, dtype=np.float64)
    n, n_clusters = item.sum(axis=0), (item > 0).sum(axis=0)
    share = ratios(hit.sum(axis=0), n)
    between = _between(hit - share * item, hit - share * item, n_clusters)
    known = np.minimum(ratios(share * (1 - share) * n**2, between), n)
    return np.where(n_clusters < 2, 0.0, np.where(between > _NOTHING, known, n_clusters))


def weighted_difference(
    first: ArrayLike, second: ArrayLike, items: ArrayLike, weights: tuple[Floats | float, Floats | float],
    confidence: float = 0.95,
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Return a weight times one share of some items less a weight times another, with its interval over clusters.

    The distances from each share to the ends of its own Wilson interval, for as many items as `effective_items` says,
    are combined as variances of correlated figures are. So the interval is not symmetric, and a share of few items,
    which resampling takes for smaller than it may be, is given its due: a share of 0 has a width too.

    Args:
        first: Items of each cluster (patient) that count for the first share, shape (clusters, columns).
        second: For the second; no item counts for both.
        items: All items of each cluster, same shape.
        weights: Of the two shares, above 0, each a number or of shape (columns,).
        confidence: Nominal coverage, above 0 and below 1.

    Returns:
        Value, lower and upper end, each of shape (columns,). The value is NaN without items, the ends with items of
        fewer than two clusters.

    Raises:
        ValueError: `confidence` is not between 0 and 1.

    Example:
        >>> found = weighted_difference(np.ones((40, 1)), np.zeros((40, 1)), np.ones((40, 1)), (1.0, 0.25))
        >>> [one.round(3).tolist() for one in found]
        [[1.0], [0.91], [1.0]]

    Reference:
        Zou (2007), Psychol. Methods 12(4):399-413, https://doi.org/10.1037/1082-989X.12.4.399 (distances to
        the ends of correlated figures, combined); Wilson (1927), as for `proportion.wilson_interval`. Together: ours.
    """
    item = np.asarray(items, dtype=np.float64)
    hits = [np.asarray(one, dtype=np.float64) for one in (first, second)]
    n, n_clusters = item.sum(axis=0), (item > 0).sum(axis=0)
    shares = [ratios(hit.sum(axis=0), n) for hit in hits]
    rests = [hit - share * item for hit, share in zip(hits, shares, strict=True)]
    spreads = [_between(rest, rest, n_clusters) for rest in rests]
    alike = _correlation(_between(rests[0], rests[1], n_clusters), spreads[0], spreads[1])
    below, above = [], []
    for hit, share, weight in zip(hits, shares, weights, strict=True):
        known = effective_items(hit, item)
        low, high = wilson_interval(np.where(known > 0, share * known, 0.0), known, confidence)
        below.append(weight * (share - low))
        above.append(weight * (high - share))
    value: Floats = weights[0] * shares[0] - weights[1] * shares[1]
    return value, value - _combined(below[0], above[1], alike), value + _combined(above[0], below[1], alike)


def _between(first: Floats, second: Floats, n_clusters: Ints) -> Floats:
    """Return the covariance of two sums of which each cluster adds one row, shape (columns,)."""
    found: Floats = (first * second).sum(axis=0) * ratios(
        n_clusters.astype(np.float64), (n_clusters - 1).astype(np.float64)
    )
    return found


def _correlation(together: Floats, first: Floats, second: Floats) -> Floats:
    """Return the correlation of two figures; 0 where one of them does not vary."""
    vary = (first > _NOTHING) & (second > _NOTHING)
    return np.where(vary, ratios(together, np.sqrt(first * second)), 0.0)


def _combined(first: Floats, second: Floats, alike: Floats) -> Floats:
    """Return the distance of a difference from those of its two sides."""
    squared = first**2 + second**2 - 2 * alike * first * second
    found: Floats = np.sqrt(np.maximum(squared, 0.0))  # rounding can put a nought below itself
    return found
