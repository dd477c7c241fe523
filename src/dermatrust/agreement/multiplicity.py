"""P-values adjusted for having asked many questions at once."""

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
    p = np.asarray(p_values, dtype=np.float64)
    known = ~np.isnan(p)
    if ((p[known] < 0) | (p[known] > 1)).any():
        raise ValueError("p-values must be from 0 to 1")
    tested = p[known]
    order = np.argsort(tested, kind="stable")
    steps = tested[order] * np.arange(tested.size, 0, -1)
    adjusted = np.empty_like(tested)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    result = np.full(p.shape, np.nan)
    result[known] = adjusted
    return result
