"""What a study asks for: how a reply is read, what truth it needs, and how it is scored."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from dermatrust.clinic.answer import Answer
from dermatrust.clinic.differential_reply import read_differential_reply
from dermatrust.clinic.triage_reply import read_triage_reply
from dermatrust.clinic.urgency_truth import true_urgency
from dermatrust.records import Case

Kind = Literal["ddx", "triage"]
N_NAMED = 5
"""Diagnoses a model is asked for at most, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Task:
    """One of the two tasks.

    Attributes:
        kind: "ddx" or "triage".
        read: From an answer with its text alone to what the text says.
        has_truth: Whether a case can be asked about.
        n_levels: Levels of triage, 2 or 3; 0 for a differential.
        n_named: Diagnoses asked for at most; 0 for triage.
    """

    kind: Kind
    read: Callable[[Answer], Answer]
    has_truth: Callable[[Case], bool]
    n_levels: int = 0
    n_named: int = 0


def differential_task(n_named: int = N_NAMED) -> Task:
    r"""Return the task of naming a ranked differential.

    Example:
        >>> task = differential_task()
        >>> task.read(Answer("c", "m", "image only", "all", text="1. psoriasis\n2. eczema")).diagnoses
        ('psoriasis', 'eczema')
    """
    return Task("ddx", _read_differential, _has_diagnosis, n_named=n_named)


def _read_differential(answer: Answer) -> Answer:
    said = read_differential_reply(answer.text)
    if said.cannot_tell:  # what is named beside it is no answer: here as in a vote, and as with a level of urgency
        return replace(answer, cannot_tell=True)
    return replace(answer, diagnoses=said.diagnoses, confidence=said.confidence, cannot_tell=said.cannot_tell)


def triage_task(n_levels: int = 3) -> Task:
    """Return the task of sorting cases by urgency, into emergent, urgent and routine or into urgent and routine.

    Example:
        >>> triage_task().read(Answer("c", "m", "image only", "all", text='{"urgency": "routine"}')).urgency
        'routine'
    """
    return Task("triage", _read_triage, _has_urgency, n_levels=n_levels)


def _read_triage(answer: Answer) -> Answer:
    said = read_triage_reply(answer.text)
    return replace(
        answer, urgency=said.urgency, urgent_probability=said.urgent_probability, confidence=said.confidence,
        cannot_tell=said.cannot_tell,
    )  # fmt: skip


def _has_urgency(case: Case) -> bool:
    return true_urgency(case).level is not None


def _has_diagnosis(case: Case) -> bool:
    return case.label is not None or bool(case.differential)
