"""The one matcher: a text to its mentions, in time that depends on its length and not on the size of the tables."""

import re
from collections.abc import Callable
from itertools import accumulate
from operator import itemgetter
from typing import Final

from dermatrust.lexicon.concept import Concept, Mention
from dermatrust.lexicon.cues import RANKS, Connectives, Cue
from dermatrust.lexicon.gaps import JOIN, OPEN, gap_kind, gap_kind_at
from dermatrust.lexicon.phrases import MEANING, PhraseTable
from dermatrust.lexicon.scopes import Scopes
from dermatrust.lexicon.spelling import WORD

_split: Final[Callable[[str], list[str]]] = re.compile(f"({WORD})").split
_place = itemgetter(0)

Found = tuple[int, int, Concept | Cue]
"""First word, last word (as places in the parts) and what the words mean."""


def cut(text: str) -> list[str]:
    """Cut a text into gap, word, gap, word, ..., gap, in lower case; the lengths are those of the text itself.

    Example:
        >>> cut("No scale.")
        ['', 'no', ' ', 'scale', '.']
    """
    lower = text.lower()
    if len(lower) != len(text):  # a few letters grow in lower case; positions must stay those of the text
        lower = "".join(low if len(low := c.lower()) == 1 else c for c in text)
    if "’" in lower:
        lower = lower.replace("’", "'")
    return _split(lower)


def find_phrases(parts: list[str], table: PhraseTable) -> list[Found]:
    """Return the longest known phrases from left to right; they do not overlap."""
    root = table.root
    found: list[Found] = []
    free, last_word = 0, len(parts) - 2
    for start in [2 * k + 1 for k, word in enumerate(parts[1::2]) if word in root]:
        if start < free:
            continue
        node = root[parts[start]]
        meaning, end, place = node.get(MEANING), start, start
        while place < last_word:
            gap = parts[place + 1]
            if gap != " " and gap_kind(gap) != JOIN:
                if gap != ", " or "," not in node:
                    break
                node = node[","]
            node = node.get(parts[place + 2])
            if node is None:
                break
            place += 2
            if MEANING in node:
                meaning, end = node[MEANING], place
        if meaning is not None:
            found.append((start, end, meaning))
            free = end + 2
    return found


def find_mentions(text: str, table: PhraseTable, connectives: Connectives) -> list[Mention]:
    """Return the concepts a text mentions and how it holds each of them."""
    parts = cut(text)
    found = find_phrases(parts, table)
    concepts = [one for one in found if type(one[2]) is Concept]
    if not concepts:
        return []
    ranks = _ranks(parts, found, connectives) if len(found) > len(concepts) else [0] * len(concepts)
    ends = list(accumulate(map(len, parts)))
    return [
        Mention(concept, ends[start - 1], ends[end], RANKS[rank])  # type: ignore[arg-type]  # cues were left out above
        for (start, end, concept), rank in zip(concepts, ranks, strict=True)
    ]


def _ranks(parts: list[str], found: list[Found], connectives: Connectives) -> list[int]:
    events: list[tuple[int, int, Concept | Cue | None]] = [*found]
    gaps = parts[::2]
    gaps[0] = gaps[-1] = " "  # no boundary before the first word or after the last
    for k, gap in enumerate(gaps):
        if gap != " " and gap_kind(gap) > OPEN:
            kind = gap_kind_at(parts, 2 * k)
            if kind > OPEN:
                events.append((2 * k, kind, None))
    events.sort(key=_place)
    scopes = Scopes(parts, connectives)
    for start, end, meaning in events:
        if meaning is None:
            scopes.gap(start, end)
        elif type(meaning) is Concept:
            scopes.mention(start, end, meaning.kind)
        else:
            scopes.cue(start, end, meaning)  # type: ignore[arg-type]  # what is no concept is a cue
    return scopes.ranks
