"""Figures that others have published, to set a scale beside a study; no difference from them means anything.

Only what its own source states is here, with the source.
"""

from dataclasses import dataclass

_STUDY = "arXiv 2605.04098"
_STUDY_URL = "https://arxiv.org/abs/2605.04098"
_PUBLIC, _COHORT = "three public datasets", "hospital cohort, 5,811 consultations"
_OPEN, _GPT = "open models", "GPT-4.1"


@dataclass(frozen=True, slots=True)
class Published:
    """One published figure.

    Attributes:
        task: "ddx" or "triage".
        cases: What it was measured on.
        model: The model or models.
        given: What they were given.
        figure: The figure, with its name.
        source: Where it is from.
        url: Of the source.
    """

    task: str
    cases: str
    model: str
    given: str
    figure: str
    source: str = _STUDY
    url: str = _STUDY_URL


PUBLISHED = (
    Published("ddx", _PUBLIC, f"best of the {_OPEN}", "photographs", "top-3 accuracy 26.55 %"),
    Published("ddx", _PUBLIC, _GPT, "photographs", "top-3 accuracy 42.25 %"),
    Published("ddx", _COHORT, _OPEN, "photographs alone", "top-3 accuracy 1.50 % to 13.35 %"),
    Published("ddx", _COHORT, _GPT, "photographs alone", "top-3 accuracy 24.65 %"),
    Published("ddx", _COHORT, _OPEN, "photographs and text", "top-3 accuracy up to 28.75 %"),
    Published("ddx", _COHORT, _GPT, "photographs and text", "top-3 accuracy 38.93 %"),
    Published("triage", _COHORT, "some of five models", "not stated", "sensitivity above 60 %"),
    *(
        Published("triage", "PAD-UFES-20, 1,000 cases, malignant or benign", "GPT-4o", given,
                  f"balanced accuracy {value}", "Deng et al. 2025", "https://doi.org/10.1159/000550153")
        for given, value in (
            ("clinical data", "57.1 %"), ("photographs", "60.2 %"), ("photographs and clinical data", "62.2 %")
        )
    ),
)  # fmt: skip


def published(task: str) -> tuple[Published, ...]:
    """Return the published figures of a task.

    Example:
        >>> published("triage")[0].figure, len(published("ddx"))
        ('sensitivity above 60 %', 6)
    """
    return tuple(one for one in PUBLISHED if one.task == task)
