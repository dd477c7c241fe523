"""The phrase table: word sequences to what they mean, the longest one wins."""

from collections.abc import Iterable
from typing import Any

MEANING = ""
"""The key under which a node keeps its meaning; no word is empty."""


class PhraseTable:
    """A trie over words.

    Example:
        >>> table = PhraseTable()
        >>> table.add(("lichen", "planus"), "LP")
        >>> table.get(("lichen", "planus")), table.get(("lichen",))
        ('LP', None)
    """

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}

    def add(self, words: Iterable[str], meaning: object) -> None:
        """Give a word sequence its meaning; the first meaning given stays."""
        node = self.root
        for word in words:
            child = node.get(word)
            if child is None:
                child = node[word] = {}
            node = child
        node.setdefault(MEANING, meaning)

    def get(self, words: Iterable[str]) -> Any:
        """Return the meaning of exactly this word sequence, or None."""
        node = self.root
        for word in words:
            if word not in node:
                return None
            node = node[word]
        return node.get(MEANING)
