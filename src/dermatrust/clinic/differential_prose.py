"""The differential in a free narrative: what it concludes, then what it holds possible; never what it denies."""

import re

from dermatrust.clinic.differential_names import Entry
from dermatrust.judge.lexical_announced import announced_conclusion
from dermatrust.judge.lexical_conclusion import (
    Named,
    argued_conclusion,
    closing_conclusion,
    closing_spans,
    is_dismissed,
)
from dermatrust.lexicon import Lexicon
from dermatrust.lexicon.sentences import Sentences, without_markup

_ASIDE = re.compile(
    r"\b(?:(?:progress\w*|evolv\w*|transform\w*|develop\w*|turn\w*) (?:in)?to|differs? from|different from|risk of"
    r"|risk factors? for|precursors? (?:of|to|for))\s+(?:an?\s+|the\s+)?(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
"""What stands before a disease that the patient is not said to have: what his may become, or is not."""
_FURTHEST = 60
"""Letters before a name within which that stands."""


def read_prose(text: str, lexicon: Lexicon) -> tuple[Entry, ...]:
    """Return the diagnoses of a narrative, the likeliest first, in its own words.

    First what it concludes (the closing line, else the last concluding sentence, as the lexical judge reads it), then
    what it hedges, then what else it affirms; without a conclusion what it affirms comes before what it hedges. A
    diagnosis that is negated, of the past, or only set against another ("rather than eczema") is left out.

    Example:
        >>> from dermatrust.lexicon import load_lexicon
        >>> text = "Silvery scale suggests psoriasis. Possibly tinea corporis. No sign of melanoma."
        >>> [entry.name for entry in read_prose(text, load_lexicon())]
        ['psoriasis', 'tinea corporis']
    """
    plain = without_markup(text)
    named = _named(plain, lexicon, ("affirmed", "hedged"))
    sentences = Sentences(plain)
    spans = closing_spans(sentences)
    if not named and not spans:
        return ()
    closing = closing_conclusion(plain, sentences, named, spans, lexicon)
    conclusion = closing if closing.exists else argued_conclusion(sentences, named, spans)
    concluded = {d.id for d in conclusion.diagnoses} if conclusion.is_announced else set()
    hedged = [n for n in named if n.status == "hedged"]
    affirmed = [n for n in named if n.status == "affirmed" and not is_dismissed(sentences, n)]
    first = [n for n in named if n.diagnosis.id in concluded]
    order = [*first, *hedged, *affirmed] if conclusion.is_announced else [*affirmed, *hedged]
    unknown = [Entry(conclusion.text)] if conclusion.text else []
    first_places: dict[str, Named] = {}
    for n in order:
        first_places.setdefault(n.diagnosis.id, n)
    return (*unknown, *(Entry(plain[n.start : n.end]) for n in first_places.values()))


def read_verdict(text: str, lexicon: Lexicon) -> tuple[Entry, ...]:
    """Return what the text behind a list announces and affirms: a list that weighs alternatives need not begin with it.

    Example:
        >>> from dermatrust.lexicon import load_lexicon
        >>> read_verdict("Taken together this is most consistent with psoriasis.", load_lexicon())
        (Entry(name='psoriasis', probability=None),)
        >>> read_verdict("A biopsy is advised to rule out melanoma.", load_lexicon())
        ()
    """
    plain = without_markup(text)
    named = _named(plain, lexicon, ("affirmed",))
    concluded = {d.id for d in announced_conclusion(Sentences(plain), named, []).diagnoses} if named else set()
    last = {n.diagnosis.id: n for n in named if n.diagnosis.id in concluded}
    return tuple(Entry(plain[n.start : n.end]) for n in last.values())


def _named(plain: str, lexicon: Lexicon, statuses: tuple[str, ...]) -> list[Named]:
    return [
        Named(lexicon.diagnoses[m.concept.id.partition("/")[2]], m.start, m.end, m.status)
        for m in lexicon.mentions(plain)
        if m.concept.kind == "diagnosis"
        and m.status in statuses
        and not _ASIDE.search(plain, max(0, m.start - _FURTHEST), m.start)
    ]
