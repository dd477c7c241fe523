"""What a text says about the skin, read once through the lexicon: claims, diagnoses, conclusion, advice."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dermatrust.judge.lexical_advice import ESCALATION, STRENGTH, Advice, read_advice
from dermatrust.judge.lexical_announced import announced_conclusion
from dermatrust.judge.lexical_ascription import described_alternatives, of_this_skin
from dermatrust.judge.lexical_conclusion import (
    Conclusion,
    Named,
    Span,
    argued_conclusion,
    closing_conclusion,
    closing_spans,
    is_dismissed,
    merged,
    within,
)
from dermatrust.lexicon import Concept, Lexicon, Mention
from dermatrust.lexicon.sentences import Sentences, spaced, without_markup
from dermatrust.narrate import is_refusal

FEATURE_KINDS = ("finding", "colour", "border", "surface", "distribution", "site")
_SIZE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:(?:-|–|to|x|×)\s*(\d+(?:[.,]\d+)?)\s*)?(mm|cm|millimet\w+|centimet\w+)\b")
_WEIGHING = spaced(
    r"\b(?:less likely|unlikely|rul(?:e|es|ed|ing) out|exclud\w+|because|however|whereas|unlike|although|though|but"
    r"|lacks?|absen\w+|rather than|fits?|argues?|against|support\w*|distinguish\w*|in contrast|more typical"
    r"|tends? to|usually|typically|would"
    r"|favou?r\w*|(?:more|most|less) (?:likely|probable)|improbable)\b"
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
        favoured: The disease its reasoning announces or favours, closing lines aside.
        dismissed: The ids of diseases that it only ever denies, closing lines aside.
        red_flags: Alarm signs affirmed.
        red_flags_denied: Alarm signs said to be absent, and nowhere affirmed.
        advice: What it asks for, and what it advises that can hurt.
        sizes_mm: Lengths it states, in millimetres.
        first_feature: Where the first claim stands that is no reason against an alternative; -1 without one.
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
    dismissed: frozenset[str]
    red_flags: frozenset[Concept]
    red_flags_denied: frozenset[Concept]
    advice: Advice
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
    named = _named(mentions, lexicon)
    answers = closing_spans(sentences)
    closing = closing_conclusion(plain, sentences, named, answers, lexicon)
    conclusion = closing if closing.exists else argued_conclusion(sentences, named, answers)
    described = described_alternatives(named, conclusion, sentences)
    here = of_this_skin(mentions, named, described, sentences)
    features = [m for m in here if m.concept.kind in FEATURE_KINDS]
    claims, denied, torn = _stances(features)
    alarms, alarms_denied, alarms_torn = _stances(
        # an alarm sign to look out for is one whichever disease it would mean
        m
        for m in of_this_skin(mentions, named, (), sentences)
        if _is_alarm(m, lexicon)
    )
    return Profile(
        claims=claims,
        denied=denied,
        torn=torn,
        named=tuple(named),
        discussed=_discussed(named, closing, sentences, answers),
        conclusion=conclusion,
        favoured=announced_conclusion(sentences, named, answers),
        dismissed=_dismissed(named, merged([*answers, *described]), sentences),
        red_flags=frozenset(alarms) | alarms_torn,
        red_flags_denied=alarms_denied,
        advice=read_advice(plain, mentions, sentences, lexicon),
        sizes_mm=_sizes(sentences.lower),
        first_feature=_first_feature(features, described, sentences),
        weighs=_weighs(named, mentions, described, sentences),
        is_silent=not (mentions or closing.exists),
    )


def _named(mentions: Iterable[Mention], lexicon: Lexicon) -> list[Named]:
    return [
        Named(lexicon.diagnoses[mention.concept.id.partition("/")[2]], mention.start, mention.end, mention.status)
        for mention in mentions
        if mention.concept.kind == "diagnosis" and mention.status != "historical"
    ]


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


def _dismissed(named: Sequence[Named], elsewhere: Sequence[Span], sentences: Sentences) -> frozenset[str]:
    argued = [one for one in named if not within(one.start, elsewhere)]
    denied = {one.diagnosis.id for one in argued if one.status == "negated" and is_dismissed(sentences, one)}
    return frozenset(denied - {one.diagnosis.id for one in argued if one.status != "negated"})


def _first_feature(features: Iterable[Mention], described: Sequence[Span], sentences: Sentences) -> int:
    since = {sentences.index(start): start for start, _ in reversed(described)}
    held = [m.start for m in features if m.status in STRENGTH]
    return min((at for at in held if at < since.get(sentences.index(at), len(sentences.lower))), default=-1)


def _is_alarm(mention: Mention, lexicon: Lexicon) -> bool:
    return mention.concept.kind == "red_flag" and lexicon.groups.get(mention.concept.id) != ESCALATION


def _sizes(lower: str) -> tuple[float, ...]:
    sizes = set()
    for first, second, unit in _SIZE.findall(lower):
        factor = 10.0 if unit.startswith("c") else 1.0
        sizes |= {round(float(number.replace(",", ".")) * factor, 3) for number in (first, second) if number}
    return tuple(sorted(sizes))


def _weighs(
    named: Sequence[Named], mentions: Sequence[Mention], described: Sequence[Span], sentences: Sentences
) -> bool:
    """Whether a sentence that names a disease gives a reason for or against it, or says how an alternative looks."""
    places = {sentences.index(one.start) for one in named}
    if any(_WEIGHING.search(sentences.lower, *sentences.span(place)) for place in places):
        return True
    return any(m.concept.kind in FEATURE_KINDS and within(m.start, described) for m in mentions)
