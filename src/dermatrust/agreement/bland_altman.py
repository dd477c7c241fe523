"""Limits within which two raters' scores of an item differ, and whether they differ more for higher scores.

`bias` of `dermatrust.agreement.differences` is the middle of the limits.

Example:
    >>> judge, clinician = [1, 2, 4, 5], [2, 2, 3, 3]
    >>> round(lower_limit([judge, clinician]), 2), round(upper_limit([judge, clinician]), 2)
    (-2.03, 3.03)
    >>> round(proportional_bias([judge, clinician]), 2)
    1.06
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.clusters import Floats, Ints, ratios
from dermatrust.agreement.moments import moments, none_if_rounding, pair_terms
from dermatrust.agreement.statistic import Statistic, rating_table

_STANDARD_DEVIATIONS = 1.96  # the paper's; 95 % of a normal distribution


@dataclass(frozen=True, slots=True)
class BlandAltmanPoints:
    """Points of a Bland-Altman plot: one for each pair of scores that occurs.

    Attributes:
        means: Mean of the two scores, shape (points,).
        differences: The first rater's score minus the second's, shape (points,).
        counts: Items with these scores, shape (points,).
    """

    means: Floats
    differences: Floats
    counts: Ints


def bland_altman_points(ratings: ArrayLike) -> BlandAltmanPoints:
    """Return the points of a Bland-Altman plot, items of the same two scores as one point.

    Args:
        ratings: Of two raters, shape (2, n); NaN marks a missing one. An item with one is left out.

    Returns:
        Points in ascending order of the first rater's score, then of the second's.

    Raises:
        ValueError: The ratings are no table of two raters.

    Example:
        >>> points = bland_altman_points([[4, 2, 4], [3, 2, 3]])
        >>> points.means.tolist(), points.differences.tolist(), points.counts.tolist()
        ([2.0, 3.5], [0.0, 1.0], [1, 2])

    Reference:
        Bland & Altman (1986), Lancet 327(8476):307-310, https://doi.org/10.1016/S0140-6736(86)90837-8.
    """
    table = rating_table(ratings, 2)
    (first, second), counts = np.unique(table[:, ~np.isnan(table).any(axis=0)], axis=1, return_counts=True)
    return BlandAltmanPoints((first + second) / 2, first - second, counts.astype(np.int64))


def _limit(sums: Floats, deviations: float) -> Floats:
    found = moments(sums)
    apart = none_if_rounding(found.first + found.second - 2 * found.both, found.squares)
    variance = ratios(apart, found.n - 1)
    return found.bias + deviations * np.sqrt(variance)


def _proportional_bias(sums: Floats) -> Floats:
    found = moments(sums)
    of_totals = none_if_rounding(found.first + found.second + 2 * found.both, found.squares)
    return ratios(2 * (found.first - found.second), of_totals)


lower_limit = Statistic(pair_terms, lambda sums: _limit(sums, -_STANDARD_DEVIATIONS))
"""Lower limit of agreement: mean of the first rater's scores minus the second's, less 1.96 standard deviations (n - 1).

About 95 % of items lie between the limits where the differences are normal, which those of a scale of few levels only
roughly are. NaN with fewer than 2 items.

Bland & Altman (1986), Lancet 327(8476):307-310, https://doi.org/10.1016/S0140-6736(86)90837-8.
"""

upper_limit = Statistic(pair_terms, lambda sums: _limit(sums, _STANDARD_DEVIATIONS))
"""Upper limit of agreement: as `lower_limit`, with 1.96 standard deviations added."""

proportional_bias = Statistic(pair_terms, _proportional_bias)
"""Least-squares slope of the differences (first minus second) on the means of the two scores.

Above 0 where the first rater uses more of the scale than the second: its sign is that of the difference of their
variances. NaN where the means do not vary, or with fewer than 2 items.

Bland & Altman (1999), Statistical Methods in Medical Research 8(2):135-160, section 3,
https://doi.org/10.1177/096228029900800204.
"""
