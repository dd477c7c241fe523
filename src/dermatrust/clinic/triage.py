"""Scores one answer about urgency against one case."""

from dataclasses import dataclass
from typing import Literal

from dermatrust.clinic.answer import Answer
from dermatrust.clinic.urgency_truth import Origin, true_urgency
from dermatrust.clinic.urgency_words import URGENCIES
from dermatrust.lexicon import Lexicon
from dermatrust.records import Case, Urgency

Outcome = Literal["right", "under", "over", "unanswered"]
"""What an answer did: named the level, a less pressing one (under-triage), a more pressing one, or none."""


@dataclass(frozen=True, slots=True)
class TriageScore:
    """How one answer compares with the level of its case. None is "cannot be decided", never wrong.

    Attributes:
        case_id: The case.
        model: Who answered.
        arm: What the model was told.
        image_arm: Which images it was shown.
        truth: The level of the case.
        origin: Where that comes from.
        said: The level the answer names; None where it names none, or says that it cannot tell.
        urgent_probability: Its stated probability that the case is urgent or emergent.
        confidence: Its stated confidence in its level.
        is_missing: Whether no reply came; nothing is scored then.
        cannot_tell: Whether the model abstained. Whatever level it names beside that does not count.
    """

    case_id: str
    model: str
    arm: str
    image_arm: str
    truth: Urgency | None
    origin: Origin
    said: Urgency | None
    urgent_probability: float | None
    confidence: float | None
    is_missing: bool
    cannot_tell: bool

    def outcome(self, n_levels: int = 3) -> Outcome | None:
        """Return what the answer did, on three levels or on two; None where truth or reply is missing.

        On two levels emergent and urgent are one: naming either for the other is right.

        Example:
            >>> score = score_triage(Answer("a", "m", "image only", "all", urgency="urgent"), Case(id="a", label="SJS"))
            >>> score.outcome(), score.outcome(n_levels=2)
            ('under', 'right')
        """
        if self.truth is None or self.is_missing:
            return None
        if self.said is None:
            return "unanswered"
        truth, said = (_place(level, n_levels) for level in (self.truth, self.said))
        return "right" if said == truth else "under" if said > truth else "over"

    @property
    def is_right(self) -> bool | None:
        """Whether it is right on two levels; unanswered is wrong, None where it cannot be decided."""
        outcome = self.outcome(2)
        return None if outcome is None else outcome == "right"


def score_triage(answer: Answer, case: Case, lexicon: Lexicon | None = None) -> TriageScore:
    """Return how an answer compares with the level of its case.

    Args:
        answer: What the model said.
        case: The case it was asked about.
        lexicon: Where the level comes from if the case has none of its own; the packaged one if not given.

    Raises:
        ValueError: The answer is about another case.
    """
    if answer.case_id != case.id:
        raise ValueError(f"the answer is about case {answer.case_id}; expected {case.id}")
    truth = true_urgency(case, lexicon)
    return TriageScore(
        answer.case_id, answer.model, answer.arm, answer.image_arm, truth.level, truth.origin,
        said=None if answer.is_missing or answer.cannot_tell else answer.urgency,
        urgent_probability=answer.urgent_probability, confidence=answer.confidence,
        is_missing=answer.is_missing, cannot_tell=answer.cannot_tell,
    )  # fmt: skip


def is_pressing(level: Urgency) -> bool:
    """Return whether a level is urgent or emergent, which two levels do not tell apart."""
    return level != "routine"


def _place(level: Urgency, n_levels: int) -> int:
    return URGENCIES.index(level) if n_levels == 3 else int(not is_pressing(level))
