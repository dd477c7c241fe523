"""What an alignment study finds. The other files of this room fill it; the terminal and the report place it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dermatrust.agreement.alternative_annotator import AlternativeAnnotator
from dermatrust.align.ratings import AlignFactor
from dermatrust.bench.results import Estimate, Measure
from dermatrust.records import Narrative, Rater

Role = Literal["automatic", "panel", "member", "lexical", "mean"]
"""automatic  a judge or evaluator against the target
panel      one of the panel against the others' mean, all members pooled: human against human
member     the same for one member
lexical    the lexical judge, asked for comparison, where it is not one of the automatic raters
mean       the guess of whoever knows only how other patients' narratives score: predict the mean"""

StandsIn = Literal["yes", "no", "too few", "not tested"]
"""Whether a rater may stand in for one of the panel; "not tested" where there is nothing that both rated."""

Scale = Literal["as given", "rounded"]
"""Whether scores were rounded to whole points first, as in the paper's alignment study; halves upwards, our choice."""


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """One statistic of one rater on one dimension, or its mean over the six.

    Attributes:
        rater: The rater; empty for the pooled panel and for the mean.
        role: Who is compared with whom.
        scale: Of the scores.
        statistic: Its name.
        measure: The dimension, or "macro".
        estimate: The statistic with its interval; what is missing is narratives (times members for the pooled panel).
    """

    rater: str
    role: Role
    scale: Scale
    statistic: str
    measure: Measure
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """Whose mean absolute error is smaller, on the narratives and dimension that both scored.

    Attributes:
        first: A rater.
        second: Another.
        measure: The dimension, or "macro".
        estimate: Error of the first minus that of the second: below 0 where the first is nearer to the target.
    """

    first: str
    second: str
    measure: Measure
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class SameNarrativesRow:
    """One automatic rater on one dimension, or in the mean of the six, on the narratives that all of them scored.

    Attributes:
        rater: The rater.
        measure: The dimension, or "macro".
        error: Mean absolute error against the target; what is missing is narratives that are left out.
        difference: This error minus the first rater's: below 0 where this one is nearer. None for the first.
    """

    rater: str
    measure: Measure
    error: Estimate
    difference: Estimate | None


@dataclass(frozen=True, slots=True)
class SameNarratives:
    """All automatic raters on the same narratives, such as an evaluator before and after a stage of its training.

    Attributes:
        first: The rater whose error is taken off the others'.
        rows: By rater, then measure.
        lacking: For every rater the scores it lacks (narratives times dimensions), for which narratives are left out.
        target_lacking: The same of the target.
    """

    first: str
    rows: tuple[SameNarrativesRow, ...]
    lacking: Mapping[str, int]
    target_lacking: int


@dataclass(frozen=True, slots=True)
class RankingRow:
    """Whether a rater puts the models in the order the target puts them in.

    Attributes:
        rater: The rater.
        measure: The dimension, or "macro", the mean of all six.
        tau: Kendall's tau-b of the models' means; what is missing is narratives.
        pairwise: Share of pairs of narratives of one case that are ordered alike, of those the target tells apart; what
            counts and what is missing is pairs.
    """

    rater: str
    measure: Measure
    tau: Estimate
    pairwise: Estimate


