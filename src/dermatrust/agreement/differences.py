"""How far two raters are apart, item by item: bias, mean absolute difference, RMSE, and how often they agree."""

from collections.abc import Callable

import numpy as np

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.statistic import Statistic, rating_table

_ROUNDING = 1e-9
"""Differences closer than this are the same: 2.2 - 1.2 is a little more than 1."""


def difference_terms(ratings: Floats) -> Floats:
    """Return what each item adds to the statistics of differences.

    Args:
        ratings: Of two raters, shape (2, n); NaN marks a missing one.

    Returns:
        Shape (n, 6): 1, the first rating minus the second, its absolute value, its square, whether it is 0, whether it
        is at most 1. All 0 where a rating is missing.
    """
    first, second = rating_table(ratings, 2)
    difference = first - second
    known = ~np.isnan(difference)
    size = np.abs(difference)
    parts = [known, difference, size, size**2, size <= _ROUNDING, size <= 1 + _ROUNDING]
    terms: Floats = np.where(known, np.array(parts, dtype=np.float64), 0.0).T
    return terms


def _mean(term: int) -> Callable[[Floats], Floats]:
    return lambda sums: ratios(sums[..., term], sums[..., 0])


bias = Statistic(difference_terms, _mean(1))
"""Mean of the first rater's scores minus the second's: above 0 where the first is more generous.

Bland & Altman (1986), Lancet 327(8476):307-310, https://doi.org/10.1016/S0140-6736(86)90837-8.
"""

mean_absolute_difference = Statistic(difference_terms, _mean(2))
"""Mean distance of two raters' scores of an item.

Willmott & Matsuura (2005), Climate Research 30:79-82, https://doi.org/10.3354/cr030079.
"""

root_mean_squared_difference = Statistic(difference_terms, lambda sums: np.sqrt(_mean(3)(sums)))
"""Root of the mean squared distance: a few large differences weigh more than many small ones."""

exact_agreement = Statistic(difference_terms, _mean(4))
"""Share of items with the same score from both."""

agreement_within_one = Statistic(difference_terms, _mean(5))
"""Share of items whose two scores are at most one level apart."""
