"""What stands between two words, and what it does to a phrase or to the scope of a cue."""

import re
from functools import lru_cache
from typing import Final

JOIN: Final = 0
"""A phrase may continue across it: space, hyphen, a line that wraps."""
OPEN: Final = 1
"""Ends a phrase, but nothing else: bracket, quote, slash, emphasis."""
COMMA: Final = 2
COLON: Final = 3
"""Colon, dash or closing bracket: ends a cue's scope once the scope holds something."""
STOP: Final = 4
"""End of a sentence, or semicolon."""
BULLET: Final = 5
"""A new line that begins a list item."""
PARAGRAPH: Final = 6
"""A blank line."""
BRACKET: Final = 7
"""An opening bracket: more of the same kind in it is the same thing again ("possible basal cell carcinoma (BCC)")."""

_BULLET = re.compile(r"\n[ \t>]*[-*•–][ \t*]")
_PARAGRAPH = re.compile(r"\n[ \t\r]*\n|\n[ \t]*#")
_STOP = re.compile(r"[;!?…。]|\.(?=[\s\"'”’)\]*_<]|$)|\.\.")
_COMMA = re.compile(r"[,、]")
_BRACKET = re.compile(r"[(\[]")
_COLON = re.compile(r"[:—)\]]|\s[-–]\s|--")
_KINDS = (
    (_BULLET, BULLET), (_PARAGRAPH, PARAGRAPH), (_STOP, STOP), (_BRACKET, BRACKET), (_COMMA, COMMA), (_COLON, COLON),
)  # fmt: skip
_JOIN = re.compile(r"[ \t\r]*[-‐‑]?[ \t\r]*\n?[ \t\r]*|[ \t]*\*{1,2}[ \t]*|\xa0")
_ABBREVIATIONS = frozenset({"vs", "dr", "cf", "approx", "fig", "al", "st"})


@lru_cache(maxsize=4096)
def gap_kind(gap: str) -> int:
    """Return what a gap does.

    Example:
        >>> gap_kind("-") == JOIN, gap_kind(", ") == COMMA, gap_kind(". ") == STOP, gap_kind(".") == OPEN
        (True, True, True, True)
    """
    if gap == ".":
        return OPEN  # inside a number or an abbreviation: a sentence ends with a space after it
    for pattern, kind in _KINDS:
        if pattern.search(gap):
            return kind
    return JOIN if _JOIN.fullmatch(gap) else OPEN


def gap_kind_at(parts: list[str], place: int) -> int:
    """Return what the gap at `place` does, knowing its neighbours: "e.g. scale" and "2. Eczema" are not sentence ends.

    Args:
        parts: The text cut into gap, word, gap, word, ..., gap.
        place: Where the gap stands; not the first or last.
    """
    gap, before, after = parts[place], parts[place - 1], parts[place + 1]
    kind = gap_kind(gap)
    if kind in (STOP, PARAGRAPH) and "\n" in gap and after.isdigit() and parts[place + 2][:1] in (".", ")"):
        return BULLET
    if kind in (STOP, COLON) and gap[0] in ".)" and "\n" not in gap:
        if gap[0] == "." and (before in _ABBREVIATIONS or (len(before) == 1 and before.isalpha())):
            return OPEN
        if before.isdigit() and (place == 2 or "\n" in parts[place - 2]):
            return OPEN
    return kind
