"""A text proposed as a reference with one known error, and whether it is one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from numpy.random import Generator

from dermatrust.audit.edits import Edit, apply_edits
from dermatrust.audit.passage import Content, Passage, changed, content_of
from dermatrust.lexicon import Diagnosis
from dermatrust.records import Case


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposal: what is changed, what may read differently then, and what must.

    Attributes:
        edits: What is changed.
        about: What the error is about: a finding, a site, a disease.
        parts: The parts of the content that may differ; any other difference is a second error.
        holds: Whether the error is there, from the contents before and after.
    """

    edits: tuple[Edit, ...]
    about: str
    parts: frozenset[str]
    holds: Callable[[Content, Content], bool]

    def text_of(self, passage: Passage) -> str | None:
        """Return the changed text, or None where re-reading it does not find exactly this error."""
        text = apply_edits(passage.text, self.edits)
        if text == passage.text or not self.edits:
            return None
        after = content_of(text, passage.lexicon)
        if changed(passage.content, after) <= self.parts and self.holds(passage.content, after):
            return text
        return None

    def before_and_after(self, passage: Passage) -> tuple[str, str]:
        """Return the words that were changed and what stands in their place, several joined by " … "."""
        if self.edits[0][:2] == (0, len(passage.text)):
            return "the whole text", self.edits[0].new
        before = (passage.text[start:end].strip() for start, end, _ in sorted(self.edits))
        after = (new.strip() for _, _, new in sorted(self.edits))
        return " … ".join(filter(None, before)), " … ".join(dict.fromkeys(filter(None, after)))


@dataclass(frozen=True, slots=True)
class Occasion:
    """What an error is made from.

    Attributes:
        passage: The reference.
        case: Its case.
        truth: The disease it concludes, None where it does not commit itself to one that is known.
        is_grave: Whether the disease is urgent, emergent or malignant.
        rng: Chooses between places and words.
    """

    passage: Passage
    case: Case
    truth: Diagnosis | None
    is_grave: bool
    rng: Generator


Maker = Callable[[Occasion], Iterator[Draft]]
"""Proposes ways to make one kind of error, the one drawn first; none where the text offers no place."""


def occasion_of(passage: Passage, case: Case, rng: Generator) -> Occasion:
    """Return what errors of a case's reference are made from."""
    concluded = passage.conclusion
    is_known = len(concluded.diagnoses) == 1 and concluded.is_announced
    truth = concluded.diagnoses[0] if is_known else None
    urgencies = {case.urgency or (truth.urgency if truth else None)}
    is_grave = bool(urgencies & {"urgent", "emergent"}) or bool(truth and truth.malignant)
    return Occasion(passage, case, truth, is_grave, rng)
