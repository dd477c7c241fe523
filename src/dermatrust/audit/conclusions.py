"""What a reference concludes, read in four ways that fail differently, so that their agreement is evidence."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dermatrust.audit.labels import SAME_GROUP, Label, nearness
from dermatrust.audit.reading import ReadReference
from dermatrust.judge.lexical_conclusion import Named
from dermatrust.lexicon import Diagnosis, Lexicon

BARE = 6
"""Words up to which a sentence that names a disease says nothing else."""
ENDING = 0.6
"""Share of the text after which it is taken to come to its end."""
_EMPHASIS = re.compile(r"\*\*(?P<text>[^*\n]{2,120})\*\*")


@dataclass(frozen=True, slots=True)
class ReadConclusion:
    """One way of reading what a text concludes; without diseases where that way finds nothing.

    Attributes:
        way: "conclusion", "announced", "emphasised" or "ending".
        diagnoses: What it finds.
        start: Where the sentence stands that says so.
    """

    way: str
    diagnoses: tuple[Diagnosis, ...] = ()
    start: int = -1


def read_conclusions(read: ReadReference) -> tuple[ReadConclusion, ...]:
    """Return the ways that find something.

    conclusion  the closing line or the last concluding sentence, as the lexical judge reads it
    announced   the last sentence that announces a disease directly ("most likely", "points to")
    emphasised  the disease last set in bold towards the end, else one that is all the last sentence says
    ending      the disease held most often towards the end

    None of them sees through irony or knows dermatology; where they agree, a misread sentence is unlikely.
    """
    profile = read.profile
    held = [one for one in profile.named if read.is_held(one)]
    late = [one for one in held if one.start >= ENDING * len(read.plain)]
    ways = [_emphasised(read, late), _most_held(late)]
    if profile.conclusion.is_announced:
        ways.append(ReadConclusion("conclusion", profile.conclusion.diagnoses, profile.conclusion.start))
    ways.append(ReadConclusion("announced", profile.favoured.diagnoses, profile.favoured.start))
    return tuple(way for way in reversed(ways) if way.diagnoses)


def _emphasised(read: ReadReference, late: Sequence[Named]) -> ReadConclusion:
    for mark in reversed(list(_EMPHASIS.finditer(read.reference.text))):
        inside = [one for one in late if mark.start() <= one.start < mark.end()]
        if inside:
            return ReadConclusion("emphasised", _distinct(inside), inside[0].start)
    return _bare(read, late)


def _bare(read: ReadReference, late: Sequence[Named]) -> ReadConclusion:
    """Return the disease that is all the last sentence says: "Leukocytoclastic vasculitis, mild."."""
    begin, end = read.sentences.span(read.sentences.index(max(0, len(read.plain.rstrip()) - 2)))
    said = [one for one in late if begin <= one.start < end]
    if (
        said
        and len(read.plain[begin:end].split()) <= BARE
        and {one.diagnosis.id for one in said} == {said[0].diagnosis.id}
    ):
        return ReadConclusion("emphasised", _distinct(said), said[0].start)
    return ReadConclusion("emphasised")


def _most_held(late: Sequence[Named]) -> ReadConclusion:
    counts = Counter(one.diagnosis.id for one in late if one.status == "affirmed")
    most = max(counts.values(), default=0)
    chosen = [one for one in late if counts[one.diagnosis.id] == most and most]
    return ReadConclusion("ending", _distinct(chosen), chosen[-1].start if chosen else -1)


def _distinct(named: Iterable[Named]) -> tuple[Diagnosis, ...]:
    return tuple({one.diagnosis.id: one.diagnosis for one in named}.values())


def names_label(way: ReadConclusion, label: Label, lexicon: Lexicon) -> bool:
    """Whether one way of reading finds the label, a form of it, or a disease of its group."""
    return any(nearness(one, label.diagnoses, lexicon) >= SAME_GROUP for one in way.diagnoses)
