"""Numbers to text. Templates and charts only place what these functions return."""

import math
from collections.abc import Mapping
from datetime import datetime

from dermatrust.bench.results import Estimate
from dermatrust.bench.text import without_noise

NOTHING = "–"
"""Printed where a number is undefined; a note says why."""
MINUS = "−"
_ROMAN = ("", "I", "II", "III", "IV", "V", "VI")


def score_text(value: float) -> str:
    """Return a score with two decimals.

    Example:
        >>> score_text(3.1418), score_text(float("nan"))
        ('3.14', '–')
    """
    return NOTHING if math.isnan(value) else _fixed(value, 2)


def signed_text(value: float) -> str:
    """Return a difference with its sign and two decimals.

    Example:
        >>> signed_text(0.126), signed_text(-0.5), signed_text(-0.001)
        ('+0.13', '−0.50', '0.00')
    """
    if math.isnan(value):
        return NOTHING
    text = _fixed(value, 2)
    return f"+{text}" if value > 0 and text != "0.00" else text


def interval_text(estimate: Estimate, *, signed: bool = False) -> str:
    """Return "[3.02, 3.26]", or nothing where the interval is undefined."""
    if not estimate.has_interval:
        return ""
    number = signed_text if signed else score_text
    return f"[{number(estimate.low)}, {number(estimate.high)}]"


def estimate_text(estimate: Estimate, *, signed: bool = False) -> str:
    """Return "3.14 [3.02, 3.26]"; the mean alone without an interval; a dash without a mean."""
    value = signed_text(estimate.value) if signed else score_text(estimate.value)
    return f"{value} {interval_text(estimate, signed=signed)}".rstrip()


def why_undefined(estimate: Estimate) -> str:
    """Return why a mean or its interval is not printed; empty if both are."""
    if math.isnan(estimate.value):
        return "no score" if estimate.n == 0 else "a dimension has no score"
    return "" if estimate.has_interval else "no interval: fewer than two patients"


def of_text(n: int, total: int) -> str:
    """Return "391 of 400".

    Example:
        >>> of_text(391, 4000)
        '391 of 4,000'
    """
    return f"{n:,} of {total:,}"


def range_of_text(lowest: int, highest: int, total: int) -> str:
    """Return "391 of 400", or "388–391 of 400" where the dimensions of a row differ."""
    return of_text(highest, total) if lowest == highest else f"{lowest:,}–{of_text(highest, total)}"


def share_text(n: int, total: int) -> str:
    """Return a share as a percentage with one decimal.

    Example:
        >>> share_text(1, 3), share_text(0, 0)
        ('33.3 %', '–')
    """
    return f"{100 * n / total:.1f} %" if total else NOTHING


def p_text(p: float) -> str:
    """Return a p-value with three decimals, "< 0.001" below that.

    Example:
        >>> p_text(0.0321), p_text(0.0004), p_text(1.0), p_text(float("nan"))
        ('0.032', '< 0.001', '1.000', '–')
    """
    if math.isnan(p):
        return NOTHING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def counts_text(counts: Mapping[str, int]) -> str:
    """Return counts by name, most frequent first.

    Example:
        >>> counts_text({"no answer": 1, "unreadable": 12, "doubled": 0})
        'unreadable 12, no answer 1'
    """
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count:,}" for name, count in ordered if count)


def and_text(words: list[str]) -> str:
    """Join words as a sentence does.

    Example:
        >>> and_text(["a"]), and_text(["a", "b", "c"])
        ('a', 'a, b and c')
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def date_text(moment: str) -> str:
    """Return an ISO time as "3 May 2026, 14:03 UTC"; text that is no time is returned as it is.

    Example:
        >>> date_text("2026-05-03T14:03:59+00:00"), date_text("yesterday")
        ('3 May 2026, 14:03 UTC', 'yesterday')
    """
    try:
        time = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    zone = f" {time.tzname()}" if time.tzinfo else ""
    return f"{time.day} {time:%B %Y, %H:%M}{zone}"


def skin_type_text(fitzpatrick: int) -> str:
    """Return the Fitzpatrick skin type as it is written, "III" for 3."""
    return _ROMAN[fitzpatrick]


def plain_number(value: float) -> str:
    """Return a single score or quantity without needless zeros.

    Example:
        >>> plain_number(4.0), plain_number(3.25)
        ('4', '3.25')
    """
    return f"{without_noise(value):.2f}".rstrip("0").rstrip(".")


def _fixed(value: float, decimals: int) -> str:
    text = f"{abs(without_noise(value)):.{decimals}f}"
    return f"{MINUS}{text}" if value < 0 and float(text) else text
