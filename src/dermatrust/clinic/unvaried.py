"""Intervals of what no resample varies, such as a share of 0 or an area of 1."""

import math
from collections.abc import Sequence
from dataclasses import replace

from numpy.typing import ArrayLike

from dermatrust.agreement.interval import Estimate
from dermatrust.agreement.proportion import unvaried_in_mean, unvaried_interval

_SAME = 1e-12


def with_width(
    found: Estimate, *, n_patients: int | None = None, lowest: float = 0.0, confidence: float = 0.95
) -> Estimate:
    """Return a figure as it is, or with the ends of `unvaried_interval` where both of its ends are the same number.

    Args:
        found: A figure from `lowest` to 1.
        n_patients: Patients that it rests on, where these are not all that it counts: of an area under the ROC curve
            the fewer of those with and those without.
        lowest: Least value that the figure can have.
        confidence: Nominal coverage.

    Example:
        >>> found = with_width(Estimate(0.0, 0.0, 0.0, 60, 40, 0))
        >>> found.low, round(found.high, 3)
        (0.0, 0.088)
    """
    if not found.high - found.low < _SAME:  # NaN is not below
        return found
    n = found.n_clusters if n_patients is None else n_patients
    low, high = unvaried_interval(found.value, n, lowest=lowest, highest=1.0, confidence=confidence)
    return replace(found, low=float(low), high=float(high))


def mean_with_width(found: Estimate, shares: ArrayLike, n_patients: ArrayLike, confidence: float = 0.95) -> Estimate:
    """Return a mean of shares with an interval that knows also of those among them which no resample varies.

    Args:
        found: The mean, with its percentile interval.
        shares: What it is the mean of; NaN for one without cases.
        n_patients: Patients behind each.
        confidence: Nominal coverage.

    Example:
        >>> found = mean_with_width(Estimate(0.875, 0.825, 0.925, 84, 84, 0), [1.0, 0.75], [4, 80])
        >>> round(found.low, 3), found.high
        (0.625, 0.925)
    """
    down, up = unvaried_in_mean(shares, n_patients, confidence)
    return _widened(found, [down], [up])


def mean_with_flat(found: Estimate, flat: Sequence[Estimate], n_parts: int) -> Estimate:
    """Return a mean of figures with an interval that knows also of those among them which no resample varies.

    Args:
        found: The mean of `n_parts` figures, such as of two differences, with its percentile interval.
        flat: Those of them that do not vary, with the ends of `unvaried_interval`.
        n_parts: Figures that it is the mean of.

    Example:
        >>> never_differs = Estimate(0.0, -0.49, 0.49, 4, 4, 0)
        >>> found = mean_with_flat(Estimate(0.05, 0.0, 0.1, 84, 84, 0), [never_differs], 2)
        >>> round(found.low, 2), round(found.high, 2)
        (-0.2, 0.3)
    """
    below = [(one.value - one.low) / n_parts for one in flat]
    return _widened(found, below, [(one.high - one.value) / n_parts for one in flat])


def _widened(found: Estimate, below: Sequence[float], above: Sequence[float]) -> Estimate:
    """Return a figure whose ends are as far away as their own distances and these are together, as squares."""
    down = math.hypot(found.value - found.low, *below)
    return replace(found, low=found.value - down, high=found.value + math.hypot(found.high - found.value, *above))
