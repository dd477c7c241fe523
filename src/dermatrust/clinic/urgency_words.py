"""Which level of urgency a passage claims: the words of the levels, less what is denied or only conditional."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import yaml

from dermatrust.lexicon.concept import Concept, Status
from dermatrust.lexicon.cues import Connectives, connectives_of, read_cues
from dermatrust.lexicon.lexicon import PACKAGED
from dermatrust.lexicon.matcher import find_mentions
from dermatrust.lexicon.phrases import PhraseTable
from dermatrust.lexicon.sentences import Sentences
from dermatrust.lexicon.spelling import words_of
from dermatrust.records import Urgency

TABLE = Path(__file__).with_name("urgency_words.yaml")
URGENCIES: tuple[Urgency, ...] = get_args(Urgency)
"""The three levels, most pressing first."""
_NEITHER = "neither"
_CONDITION = re.compile(
    r"\b(?:if|unless|should (?:it|they|this|any|you|the|there|new|symptoms|signs)|in case|in the event|whenever)\b"
)
_SETTLED = re.compile(r";|\b(?:otherwise|else|but)\b")
"""What ends a condition that stands before."""
_DENIED = re.compile(
    r"^(?:[^\w,;:.]+\w+){0,4}?[^\w,;:.]+(?:(?:is|are|was|were|be|seems?|appears?|does|do)\s+)?(?:(?:not|never)\s+(?:\w+\s+)?|n't\s+|un)"
    r"(?:seem\s+|appear\s+)?(?:needed|required|necessary|indicated|warranted|called for|justified)\b"
)
_ALTERNATIVE = re.compile(r"^\W*(?:or|to|/|vs\.?|versus)?\W*$|^\s*(?:and|/)\s*or\s*$")
_CJK = re.compile(r"([\u4e00-\u9fff]+)")


@dataclass(frozen=True, slots=True)
class Claim:
    """A level that a passage names, at `passage[start:end]`.

    Attributes:
        level: The level.
        is_name: Whether the words are the level's own, not only a time or a place to go.
        status: How the passage holds it; "hedged" is still an answer where nothing else is.
        start: Where the words begin.
        end: Where they end.
    """

    level: Urgency
    is_name: bool
    status: Status
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a passage claims as a whole: one level, none, or several at once.

    Attributes:
        level: The level; None where it claims none, or several.
        is_contradictory: Whether it claims several.
    """

    level: Urgency | None = None
    is_contradictory: bool = False


UNCLAIMED = Claimed()
"""Of a passage that claims nothing."""


def claims_in(passage: str) -> list[Claim]:
    """Return the levels a passage names, from left to right, without those under a condition ("urgent if it bleeds").

    Example:
        >>> [(one.level, one.status) for one in claims_in("Not urgent; a routine appointment. If it bleeds, A&E.")]
        [('urgent', 'negated'), ('routine', 'affirmed')]
    """
    plain = _plain(passage)
    table, connectives = _table()
    sentences = Sentences(plain)
    found = []
    for mention in find_mentions(plain, table, connectives):
        _, level, kind = mention.concept.id.split("/")
        if level != _NEITHER and not _is_conditional(plain, sentences, mention.start, mention.end):
            status = "negated" if _is_denied(plain, sentences, mention.start, mention.end) else mention.status
            found.append(Claim(_level(level), kind == "names", status, mention.start, mention.end))
    return found


def claimed(passage: str) -> Claimed:
    """Return the level a passage claims.

    What is affirmed comes before what is hedged, and a level's own name before the times beside it, so that "urgent
    (same day)" is urgent. A denied "urgent" is routine where nothing else is said, and other denials say nothing. Of
    "emergent" and "urgent" together the more pressing counts, for "urgent" is said of emergencies too; as alternatives
    ("urgent or emergent") they contradict each other, and so does either together with "routine".

    Example:
        >>> claimed("This needs same-day assessment."), claimed("not urgent"), claimed("Routine. Urgent!")
        (Claimed(level='emergent', is_contradictory=False), Claimed(level='routine', is_contradictory=False), Claimed(level=None, is_contradictory=True))
    """  # noqa: E501  # the example's answer is one line
    plain = _plain(passage)
    found = claims_in(plain)
    for chosen in _by_weight(found):
        if chosen:
            return _one_of(chosen, plain)
    if any(claim.status == "negated" and claim.level == "urgent" for claim in found):
        return Claimed("routine")
    return UNCLAIMED


def _plain(passage: str) -> str:
    """Return a passage with plain apostrophes and its Chinese words apart, between which it has no spaces."""
    return passage if passage.isascii() else _CJK.sub(r" \1 ", passage).replace("’", "'")


def _by_weight(found: list[Claim]) -> Iterator[list[Claim]]:
    for status in ("affirmed", "hedged"):
        for is_name in (True, False):
            yield [claim for claim in found if claim.status == status and claim.is_name == is_name]


def _one_of(chosen: list[Claim], passage: str) -> Claimed:
    levels = {claim.level for claim in chosen}
    if len(levels) == 1:
        return Claimed(levels.pop())
    is_open = any(a.level != b.level and _ALTERNATIVE.match(passage[a.end : b.start]) for a, b in pairwise(chosen))
    if "routine" in levels or is_open:
        return Claimed(is_contradictory=True)
    return Claimed("emergent")


def _is_conditional(text: str, sentences: Sentences, start: int, end: int) -> bool:
    """Whether a condition stands in the sentence before the words, or in their clause behind them."""
    first, last = sentences.span(sentences.index(start))
    before, after = text[first:start].lower(), text[end:last].lower()
    begun = _CONDITION.search(before)
    if begun and not _SETTLED.search(before, begun.end()):
        return True
    clause = re.split(r"[,;:]|\bbut\b|\band\b", after, maxsplit=1)[0]
    return bool(_CONDITION.search(clause))


def _is_denied(text: str, sentences: Sentences, start: int, end: int) -> bool:
    """Whether what follows in the sentence says that it is not needed; the lexicon's cues look the other way."""
    last = sentences.span(sentences.index(start))[1]
    return bool(_DENIED.match(text[end:last].lower().replace("n't", " n't")))


def _level(name: str) -> Urgency:
    return next(level for level in URGENCIES if level == name)


@cache
def _table() -> tuple[PhraseTable, Connectives]:
    """Return the phrases of the levels, with the lexicon's cues of denial and doubt."""
    levels = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    table = PhraseTable()
    for level in URGENCIES:
        for kind in ("names", "times"):
            _add(table, levels[level][kind], f"urgency/{level}/{kind}")
    _add(table, levels[_NEITHER], f"urgency/{_NEITHER}/names")
    cues = read_cues(PACKAGED / "cues.csv")
    connectives = connectives_of(cues)
    for phrase, cue in cues.items():
        if phrase not in connectives.ends_if_used | connectives.joins:
            table.add(words_of(phrase), cue)
    return table, connectives


def _add(table: PhraseTable, rows: Iterable[dict[str, Any]], name: str) -> None:
    for row in rows:
        for phrase in row["phrases"]:
            table.add(words_of(phrase), Concept(name, "red_flag", phrase))
