"""Shares to text: percentages, percentage points, and so many of 100 cases."""

import math
from collections.abc import Callable
from typing import Protocol

from dermatrust.bench.text import without_noise
from dermatrust.report.headline import Cell
from dermatrust.report.intervals import Axis
from dermatrust.report.views import MINUS, NOTHING, score_text

SHARES = Axis(0.0, 1.0, tuple((k / 4, f"{k * 25} %") for k in range(5)))
"""An axis for shares."""
_STEPS = (0.05, 0.1, 0.2, 0.25, 0.5)


class Interval(Protocol):
    """A value with its interval; NaN where undefined."""

    @property
    def value(self) -> float:
        """The value."""

    @property
    def low(self) -> float:
        """Lower end."""

    @property
    def high(self) -> float:
        """Upper end."""

    @property
    def n(self) -> int:
        """What it rests on."""


def share_cell(found: Interval, *, show_n: bool = False) -> Cell:
    """Return a share as a table prints it: one decimal, its interval below.

    Example:
        >>> from dermatrust.agreement.interval import Estimate
        >>> share_cell(Estimate(0.423, 0.331, 0.52, 100, 90, 0))
        Cell(value='42.3 %', interval='[33.1, 52.0]', rank='', n='', note='', is_first=False)
    """
    return _cell(found, f"{_tenths(found.value)} %", _tenths, show_n=show_n)


def points_cell(found: Interval) -> Cell:
    """Return a difference of shares in percentage points, with its sign.

    Example:
        >>> from dermatrust.agreement.interval import Estimate
        >>> points_cell(Estimate(-0.0512, -0.107, 0.008, 100, 90, 0)).value
        '−5.1'
    """
    return _cell(found, signed_points(found.value), signed_points)


def score_cell(found: Interval) -> Cell:
    """Return a ratio, or an area under a curve, with two decimals and its interval.

    Example:
        >>> from dermatrust.agreement.interval import Estimate
        >>> score_cell(Estimate(0.423, 0.331, 0.52, 100, 90, 0)).interval
        '[0.33, 0.52]'
    """
    interval = "" if math.isnan(found.low) else f"[{score_text(found.low)}, {score_text(found.high)}]"
    return Cell(score_text(found.value), interval)


def share_text(found: Interval) -> str:
    """Return "42 % [33, 52]" for a chart; a dash where there is no value."""
    if math.isnan(found.value):
        return NOTHING
    interval = "" if math.isnan(found.low) else f" [{whole(found.low)}, {whole(found.high)}]"
    return f"{whole(found.value)} %{interval}"


def points_text(found: Interval) -> str:
    """Return "+7.1 [+2.0, +12.4]" for a chart; a dash where there is no value."""
    if math.isnan(found.value):
        return NOTHING
    interval = "" if math.isnan(found.low) else f" [{signed_points(found.low)}, {signed_points(found.high)}]"
    return signed_points(found.value) + interval


def whole(share: float) -> str:
    """Return a share in whole percent; one decimal where it is near 0 or 100.

    Example:
        >>> whole(0.423), whole(0.004), whole(0.0), whole(0.9964), whole(1.0)
        ('42', '0.4', '0', '99.6', '100')
    """
    percent = without_noise(100 * share)
    if 0 < percent < 1 or 99 < percent < 100:
        return f"{percent:.1f}".removesuffix(".0")
    return f"{percent:.0f}"


def signed_points(share: float) -> str:
    """Return a difference of shares in points of percent, one decimal.

    Example:
        >>> signed_points(0.071), signed_points(-0.5), signed_points(0.0001)
        ('+7.1', '−50.0', '0.0')
    """
    if math.isnan(share):
        return NOTHING
    text = _tenths(abs(share))
    return text if text == "0.0" else f"{'+' if share > 0 else MINUS}{text}"


def of_hundred(found: Interval) -> str:
    """Return a share as so many of 100 cases, with its interval.

    Example:
        >>> from dermatrust.agreement.interval import Estimate
        >>> of_hundred(Estimate(0.423, 0.331, 0.52, 100, 90, 0))
        '42 of 100 cases (33 to 52)'
    """
    interval = "" if math.isnan(found.low) else f" ({whole(found.low)} to {whole(found.high)})"
    return f"{whole(found.value)} of 100 cases{interval}"


def points_axis(rows: list[tuple[float, float, float]], ends: tuple[str, str]) -> Axis:
    """Return an axis about zero that holds every (value, low, high), in percentage points."""
    farthest = max((abs(x) for row in rows for x in row if not math.isnan(x)), default=0.0)
    step = next((step for step in _STEPS if 2 * step >= farthest), _STEPS[-1])
    ticks = tuple((k * step, _tick(100 * k * step)) for k in range(-2, 3))
    return Axis(-2 * step, 2 * step, ticks, zero=0.0, ends=ends)


def tenths_text(share: float) -> str:
    """Return a share alone in percent, one decimal; a dash where there is none.

    Example:
        >>> tenths_text(0.423), tenths_text(float("nan"))
        ('42.3 %', '–')
    """
    return NOTHING if math.isnan(share) else f"{_tenths(share)} %"


def _tick(points: float) -> str:
    sign = "+" if points > 0 else MINUS if points < 0 else ""
    return f"{sign}{abs(points):g}"


def _cell(found: Interval, value: str, number: Callable[[float], str], *, show_n: bool = False) -> Cell:
    n = f"n {found.n:,}" if show_n else ""
    if math.isnan(found.value):
        return Cell(NOTHING, "", n=n, note="" if show_n else "no case")
    interval = "" if math.isnan(found.low) else f"[{number(found.low)}, {number(found.high)}]"
    return Cell(value, interval, n=n, note="" if interval else "one patient: no interval")


def _tenths(share: float) -> str:
    return f"{without_noise(100 * share):z.1f}"
