"""What a study of triage found: as dataclasses, written whole to `result.json`."""

from dataclasses import dataclass

from dermatrust.agreement.confusion_rates import ConfusionRates
from dermatrust.agreement.interval import Estimate
from dermatrust.agreement.roc import Auroc, OperatingPoint
from dermatrust.clinic.abstention import StatedConfidence
from dermatrust.clinic.cells import CellCounts, Change
from dermatrust.clinic.subgroups import PartsGap, SubgroupRow, WithinRow
from dermatrust.records import DatasetCard

SPECIFICITY = 0.9
"""At which sensitivity is given where probabilities are stated."""
THRESHOLDS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
"""Probabilities of being urgent from which one may want a patient seen: 0.02 takes 49 alarms for one true case."""


@dataclass(frozen=True, slots=True)
class BenefitCurve:
    """Net benefit at each of `THRESHOLDS`, in true cases found per case; see `agreement.decision_curve`.

    Attributes:
        thresholds: The probabilities.
        net_benefit: Of acting on the model.
        low: Lower ends of its intervals.
        high: Upper ends.
        treat_all: Of seeing everybody urgently; of seeing nobody so it is 0.
        gain: Above the better of these two.
        gain_low: Lower ends of its intervals.
        gain_high: Upper ends.
        n: Cases.
    """

    thresholds: tuple[float, ...]
    net_benefit: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    treat_all: tuple[float, ...]
    gain: tuple[float, ...]
    gain_low: tuple[float, ...]
    gain_high: tuple[float, ...]
    n: int


@dataclass(frozen=True, slots=True)
class StatedProbability:
    """What the stated probabilities that a case is urgent or emergent are worth.

    Attributes:
        n: Answers that state one.
        n_without: Answers that state none; they are in nothing below.
        delong: Area under the ROC curve with DeLong's interval, cases taken as independent.
        area: The same with an interval over patients.
        sensitivity_at: Highest sensitivity at a specificity of `SPECIFICITY`, interval over patients.
        youden: Highest sensitivity plus specificity less 1, without an interval; see `agreement.roc_resampling`.
        points: Where these two are, on all cases.
        curve: Sensitivity and specificity at every threshold, drawn at so many places.
        benefit: Net benefit of acting from a probability on.
    """

    n: int
    n_without: int
    delong: Auroc
    area: Estimate
    sensitivity_at: Estimate
    youden: Estimate
    points: tuple[OperatingPoint, OperatingPoint]
    curve: tuple[OperatingPoint, ...]
    benefit: BenefitCurve


@dataclass(frozen=True, slots=True)
class TriageCell(CellCounts):
    """One model in one arm, asked for levels. An answer without a level is unanswered.

    Attributes:
        table: Cases by true level (emergent, urgent, routine) down and level said (these, and none) across.
        rates: Emergent or urgent against routine, with Wilson's intervals, cases taken as independent.
        measures: Each measure of the study with an interval over patients; its `n` is what it is a share of.
        probability: Of the stated probabilities; None where no answer states one.
        benefit: Net benefit of acting on the level said; where none is said nobody acts.
        confidence: Of the stated confidence; None where no answer states one.
    """

    table: tuple[tuple[int, ...], ...]
    rates: ConfusionRates
    measures: dict[str, Estimate]
    probability: StatedProbability | None
    benefit: BenefitCurve
    confidence: StatedConfidence | None


@dataclass(frozen=True, slots=True)
class TriageResult:
    """A finished study of triage.

    Attributes:
        card: The dataset's.
        n_levels: Levels that were asked for, 2 or 3.
        n_cases: Cases asked about.
        n_patients: Recorded patients they come from.
        n_cases_without_patient: Cases whose patient is not recorded; each counts as a patient of its own.
        n_without_truth: Cases left out, since their level is not known.
        n_of_level: True level to its cases.
        n_of_origin: Where the true level comes from ("case", "label", "differential") to its cases.
        n_unsigned: Cases whose level rests on a row of the lexicon that no clinician has signed off.
        models: In the order of every table.
        arms: Context arms, likewise.
        image_arms: Image arms, likewise.
        base: The context arm that others are compared with.
        cells: By model, arm, image arm.
        changes: Against the base arm with the same images, then against the first image arm with the same context.
            Tested of "sensitivity" (urgent and emergent cases found), "specificity" (routine cases left) and "accuracy"
            (both); a flip is another level said, and none differs from any.
        subgroups: Sensitivity and specificity by skin type, skin tone, age, sex, site and category.
        gaps: The widest gap of each of these.
        within: Gaps between parts within the same disease, in the base arm.
        n_resamples: Bootstrap resamples over patients behind every interval.
        seed: Of the resampling.
        confidence: Nominal coverage of the intervals.
    """

    card: DatasetCard
    n_levels: int
    n_cases: int
    n_patients: int
    n_cases_without_patient: int
    n_without_truth: int
    n_of_level: dict[str, int]
    n_of_origin: dict[str, int]
    n_unsigned: int
    models: tuple[str, ...]
    arms: tuple[str, ...]
    image_arms: tuple[str, ...]
    base: str
    cells: tuple[TriageCell, ...]
    changes: tuple[Change, ...]
    subgroups: tuple[SubgroupRow, ...]
    gaps: tuple[PartsGap, ...]
    within: tuple[WithinRow, ...]
    n_resamples: int
    seed: int
    confidence: float = 0.95

    def cell(self, model: str, arm: str, image_arm: str) -> TriageCell:
        """Return one model in one arm.

        Raises:
            KeyError: The study has no such cell.
        """
        return {(c.model, c.arm, c.image_arm): c for c in self.cells}[model, arm, image_arm]
