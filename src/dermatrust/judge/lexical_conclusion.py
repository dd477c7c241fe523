"""What a text concludes: the disease of its closing line, else of its last concluding sentence."""

import re
import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dermatrust.lexicon import Diagnosis, Lexicon
from dermatrust.lexicon.sentences import Sentences, spaced
from dermatrust.narrate import closing_diagnosis

CLOSING = re.compile(r"\bthe\s+(?:final\s+)?answer\s+is\b[:\s]*")
CONCLUDING = spaced(
    r"\b(?P<listing>(?:differential|alternative|other) )?"
    r"(?:most likely|likely (?:diagnosis|has|have)|diagnos(?:is|ed|tic)|conclu\w+|in summary|final\w*|therefore|thus"
    r"|overall|consistent with|suggest(?:s|ive|ing)?|indicative|points? (?:strongly )?(?:to|toward)s?|signs? of"
    r"|favou?rs?|appears? to (?:be|have)|represents?"
    r"|(?:best|closely|well) (?:\w+ )?(?:match\w*|fit\w*|explain\w*|align\w*|with)"
    r"|classic for|i deduce)\b"
)
"""What announces a conclusion."""
DISMISSING = spaced(
    r"\b(?:less likely|unlikely|less (?:consistent|typical|fitting|characteristic)|rul(?:e|es|ed|ing) out|exclud\w+"
    r"|rather than|instead of|unlike|as opposed to|differentiat\w+|distinguish\w*|mimic(?:s|k\w+)?|versus|vs"
    r"|would suggest|other (?:conditions|diagnos[ei]s|causes|possibilities|differential)|against|does not|do not"
    r"|is not|are not)\b"
)
"""What takes a disease out of the running."""
CLAUSE_END = re.compile(r"[,;:()]|\bbut\b|\bwhile\b|\balthough\b|\bthough\b|\bwhich\b")
_OR = re.compile(r"[^.;]{0,25}?(?:\bor\b|\bversus\b|\bvs\b|/)[^.;]{0,12}$")
_LISTED = re.compile(r"\s*,\s*$")
_SEVERAL = re.compile(r"[\s,;/&]*(?:(?:and|or|and/or|versus|vs)\b[\s,]*)?(?:(?:an?|possibly|perhaps|maybe)\s+)?$")
_FAR = sys.maxsize

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Named:
    """One mention of a diagnosis: where it stands and how it is held."""

    diagnosis: Diagnosis
    start: int
    end: int
    status: str


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The diseases a text ends on; more than one if it does not decide.

    Attributes:
        diagnoses: In the order they are named; empty where nothing known is concluded.
        text: The closing line's own words where the lexicon does not know them, else "".
        start: Where in the text the conclusion stands; -1 without one.
        is_closing: Whether it was read from a closing line.
        is_announced: Whether a closing line or a concluding sentence says so; else the diseases are only named.
    """

    diagnoses: tuple[Diagnosis, ...] = ()
    text: str = ""
    start: int = -1
    is_closing: bool = False
    is_announced: bool = True

    @property
    def exists(self) -> bool:
        """Whether the text concludes anything at all."""
        return bool(self.diagnoses or self.text)

    @property
    def name(self) -> str:
        """The conclusion as printed in a critique."""
        return " or ".join(d.name for d in self.diagnoses) or self.text


def closing_spans(sentences: Sentences) -> list[Span]:
    """Return where the sentences "The answer is X" name X."""
    if "answer" not in sentences.lower:  # most texts have none, and the pattern is slow to find that out
        return []
    places = [mark.end() for mark in CLOSING.finditer(sentences.lower)]
    return merged((place, sentences.span(sentences.index(place))[1]) for place in places)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, those that overlap made one.

    Example:
        >>> merged([(5, 9), (0, 2), (7, 12), (12, 14)])
        [(0, 2), (5, 12), (12, 14)]
    """
    kept: list[Span] = []
    for start, end in sorted(spans):
        if kept and start < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    return kept


