"""Correlation of two raters' rankings of the items, ties and all: Spearman's rho and Kendall's tau-b."""

from collections.abc import Sequence

import numpy as np

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.contingency import contingency_terms, midranks, tables
from dermatrust.agreement.statistic import Statistic


def spearman(levels: Sequence[float]) -> Statistic:
    """Return the correlation of the ranks two raters give to the items; tied items share their mean rank.

    Args:
        levels: All levels of the scale in ascending order.

    Returns:
        A statistic of ratings, shape (2, n); items without both are left out, the others ranked among themselves. It
        is NaN where a rater does not vary. It raises a ValueError for a rating that is no level.

    Raises:
        ValueError: There are fewer than 2 levels, or they do not ascend.

    Example:
        >>> round(spearman(range(6))([[0, 1, 2, 5], [0, 2, 1, 1]]), 3)
        0.316

    Reference:
        Spearman (1904), Am. J. Psychology 15(1):72-101, https://doi.org/10.2307/1412159, with the mean ranks of
        Kendall (1945), Biometrika 33(3):239-251, https://doi.org/10.1093/biomet/33.3.239.
    """
    return Statistic(contingency_terms(levels), _spearman)


def kendall_tau_b(levels: Sequence[float]) -> Statistic:
    """Return by how much more pairs of items are ranked alike than opposite by two raters, allowing for ties.

    Args:
        levels: All levels of the scale in ascending order.

    Returns:
        A statistic of ratings, shape (2, n); items without both are left out. It is the number of pairs ranked alike
        minus those ranked oppositely, over the geometric mean of the pairs the one and the other rater do not tie. It
        is NaN where a rater does not vary. It raises a ValueError for a rating that is no level.

    Raises:
        ValueError: There are fewer than 2 levels, or they do not ascend.

    Example:
        >>> round(kendall_tau_b(range(6))([[0, 1, 2, 5], [0, 2, 1, 1]]), 3)
        0.183

    Reference:
        Kendall (1945), Biometrika 33(3):239-251, https://doi.org/10.1093/biomet/33.3.239.
    """
    return Statistic(contingency_terms(levels), _kendall_tau_b)


def _spearman(sums: Floats) -> Floats:
    table = tables(sums)
    middle = sums[..., :1] / 2
    counts = table.sum(axis=-1), table.sum(axis=-2)
    first, second = (midranks(count) - middle for count in counts)
    covariance = ((first[..., np.newaxis, :] @ table)[..., 0, :] * second).sum(axis=-1)
    spreads = (counts[0] * first**2).sum(axis=-1), (counts[1] * second**2).sum(axis=-1)
    return ratios(covariance, np.sqrt(spreads[0] * spreads[1]))


def _kendall_tau_b(sums: Floats) -> Floats:
    table = tables(sums)
    above = np.cumsum(table, axis=-2) - table  # items at lower levels of the first rater, by level of the second
    both_lower = np.cumsum(above, axis=-1) - above
    second_higher = above.sum(axis=-1, keepdims=True) - both_lower - above
    surplus = (table * (both_lower - second_higher)).sum(axis=(-2, -1))
    squares = [(table.sum(axis=axis) ** 2).sum(axis=-1) for axis in (-1, -2)]
    untied = [(sums[..., 0] ** 2 - square) / 2 for square in squares]
    return ratios(surplus, np.sqrt(untied[0] * untied[1]))
