"""Figures that others have published, to set a scale beside a study; no difference from them means anything."""

from typing import Literal

from dermatrust.clinic.baseline_table import PUBLISHED, Published

_SOURCE = "https://arxiv.org/abs/2605.04098"
_PUBLIC, _COHORT = "three public datasets", "hospital cohort of 5,811 consultations"
_PHOTOGRAPHS, _BOTH = "top-3 accuracy, photographs", "top-3 accuracy, photographs and text"
_STUDY = (
    Published(f"best open model, {_PUBLIC}", _PHOTOGRAPHS, "26.55 %", _SOURCE),
    Published(f"GPT-4.1, {_PUBLIC}", _PHOTOGRAPHS, "42.25 %", _SOURCE),
    Published(f"open models, {_COHORT}", _PHOTOGRAPHS, "1.50 % to 13.35 %", _SOURCE),
    Published(f"GPT-4.1, {_COHORT}", _PHOTOGRAPHS, "24.65 %", _SOURCE),
    Published(f"open models, {_COHORT}", _BOTH, "up to 28.75 %", _SOURCE),
    Published(f"GPT-4.1, {_COHORT}", _BOTH, "38.93 %", _SOURCE),
)
_STUDY_TRIAGE = (Published(f"some of five models, {_COHORT}", "triage sensitivity", "above 60 %", _SOURCE),)


def published(task: Literal["ddx", "triage", "baseline"]) -> tuple[Published, ...]:
    """Return the published figures of a task; those on malignancy stand with each, beside "cancer or not".

    Example:
        >>> published("triage")[0].value, len(published("ddx"))
        ('above 60 %', 9)
    """
    return {"ddx": (*_STUDY, *PUBLISHED), "triage": (*_STUDY_TRIAGE, *PUBLISHED), "baseline": PUBLISHED}[task]
