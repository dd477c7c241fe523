"""One row of `scores.parquet`: what one rater gave one narrative on one dimension."""

from typing import Literal, NamedTuple

from dermatrust.records.dimensions import Dimension
from dermatrust.records.narrative import Narrative

ReferenceKind = Literal["certified", "draft", "label"]
"""What the rater read beside the narrative: a certified reference, one not yet certified, or label facts only."""


def reference_kind(reference: Narrative | None) -> ReferenceKind | None:
    """Return what kind of truth a reference is: certified, not yet certified, or a dataset's facts only."""
    if reference is None:
        return None
    if reference.stream == "label":
        return "label"
    return "certified" if reference.certificate is not None else "draft"


class ScoreRow(NamedTuple):
    """One narrative x rater x dimension. `score` is None where it is missing, and `unscored` says why."""

    case_id: str
    patient_id: str | None
    """None where the source names no patient: then the case is its own cluster."""
    category: str | None
    fitzpatrick: int | None
    site: str | None
    narrative_id: str | None
    """None where the model under test could not be asked."""
    author: str
    refused: bool
    """The narrative declines to answer."""
    empty: bool
    """The narrative has no text: a model that does not answer is wrong, so every score is 0."""
    rater: str
    dimension: Dimension
    score: float | None
    """Mean over the rater's scored draws."""
    spread: float | None
    """Sample standard deviation over the scored draws; None with fewer than two."""
    n_draws: int
    """How many draws were scored."""
    unscored: str | None
    """Why the score is missing (a reason of `Unscored`); None where there is a score."""
    reference: ReferenceKind | None
    injection_suspected: bool
    """A draw of the rating is flagged: the narrative shows signs of speaking to its grader. It changes no score."""
    unfamiliar_text: bool = False
    """A draw of the rating is flagged: the rater never met a sentence like one of the narrative's."""
    writing_in_image: bool = False
    """A draw of the rating is flagged: a photograph that the rater was shown has writing in it. False also where nobody
    looked for any."""