def within(position: int, spans: Sequence[Span]) -> bool:
    """Whether a position lies in one of the spans, which are in order and do not overlap."""
    place = bisect_right(spans, (position, _FAR)) - 1
    return place >= 0 and position < spans[place][1]


def closing_conclusion(
    text: str, sentences: Sentences, named: Sequence[Named], spans: Sequence[Span], lexicon: Lexicon
) -> Conclusion:
    """Return what the closing lines "The answer is X" name; several lines with several diseases do not decide."""
    if not spans:
        return Conclusion()
    answers: list[Named] = []
    for span in spans:
        answers += _enumerated(sentences, [n for n in named if within(n.start, [span]) and n.status != "negated"])
    if answers:
        return Conclusion(distinct(answers), "", spans[0][0], is_closing=True)
    name = closing_diagnosis(text)
    if name is None:
        return Conclusion()
    known = lexicon.diagnosis(name)
    return Conclusion((known,) if known else (), "" if known else name, spans[0][0], is_closing=True)


def argued_conclusion(sentences: Sentences, named: Sequence[Named], spans: Sequence[Span]) -> Conclusion:
    """Return the disease of the last concluding sentence, closing lines aside.

    Diseases that a clause dismisses ("less likely", "rule out") are never the conclusion. Without a concluding
    sentence every disease still held possible is its answer: it does not decide.
    """
    held = [n for n in named if n.status in ("affirmed", "hedged") and not within(n.start, spans)]
    marks = [mark for mark in CONCLUDING.finditer(sentences.lower) if not mark["listing"]]
    cues = {sentences.index(mark.start()): mark.end() for mark in reversed(marks)}
    concluding = [n for n in held if sentences.index(n.start) in cues and not is_dismissed(sentences, n)]
    if not concluding:
        open_still = [n for n in held if not is_dismissed(sentences, n)]
        start = open_still[0].start if open_still else -1
        return Conclusion(distinct(open_still), "", start, is_announced=False)
    last = sentences.index(concluding[-1].start)
    here = [n for n in concluding if sentences.index(n.start) == last]
    chosen = distinct(joined_by_or(sentences, [n for n in here if n.start >= cues[last]] or here))
    ids = {d.id for d in chosen}
    return Conclusion(chosen, "", next(n.start for n in concluding if n.diagnosis.id in ids))


def is_dismissed(sentences: Sentences, named: Named) -> bool:
    """Whether the clause around a diagnosis says it is not the answer."""
    begin, end = sentences.span(sentences.index(named.start))
    left = begin
    for mark in CLAUSE_END.finditer(sentences.lower, begin, named.start):
        left = mark.end()
    mark_after = CLAUSE_END.search(sentences.lower, named.end, end)
    right = mark_after.start() if mark_after else end
    return DISMISSING.search(sentences.lower, left, right) is not None


def joined_by_or(sentences: Sentences, named: Sequence[Named]) -> tuple[Named, ...]:
    """Return the first mention and those joined to it by "or"."""
    kept, waiting = [named[0]], list[Named]()
    for previous, following in pairwise(named):
        between = sentences.lower[previous.end : following.start]
        if _OR.match(between):
            kept += [*waiting, following]
            waiting = []
        elif _LISTED.match(between):
            waiting.append(following)
        else:
            break
    return tuple(kept)


def _enumerated(sentences: Sentences, named: Sequence[Named]) -> list[Named]:
    """Return the first diagnosis of an answer and those enumerated with it; "X with Y" answers X."""
    kept = list(named[:1])
    for following in named[1:]:
        if not _SEVERAL.match(sentences.lower, kept[-1].end, following.start):
            break
        kept.append(following)
    return kept


def distinct(named: Sequence[Named]) -> tuple[Diagnosis, ...]:
    """Return the diagnoses of some mentions, each once, in the order they are named."""
    return tuple({n.diagnosis.id: n.diagnosis for n in named}.values())
