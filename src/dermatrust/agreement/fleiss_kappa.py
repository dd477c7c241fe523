"""Fleiss' kappa: chance-corrected agreement of several raters who all rated every item."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.levels import Levels, level_counts, scale_of
from dermatrust.agreement.statistic import Statistic, rating_table


def fleiss_kappa(levels: Sequence[float]) -> Statistic:
    """Return chance-corrected agreement of several raters, where levels either agree or do not.

    Args:
        levels: All levels of the scale in ascending order; those nobody used have no influence.

    Returns:
        A statistic of ratings, shape (raters, n); an item that any of the raters did not rate is left out. With P the
        mean share of agreeing pairs of raters and p the shares of the levels, it is (P - sum p²) / (1 - sum p²): 1 for
        full agreement, 0 for agreement by chance. It is NaN where all ratings are of one level. It raises a ValueError
        for a rating that is no level.

    Raises:
        ValueError: There are fewer than 2 levels, or they do not ascend.

    Example:
        >>> round(fleiss_kappa([1, 2])([[1, 2, 2, 1], [1, 2, 1, 1], [1, 2, 2, 1]]), 3)
        0.657

    Reference:
        Fleiss (1971), Psychological Bulletin 76(5):378-382, https://doi.org/10.1037/h0031619.
    """
    return Statistic(_fleiss_terms(scale_of(levels)), _fleiss_kappa)


@cache
def _fleiss_terms(scale: Levels) -> Callable[[Floats], Floats]:
    """Return the function to an item's terms: 1, the share of agreeing pairs of raters, the share of each level."""

    def terms(ratings: Floats) -> Floats:
        table = rating_table(ratings)
        counts, n_raters = level_counts(table, scale), len(table)
        agreeing = (counts * (counts - 1)).sum(axis=1) / (n_raters * (n_raters - 1))
        rows: Floats = np.column_stack([np.ones(len(counts)), agreeing, counts / n_raters])
        rows[counts.sum(axis=1) < n_raters] = 0
        return rows

    return terms


def _fleiss_kappa(sums: Floats) -> Floats:
    observed = ratios(sums[..., 1], sums[..., 0])
    shares = ratios(sums[..., 2:], np.broadcast_to(sums[..., :1], sums[..., 2:].shape))
    disagreeing_by_chance = (shares * (1 - shares)).sum(axis=-1)
    return 1 - ratios(1 - observed, disagreeing_by_chance)
