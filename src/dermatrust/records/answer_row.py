"""One row of `answers.parquet`: what one model answered about one case in one arm, and how it was scored."""

from typing import NamedTuple

from dermatrust.records.case import SkinGroup, Urgency


class AnswerRow(NamedTuple):
    """One model x case x context arm x image arm. What a task does not have is None throughout."""

    case_id: str
    patient_id: str | None
    """None where the source names no patient: then the case is its own cluster."""
    label: str | None
    """The true diagnosis, in the words of the source."""
    true_urgency: Urgency | None
    skin_group: SkinGroup | None
    monk: int | None
    age: float | None
    sex: str | None
    site: str | None
    model: str
    arm: str
    image_arm: str
    text: str
    """The reply; of several asks, all of them."""
    failure: str | None
    """Why there is no reply; then the answer is missing. None where there is one."""
    said: str
    """The diagnoses the answer names, likeliest first, as a JSON list."""
    n_said: int
    first: str | None
    """The first of them, under the lexicon's name where it knows it; None where it names none."""
    urgency: Urgency | None
    urgent_probability: float | None
    confidence: float | None
    cannot_tell: bool
    gives_truth_away: bool
    """Whether the texts that the model was told in this arm name the true diagnosis."""
    exact: int | None
    """1-based rank of the first diagnosis that is a hit on this rung, 0 where none is, None where undecided."""
    synonym: int | None
    family: int | None
    credit_1: float | None
    """Graded credit of the first diagnosis, the first three, the first five."""
    credit_3: float | None
    credit_5: float | None
    overlap: int | None
    """Rank of the first diagnosis that is in the weighted differential, 0 where none is."""
    weighted_1: float | None
    """Share of the differential's weight that the first diagnosis names, the first three, the first five."""
    weighted_3: float | None
    weighted_5: float | None
    planted: str | None
    """The wrong diagnosis that the case's referral names in the arm "planted referral", in the row of every arm."""
    planted_rank: int | None
    """Rank at which the answer names it, 0 where it does not."""
