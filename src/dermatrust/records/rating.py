"""A rating: the six scores one rater gave one narrative, and the scores that could not be read."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dermatrust.records.dimensions import DIMENSIONS, HIGHEST_SCORE, LOWEST_SCORE, Dimension
from dermatrust.records.record import Name, Record, Text

Score = Annotated[float, Field(ge=LOWEST_SCORE, le=HIGHEST_SCORE)]

Reason = Literal[
    "missing",
    "out of range",
    "doubled",
    "not a number",
    "unreadable",
    "no answer",
    "no narrative",
    "no reference",
    "nothing to compare",
    "not rated",
]
"""Why a score is missing.

missing             the rater's text does not give this dimension
out of range        the number given is not on the scale 0-5
doubled             the text gives this dimension twice with different numbers
not a number        the field is there but holds no number
unreadable          no verdict could be found in the text at all
no answer           the rater was asked and did not answer
no narrative        the model under test could not be asked, so there is nothing to rate
no reference        the dataset has no reference for the case
nothing to compare  the reference says nothing this dimension could be scored on
not rated           a person left it out
"""


Flag = Literal["injection_suspected", "unfamiliar_text", "writing_in_image"]
"""What somebody should look at.

injection_suspected  the narrative shows signs of speaking to its grader; see `dermatrust.judge.injection`
unfamiliar_text      the evaluator has never met a sentence like one of these; see `dermatrust.evaluator.familiar_text`
writing_in_image     a photograph that was shown has writing in it; see `dermatrust.evaluator.image_writing`
"""


class Unscored(Record):
    """A score that is missing, why, and the raw text it was to be read from. Never zero, never dropped."""

    reason: Reason
    raw: Text = ""


class Rating(Record):
    """Six scores of one narrative by one rater. Every dimension is either in `scores` or in `unscored`."""

    narrative_id: Name
    rater: Name
    scores: dict[Dimension, Score] = Field(default_factory=dict)
    unscored: dict[Dimension, Unscored] = Field(default_factory=dict)
    critique: Text = ""
    probabilities: dict[Dimension, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    """How likely the rater, a model, held the score it gave, where it says so."""
    expected: dict[Dimension, Score] = Field(default_factory=dict)
    """Mean of the scores it weighed, each by its probability, where it says so; `scores` holds the one it gave."""
    rubric: Name | None = None
    """Name and hash of the rubric the rater was shown."""
    draw: Annotated[int, Field(ge=0)] = 0
    """Which of the rater's repeated, independent ratings of this narrative this is."""
    flags: tuple[Flag, ...] = ()
    """What somebody should look at before this rating is relied on. A flag changes no score."""

    @model_validator(mode="after")
    def _every_dimension_once(self) -> Self:
        both = self.scores.keys() & self.unscored.keys()
        if both:
            raise ValueError(f"{min(both).value} is both scored and unscored")
        lacking = [d.value for d in DIMENSIONS if d not in self.scores and d not in self.unscored]
        if lacking:
            raise ValueError(f"says nothing about {', '.join(lacking)}; a missing score is written as unscored")
        without = (self.probabilities.keys() | self.expected.keys()) - self.scores.keys()
        if without:
            raise ValueError(f"{min(without).value} has a probability or expected value without a score")
        return self

    @classmethod
    def all_unscored(cls, *, narrative_id: str, rater: str, reason: Reason, raw: str = "", draw: int = 0) -> Self:
        """Return a rating without a single score, each missing for the same reason."""
        unscored = dict.fromkeys(DIMENSIONS, Unscored(reason=reason, raw=raw))
        return cls(narrative_id=narrative_id, rater=rater, unscored=unscored, draw=draw)
