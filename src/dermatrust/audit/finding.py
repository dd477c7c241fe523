"""What the audit of references finds, and how sure it is."""

from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "refusal",
    "label contradicted",
    "label never named",
    "answer dictated",
    "unsupported finding",
    "named too early",
    "unbalanced tags",
    "second person",
    "duplicate text",
    "template text",
    "file family",
    "too short",
]
"""What is wrong.

refusal              about somebody's refusal, or inability to see, instead of about skin
label contradicted   it concludes another disease than its label
label never named    it bears no trace of its label
answer dictated      it says that it was told its answer
unsupported finding  it says of the skin what is known to be false
named too early      the disease is named before the last sentence, where the stream asks for reasoning first
unbalanced tags      a tag such as <think> is opened and not closed, or the reverse
second person        it speaks to the reader ("your skin")
duplicate text       the same text, or nearly so, stands for another case
template text        its sentences stand in many references
file family          a family of near-duplicate files stands in several splits, or makes up many cases
too short            too short to describe, reason and conclude
"""
KINDS: tuple[Kind, ...] = get_args(Kind)

Level = Literal["high", "medium", "low"]
LEVELS: tuple[Level, ...] = get_args(Level)
HIGH, MEDIUM = 0.8, 0.5
"""Confidence from which a finding is called high or medium."""


@dataclass(frozen=True, slots=True)
class ReferenceFinding:
    """One thing that a reviewer should look at.

    Attributes:
        kind: What is wrong.
        confidence: From 0 to 1, how sure the audit is that a reviewer would agree. It orders the findings and was
            set by argument; it is not a calibrated probability.
        case_id: The case whose reference it is about.
        label: The case's label, "" without one.
        sentence: The words that show it.
        expected: What a sound reference would have there.
        found: What was found, in words.
        where: Where in the reference, e.g. "sentence 3 of 9".
    """

    kind: Kind
    confidence: float
    case_id: str
    label: str
    sentence: str
    expected: str
    found: str
    where: str

    @property
    def level(self) -> Level:
        """The confidence in one word."""
        if self.confidence >= HIGH:
            return "high"
        return "medium" if self.confidence >= MEDIUM else "low"
