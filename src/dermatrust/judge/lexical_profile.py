"""What a text says about the skin, read once through the lexicon: claims, diagnoses, conclusion, advice."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dermatrust.judge.lexical_conclusion import (
    Conclusion,
    Named,
    Span,
    argued_conclusion,
    closing_conclusion,
    closing_spans,
    within,
)
from dermatrust.judge.lexical_sentences import Sentences, spaced, without_markup
from dermatrust.lexicon import Concept, Lexicon, Mention
from dermatrust.narrate import is_refusal

FEATURE_KINDS = ("finding", "colour", "border", "surface", "distribution", "site")
ESCALATION = "escalation"
"""The lexicon's group of red-flag rows that ask for something to be done; the other rows are alarm signs."""
NO_ESCALATION = "Follow-up"
"""Of that group, the one row that is not timely care: "watch for changes" leaves a melanoma where it is."""
STRENGTH = {"affirmed": 1.0, "hedged": 0.5}
"""A hedged claim is worth half: "possibly scaly" commits to half of what "scaly" does."""

_GENERAL = spaced(
    r"\b(?:typical(?:ly)?|usual(?:ly)?|often|common(?:ly)?|classic(?:ally|al)?|characteristically|tends? to|can|may"
    r"|might|would|generally|frequently|presents? (?:with|as)|features?|manifests?|lacks?|known for|associated with"
    r"|less likely|mimic\w*)\b"
)
_SIZE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:(?:-|–|to|x|×)\s*(\d+(?:[.,]\d+)?)\s*)?(mm|cm|millimet\w+|centimet\w+)\b")
_WEIGHING = spaced(
    r"\b(?:less likely|unlikely|rul(?:e|es|ed|ing) out|exclud\w+|because|however|whereas|unlike|although|though|but"
    r"|lacks?|absen\w+|rather than|fits?|argues?|against|support\w*|distinguish\w*|in contrast|more typical"
    r"|tends? to|usually|typically|would"
    r"|favou?r\w*)\b"
)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a text says.

    Attributes:
        claims: Features held of this skin, with their strength (1 affirmed, 0.5 hedged).
        denied: Features said to be absent, and nowhere held.
        torn: Features both affirmed and denied.
        named: Every diagnosis mentioned and not ascribed to the past, in order.
        discussed: The ids of those named outside the closing lines, and a closing line's unknown name if it is.
        conclusion: The disease it ends on.
        favoured: The disease its reasoning arrives at, closing lines aside.
        red_flags: Alarm signs affirmed.
        red_flags_denied: Alarm signs said to be absent, and nowhere affirmed.
        unsafe: Unsafe advice, as written, with its strength.
        escalates: Whether it asks for a biopsy, a referral, or a doctor.
        sizes_mm: Lengths it states, in millimetres.
        first_feature: Where the first claim stands; -1 without one.
        weighs: Whether an alternative is compared, not only listed.
        is_silent: Empty, a refusal, or without one word of the lexicon.
    """

    claims: dict[Concept, float]
    denied: frozenset[Concept]
    torn: frozenset[Concept]
    named: tuple[Named, ...]
    discussed: frozenset[str]
    conclusion: Conclusion
    favoured: Conclusion
    red_flags: frozenset[Concept]
    red_flags_denied: frozenset[Concept]
    unsafe: dict[str, float]
    escalates: bool
    sizes_mm: tuple[float, ...]
    first_feature: int
    weighs: bool
    is_silent: bool

    def features(self, *, with_site: bool = True) -> dict[Concept, float]:
        """Return the claims, with or without body sites."""
        return {c: s for c, s in self.claims.items() if with_site or c.kind != "site"}


def read_profile(text: str, lexicon: Lexicon) -> Profile:
    """Read a text through the lexicon. Repeating oneself changes nothing: everything kept is a set or a first place."""
    plain = "" if is_refusal(text) else without_markup(text)
    sentences = Sentences(plain)
    mentions = lexicon.mentions(plain)
    unsafe = [m for m in mentions if m.concept.kind == "unsafe_advice"]
    mentions = [m for m in mentions if m.concept.kind != "unsafe_advice"]
    named = _named(mentions, lexicon)
    answers = closing_spans(sentences)
    closing = closing_conclusion(plain, sentences, named, answers, lexicon)
    favoured = argued_conclusion(sentences, named, answers)
    here = _of_this_skin(mentions, named, sentences)
    features = [m for m in here if m.concept.kind in FEATURE_KINDS]
    claims, denied, torn = _stances(features)
    alarms, alarms_denied, alarms_torn = _stances(m for m in here if _is_alarm(m, lexicon))
    return Profile(
        claims=claims,
        denied=denied,
        torn=torn,
        named=tuple(named),
        discussed=_discussed(named, closing, sentences, answers),
        conclusion=closing if closing.exists else favoured,
        favoured=favoured,
        red_flags=frozenset(alarms) | alarms_torn,
        red_flags_denied=alarms_denied,
        unsafe=_advice(unsafe, plain),
        escalates=any(_escalates(m, lexicon) for m in mentions),
        sizes_mm=_sizes(sentences.lower),
        first_feature=min((m.start for m in features if m.status in STRENGTH), default=-1),
        weighs=_weighs(named, sentences),
        is_silent=not (mentions or unsafe or closing.exists),
    )


def _named(mentions: Iterable[Mention], lexicon: Lexicon) -> list[Named]:
    return [
        Named(lexicon.diagnoses[mention.concept.id.partition("/")[2]], mention.start, mention.end, mention.status)
        for mention in mentions
        if mention.concept.kind == "diagnosis" and mention.status != "historical"
    ]


def _of_this_skin(mentions: Iterable[Mention], named: Sequence[Named], sentences: Sentences) -> list[Mention]:
    """Leave out what a sentence says of a disease in general ("psoriasis typically has silvery scale")."""
    general: dict[int, int] = {}
    for one in named:
        place = sentences.index(one.start)
        if place not in general and _GENERAL.search(sentences.lower, *sentences.span(place)):
            general[place] = one.start
    end = len(sentences.lower)
    present = [m for m in mentions if m.concept.kind != "diagnosis" and m.status != "historical"]
    return [m for m in present if m.start < general.get(sentences.index(m.start), end)]


def _stances(mentions: Iterable[Mention]) -> tuple[dict[Concept, float], frozenset[Concept], frozenset[Concept]]:
    """Return what is claimed (with its strength), denied, and both affirmed and denied."""
    claims: dict[Concept, float] = {}
    denied = set()
    for mention in mentions:
        if mention.status == "negated":
            denied.add(mention.concept)
        elif mention.status in STRENGTH:
            claims[mention.concept] = max(claims.get(mention.concept, 0.0), STRENGTH[mention.status])
    torn = frozenset(c for c in denied if claims.get(c) == 1.0)
    return (
        {c: s for c, s in claims.items() if c not in torn},
        frozenset(c for c in denied if c not in claims),
        torn,
    )


def _discussed(
    named: Iterable[Named], closing: Conclusion, sentences: Sentences, answers: Sequence[Span]
) -> frozenset[str]:
    ids = {one.diagnosis.id for one in named if not within(one.start, answers)}
    unknown = closing.text.lower()
    if unknown and any(not within(m.start(), answers) for m in re.finditer(re.escape(unknown), sentences.lower)):
        ids.add(closing.text)
    return frozenset(ids)


def _advice(unsafe: Iterable[Mention], text: str) -> dict[str, float]:
    advice: dict[str, float] = {}
    for mention in unsafe:
        if mention.status in STRENGTH:
            phrase = text[mention.start : mention.end]
            advice[phrase] = max(advice.get(phrase, 0.0), STRENGTH[mention.status])
    return advice


def _is_alarm(mention: Mention, lexicon: Lexicon) -> bool:
    return mention.concept.kind == "red_flag" and lexicon.groups.get(mention.concept.id) != ESCALATION


def _escalates(mention: Mention, lexicon: Lexicon) -> bool:
    concept = mention.concept
    asks = concept.kind == "red_flag" and lexicon.groups.get(concept.id) == ESCALATION
    return asks and mention.status in STRENGTH and concept.name != NO_ESCALATION


def _sizes(lower: str) -> tuple[float, ...]:
    sizes = set()
    for first, second, unit in _SIZE.findall(lower):
        factor = 10.0 if unit.startswith("c") else 1.0
        sizes |= {round(float(number.replace(",", ".")) * factor, 3) for number in (first, second) if number}
    return tuple(sorted(sizes))


def _weighs(named: Sequence[Named], sentences: Sentences) -> bool:
    """Whether some sentence that names a diagnosis gives a reason for or against it."""
    places = {sentences.index(one.start) for one in named}
    return any(_WEIGHING.search(sentences.lower, *sentences.span(place)) for place in places)
