"""What differentials and triage say alike of one model in one arm, and of two arms."""

from dataclasses import dataclass

from dermatrust.agreement.interval import Estimate
from dermatrust.agreement.mcnemar import McNemar


@dataclass(frozen=True, slots=True)
class CellCounts:
    """One model in one arm: how many answers there are, and what became of the others.

    Attributes:
        model: The model.
        arm: What it was told.
        image_arm: What it was shown.
        n: Answers.
        n_missing: Answers that are not there, since an ask failed or could not be made.
        n_unanswered: Answers that do not name what was asked for, those that cannot tell among them. They are wrong.
        n_abstained: Answers that say they cannot tell.
        n_given_away: Cases of which what was told names the true diagnosis.
        reasons: Why answers are missing, and how many for each reason.
    """

    model: str
    arm: str
    image_arm: str
    n: int
    n_missing: int
    n_unanswered: int
    n_abstained: int
    n_given_away: int
    reasons: dict[str, int]


@dataclass(frozen=True, slots=True)
class Change:
    """One model in one arm against the same model in another, on the cases that have an answer in both.

    Attributes:
        model: The model.
        arm: What it was told.
        image_arm: What it was shown.
        base_arm: What it was told in the arm compared with.
        base_image_arm: What it was shown there.
        n: Cases with both answers.
        differences: Each measure of the study: arm less base, with its interval over patients.
        flips: Share of the cases with another answer than in the base arm; naming nothing differs from naming one.
        mcnemar: Of what is tested: cases right in the arm only (first), in the base only (second), and p-values.
    """

    model: str
    arm: str
    image_arm: str
    base_arm: str
    base_image_arm: str
    n: int
    differences: dict[str, Estimate]
    flips: Estimate
    mcnemar: dict[str, McNemar]
