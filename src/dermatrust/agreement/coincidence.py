"""The table of values that coincide within items, of any number of raters and with ratings missing."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from dermatrust.agreement.clusters import Floats
from dermatrust.agreement.levels import Levels, level_counts, scale_of
from dermatrust.agreement.statistic import rating_table


def coincidence_terms(levels: Sequence[float]) -> Callable[[Floats], Floats]:
    """Return the terms of statistics of coincidences; the very same function for the same levels.

    Args:
        levels: All k levels of the scale in ascending order.

    Returns:
        From ratings, shape (raters, n), NaN where one is missing, to shape (n, 1 + k * k): 1, and for each two levels
        the number of ordered pairs of raters who gave them, over the item's ratings less one, so that each rating
        counts once. All 0 where an item has fewer than 2 ratings. It raises a ValueError for a rating that is no level.

    Raises:
        ValueError: There are fewer than 2 levels, or they do not ascend.

    Example:
        >>> coincidence_terms([1, 2])(np.array([[1.0, 2.0], [1.0, np.nan], [2.0, np.nan]])).tolist()
        [[1.0, 1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]]

    Reference:
        Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, https://repository.upenn.edu/asc_papers/43.
    """
    return _coincidence_terms(scale_of(levels))


@cache
def _coincidence_terms(scale: Levels) -> Callable[[Floats], Floats]:
    def terms(ratings: Floats) -> Floats:
        counts = level_counts(rating_table(ratings), scale)
        n_ratings = counts.sum(axis=1)
        cells = rater_pairs(counts) / np.maximum(n_ratings - 1, 1)[:, np.newaxis]
        return np.column_stack([n_ratings >= 2, cells])

    return terms


def rater_pairs(counts: Floats) -> Floats:
    """Return how many ordered pairs of raters gave each item each two levels, shape (n, k * k).

    Args:
        counts: How many raters gave each item each level, shape (n, k).
    """
    pairs = counts[:, :, np.newaxis] * counts[:, np.newaxis, :]
    own = counts[:, :, np.newaxis] * np.eye(counts.shape[1])  # nobody is a pair with themselves
    return (pairs - own).reshape(len(counts), counts.shape[1] ** 2)
