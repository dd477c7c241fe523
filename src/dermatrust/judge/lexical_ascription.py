"""Whose features are they: this skin's, or those of a disease the text only talks about."""

from collections.abc import Iterable, Sequence
from itertools import islice

from dermatrust.judge.lexical_conclusion import Conclusion, Named, Span, merged, within
from dermatrust.lexicon import Mention
from dermatrust.lexicon.sentences import Sentences, spaced

_GENERAL = spaced(
    r"\b(?:typical(?:ly)?|usual(?:ly)?|often|common(?:ly)?|classic(?:ally|al)?|characteristically|tends? to|can|may"
    r"|might|would|generally|frequently|presents? (?:with|as)|features?|manifests?|lacks?|known for|associated with"
    r"|less likely|mimic\w*)\b"
)
"""What makes a sentence speak of a disease in general."""
_TEXTBOOK = spaced(r"\s*(?:itself )?(?:has|have|shows?|forms?|produces?|causes?|gives?|consists? of|appears? as)\b")
"""After a disease that begins its sentence: "Eczema has scale" is about eczema, whoever has it."""
_COMPARED = spaced(
    r"\b(?:unlike|in contrast (?:to|with)|compared (?:to|with)|as opposed to|rather than|instead of|different from"
    r"|differs? from|distinguish\w* (?:\w+ )?from|not|over|than|with|known|on|until|(?:consistent|compatible) with)"
    r" (?:an?|the|that of)?\s*$"
)
"""What makes a disease the measure this skin is held against, or its soil: what follows is about this skin."""
_BACK_TO_THIS_SKIN = spaced(
    r"\b(?:(?:because|since|given)\b(?! (?:it|its|they|their|such)\b)"
    r"|(?:as|but|yet|though|although|while|whereas) (?:the|this|these|there|here|nothing|no|none|neither|all|both)\b"
    r"|here|in this|this (?:is|lesion|rash|patient|skin|eruption|plaque|case|was)"
    r"|these (?:are|lesions|findings|features)|owing to|due to|in view of|thanks to)\b"
)
"""What ends the talk about an alternative; "because it" goes on with it."""
_WOULD_MEAN = spaced(
    r"\b(?:would|could|might|may) (?:\w+ )?(?:suggest|indicate|mean|favou?r|point to|raise|support|speak for|argue for"
    r"|be expected|prompt|signal)\b"
)
"""What makes the features before it those of the disease after it: "bullae would suggest pemphigoid"."""
_INSTEAD = spaced(r"\b(?:instead of|rather than|as opposed to)\s+(?:an?|the|any)?\s*(?:\w+\s+)?$")
"""A feature named only to say what stands in its place is neither held nor plainly absent: "violet instead of red"."""


def of_this_skin(
    mentions: Iterable[Mention], named: Sequence[Named], described: Sequence[Span], sentences: Sentences
) -> list[Mention]:
    """Leave out the past, what belongs to a disease in general, and what belongs to an alternative.

    A feature missing for an alternative ("lichen planus is unlikely since thick scale is missing") is left out where
    the text affirms it elsewhere: it is there, only not as that disease would have it.
    """
    foreign = merged([*_general(named, sentences, described), *described])
    kept = [
        m
        for m in mentions
        if m.concept.kind != "diagnosis" and m.status != "historical" and not within(m.start, foreign)
    ]
    affirmed = {m.concept for m in kept if m.status == "affirmed"}
    compared = {sentences.index(start) for start, _ in described}
    return [
        m
        for m in kept
        if m.status != "negated"
        or not (
            (m.concept in affirmed and sentences.index(m.start) in compared)
            or _INSTEAD.search(sentences.lower, sentences.span(sentences.index(m.start))[0], m.start)
        )
    ]


def _general(named: Sequence[Named], sentences: Sentences, described: Sequence[Span]) -> list[Span]:
    """Return what follows the disease in sentences that speak of it in general ("psoriasis typically has scale").

    Of a sentence on an alternative only the stretch that describes it counts, so that its reasons are not lost.
    """
    compared = {sentences.index(start) for start, _ in described}
    spans: dict[int, Span] = {}
    for one in named:
        place = sentences.index(one.start)
        if place in compared or place in spans:
            continue
        begin, end = sentences.span(place)
        if _GENERAL.search(sentences.lower, begin, end):
            spans[place] = (one.start, end)
        elif not sentences.lower[begin : one.start].strip() and _TEXTBOOK.match(sentences.lower, one.end, end):
            back = _BACK_TO_THIS_SKIN.search(sentences.lower, one.end, end)
            spans[place] = (one.start, back.start() if back else end)
    return list(spans.values())


def described_alternatives(named: Sequence[Named], conclusion: Conclusion, sentences: Sentences) -> list[Span]:
    """Return the stretches that describe a disease the text does not conclude.

    They begin at its name and end with the sentence, with the name of the concluded disease, or where the text comes
    back to this skin ("because the border is sharp").
    """
    if not conclusion.exists or not conclusion.is_announced:
        return []
    concluded = {d.id for d in conclusion.diagnoses}
    spans = []
    for place, one in enumerate(named):
        begin, end = sentences.span(sentences.index(one.start))
        if one.diagnosis.id in concluded or _COMPARED.search(sentences.lower[begin : one.start]):
            continue
        for other in islice(named, place + 1, None):
            if other.start >= end or other.diagnosis.id in concluded:
                end = min(end, other.start)
                break
        back = _BACK_TO_THIS_SKIN.search(sentences.lower, one.end, end)
        spans.append((one.end, back.start() if back else end))
        if _WOULD_MEAN.search(sentences.lower, begin, one.start):
            spans.append((begin, one.start))
    return merged(spans)
