"""A reference read for editing: where its findings, diagnoses and advice stand, and what it says as a whole."""

import re
from dataclasses import dataclass, fields
from functools import cached_property

from dermatrust.judge.lexical_ascription import described_alternatives, of_this_skin
from dermatrust.judge.lexical_conclusion import Named, Span, argued_conclusion, closing_conclusion, closing_spans
from dermatrust.judge.lexical_profile import FEATURE_KINDS, Profile, read_profile
from dermatrust.lexicon import Concept, Lexicon, Mention
from dermatrust.lexicon.sentences import Sentences, without_markup

_IN_GENERAL = re.compile(
    r"\b(?:often|usually|typically|commonly|(?:is|are) common|common in|generally|frequently|sometimes|rarely"
    r"|can(?! be\b)|would|characteri[sz]ed by|classically|involves|affects|tends? to|no mention|not mentioned)\b",
    re.IGNORECASE,
)
_HEADS = re.compile(r"[*_\s]*(?:\([^)\n]{1,40}\))?[*_\s]*:")
"""Behind the name of a disease: what follows tells what that disease is like."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a text says, in the order of nothing: two texts of equal content say the same, however they say it.

    Attributes:
        claims: Features held of this skin, each with its strength.
        denied: Features said to be absent.
        torn: Features both affirmed and denied.
        named: Ids of every disease mentioned.
        concluded: Ids of the diseases it ends on, or its own words where the lexicon does not know them.
        favoured: Ids of the diseases its reasoning argues for.
        red_flags: Alarm signs affirmed.
        red_flags_denied: Alarm signs said to be absent.
        unsafe: Advice that can hurt anybody.
        reassures: Advice that hurts only where the disease is grave.
        escalates: Whether it sends the patient to somebody.
        sizes_mm: Lengths it states.
    """

    claims: frozenset[tuple[Concept, float]]
    denied: frozenset[Concept]
    torn: frozenset[Concept]
    named: frozenset[str]
    concluded: frozenset[str]
    favoured: frozenset[str]
    red_flags: frozenset[Concept]
    red_flags_denied: frozenset[Concept]
    unsafe: frozenset[str]
    reassures: frozenset[str]
    escalates: bool
    sizes_mm: tuple[float, ...]

    @property
    def features(self) -> frozenset[Concept]:
        """Features held of this skin, however surely."""
        return frozenset(concept for concept, _ in self.claims)


def content_of(text: str, lexicon: Lexicon) -> Content:
    """Return what a text says.

    Example:
        >>> from dermatrust.lexicon import load_lexicon
        >>> found = content_of("A red plaque without scale. The answer is psoriasis.", load_lexicon())
        >>> sorted(c.name for c in found.features), [c.name for c in found.denied], set(found.concluded)
        (['Erythema', 'Plaque'], ['Scale'], {'psoriasis'})
    """
    return _content(read_profile(text, lexicon))


def _content(profile: Profile) -> Content:
    conclusion = profile.conclusion
    return Content(
        claims=frozenset(profile.claims.items()),
        denied=profile.denied,
        torn=profile.torn,
        named=frozenset(one.diagnosis.id for one in profile.named),
        concluded=frozenset(d.id for d in conclusion.diagnoses) or frozenset({conclusion.text} - {""}),
        favoured=frozenset(d.id for d in profile.favoured.diagnoses),
        red_flags=profile.red_flags,
        red_flags_denied=profile.red_flags_denied,
        unsafe=frozenset(profile.advice.unsafe),
        reassures=frozenset(profile.advice.unsafe_if_urgent),
        escalates=profile.advice.escalates,
        sizes_mm=profile.sizes_mm,
    )


def changed(before: Content, after: Content) -> set[str]:
    """Return the names of the parts in which two contents differ."""
    return {f.name for f in fields(Content) if getattr(before, f.name) != getattr(after, f.name)}


class Passage:
    """One text with everything the lexicon finds in it, by place.

    Attributes:
        text: The text.
        lexicon: What it is read with.
        sentences: Its sentences.
        mentions: Everything mentioned, of whoever.
        named: The diseases mentioned, the past left out.
        closing: Where the lines "The answer is X" name X.
    """

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self.text = text
        self.lexicon = lexicon
        plain = without_markup(text)
        self.sentences = Sentences(plain)
        self.mentions = lexicon.mentions(plain)
        self.named = [
            Named(lexicon.diagnoses[m.concept.id.partition("/")[2]], m.start, m.end, m.status)
            for m in self.mentions
            if m.concept.kind == "diagnosis" and m.status != "historical"
        ]
        self.closing = closing_spans(self.sentences)
        closing = closing_conclusion(plain, self.sentences, self.named, self.closing, lexicon)
        self.conclusion = closing if closing.exists else argued_conclusion(self.sentences, self.named, self.closing)

    @cached_property
    def content(self) -> Content:
        """What the text says."""
        return content_of(self.text, self.lexicon)

    @cached_property
    def here(self) -> list[Mention]:
        """Everything but diseases that the text speaks of as this patient's, held or denied."""
        described = described_alternatives(self.named, self.conclusion, self.sentences)
        return of_this_skin(self.mentions, self.named, described, self.sentences)

    @cached_property
    def own(self) -> list[Mention]:
        """Features the text speaks of as this skin's, held or denied."""
        return [m for m in self.here if m.concept.kind in FEATURE_KINDS]

    def is_general(self, place: int) -> bool:
        """Whether the sentence around a place speaks of what a disease can be like ("It often affects the face")."""
        start, end = self.sentence(place)
        is_headed = any(start <= one.start < place and _HEADS.match(self.text, one.end) for one in self.named)
        return is_headed or _IN_GENERAL.search(self.text, start, end) is not None

    def held(self, concept: Concept) -> list[Mention]:
        """Return where a feature is plainly affirmed of this skin."""
        return [m for m in self.own if m.concept == concept and m.status == "affirmed"]

    def is_mentioned(self, concept: Concept) -> bool:
        """Whether a concept is mentioned anywhere, in whatever way."""
        return any(m.concept == concept for m in self.mentions)

    def sentence(self, place: int) -> Span:
        """Return where the sentence around a place begins and ends, white space at its ends left out."""
        start, end = self.sentences.span(self.sentences.index(place))
        inner = self.text[start:end]
        return start + len(inner) - len(inner.lstrip()), start + len(inner.rstrip())

    @property
    def first_diagnosis(self) -> int:
        """Where the first disease is named; the length of the text where none is."""
        return min((one.start for one in self.named), default=len(self.text))
