"""Whether a reference concludes another disease than its label, or never speaks of its label at all.

The confidence is a product of four judgements, each a number below: how far the concluded disease is from the label,
what the text says of the label, how many of four ways of reading the conclusion agree, and how firmly it is held.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from dermatrust.audit.conclusions import ReadConclusion, names_label, read_conclusions
from dermatrust.audit.finding import Kind, ReferenceFinding
from dermatrust.audit.labels import RELATED, SAME_GROUP, Label, Trace, holds_words, nearness, read_label, trace_of
from dermatrust.audit.reading import ReadReference
from dermatrust.judge.lexical_truth import n_unrelated
from dermatrust.lexicon import Diagnosis, Lexicon

MOST = 0.97
SAID: dict[Trace, float] = {"none": 1.0, "words": 0.95, "dismissed": 1.0, "relative": 0.92, "held": 0.88}
"""By what the text says of its label: one that it sets aside is contradicted as plainly as one it never names."""
BESIDE = 0.55
"""The label is held, or its words stand, in a concluding sentence too: "stasis dermatitis, impetiginised"."""
DISTANT_KIN, NEAR_KIN = 0.9, 0.55
"""The concluded disease shares the root of the tree with the label, or most of the way down."""
AGREEING = {4: 1.0, 3: 0.9, 2: 0.75, 1: 0.55}
"""By how many ways of reading find another disease, none finding the label."""
DISPUTED = 0.6
"""Factor where one way of reading does find the label."""
UNDECIDED = 0.93
"""Factor where the text does not decide between unrelated diseases."""
HEDGED = 0.85
"""Factor where every way of reading rests on a hedged mention."""
LOOSE_LABEL = 0.6
"""Factor where the label names several diseases, or a disease beside other words ("melanoma mimic")."""
BY_CATEGORY = 0.55
"""The label means nothing to the lexicon, but the concluded disease is filed under another category."""
NEVER = {"none": 0.95, "words": 0.4, "relative": 0.5}
"""Confidence that a label is never named, by the trace that is left."""
NEVER_UNKNOWN = 0.6
"""The same where the lexicon does not know the label, so that only its words could be looked for."""


def check_label(read: ReadReference, lexicon: Lexicon) -> Iterator[ReferenceFinding]:
    """Yield a contradiction of the label and the lack of any trace of it; nothing for a case without a label."""
    if read.case.label is None:
        return
    label = read_label(read.case.label, lexicon)
    ways = read_conclusions(read)
    if label.diagnoses:
        trace = trace_of(label, read, lexicon)
        yield from _contradiction(label, trace, ways, read, lexicon)
        yield from _never_named(label, trace, ways, read)
    else:
        yield from _other_category(label, ways, read)
        if label.stems and not holds_words(label, read.sentences.lower):
            yield _finding(read, "label never named", NEVER_UNKNOWN, 0, label, f"no trace of {label.text!r}")


def _contradiction(
    label: Label, trace: Trace, ways: Sequence[ReadConclusion], read: ReadReference, lexicon: Lexicon
) -> Iterator[ReferenceFinding]:
    against = [way for way in ways if not names_label(way, label, lexicon)]
    n_for = len(ways) - len(against)
    if n_for > 1 or n_for >= len(against):
        return
    rivals = tuple({d.id: d for way in against for d in way.diagnoses}.values())
    confidence = MOST * SAID[trace] * AGREEING[len(against)] * _distance(rivals, label, lexicon)
    confidence *= DISPUTED if n_for else 1.0
    confidence *= BESIDE if _stands_beside(label, against, read, lexicon) else 1.0
    confidence *= UNDECIDED if n_unrelated(against[0].diagnoses, lexicon) > 1 else 1.0
    confidence *= HEDGED if all(_is_hedged(way, read) for way in against) else 1.0
    confidence *= 1.0 if label.is_whole else LOOSE_LABEL
    shown = _best_supported(against)
    found = f"concludes {' or '.join(d.name for d in shown.diagnoses)}; {_SAYS[trace]}"
    yield _finding(read, "label contradicted", confidence, shown.start, label, found)


def _best_supported(against: Sequence[ReadConclusion]) -> ReadConclusion:
    """Return the way whose disease most ways find; the earlier of equals, since the ways stand surest first."""
    votes = Counter(one.id for way in against for one in way.diagnoses)
    return max(against, key=lambda way: max(votes[one.id] for one in way.diagnoses))


_SAYS: dict[Trace, str] = {
    "none": "no trace of the label",
    "words": "the label's words stand elsewhere in it",
    "dismissed": "the label is named only to be set aside",
    "relative": "only a relative of the label is named",
    "held": "the label is named as a possibility",
}


def _distance(rivals: Sequence[Diagnosis], label: Label, lexicon: Lexicon) -> float:
    """Return the factor for how far the diseases concluded are from the label: the nearest one counts."""
    kinship = max(nearness(rival, label.diagnoses, lexicon) for rival in rivals)
    if kinship >= RELATED:
        return NEAR_KIN
    return DISTANT_KIN if kinship > 0 else 1.0


def _stands_beside(label: Label, against: Sequence[ReadConclusion], read: ReadReference, lexicon: Lexicon) -> bool:
    """Whether a sentence that concludes another disease holds the label as well."""
    for way in against:
        begin, end = read.sentences.span(read.sentences.index(way.start))
        here = [one for one in read.profile.named if begin <= one.start < end and read.is_held(one)]
        if any(nearness(one.diagnosis, label.diagnoses, lexicon) >= SAME_GROUP for one in here):
            return True
        if not any(begin <= one.start < end for one in read.profile.named if not read.is_held(one)) and holds_words(
            label, read.sentences.lower[begin:end]
        ):
            return True
    return False


def _is_hedged(way: ReadConclusion, read: ReadReference) -> bool:
    ids = {d.id for d in way.diagnoses}
    here = [one for one in read.profile.named if one.diagnosis.id in ids and one.start >= way.start]
    return bool(here) and all(one.status == "hedged" for one in here)


def _never_named(
    label: Label, trace: Trace, ways: Sequence[ReadConclusion], read: ReadReference
) -> Iterator[ReferenceFinding]:
    if trace in NEVER:
        at = ways[0].start if ways else 0
        yield _finding(read, "label never named", NEVER[trace], at, label, _SAYS[trace])


def _other_category(label: Label, ways: Sequence[ReadConclusion], read: ReadReference) -> Iterator[ReferenceFinding]:
    category = read.case.category
    if not ways or category is None or holds_words(label, read.sentences.lower):
        return
    if all(one.category != category for way in ways for one in way.diagnoses):
        found = f"concludes {' or '.join(d.name for d in ways[0].diagnoses)}, of another category than {category!r}"
        yield _finding(read, "label contradicted", BY_CATEGORY * AGREEING[len(ways)], ways[0].start, label, found)


def _finding(read: ReadReference, kind: Kind, confidence: float, at: int, label: Label, found: str) -> ReferenceFinding:
    return read.finding(kind, confidence, at, expected=f"a text that ends on {label.name}", found=found)
