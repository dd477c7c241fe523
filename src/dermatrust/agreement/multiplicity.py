"""P-values adjusted for having asked many questions at once."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.clusters import Floats


def holm(p_values: ArrayLike) -> Floats:
    """Holm's step-down adjusted p-values: below alpha where the family-wise error rate is held at alpha.

    The i-th smallest of m p-values is multiplied by m - i + 1; each result is at least the one before and at most 1.
    It holds whatever the dependence between the tests.

    Args:
        p_values: The p-values of one family, any shape; NaN marks a test that could not be made.

    Returns:
        Adjusted p-values in the same order and shape. NaN stays NaN and does not count towards m: a test that was
        never made cannot be a false alarm.

    Raises:
        ValueError: A p-value is below 0 or above 1.

    Example:
        >>> holm([0.01, 0.04, 0.03, float("nan")]).tolist()
        [0.03, 0.06, 0.06, nan]

    Reference:
        Holm (1979), Scandinavian Journal of Statistics 6(2):65-70, https://www.jstor.org/stable/4615733.
    """
    return _adjusted(p_values, lambda p: np.maximum.accumulate(p * np.arange(p.size, 0, -1)))


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Benjamini and Hochberg's step-up adjusted p-values: at most q where the false discovery rate is held at q.

    The i-th smallest of m p-values is multiplied by m / i; each result is at most the one after it. What is held is
    the expected share of false alarms among the rejections, which lets more through than `holm` does. It holds for
    tests that are independent or positively dependent; for any other use `benjamini_yekutieli`.

    Args:
        p_values: The p-values of one family, any shape; NaN marks a test that could not be made.

    Returns:
        Adjusted p-values in the same order and shape. NaN stays NaN and does not count towards m.

    Raises:
        ValueError: A p-value is below 0 or above 1.

    Example:
        >>> benjamini_hochberg([0.01, 0.04, 0.03, float("nan")]).tolist()
        [0.03, 0.04, 0.04, nan]

    Reference:
        Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57(1):289-300, eq. 1,
        https://doi.org/10.1111/j.2517-6161.1995.tb02031.x.
    """
    return _adjusted(p_values, _step_up)


def benjamini_yekutieli(p_values: ArrayLike) -> Floats:
    """Benjamini and Yekutieli's step-up adjusted p-values: at most q where the false discovery rate is held at q.

    Those of `benjamini_hochberg` times 1 + 1/2 + ... + 1/m, and at most 1: the price of holding whatever the
    dependence between the tests.

    Args:
        p_values: The p-values of one family, any shape; NaN marks a test that could not be made.

    Returns:
        Adjusted p-values in the same order and shape. NaN stays NaN and does not count towards m.

    Raises:
        ValueError: A p-value is below 0 or above 1.

    Example:
        >>> benjamini_yekutieli([0.01, 0.04, 0.03, float("nan")]).round(4).tolist()
        [0.055, 0.0733, 0.0733, nan]

    Reference:
        Benjamini & Yekutieli (2001), Annals of Statistics 29(4):1165-1188, theorem 1.3,
        https://doi.org/10.1214/aos/1013699998.
    """
    return _adjusted(p_values, lambda p: _step_up(p) * np.sum(1 / np.arange(1, p.size + 1)))


def _step_up(p: Floats) -> Floats:
    """Return m / i times the i-th of m sorted p-values, each lowered to the smallest of those after it."""
    steps = p * (p.size / np.arange(1, p.size + 1))
    lowered: Floats = np.minimum.accumulate(steps[::-1])[::-1]
    return lowered


def _adjusted(p_values: ArrayLike, adjust_sorted: Callable[[Floats], Floats]) -> Floats:
    """Return p-values adjusted by a rule for the sorted ones, at most 1, in their own order; NaN is left out of it."""
    p = np.asarray(p_values, dtype=np.float64)
    known = ~np.isnan(p)
    if ((p[known] < 0) | (p[known] > 1)).any():
        raise ValueError("p-values must be from 0 to 1")
    tested = p[known]
    order = np.argsort(tested, kind="stable")
    adjusted = np.empty_like(tested)
    adjusted[order] = np.minimum(adjust_sorted(tested[order]), 1.0)
    result = np.full(p.shape, np.nan)
    result[known] = adjusted
    return result
