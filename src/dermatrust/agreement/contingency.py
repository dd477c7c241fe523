"""The table of two raters' levels: how often the first gave one level and the second another."""

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from dermatrust.agreement.clusters import Floats
from dermatrust.agreement.levels import Levels, level_positions, scale_of
from dermatrust.agreement.statistic import rating_table


def contingency_terms(levels: Sequence[float]) -> Callable[[Floats], Floats]:
    """Return the terms of statistics of two raters' table; the very same function for the same levels.

    Args:
        levels: All k levels of the scale in ascending order.

    Returns:
        From ratings, shape (2, n), NaN where one is missing, to shape (n, 1 + k * k): 1, and a 1 in the cell of the two
        levels, the first rater's level by row. All 0 where a rating is missing. It raises a ValueError for a rating
        that is no level.

    Raises:
        ValueError: There are fewer than 2 levels, or they do not ascend.

    Example:
        >>> terms = contingency_terms([1, 2])
        >>> tables(terms(np.array([[1.0, 1.0, 2.0], [2.0, 2.0, np.nan]])).sum(axis=0)).tolist()
        [[0.0, 2.0], [0.0, 0.0]]
    """
    return _contingency_terms(scale_of(levels))


@cache
def _contingency_terms(scale: Levels) -> Callable[[Floats], Floats]:
    def terms(ratings: Floats) -> Floats:
        first, second = level_positions(rating_table(ratings, 2), scale)
        items = np.flatnonzero((first >= 0) & (second >= 0))
        cells = np.zeros((first.size, 1 + len(scale) ** 2))
        cells[items, 0] = 1
        cells[items, 1 + first[items] * len(scale) + second[items]] = 1
        return cells

    return terms


def tables(sums: Floats) -> Floats:
    """Return sums of 1 and of k * k cells, shape (..., 1 + k * k), as tables of shape (..., k, k)."""
    n_levels = math.isqrt(sums.shape[-1] - 1)
    return sums[..., 1:].reshape(*sums.shape[:-1], n_levels, n_levels)


def midranks(counts: Floats) -> Floats:
    """Return the mean rank of the items at each level, less a half, from how many are there, shape (..., k).

    Example:
        >>> midranks(np.array([2.0, 0.0, 3.0])).tolist()  # of ranks 1 to 5: 1.5 and 4, less a half
        [1.0, 2.0, 3.5]
    """
    return np.cumsum(counts, axis=-1) - counts / 2
