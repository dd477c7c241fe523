"""Krippendorff's alpha: reliability of any number of raters, with ratings missing."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.coincidence import coincidence_terms
from dermatrust.agreement.contingency import midranks, tables
from dermatrust.agreement.levels import level_distances, scale_of
from dermatrust.agreement.statistic import Statistic

Metric = Literal["ordinal", "interval", "nominal"]


def krippendorff_alpha(levels: Sequence[float], metric: Metric = "ordinal") -> Statistic:
    """Return 1 minus observed over expected disagreement of any number of raters.

    Args:
        levels: All levels of the scale in ascending order; those nobody used have no influence.
        metric: How two values differ: "interval" by the square of their difference, "ordinal" by the square of how many
            ratings lie between them (half of those at either), "nominal" by 1 wherever they are not the same.

    Returns:
        A statistic of ratings, shape (raters, n); an item with fewer than 2 ratings is left out, another counts with
        those it has. It is 1 for identical ratings of each item and 0 for values put together at random. It is NaN
        where all ratings are of one level: without variation nothing can be said of reliability. It raises a ValueError
        for a rating that is no level.

    Raises:
        ValueError: The levels do not ascend or are fewer than 2, or the metric has no such name.

    Example:
        >>> nan = float("nan")
        >>> round(krippendorff_alpha(range(1, 5))([[1, 2, 4, 3], [1, 2, 3, nan], [2, 2, 4, 3]]), 3)
        0.864

    Reference:
        Krippendorff (2011), Computing Krippendorff's Alpha-Reliability (general form, differences by
        metric), https://repository.upenn.edu/asc_papers/43; Hayes & Krippendorff (2007), Communication Methods and
        Measures 1(1):77-89, https://doi.org/10.1080/19312450709336664.
    """
    if metric not in ("ordinal", "interval", "nominal"):
        raise ValueError(f"metric is {metric!r}; expected ordinal, interval or nominal")
    values = np.array(scale_of(levels))

    def value(sums: Floats) -> Floats:
        table = tables(sums)
        counts = table.sum(axis=-1)
        distances = _distances(metric, values, counts)
        observed = (table * distances).sum(axis=(-2, -1))
        expected = (counts[..., :, np.newaxis] * counts[..., np.newaxis, :] * distances).sum(axis=(-2, -1))
        return 1 - ratios((counts.sum(axis=-1) - 1) * observed, expected)

    return Statistic(coincidence_terms(levels), value)


def _distances(metric: Metric, values: Floats, counts: Floats) -> Floats:
    """Return how different two levels are, shape (k, k) or (..., k, k), from their values (k,) and counts (..., k)."""
    if metric == "nominal":
        return level_distances(len(values), "none")
    places = midranks(counts) if metric == "ordinal" else values
    differences: Floats = places[..., :, np.newaxis] - places[..., np.newaxis, :]
    return differences**2
