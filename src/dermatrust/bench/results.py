"""What the bench table holds. `bench/table.py` fills it; the report and the terminal place it."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from dermatrust.agreement.widest_gap import WidestGap
from dermatrust.records import DIMENSIONS, Dimension
from dermatrust.records.rating import Flag

MACRO: Literal["macro"] = "macro"
Measure = Dimension | Literal["macro"]
"""A column of the table: one of the six dimensions, or the mean of their six means."""

MEASURES: tuple[Measure, ...] = (*DIMENSIONS, MACRO)

JUDGES, EVALUATORS, PANEL = ("llm", "lexical"), ("evaluator",), ("human", "simulated")
"""Kinds of raters: those that read a reference, those that look at the photographs, and those both are held to."""

Factor = Literal["category", "skin type", "site"]
FACTORS: tuple[Factor, ...] = ("category", "skin type", "site")
FEWEST = 10
"""Cases or narratives below which a part shows no figure: it would say more of these patients than of the part."""
NOT_RECORDED = "not recorded"
"""The level of cases for which the source does not record a factor."""
ABSENT = "not in the run"
"""Why a score is missing where the scores hold no row at all for this case and model."""

REASONS: dict[str, str] = {
    "missing": "the rater's text does not give this dimension",
    "out of range": "the number given is not on the scale from 0 to 5",
    "doubled": "the rater's text gives this dimension twice, with different numbers",
    "not a number": "the dimension is named, but without a number",
    "unreadable": "no verdict could be found in the rater's text",
    "no answer": "the rater was asked and did not answer",
    "no narrative": "the model could not be asked, so there is nothing to rate",
    "no reference": "the dataset has no reference for the case, so there is nothing to compare with",
    "nothing to compare": "the reference says nothing this dimension could be scored on",
    "not rated": "a person left it out",
    ABSENT: "the scores hold nothing at all for this case and model",
}
"""Every reason why a score is missing, and what it means to a reader of the table."""

FLAGS: dict[Flag, str] = {
    "injection_suspected": "the narrative shows signs of speaking to its grader",
    "unfamiliar_text": "the rater never met a sentence like one of the narrative’s, so its scores may be chance",
    "writing_in_image": "a photograph that the rater was shown has writing in it, which may speak to it",
}
"""Every flag of a rating, and what it means to a reader of the table."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean, its interval, and how much it rests on.

    Attributes:
        value: The mean; NaN where nothing was scored.
        low: Lower end of the interval; NaN where it is undefined (fewer than two patients were scored).
        high: Upper end of the interval; NaN where `low` is.
        n: Scores behind the mean. For the macro mean, the smallest n of the six dimensions.
        n_missing: Scores that should be there and are not; `n + n_missing` is the same for every dimension of a row.
            For a paired difference, cases of the run on which not both models have a score.
    """

    value: float
    low: float
    high: float
    n: int
    n_missing: int

    @property
    def has_interval(self) -> bool:
        """Whether the interval is defined."""
        return not math.isnan(self.low)


@dataclass(frozen=True, slots=True)
class Rank:
    """A model's place among the models of one rater on one measure.

    Attributes:
        place: 1 + the number of models significantly better; None where the model has no mean.
        tied: Another model has the same place and the two are not significantly different.

    Example:
        >>> Rank(1, tied=True).text, Rank(3, tied=False).text, Rank(None, tied=False).text
        ('1=', '3', '–')
    """

    place: int | None
    tied: bool

    @property
    def text(self) -> str:
        """The printed place: "1", "2=" for a tie, "–" for none."""
        return "–" if self.place is None else f"{self.place}{'=' if self.tied else ''}"


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model as one rater sees it.

    Attributes:
        author: The model.
        rater: Who scored it.
        scores: The mean of each of the six dimensions.
        macro: Mean of the six means; NaN if any of them is.
        ranks: The place on each measure.
        n_cases: Cases of this rater's run; the model should have answered each.
        n_narratives: Narratives the model did write, empty ones included.
        n_refused: Narratives among them that decline to answer. They are scored like any other.
        n_empty: Narratives among them without text. Each scores 0 on every dimension.
        references: What the rater read beside the narratives ("certified", "draft", "label" or "none"), counted.
        missing: Missing scores counted by reason, over all dimensions: the sum equals that of `n_missing` of the six.
        n_suspected: Narratives whose rating is flagged `injection_suspected`. They are scored like any other.
        n_unfamiliar: Narratives whose rating is flagged `unfamiliar_text`, which only few raters ever say; scored too.
        n_with_writing: Narratives whose rating is flagged `writing_in_image`, which is looked for on request.
    """

    author: str
    rater: str
    scores: dict[Dimension, Estimate]
    macro: Estimate
    ranks: dict[Measure, Rank]
    n_cases: int
    n_narratives: int
    n_refused: int
    n_empty: int
    references: dict[str, int]
    missing: dict[str, int]
    n_suspected: int = 0
    n_unfamiliar: int = 0
    n_with_writing: int = 0

    def estimate(self, measure: Measure) -> Estimate:
        """Return the mean of one dimension, or the macro mean."""
        return self.macro if measure == MACRO else self.scores[Dimension(measure)]

    def n_flagged(self, flag: Flag) -> int:
        """Return how many narratives' ratings bear a flag."""
        counts: dict[Flag, int] = {
            "injection_suspected": self.n_suspected,
            "unfamiliar_text": self.n_unfamiliar,
            "writing_in_image": self.n_with_writing,
        }
        return counts[flag]


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """How much better `first` is than `second`, on the cases both have scored.

    Attributes:
        rater: Who scored both.
        measure: A dimension, or "macro": the mean of the six differences.
        first: A model.
        second: The model subtracted from it.
        difference: Mean of `first` minus `second` with its interval; `n` counts cases.
        p: Two-sided p-value of the sign-flip permutation test; NaN where the models share no scored case.
        p_holm: `p` adjusted by Holm over its family: all pairs x six dimensions of the rater, or all pairs of macro.
    """

    rater: str
    measure: Measure
    first: str
    second: str
    difference: Estimate
    p: float
    p_holm: float


