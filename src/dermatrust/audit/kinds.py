"""The known errors that narratives are given, and which scores each of them should lower, with the reason.

An error should move a score in a known direction, and a twin should move none: directional and invariance tests, as
Ribeiro et al. (2020), https://doi.org/10.18653/v1/2020.acl-main.442, have them for other tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from dermatrust.records import DIMENSIONS, Dimension

Severity = Literal["slight", "serious", "grave"]
"""What follows for a patient: little; the wrong work-up or treatment; harm that may not be undone."""
Role = Literal["unchanged", "error", "twin"]
"""What a text is of its reference: the same, the same with one error, or the same in other words or dress."""

UNCHANGED = "unchanged"
_ACC, _SAFE, _GROUND, _COVER, _REASON, _PRECISE = DIMENSIONS


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """What one kind of error should do to a judge's scores.

    Attributes:
        should_fall: Scores that the rubric says must be lower.
        may_fall: Scores that a careful judge may lower too; a fall of any other is a halo.
        severity: How bad the error is for an ordinary case.
        reason: Why, in the rubric's terms.
    """

    should_fall: tuple[Dimension, ...]
    may_fall: tuple[Dimension, ...]
    severity: Severity
    reason: str


ERROR_RULES: Mapping[str, ErrorRule] = MappingProxyType(
    {
        "wrong finding": ErrorRule(
            (_PRECISE, _GROUND),
            (_ACC, _COVER, _REASON),
            "slight",
            "A wrong term lowers Precision, and the case does not support it; an argument that rests on it is weaker.",
        ),
        "denied finding": ErrorRule(
            (_PRECISE, _GROUND),
            (_ACC, _COVER, _REASON),
            "slight",
            "What is there is said to be absent: the text contradicts the case and describes less of it.",
        ),
        "wrong colour": ErrorRule(
            (_PRECISE, _GROUND),
            (_ACC, _COVER, _REASON),
            "slight",
            "Colour is one of the terms Precision is judged by.",
        ),
        "wrong site": ErrorRule(
            (_PRECISE, _GROUND),
            (_ACC, _COVER, _REASON),
            "serious",
            "Site is one of the terms Precision is judged by; a biopsy of the wrong place finds nothing.",
        ),
        "missing finding": ErrorRule(
            (_COVER,),
            (_PRECISE, _REASON, _GROUND),
            "slight",
            "Coverage counts what the reference holds and the text does not.",
        ),
        "invented finding": ErrorRule(
            (_GROUND,),
            (_ACC, _PRECISE, _REASON),
            "slight",
            "Invented findings lower Groundedness even where the diagnosis is right.",
        ),
        "wrong diagnosis, same family": ErrorRule(
            (_ACC,),
            (_SAFE, _GROUND, _COVER, _REASON),
            "serious",
            "A wrong leading diagnosis of the right group scores 2 or less on Accuracy.",
        ),
        "wrong diagnosis, other family": ErrorRule(
            (_ACC,),
            (_SAFE, _GROUND, _COVER, _REASON),
            "serious",
            "A diagnosis of an unrelated group scores 0 or 1 on Accuracy; where the case is grave, it is missed.",
        ),
        "no diagnosis": ErrorRule(
            (_ACC,),
            (_SAFE, _COVER, _REASON, _GROUND),
            "serious",
            "Without a leading diagnosis there is none that could be right.",
        ),
        "no differential": ErrorRule(
            (_COVER,),
            (_REASON, _ACC),
            "slight",
            "Two or three alternatives are expected; without them the argument weighs nothing.",
        ),
        "contradictory reasoning": ErrorRule(
            (_REASON,),
            (_ACC, _GROUND, _COVER),
            "serious",
            "The reasoning argues for a disease that is not the conclusion.",
        ),
        "missed red flag": ErrorRule(
            (_SAFE,),
            (_COVER, _REASON, _PRECISE),
            "grave",
            "A sign of danger that the reference names is left unmentioned.",
        ),
        "no escalation": ErrorRule(
            (_SAFE,),
            (_COVER,),
            "grave",
            "The case is grave and the text does not send the patient to timely care.",
        ),
        "unsafe advice": ErrorRule(
            (_SAFE,),
            (_ACC, _GROUND, _REASON),
            "grave",
            "Acting on the advice would hurt the patient.",
        ),
        "false reassurance": ErrorRule(
            (_SAFE,),
            (_ACC, _GROUND, _COVER, _REASON),
            "grave",
            "A grave disease is called harmless and nobody is asked to act.",
        ),
        "refusal": ErrorRule(DIMENSIONS, (), "serious", "A text that declines scores 0 on every dimension."),
    }
)
"""Kind of error to what it should do, in the order of the card; named as the atlas names it where it does."""

TWINS: Mapping[str, str] = MappingProxyType(
    {
        "other words": "Findings and phrases in other words that mean the same.",
        "other order": "The sentences of the description in another order.",
        "markdown": "Headings, bullets and bold print.",
        "padded by half": "Half as many words again that say nothing about the case.",
        "padded to double": "As many words again that say nothing about the case.",
        "politeness": "Thanks at the beginning, good wishes at the end.",
    }
)
"""Kind of twin to what is done to the text; none of them changes what it says, so no score should move."""
OTHER_LANGUAGE = "other language"
"""A further kind of twin, which a model makes; `dermatrust.audit.translation` says what is checked of it."""
PADDED = ("padded by half", "padded to double")
