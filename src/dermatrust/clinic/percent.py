"""A share in percent, for a terminal."""

import math

from dermatrust.agreement.interval import Estimate
from dermatrust.bench.text import NOTHING, without_noise


def percent(estimate: Estimate, *, signed: bool = False, answers: int | None = None) -> str:
    """Return a share in percent with its interval, "–" for what is undefined.

    Args:
        estimate: The share.
        signed: Show a plus, as differences have it.
        answers: What the table says that it is of; another number is put behind the share.

    Example:
        >>> percent(Estimate(0.4, 0.3333, 0.5, 30, 12, 0)), percent(Estimate(0.1, 0.0, 0.2, 30, 12, 0), signed=True)
        ('40.0 [33.3, 50.0]', '+10.0 [+0.0, +20.0]')
        >>> nan = float("nan")
        >>> percent(Estimate(nan, nan, nan, 0, 0, 0)), percent(Estimate(0.5, nan, nan, 2, 1, 0))
        ('–', '50.0 [–]')
        >>> percent(Estimate(0.4, 0.3333, 0.5, 30, 12, 0), answers=31)
        '40.0 [33.3, 50.0] of 30'
    """
    if math.isnan(estimate.value):
        return NOTHING
    part = "" if answers in (None, estimate.n) else f" of {estimate.n:,}"
    sign = "+" if signed else ""
    value, low, high = (f"{without_noise(100 * x):{sign}z.1f}" for x in (estimate.value, estimate.low, estimate.high))
    return f"{value} [{low}, {high}]{part}" if not math.isnan(estimate.low) else f"{value} [{NOTHING}]{part}"
