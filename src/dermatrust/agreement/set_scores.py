"""Precision, recall and F1 of sets: pooled over items, or item by item, from how many members were hit."""

from collections.abc import Callable

import numpy as np

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.statistic import Statistic, rating_table

_TRUE, _SAID, _HITS = 1, 2, 3


def set_terms(ratings: Floats) -> Floats:
    """Return what each item adds to counts of members.

    Args:
        ratings: Shape (3, n): members of the true set, members of the set that was said, and how many of these are in
            the true set; NaN marks a missing one, and an item counts with all three. An item nobody answered said 0.

    Returns:
        Shape (n, 4): 1 and the three counts. All 0 where one is missing.

    Raises:
        ValueError: The ratings have another shape, a count is no whole number of at least 0, or more were hit than
            there are.
    """
    table = rating_table(ratings, 3)
    known = ~np.isnan(table).any(axis=0)
    true, said, hits = (np.where(known, row, 0.0) for row in table)
    wrong = (np.stack([true, said, hits]) % 1 != 0).any(axis=0) | (hits < 0) | (hits > np.minimum(true, said))
    if wrong.any():
        first = np.flatnonzero(wrong)[0]
        raise ValueError(
            f"true, said and hit are {true[first]:g}, {said[first]:g}, {hits[first]:g}; expected whole numbers from 0, "
            "and no more hits than there are of either"
        )
    return np.stack([known, true, said, hits], axis=1).astype(np.float64)


def mean_set_f1(empty: float = 1.0) -> Statistic:
    """Return the mean over items of each one's F1; "ratings" and errors as for `set_terms`.

    Args:
        empty: F1 of an item whose true set is empty and of which nothing was said: 1, since that is right, by default.
            Some papers say 0; NaN leaves such items out.

    Example:
        >>> mean_set_f1()([[2, 0], [2, 0], [1, 0]])
        0.75

    Reference:
        Godbole & Sarawagi (2004), PAKDD, https://doi.org/10.1007/978-3-540-24775-3_5.
    """

    def terms(ratings: Floats) -> Floats:
        counted = set_terms(ratings)
        n, true, said, hits = counted.T
        f1 = np.where(true + said > 0, ratios(2 * hits, true + said), empty)
        known = (n > 0) & ~np.isnan(f1)
        return np.stack([known, np.where(known, f1, 0.0)], axis=1).astype(np.float64)

    return Statistic(terms, lambda sums: ratios(sums[..., 1], sums[..., 0]))


def _rate(hits: float, over: tuple[int, ...]) -> Callable[[Floats], Floats]:
    return lambda sums: ratios(hits * sums[..., _HITS], sums[..., over].sum(axis=-1))


set_precision = Statistic(set_terms, _rate(1, (_SAID,)))
"""Members said that are true, of all said, pooled over items (micro); NaN where nothing was said. See `set_terms`.

Example:
    >>> set_precision([[2, 3], [1, 3], [1, 1]])
    0.5
"""

set_recall = Statistic(set_terms, _rate(1, (_TRUE,)))
"""True members that were said, of all true ones, pooled over items; NaN where there are none."""

set_f1 = Statistic(set_terms, _rate(2, (_TRUE, _SAID)))
"""Harmonic mean of the two: twice the hits over all members true or said; NaN where there are none.

Example:
    >>> round(set_f1([[2, 3], [1, 3], [1, 1]]), 3)
    0.444

Reference:
    van Rijsbergen (1979), Information Retrieval, 2nd ed., ch. 7, http://www.dcs.gla.ac.uk/Keith/Preface.html.
"""
