"""Findings that a reference states and that are known to be false, where what is true of the images is recorded.

Known means: a `truth.jsonl` beside the cases, as the synthetic atlas writes it. What a disease looks like in general is
no knowledge of these images, so a dataset without recorded truth is not checked, and the audit says so.
"""

from collections.abc import Iterator, Mapping

from dermatrust.atlas.vocabulary import VALUES, Attribute
from dermatrust.audit.finding import ReferenceFinding
from dermatrust.audit.reading import ReadReference
from dermatrust.datasets.atlas_truth import AtlasTruth
from dermatrust.judge.lexical_ascription import described_alternatives, of_this_skin
from dermatrust.lexicon import Concept, Lexicon, Mention

STATED, HEDGED, DENIED = 0.9, 0.45, 0.85
"""A false finding stated, one only held possible, and a true one denied."""
PRIMARY = 0.6
"""A second kind of lesion may be a loose word for the first ("plaque-like patches")."""


def attributes_by_concept(lexicon: Lexicon) -> Mapping[Concept, Attribute]:
    """Return every concept of the lexicon that a drawn finding can be, with the attribute it is a value of."""
    by_name = {value: attribute for attribute, values in VALUES.items() for value in values}
    return {
        concept: by_name[concept.name]
        for concept in lexicon.concepts.values()
        if concept.name in by_name and concept.kind not in ("diagnosis", "red_flag", "unsafe_advice")
    }


def check_unsupported(
    read: ReadReference, truth: AtlasTruth | None, attributes: Mapping[Concept, Attribute], lexicon: Lexicon
) -> Iterator[ReferenceFinding]:
    """Yield every finding that the truth excludes, each once; nothing where no truth is recorded."""
    if truth is None:
        return
    seen: set[Concept] = set()
    for mention in _findings(read, lexicon):
        attribute = attributes.get(mention.concept)
        if attribute is None or mention.concept in seen:
            continue
        true = truth.findings.get(attribute, ())
        is_true, is_denied = mention.concept.name in true, mention.status == "negated"
        if is_true != is_denied:
            continue
        seen.add(mention.concept)
        confidence = DENIED if is_denied else STATED if mention.status == "affirmed" else HEDGED
        confidence *= PRIMARY if attribute == "primary" and not is_denied else 1.0
        stated = f"{mention.concept.name}{' denied' if is_denied else ''}"
        expected = f"{attribute}: {', '.join(true) or 'none'}"
        yield read.finding("unsupported finding", confidence, mention.start, expected=expected, found=stated)


def _findings(read: ReadReference, lexicon: Lexicon) -> list[Mention]:
    """Return what is said of this skin, leaving out what is said of diseases in general and of alternatives."""
    named, conclusion = read.profile.named, read.profile.conclusion
    described = described_alternatives(named, conclusion, read.sentences)
    return of_this_skin(lexicon.mentions(read.plain), named, described, read.sentences)
