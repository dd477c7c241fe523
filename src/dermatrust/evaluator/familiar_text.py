"""Which sentences hold words, or pairs of neighbours, that an evaluator has never read.

What an evaluator does with a sentence it has never met is chance: harmless or not, it may raise a score. It cannot be
asked, since it is as sure as ever. So what it has read is kept: every pair of words that stood side by side in the
texts it learnt from, with each sentence's beginning and end as words of their own. A sentence with `limit` pairs that
are not among them is unfamiliar; a word that was never met makes two. No wording of any attack is known here.

Reference:
    Pimentel et al. (2014), A review of novelty detection, Signal Processing 99:215-249,
    https://doi.org/10.1016/j.sigpro.2013.12.026.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Protocol, runtime_checkable

from dermatrust.errors import DataError
from dermatrust.store.atomic import write_text

FAMILIAR_TEXT = "familiar_text.txt"
"""Its file, beside the weights."""
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’-][^\W\d_]+)*|\S")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_NUMBER = "0"
_BEGIN, _END = "^", "$"

Pair = tuple[str, str]


def word_pairs(text: str) -> Iterator[tuple[str, list[Pair]]]:
    """Yield every sentence of a text with its pairs of neighbouring words; numbers are alike, signs are words.

    Example:
        >>> list(word_pairs("Aged 52."))
        [('Aged 52.', [('^', 'Aged'), ('Aged', '0'), ('0', '.'), ('.', '$')])]
    """
    for sentence in _SENTENCE_END.split(text):
        words = [_NUMBER if word[0].isdecimal() else word for word in _WORD.findall(sentence)]
        if words:
            yield sentence, list(pairwise([_BEGIN, *words, _END]))


@dataclass(frozen=True, slots=True)
class FamiliarText:
    """What an evaluator has read.

    Attributes:
        pairs: Words that stood side by side.
        limit: Pairs it never met from which on a sentence is unfamiliar.
    """

    pairs: frozenset[Pair]
    limit: int

    def n_unmet(self, text: str) -> int:
        """Return how many pairs the strangest sentence of a text has that the evaluator never met."""
        return max((n for n, _ in self._unmet(text)), default=0)

    def strangest(self, text: str) -> str | None:
        """Return the sentence with most pairs that were never met, if it is unfamiliar; the first of equals.

        Example:
            >>> known = FamiliarText(frozenset(pair for _, pairs in word_pairs("A red plaque.") for pair in pairs), 2)
            >>> known.strangest("A red plaque."), known.strangest("A red plaque. A blue plaque.")
            (None, 'A blue plaque.')
        """
        n, sentence = max(self._unmet(text), key=lambda found: found[0], default=(0, ""))
        return sentence if n >= self.limit else None

    def _unmet(self, text: str) -> Iterator[tuple[int, str]]:
        for sentence, pairs in word_pairs(text):
            yield sum(pair not in self.pairs for pair in pairs), sentence


@runtime_checkable
class KnowsWhatItRead(Protocol):
    """A client that can say what of a text it has never met."""

    def strangest(self, text: str) -> str | None:
        """Return the strangest sentence of a text if it is unfamiliar, else None."""
        ...


def pairs_of(texts: Iterable[str]) -> frozenset[Pair]:
    """Return every pair of neighbouring words of some texts."""
    return frozenset(pair for text in texts for _, pairs in word_pairs(text) for pair in pairs)


def write_familiar_text(path: Path, familiar: FamiliarText) -> None:
    """Write what an evaluator has read: the limit, then a line for each word with all that followed it.

    Raises:
        DataError: It cannot be written.
    """
    lines = [str(familiar.limit)]
    for first, pairs in groupby(sorted(familiar.pairs), key=lambda pair: pair[0]):
        lines.append(" ".join([first, *(second for _, second in pairs)]))
    write_text(path, "\n".join([*lines, ""]))


def read_familiar_text(path: Path) -> FamiliarText | None:
    """Return what `write_familiar_text` wrote; None where there is no file.

    Raises:
        DataError: It cannot be read, or is no such file.
    """
    expected = "what `dermatrust train --export` wrote"
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DataError(str(path), f"cannot be read ({error})", expected) from None
    head, _, rest = content.partition("\n")
    *lines, end = rest.split("\n")
    words = [line.split(" ") for line in lines]
    if end or not head.isdecimal() or int(head) < 1 or not words or any(len(line) < 2 for line in words):
        raise DataError(str(path), "is cut short, or is no limit with lines of words", expected)
    return FamiliarText(frozenset((first, second) for first, *others in words for second in others), int(head))
