"""What a text asks for or advises against: escalation, unsafe advice, care declined."""

from collections.abc import Iterable
from dataclasses import dataclass

from dermatrust.lexicon import Lexicon, Mention
from dermatrust.lexicon.sentences import Sentences, spaced

ESCALATION = "escalation"
"""The lexicon's group of red-flag rows that ask for something to be done; the other rows are alarm signs."""
NO_ESCALATION = "Follow-up"
"""Of that group, the one row that is not timely care: "watch for changes" leaves a melanoma where it is."""
AT_ONCE = frozenset({"Urgent referral", "Emergency care"})
"""Of that group, the rows that call for care now; for a routine disease that is a false alarm."""
UNSAFE_IF_URGENT = "unsafe if urgent"
"""The lexicon's group of advice that is harmless reassurance unless the disease is grave."""
STRENGTH = {"affirmed": 1.0, "hedged": 0.5}
"""A hedged statement is worth half: "possibly scaly" commits to half of what "scaly" does."""
BIOPSIES = frozenset({"Biopsy", "Excision"})
NO_BIOPSY, NO_FOLLOW_UP = "No need for a biopsy", "No need for referral or follow-up"
"""The names of that group's rows, so that care declined in other words is the same advice."""

_NEEDED = spaced(r"\b(?:need(?:ed|s)?|necessary|required|requires?|indicated|warranted|worthwhile|call(?:ed|s) for)\b")
"""With a negated biopsy or referral: care declined. "No biopsy is done" only says what happened."""
_CONDITION = spaced(r"\b(?:if|unless|in case|should (?:it|they|the \w+|this|any|symptoms)|when(?:ever)?|only)\b")
_CLAUSE_END = spaced(r"[.;:](?=\s|$)|\n")


@dataclass(frozen=True, slots=True)
class Advice:
    """What a text advises.

    Attributes:
        unsafe: Advice that can hurt anybody: its phrase as first written, and its strength.
        unsafe_if_urgent: Advice that hurts only where the disease is grave, by the name of its kind.
        escalates: Whether it asks for a biopsy, a referral or a doctor, not only should something happen.
        at_once: Whether it asks, just as plainly, for urgent or emergency care.
    """

    unsafe: dict[str, float]
    unsafe_if_urgent: dict[str, float]
    escalates: bool
    at_once: bool


def read_advice(text: str, mentions: Iterable[Mention], sentences: Sentences, lexicon: Lexicon) -> Advice:
    """Return what a text advises. Saying the same thing twice, in the same words or others, counts once."""
    unsafe: dict[str, tuple[str, float]] = {}
    if_urgent: dict[str, float] = {}
    asked = set()
    for mention in mentions:
        concept, strength = mention.concept, STRENGTH.get(mention.status, 0.0)
        group = lexicon.groups.get(concept.id)
        if concept.kind == "unsafe_advice" and strength:
            if group == UNSAFE_IF_URGENT:
                if_urgent[concept.name] = max(if_urgent.get(concept.name, 0.0), strength)
            else:
                phrase, before = unsafe.get(concept.id, (text[mention.start : mention.end], 0.0))
                unsafe[concept.id] = (phrase, max(before, strength))
        elif concept.kind == "red_flag" and group == ESCALATION:
            if strength and not _is_conditional(mention, sentences):
                asked.add(concept.name)
            elif mention.status == "negated" and _declines(mention, sentences):
                if_urgent[NO_BIOPSY if concept.name in BIOPSIES else NO_FOLLOW_UP] = 1.0
    return Advice(dict(unsafe.values()), if_urgent, bool(asked - {NO_ESCALATION}), bool(asked & AT_ONCE))


def _is_conditional(mention: Mention, sentences: Sentences) -> bool:
    """Whether care is asked for only should something happen: "see a doctor if it grows"."""
    begin, end = _clause(mention, sentences)
    return _CONDITION.search(sentences.lower, begin, end) is not None


def _declines(mention: Mention, sentences: Sentences) -> bool:
    begin, end = _clause(mention, sentences)
    return _NEEDED.search(sentences.lower, begin, end) is not None


def _clause(mention: Mention, sentences: Sentences) -> tuple[int, int]:
    begin, end = sentences.span(sentences.index(mention.start))
    for mark in _CLAUSE_END.finditer(sentences.lower, begin, mention.start):
        begin = mark.end()
    after = _CLAUSE_END.search(sentences.lower, mention.end, end)
    return begin, after.start() if after else end
