"""Ratings on a scale of levels: where each lies on it, how often each level was given, and how far levels are apart."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from dermatrust.agreement.clusters import Floats, Ints

Levels = tuple[float, ...]
Weights = Literal["quadratic", "linear", "ordinal", "none"]


def scale_of(levels: Sequence[float]) -> Levels:
    """Return the levels of a scale as numbers that compare equal however they were written.

    Args:
        levels: All levels in ascending order, e.g. `range(6)`. Levels nobody used must be among them: they set the
            distance between those that were used.

    Raises:
        ValueError: There are fewer than 2, or they do not ascend.

    Example:
        >>> scale_of(range(3)) == scale_of([0, 1.0, 2])
        True
    """
    scale = tuple(float(level) for level in levels)
    if len(scale) < 2 or not (np.diff(scale) > 0).all() or not np.isfinite(scale).all():
        raise ValueError(f"levels are {levels!r}; expected at least 2 finite numbers in ascending order")
    return scale


def level_positions(ratings: Floats, scale: Levels) -> Ints:
    """Return the position of each rating on the scale, from 0 on, in the ratings' shape; -1 where it is NaN.

    Raises:
        ValueError: A rating is no level of the scale.

    Example:
        >>> level_positions(np.array([[2.0, 1.0], [np.nan, 4.0]]), (1.0, 2.0, 4.0)).tolist()
        [[1, 0], [-1, 2]]
    """
    known = ~np.isnan(ratings)
    positions = np.minimum(np.searchsorted(scale, ratings), len(scale) - 1)
    wrong = known & (np.array(scale)[positions] != ratings)
    if wrong.any():
        expected = ", ".join(f"{level:g}" for level in scale)
        raise ValueError(f"rating {ratings[wrong][0]:g} is no level of the scale; expected {expected}, or NaN")
    found: Ints = np.where(known, positions, -1)
    return found


def level_counts(ratings: Floats, scale: Levels) -> Floats:
    """Return how many raters gave each item each level, shape (n, levels), from ratings of shape (raters, n).

    Raises:
        ValueError: A rating is no level of the scale.
    """
    positions = level_positions(ratings, scale)
    return np.stack([(positions == position).sum(axis=0) for position in range(len(scale))], axis=1).astype(np.float64)


def level_distances(n_levels: int, weights: Weights) -> Floats:
    """Return how far levels are apart by their positions, shape (levels, levels): 0 for the same, 1 for the ends.

    Args:
        n_levels: Levels of the scale, at least 2.
        weights: "linear" for the number of steps between two levels, "quadratic" for its square, "ordinal" for the
            number of pairs among the levels from one to the other, "none" for 1 wherever they differ.

    Raises:
        ValueError: The weights have no such name.

    Example:
        >>> level_distances(3, "quadratic").tolist()
        [[0.0, 0.25, 1.0], [0.25, 0.0, 0.25], [1.0, 0.25, 0.0]]

    Reference:
        Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., ch. 3, ISBN 978-0970806284, whose weights are 1 minus
        these; as computed in https://cran.r-project.org/web/packages/irrCAC/vignettes/weighting.html.
    """
    steps = np.abs(np.subtract.outer(np.arange(n_levels), np.arange(n_levels))).astype(np.float64)
    by_name = {"linear": steps, "quadratic": steps**2, "ordinal": steps * (steps + 1), "none": np.sign(steps)}
    if weights not in by_name:
        raise ValueError(f"weights are {weights!r}; expected one of {', '.join(by_name)}")
    distances: Floats = by_name[weights] / by_name[weights].max()
    return distances