@dataclass(frozen=True, slots=True)
class ReplacementRow:
    """Whether a rater may stand in for one of the panel.

    Attributes:
        rater: The rater.
        measure: The dimension, or "macro", the mean of the six scores of a narrative.
        outcome: Of the alternative-annotator test.
        is_too_few: Whether the patients are so few that no rater could pass.
    """

    rater: str
    measure: Measure
    outcome: AlternativeAnnotator
    is_too_few: bool

    @property
    def verdict(self) -> StandsIn:
        """The answer in a word."""
        if math.isnan(self.outcome.winning_rate):
            return "not tested"
        if self.is_too_few:
            return "too few"
        return "yes" if self.outcome.passes else "no"


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A rater's error and bias in one part of the narratives.

    Attributes:
        rater: The rater.
        factor: What the narratives are parted by.
        level: The part.
        n_narratives: Narratives in it that rater and target both scored, on at least one dimension.
        n_patients: Patients they are of.
        error: Macro mean of the mean absolute errors; None with fewer than ten narratives on any dimension.
        bias: Macro mean of the biases; None likewise.
    """

    rater: str
    factor: AlignFactor
    level: str
    n_narratives: int
    n_patients: int
    error: Estimate | None
    bias: Estimate | None


@dataclass(frozen=True, slots=True)
class StabilityRow:
    """Whether a rater gives the same score again, and whether it changes as it goes on.

    Attributes:
        rater: The rater.
        measure: The dimension, or "macro".
        retest_exact: Share of second draws that are the first's score; n is 0 where nothing was rated twice.
        retest_difference: Mean absolute difference of two draws.
        retest_icc: ICC(2,1) of two draws.
        drift: Change of the rater minus target, points per 100 narratives in the order they were rated.
    """

    rater: str
    measure: Measure
    retest_exact: Estimate
    retest_difference: Estimate
    retest_icc: Estimate
    drift: Estimate


@dataclass(frozen=True, slots=True)
class WorstCase:
    """A narrative on which a rater is far from the target.

    Attributes:
        rater: The rater.
        narrative: The narrative.
        images: File names of its case.
        given: The rater's scores, in the order of the dimensions; NaN where there is none.
        wanted: The target's.
        distance: Mean absolute difference over the dimensions both have.
        critique: Why the rater gave its scores, where it says so.
    """

    rater: str
    narrative: Narrative
    images: tuple[str, ...]
    given: tuple[float, ...]
    wanted: tuple[float, ...]
    distance: float
    critique: str


@dataclass(frozen=True, slots=True)
class Adjudication:
    """How far the panel agrees on the narratives, and what was settled.

    Attributes:
        n_single: Narratives that at most one member scored, and no adjudicator.
        n_agreed: Narratives whose members agree.
        n_open: Narratives whose members disagree on a dimension that nobody settled.
        n_adjudicated: Narratives that an adjudicator scored, on every dimension the members disagree about.
    """

    n_single: int
    n_agreed: int
    n_open: int
    n_adjudicated: int


@dataclass(frozen=True, slots=True)
class AlignmentStudy:
    """All tables of an alignment study.

    Attributes:
        panel: Who is taken for the truth, member by member.
        adjudicators: Whose scores come before the panel's mean.
        automatic: Who is compared with it.
        n_narratives: Narratives with text.
        n_empty: Narratives without.
        n_patients: Patients, where a case whose patient is not recorded counts as one.
        n_cases_without_patient: Such cases.
        confidence: Of the intervals.
        epsilon: Of the alternative-annotator test.
        agreement: Automatic raters and the baselines against the target.
        within_panel: How far the panel agrees with itself.
        differences: Automatic raters against each other.
        same_narratives: All automatic raters in one table; None with fewer than two.
        rankings: Of models; empty with fewer than two.
        replacements: Empty with fewer than two in the panel.
        groups: Parts of the narratives.
        stability: Retest and drift.
        worst: Narratives, worst first, rater by rater.
        adjudication: What the panel agrees on.
    """

    panel: tuple[Rater, ...]
    adjudicators: tuple[Rater, ...]
    automatic: tuple[Rater, ...]
    n_narratives: int
    n_empty: int
    n_patients: int
    n_cases_without_patient: int
    confidence: float
    epsilon: float
    agreement: Sequence[AgreementRow]
    within_panel: Sequence[AgreementRow]
    differences: Sequence[DifferenceRow]
    same_narratives: SameNarratives | None
    rankings: Sequence[RankingRow]
    replacements: Sequence[ReplacementRow]
    groups: Sequence[GroupRow]
    stability: Sequence[StabilityRow]
    worst: Sequence[WorstCase]
    adjudication: Adjudication

    @property
    def has_lexical_judge(self) -> bool:
        """Whether the lexical judge is one of the automatic raters or a baseline."""
        return any(rater.kind == "lexical" for rater in self.automatic) or any(
            row.role == "lexical" for row in self.agreement
        )
