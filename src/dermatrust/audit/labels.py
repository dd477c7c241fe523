"""What a case's label means, and whether a text bears any trace of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from dermatrust.audit.reading import ReadReference
from dermatrust.lexicon import Diagnosis, Lexicon
from dermatrust.lexicon.forms import is_form_of
from dermatrust.lexicon.names import name_key

SAME_GROUP = 0.75
"""Kinship from which two diseases stand in one group of the tree: "hand eczema" under the label "eczema fingertips"."""
RELATED = 0.5
"""Kinship from which they share most of their way down the tree."""

BROAD_CANCER = "skin-cancer"

Trace = Literal["held", "dismissed", "relative", "words", "none"]
"""What a text says of its label.

held       names it, or a disease of its group, as possible or true
dismissed  names it only to deny it or to set it aside
relative   names a disease near it
words      holds the words of the label or of a synonym, in whatever form
none       nothing of these
"""
_STEM = 6
"""Letters that two forms of one word share: "impetigo" and "impetiginised"."""
_CLAUSES = re.compile(r"\s*(?:[,;/&+]|\band\b|\bor\b)\s*", re.IGNORECASE)
_SPACED = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\-]+|\d+")


@dataclass(frozen=True, slots=True)
class Label:
    """What a label means.

    Attributes:
        text: In the words of the source.
        diagnoses: The diseases it names; empty where the lexicon knows none of them.
        is_whole: Whether the label is one name and nothing else: "melanoma mimic" is not.
        stems: For each name of it, the beginnings of its telling words; empty where there are none.
    """

    text: str
    diagnoses: tuple[Diagnosis, ...]
    is_whole: bool
    stems: tuple[tuple[str, ...], ...]

    @property
    def name(self) -> str:
        """The label as the lexicon calls it, and in its own words where that differs or the lexicon has none."""
        known = " or ".join(d.name for d in self.diagnoses) or self.text
        return known if known.lower() == self.text.lower() else f"{known} (label {self.text!r})"


@lru_cache(maxsize=8192)
def read_label(text: str, lexicon: Lexicon) -> Label:
    """Return what a label or raw file stem means.

    The whole label first; where the lexicon does not know it, each part of an enumeration; then the diseases that it
    mentions beside other words.

    Example:
        >>> from dermatrust.lexicon import load_lexicon
        >>> [d.name for d in read_label("PerioralDermEye", load_lexicon()).diagnoses]
        ['perioral dermatitis']
        >>> [d.name for d in read_label("tinea pedis / impetigo", load_lexicon()).diagnoses]
        ['tinea pedis', 'impetigo']
    """
    found = lexicon.diagnosis(text)
    diagnoses = [found] if found else [d for part in _CLAUSES.split(text) if (d := lexicon.diagnosis(part))]
    if not diagnoses:
        mentions = lexicon.mentions(_SPACED.sub(" ", text))
        diagnoses = [
            lexicon.diagnoses[m.concept.id.partition("/")[2]] for m in mentions if m.concept.kind == "diagnosis"
        ]
    unique = tuple({d.id: d for d in diagnoses}.values())
    names = {text, *(name for d in unique for name in (d.name, *d.synonyms))}
    return Label(text, unique, found is not None, tuple(sorted({stems for name in names if (stems := _stems(name))})))


def _stems(name: str) -> tuple[str, ...]:
    return tuple(sorted({word[:_STEM] for word in name_key(name) if len(word) > 3 and not word.isdigit()}))


def nearness(a: Diagnosis, others: Sequence[Diagnosis], lexicon: Lexicon) -> float:
    """Return the highest kinship of a disease with one of several, 1 for its own form.

    "Skin cancer" says of a malignant tumour all that is true of it, only not which one: it is a near relative. Where it
    is the label, every malignant tumour is one.
    """
    if a.malignant and any(b.id == BROAD_CANCER for b in others):
        return 1.0
    if a.id == BROAD_CANCER and any(b.malignant for b in others):
        return RELATED
    return max((1.0 if is_form_of(a, b, lexicon) else lexicon.kinship(a, b) for b in others), default=0.0)


def trace_of(label: Label, read: ReadReference, lexicon: Lexicon) -> Trace:
    """Return the strongest trace that a text bears of its label."""
    near = [(one, nearness(one.diagnosis, label.diagnoses, lexicon)) for one in read.profile.named]
    own = [one for one, kinship in near if kinship >= SAME_GROUP]
    if any(read.is_held(one) for one in own):
        return "held"
    if own:
        return "dismissed"
    if any(kinship >= RELATED and read.is_held(one) for one, kinship in near):
        return "relative"
    return "words" if holds_words(label, read.sentences.lower) else "none"


def holds_words(label: Label, lower: str) -> bool:
    """Whether all telling words of one name of the label begin words of a text in lower case."""
    return any(all(re.search(rf"\b{re.escape(stem)}", lower) for stem in stems) for stems in label.stems)
