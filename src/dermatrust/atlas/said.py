"""What a narrative says, as data: the content that is put into words and held against the truth."""

from dataclasses import dataclass
from typing import Literal, get_args

from dermatrust.atlas.facts import Facts
from dermatrust.lexicon import load_lexicon

ErrorKind = Literal[
    "missing finding",
    "wrong finding",
    "invented finding",
    "wrong site",
    "wrong colour",
    "wrong diagnosis, same family",
    "wrong diagnosis, other family",
    "no diagnosis",
    "no differential",
    "contradictory reasoning",
    "no reasoning",
    "unsafe advice",
    "false reassurance",
    "missed red flag",
    "no escalation",
    "vague wording",
    "overconfidence",
    "refusal",
]
ERROR_KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)

Advice = Literal["emergency", "urgent", "routine", "none", "reassure", "unsafe"]
"""What a narrative advises: emergency care, urgent referral, ordinary care, nothing, that nothing need be done, or
something that hurts."""
ADVICE_FOR: dict[str, Advice] = {"emergent": "emergency", "urgent": "urgent", "routine": "routine"}


@dataclass(frozen=True, slots=True)
class Said:
    """What one narrative says.

    Attributes:
        findings: Attribute to the values it claims, in the lexicon's names; an attribute it does not speak of is left
            out. "features" may hold any number, the others one.
        denied: Secondary findings it says are absent.
        size_mm: The size it gives, or None.
        diagnosis: Lexicon id it concludes, or None.
        favours: Lexicon id its reasoning argues for; differs from `diagnosis` where the reasoning contradicts the
            conclusion; None where it does not argue.
        differential: Lexicon ids of the alternatives it weighs.
        advice: What it advises.
        red_flags: Warning signs it names.
        is_vague: Whether it speaks of "a rash" where a term is called for.
        is_overconfident: Whether it claims certainty that no photograph allows.
        is_refusal: Whether it declines; everything else is then empty.
    """

    findings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    denied: tuple[str, ...] = ()
    size_mm: float | None = None
    diagnosis: str | None = None
    favours: str | None = None
    differential: tuple[str, ...] = ()
    advice: Advice = "none"
    red_flags: tuple[str, ...] = ()
    is_vague: bool = False
    is_overconfident: bool = False
    is_refusal: bool = False


@dataclass(frozen=True, slots=True)
class NarrativeError:
    """One known error of a narrative: its kind, and what it is about (a finding, a diagnosis, a red flag, or "")."""

    kind: ErrorKind
    about: str = ""


def truth_said(facts: Facts) -> Said:
    """Return what a narrative without error says about a case."""
    seen = facts.findings
    single = ("site", "primary", "colour", "shape", "border", "surface", "count", "distribution")
    findings = tuple((name, (getattr(seen, name),)) for name in single)
    return Said(
        findings=(*findings, ("features", seen.features)),
        size_mm=seen.size_mm,
        diagnosis=facts.diagnosis,
        favours=facts.diagnosis,
        differential=tuple(name for name, _ in facts.differential[1:4]),
        advice=ADVICE_FOR[facts.urgency],
        red_flags=facts.red_flags,
    )


def is_same_family(a: str, b: str) -> bool:
    """Whether two diagnoses stand in the same branch of the lexicon's tree, at its second level."""
    diagnoses = load_lexicon().diagnoses
    return diagnoses[a].family[:2] == diagnoses[b].family[:2]
