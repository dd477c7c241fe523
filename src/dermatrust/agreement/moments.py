"""Means, variances and covariance of two raters' scores, as functions of sums over items."""

from typing import NamedTuple

import numpy as np

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.statistic import rating_table

# What rounding leaves of equal scores is about 1e-15 of the sum of their squares.
_ROUNDING = 1e-12


class Moments(NamedTuple):
    """Moments of pairs of scores; arrays of any one shape, NaN where no item has both scores.

    Attributes:
        n: Items with both scores.
        bias: Mean of the first rater's scores minus the second's.
        first: Sum of squared deviations of the first rater's scores from their mean.
        second: The same of the second's.
        both: Sum of the products of both deviations.
        squares: Sum of the squares of all scores, which says how large rounding can be.
    """

    n: Floats
    bias: Floats
    first: Floats
    second: Floats
    both: Floats
    squares: Floats


def pair_terms(ratings: Floats) -> Floats:
    """Return what each item adds to the moments of two raters' scores.

    Args:
        ratings: Of two raters, shape (2, n); NaN marks a missing one.

    Returns:
        Shape (n, 6): 1, both ratings, their squares, their product. All 0 where a rating is missing.
    """
    first, second = rating_table(ratings, 2)
    known = ~np.isnan(first + second)
    parts = [known, first, second, first**2, second**2, first * second]
    terms: Floats = np.where(known, np.array(parts, dtype=np.float64), 0.0).T
    return terms


def moments(sums: Floats) -> Moments:
    """Return the moments of sums of `pair_terms`.

    Deviations come from sums of squares, not of centred scores, so a spread below a millionth of the scores' size is
    taken for rounding. That suits scores of a scale such as 0 to 5, and no measurements far from 0.

    Args:
        sums: Shape (..., 6).

    Returns:
        Arrays of shape (...).
    """
    n, first, second, first_squares, second_squares, products = np.moveaxis(sums, -1, 0)
    return Moments(
        n=n,
        bias=ratios(first - second, n),
        first=none_if_rounding(first_squares - ratios(first**2, n), first_squares),
        second=none_if_rounding(second_squares - ratios(second**2, n), second_squares),
        both=products - ratios(first * second, n),
        squares=first_squares + second_squares,
    )


def none_if_rounding(deviations: Floats, squares: Floats) -> Floats:
    """Return sums of squared deviations, 0 where they are so small beside the sum of squares that they are rounding.

    Example:
        >>> squares = np.array([0.1**2 * 3, 5.0])
        >>> none_if_rounding(squares - np.array([(0.1 + 0.1 + 0.1) ** 2 / 3, 4.5]), squares).tolist()
        [0.0, 0.5]
    """
    return np.where(deviations <= _ROUNDING * squares, 0.0, deviations)
