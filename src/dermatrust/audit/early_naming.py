"""Whether the disease is named before the last sentence, in references that should reason towards it.

The reference stream starts at the coarse category and names the disease only in its last sentence; a text that names it
at once hands an evaluator the answer before the reasoning. How early and how firmly it is named sets the confidence: to
weigh it among others on the way is a small fault, to announce it in the opening sentence a large one.

Reference:
    Shen et al. (2025), data construction, https://arxiv.org/abs/2511.09195.
"""

from collections.abc import Iterator, Sequence

from dermatrust.audit.conclusions import read_conclusions
from dermatrust.audit.finding import ReferenceFinding
from dermatrust.audit.reading import ReadReference
from dermatrust.judge.lexical_announced import is_announced
from dermatrust.judge.lexical_conclusion import Named
from dermatrust.lexicon import Lexicon
from dermatrust.lexicon.forms import is_form_of

AT_ONCE, EARLY, OPENING_HINT, WEIGHED, LATE = 0.85, 0.55, 0.5, 0.2, 0.1
"""Announced in the opening; announced in the first third; held in the opening without a rival; held in the first half;
only later."""
OPENING = 2
"""Sentences that are the opening."""
THIRD, HALF = 1 / 3, 1 / 2


def check_early_naming(read: ReadReference, lexicon: Lexicon) -> Iterator[ReferenceFinding]:
    """Yield the first place at which a reference of the reference stream names what it concludes.

    A group named on the way ("a fungal infection") is the refinement that the stream asks for, not the disease.
    """
    ways = [way for way in read_conclusions(read) if way.way in ("conclusion", "announced")]
    if read.reference.stream != "reference" or not ways:
        return
    concluded = ways[-1].diagnoses
    held = [one for one in read.profile.named if read.is_held(one)]
    answers = [one for one in held if any(is_form_of(one.diagnosis, d, lexicon) for d in concluded)]
    if not answers or read.place_of(answers[0].start) == read.n_sentences:
        return
    first = answers[0]
    place = read.place_of(first.start)
    expected = "the disease only in the last sentence"
    found = f"{read.plain[first.start : first.end]!r} in sentence {place} of {read.n_sentences}"
    confidence = _confidence(read, answers, [one for one in held if one not in answers])
    yield read.finding("named too early", confidence, first.start, expected=expected, found=found)


def _confidence(read: ReadReference, answers: Sequence[Named], rivals: Sequence[Named]) -> float:
    first, length = answers[0], len(read.plain)
    weighed = {read.sentences.index(one.start) for one in rivals}
    alone = [one for one in answers if read.sentences.index(one.start) not in weighed]
    announced = [one.start for one in alone if one.start < THIRD * length and is_announced(read.sentences, one)]
    if announced:
        return AT_ONCE if read.place_of(announced[0]) <= OPENING else EARLY
    if read.place_of(first.start) <= OPENING and first.status == "affirmed" and first in alone:
        return OPENING_HINT
    return WEIGHED if first.start < HALF * length else LATE
