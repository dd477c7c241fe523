"""Cohen's kappa of two raters, plain or weighted by how far their levels are apart."""

from collections.abc import Sequence

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.contingency import contingency_terms, tables
from dermatrust.agreement.levels import Weights, level_distances
from dermatrust.agreement.statistic import Statistic


def weighted_kappa(levels: Sequence[float], weights: Weights = "quadratic") -> Statistic:
    """Return chance-corrected agreement of two raters, penalising the distance between their levels.

    Args:
        levels: All levels of the scale in ascending order. Distances are between positions, not between values.
        weights: How the penalty grows with the distance; "none" is Cohen's plain kappa.

    Returns:
        A statistic of ratings, shape (2, n); items without both are left out. It is 1 minus the mean distance over the
        one expected of raters with the same margins who do not look: 1 for identical ratings, 0 for agreement by
        chance. It is NaN where both use one and the same level throughout, since there is then no disagreement to
        correct for. It raises a ValueError for a rating that is no level.

    Raises:
        ValueError: The levels do not ascend or are fewer than 2, or the weights have no such name.

    Example:
        >>> round(weighted_kappa(range(1, 6))([[1, 2, 3, 5], [1, 2, 4, 5]]), 3)
        0.947

    Reference:
        Cohen (1968), Psychological Bulletin 70(4):213-220, https://doi.org/10.1037/h0026256; without weights, Cohen
        (1960), Educational and Psychological Measurement 20(1):37-46, https://doi.org/10.1177/001316446002000104.
    """
    terms = contingency_terms(levels)
    distances = level_distances(len(levels), weights)

    def value(sums: Floats) -> Floats:
        table = tables(sums)
        observed = (table * distances).sum(axis=(-2, -1))
        expected = ((table.sum(axis=-1) @ distances) * table.sum(axis=-2)).sum(axis=-1)
        return 1 - ratios(sums[..., 0] * observed, expected)

    return Statistic(terms, value)
