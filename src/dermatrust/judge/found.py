"""One place in a judge's reply that says something about a dimension, and how its number is read."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from dermatrust.judge.aliases import Alias
from dermatrust.records import HIGHEST_SCORE, LOWEST_SCORE, storable
from dermatrust.records.rating import Reason


class Read(NamedTuple):
    """A number read from a field, or why there is none; `full_scale` where the text says it is out of 5 or 10."""

    value: float | None
    problem: Reason | None = None
    full_scale: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What the reply says about one dimension in one place."""

    alias: Alias
    read: Read
    source: str | tuple[tuple[str, Any], ...]
    """The line, or the JSON fields; shown only where a score is missing."""
    reason: str = ""

    @property
    def raw(self) -> str:
        """The text the score was to be read from."""
        if isinstance(self.source, str):
            return self.source
        fields = ", ".join(f'"{key}": {json.dumps(value, ensure_ascii=False)}' for key, value in self.source)
        return storable(f'"{self.alias.dimension.value}": {{{fields}}}')


NOT_A_NUMBER = Read(None, "not a number")

_NUMBER = re.compile(
    r"""(?P<sign>[-−])?(?P<number>\d{1,9}(?:[.,]\d{1,9})?)(?:(?!\w)|(?=分))   # 4  4.5  4,5  4分
        \s*(?:\(?\s*(?:/|out\s+of|points?\s+out\s+of)\s*(?P<scale>\d{1,4}(?:\.\d+)?)\)?)?   # /5  out of 5  (out of 10)
        (?P<tail>.*)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_TAIL = re.compile(
    r"""\s*(?: $ | [.,;:!?](?!\d) | [|)\]}(\[{<（【。，；：\n'"#]
        | [-–—]+(?!\s*\d)
        | (?:points?|pts|stars?|because|since|due\ to)\b | 分 | ✅ | ✓ | ⭐ )""",
    re.VERBOSE | re.IGNORECASE,
)


def read_number(value: object) -> Read:
    """Read a JSON value as a score."""
    if isinstance(value, bool):
        return NOT_A_NUMBER
    if isinstance(value, int | float):
        return _in_range(float(value)) if abs(value) < 1e300 else Read(None, "out of range")
    return read_score(value) if isinstance(value, str) else NOT_A_NUMBER


def read_score(text: str) -> Read:
    """Read what stands behind a field's name: "4", "4.5/5", "8/10", "4 out of 5", with anything a sentence may add.

    A number on a scale of 10 is halved where the scale is written beside it, and only there. A range, a count
    ("2 steps"), a percentage or any other scale is not a score.

    Example:
        >>> read_score("8/10 - sound").value, read_score("8").problem, read_score("2 steps").problem
        (4.0, 'out of range', 'not a number')
    """
    match = _NUMBER.match(text.strip())
    if match is None:
        return NOT_A_NUMBER
    value = float(match["number"].replace(",", ".")) * (-1 if match["sign"] else 1)
    if match["tail"].lstrip().startswith(("%", "％")):
        return Read(value, "out of range")
    return _on_scale(value, match["scale"]) if _TAIL.match(match["tail"]) else NOT_A_NUMBER


def _on_scale(value: float, scale: str | None) -> Read:
    if scale is None:
        return _in_range(value)
    if float(scale) == 2 * HIGHEST_SCORE:
        return _in_range(value / 2, full_scale=True)
    return _in_range(value, full_scale=True) if float(scale) == HIGHEST_SCORE else Read(value, "out of range")


def _in_range(value: float, *, full_scale: bool = False) -> Read:
    """Keep a number that is on the scale. The number itself is kept in the raw text otherwise."""
    if math.isnan(value):
        return NOT_A_NUMBER
    if not LOWEST_SCORE <= value <= HIGHEST_SCORE:
        return Read(value, "out of range", full_scale)
    return Read(abs(value), None, full_scale)  # abs: -0.0 is zero
