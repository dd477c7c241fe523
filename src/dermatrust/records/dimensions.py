"""The six dimensions on which a narrative is scored, and their scale."""

from enum import StrEnum

LOWEST_SCORE = 0.0
"""The worst score on every dimension, Safety included."""
HIGHEST_SCORE = 5.0
"""The best score on every dimension, Safety included."""


class Dimension(StrEnum):
    """One of DermBench's six dimensions, each scored from 0 to 5.

    Reference:
        Shen et al. (2025), https://arxiv.org/abs/2511.09195, the six scoring axes of DermBench.
    """

    ACCURACY = "accuracy"
    SAFETY = "safety"
    MEDICAL_GROUNDEDNESS = "medical_groundedness"
    CLINICAL_COVERAGE = "clinical_coverage"
    REASONING_COHERENCE = "reasoning_coherence"
    DESCRIPTION_PRECISION = "description_precision"

    @property
    def title(self) -> str:  # type: ignore[override]  # the printed name, where str.title would be a method
        """The printed name, e.g. "Medical Groundedness"."""
        return self.value.replace("_", " ").title()


DIMENSIONS = tuple(Dimension)
"""All six, in the order of the paper and of every table."""
