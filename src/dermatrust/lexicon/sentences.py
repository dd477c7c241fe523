"""A text cleaned of markup and cut into sentences."""

import re
from bisect import bisect_right
from itertools import pairwise

_MARKUP = re.compile(r"</?think>|[*_`#{}|]")
_SENTENCE_END = re.compile(r"[.!?](?=\s)|\n\s*")
LONGEST = 1000
"""Letters after which a sentence is cut: a list without an end would otherwise cost the square of its length."""


def without_markup(text: str) -> str:
    """Return the text with tags and emphasis marks blanked out; every other character keeps its place.

    Example:
        >>> without_markup("<think>A **plaque**.</think>").split()
        ['A', 'plaque', '.']
    """
    return _MARKUP.sub(lambda mark: " " * len(mark.group()), text)


def spaced(pattern: str) -> re.Pattern[str]:
    """Return a pattern whose spaces match any white space: markup leaves blanks, and lines break anywhere.

    Example:
        >>> bool(spaced("less likely").search("less   likely"))
        True
    """
    return re.compile(pattern.replace(" ", r"\s+"))


class Sentences:
    """The sentences of a text by character position.

    Example:
        >>> sentences = Sentences("A red plaque. It itches.")
        >>> sentences.index(16), sentences.span(0)
        (1, (0, 13))
    """

    def __init__(self, text: str) -> None:
        lower = text.lower()
        # a few letters change length in lower case; the positions of mentions must stay true
        self.lower = lower if len(lower) == len(text) else text
        ends = [0, *(end.end() for end in _SENTENCE_END.finditer(text)), len(text)]
        self._starts = [start for a, b in pairwise(ends) for start in range(a, max(b, a + 1), LONGEST)] or [0]

    def index(self, position: int) -> int:
        """Return the number of the sentence a position stands in."""
        return bisect_right(self._starts, position) - 1

    def span(self, index: int) -> tuple[int, int]:
        """Return where a sentence begins and ends."""
        end = self._starts[index + 1] if index + 1 < len(self._starts) else len(self.lower)
        return self._starts[index], end