@dataclass(frozen=True, slots=True)
class ModelGap(WidestGap):
    """The parts of the cases with a model's lowest and highest macro mean.

    Attributes:
        gap: Its `n` counts the cases of the two parts.
        author: The model.
        rater: Who scored it.
        factor: What the cases are parted by.
    """

    gap: Estimate
    author: str
    rater: str
    factor: Factor


@dataclass(frozen=True, slots=True)
class WithinGap:
    """A model's macro mean in one part less that in another, within the same category of disease.

    Attributes:
        author: The model.
        rater: Who scored it.
        factor: What the cases are parted by.
        level: The part.
        beside: The part it is compared with: that with most cases.
        n_categories: Categories with scored cases in both.
        n_level: Cases of these categories in the part.
        n_beside: Cases of these categories in the other.
        difference: Mean over these categories, each weighing the same; None with fewer than ten cases on a side.
    """

    author: str
    rater: str
    factor: Factor
    level: str
    beside: str
    n_categories: int
    n_level: int
    n_beside: int
    difference: Estimate | None


@dataclass(frozen=True, slots=True)
class SubgroupRow:
    """One model, one rater, the cases of one level of one factor.

    Attributes:
        author: The model.
        rater: Who scored it.
        factor: "category", "skin type" or "site".
        level: The value of the factor, e.g. "III"; cases for which it is missing are the level "not recorded".
        n_cases: Cases at this level.
        n_patients: Recorded patients they come from.
        n_cases_without_patient: Cases among them whose patient is not recorded; each counts as a patient of its own.
        scores: The mean of each of the six dimensions; intervals are NaN with fewer than two patients.
        macro: Mean of the six means; NaN if any of them is.
    """

    author: str
    rater: str
    factor: Factor
    level: str
    n_cases: int
    n_patients: int
    n_cases_without_patient: int
    scores: dict[Dimension, Estimate]
    macro: Estimate

    def estimate(self, measure: Measure) -> Estimate:
        """Return the mean of one dimension, or the macro mean."""
        return self.macro if measure == MACRO else self.scores[Dimension(measure)]


AlignmentRole = Literal["automatic", "panel", "member", "mean"]


