"""Gwet's AC1 and AC2: agreement of several raters, corrected for chance without the paradoxes of kappa."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.coincidence import rater_pairs
from dermatrust.agreement.levels import Levels, Weights, level_counts, level_distances, scale_of
from dermatrust.agreement.statistic import Statistic, rating_table


def gwet_ac(levels: Sequence[float], weights: Weights = "quadratic") -> Statistic:
    """Return agreement of several raters beyond what is expected of raters who guess on items that are hard to rate.

    Args:
        levels: All k levels of the scale in ascending order. Those nobody used do have an influence: the more levels,
            the less agreement is expected by chance. Weights follow their positions, not their values.
        weights: How much two levels agree; "none" is AC1, the others are AC2.

    Returns:
        A statistic of ratings, shape (raters, n). Items with at least 2 ratings say how much raters agree, items with
        at least one say how often each level is given; the latter are those that count. With w the weights, p_a the
        mean weighted share of agreeing pairs of raters and p the mean shares of the levels, chance gives
        p_e = sum w / (k(k - 1)) sum p(1 - p), and the statistic is (p_a - p_e) / (1 - p_e). It is 1 where all ratings
        are of one level, and NaN where no item has 2 ratings. It raises a ValueError for a rating that is no level.

    Raises:
        ValueError: The levels do not ascend or are fewer than 2, or the weights have no such name.

    Example:
        >>> round(gwet_ac([1, 2], "none")([[1, 1, 1, 1], [1, 1, 1, 2]]), 3)
        0.68

    Reference:
        Gwet (2008), Br. J. Math. Stat. Psychology 61(1):29-48, https://doi.org/10.1348/000711006X126600 (AC1); Gwet
        (2014), Handbook of Inter-Rater Reliability, 4th ed., ISBN 978-0970806284 (AC2, missing ratings).
    """
    terms = _gwet_terms(scale_of(levels))
    n_levels = len(levels)
    agreements = 1 - level_distances(n_levels, weights)
    by_chance = agreements.sum() / (n_levels * (n_levels - 1))

    def value(sums: Floats) -> Floats:
        observed = ratios(sums[..., 2 + n_levels :] @ agreements.ravel(), sums[..., 1])
        level_sums = sums[..., 2 : 2 + n_levels]
        shares = ratios(level_sums, np.broadcast_to(sums[..., :1], level_sums.shape))
        expected = by_chance * (shares * (1 - shares)).sum(axis=-1)
        agreement: Floats = (observed - expected) / (1 - expected)
        return agreement

    return Statistic(terms, value)


@cache
def _gwet_terms(scale: Levels) -> Callable[[Floats], Floats]:
    """Return the function to an item's terms: 1, whether it has 2 ratings, shares of levels and of pairs of them."""

    def terms(ratings: Floats) -> Floats:
        counts = level_counts(rating_table(ratings), scale)
        n_ratings = counts.sum(axis=1, keepdims=True)
        shares = counts / np.maximum(n_ratings, 1)
        pair_shares = rater_pairs(counts) / np.maximum(n_ratings * (n_ratings - 1), 1)
        return np.hstack([n_ratings >= 1, n_ratings >= 2, shares, pair_shares])

    return terms