@dataclass(frozen=True, slots=True)
class AlignmentRow:
    """How far one rater's scores are from those of a panel, in points: smaller is better.

    Attributes:
        role: "automatic": a judge or evaluator against the panel's mean. "member": one of the panel against the mean
            of the others. "panel": all members together, each against the others. "mean": whoever knows only the mean
            score of all other patients' narratives, against the panel's mean.
        rater: The rater; empty for "panel" and "mean".
        errors: The mean absolute error on each of the six dimensions.
        macro: Mean of the six errors; NaN if any of them is.
    """

    role: AlignmentRole
    rater: str
    errors: dict[Dimension, Estimate]
    macro: Estimate

    def estimate(self, measure: Measure) -> Estimate:
        """Return the error on one dimension, or the macro mean."""
        return self.macro if measure == MACRO else self.errors[Dimension(measure)]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Automatic raters against a panel of people, or of simulated raters.

    Attributes:
        rows: Automatic raters and panel in the order of the table's raters, then the mean.
        panel: The raters whose mean is the yardstick.
        n_narratives: Narratives compared.
        n_empty: Narratives left out: one without text scores 0 by rule and tells nothing of a rater.
    """

    rows: tuple[AlignmentRow, ...]
    panel: tuple[str, ...]
    n_narratives: int
    n_empty: int


@dataclass(frozen=True, slots=True)
class BenchTable:
    """Models x dimensions for every rater of a run, with what is needed to trust and to repeat it.

    Attributes:
        rows: By rater (as in `raters`), then macro mean (best first, undefined last), then author.
        differences: By rater, measure, first, second; `first` comes before `second` in `authors`.
        subgroups: By rater, factor, level (most cases first, "not recorded" last), author.
        raters: All raters, in the order in which the scores first give them.
        authors: All models, sorted.
        n_cases: Cases in the scores.
        n_patients: Recorded patients they come from.
        n_cases_without_patient: Cases whose patient is not recorded; each counts as a patient of its own.
        n_resamples: Bootstrap resamples behind every interval.
        seed: Seed of every random draw.
        confidence: Nominal coverage of the intervals.
        significance: Adjusted p-values below this separate two models.
        kinds: Rater to its kind, as in its card ("lexical", "evaluator", "simulated" …); empty where nobody said.
        alignment: Automatic raters against the panel; None in a run that lacks either.
        gaps: By rater, factor, author: how far apart the parts of the cases are.
        within: The same of skin types and sites within one category of disease.
    """

    rows: tuple[ModelRow, ...]
    differences: tuple[PairedDifference, ...]
    subgroups: tuple[SubgroupRow, ...]
    raters: tuple[str, ...]
    authors: tuple[str, ...]
    n_cases: int
    n_patients: int
    n_cases_without_patient: int
    n_resamples: int
    seed: int
    confidence: float = 0.95
    significance: float = 0.05
    kinds: Mapping[str, str] = field(default_factory=dict)
    alignment: Alignment | None = None
    gaps: tuple[ModelGap, ...] = ()
    within: tuple[WithinGap, ...] = ()

    def raters_of(self, kinds: Collection[str]) -> tuple[str, ...]:
        """Return the raters of some kinds, in the order of the table."""
        return tuple(rater for rater in self.raters if self.kinds.get(rater) in kinds)

    def rows_of(self, rater: str) -> tuple[ModelRow, ...]:
        """Return one rater's rows, best macro mean first."""
        return tuple(row for row in self.rows if row.rater == rater)

    def flags_of(self, rater: str) -> tuple[Flag, ...]:
        """Return the flags that one rater's ratings bear; what it never says it may be unable to tell."""
        return tuple(flag for flag in FLAGS if any(row.n_flagged(flag) for row in self.rows_of(rater)))

    def differences_of(self, rater: str, measure: Measure) -> tuple[PairedDifference, ...]:
        """Return one rater's paired differences on one measure."""
        return tuple(d for d in self.differences if d.rater == rater and d.measure == measure)

    def subgroups_of(self, rater: str, factor: Factor) -> tuple[SubgroupRow, ...]:
        """Return one rater's rows by the levels of one factor."""
        return tuple(row for row in self.subgroups if row.rater == rater and row.factor == factor)
