"""What a study of differentials found: as dataclasses, written whole to `result.json`."""

from collections.abc import Mapping
from dataclasses import dataclass

from dermatrust.agreement.interval import Estimate
from dermatrust.clinic.abstention import StatedConfidence
from dermatrust.clinic.adjudication_result import AdjudicationResult
from dermatrust.clinic.cells import CellCounts, Change
from dermatrust.clinic.comparable import Comparable
from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.embedding_result import EmbeddingResult
from dermatrust.clinic.ladder import RUNGS
from dermatrust.clinic.subgroups import PartsGap, SubgroupRow, WithinRow
from dermatrust.clinic.unknown import UnknownName
from dermatrust.records import DatasetCard

HEADLINE = "synonym"
"""The rung of the figures that are shown first: the same disease, under whatever name."""
HITS = tuple(f"top-{k} {rung}" for rung in RUNGS for k in CUTS)
CREDITS = tuple(f"credit-{k}" for k in CUTS)
OVERLAPS = tuple(f"overlap-{k}" for k in CUTS)
WEIGHTED = tuple(f"weighted-{k}" for k in CUTS)
VERBATIM = tuple(f"verbatim-{k}" for k in CUTS)
MEASURES = (*HITS, *CREDITS, *OVERLAPS, *WEIGHTED, *VERBATIM)
"""What is measured of every answer, each between 0 and 1.

top-K RUNG   whether one of the first K diagnoses is a hit on this rung of the ladder; of cases whose label the lexicon
             knows, on every rung, so that each rung counts all that the one before counts
credit-K     the nearest of the first K in the family tree
overlap-K    whether one of the first K is in the case's weighted differential
weighted-K   the share of that differential's weight that the first K name
verbatim-K   of the other cases, of which nothing else can be decided: whether one of the first K has the label's words
"""


@dataclass(frozen=True, slots=True)
class Cell(CellCounts):
    """One model in one arm, asked for differentials. An answer without a diagnosis is unanswered.

    Attributes:
        measures: Each of `MEASURES` with its interval; its `n` counts the answers of which it can be decided.
        confidence: Stated confidence against the first diagnosis being right; None where no answer states any.
    """

    measures: dict[str, Estimate]
    confidence: StatedConfidence | None = None


@dataclass(frozen=True, slots=True)
class Anchoring:
    """Whether a model adopts the diagnosis that a referral plants.

    Attributes:
        model: The model.
        image_arm: What it was shown.
        n: Cases with a planted diagnosis and an answer.
        adopted_1: Share of them whose first diagnosis is the planted one.
        adopted_3: Share that name it among the first three.
        reference_arm: The arm without the plant that tells what the model says by itself; empty where there is none.
        unprompted_1: Share of the same cases whose first diagnosis is the planted one without the plant.
        unprompted_3: The same among the first three.
        newly_1: Share that put it first, of the cases whose answer without the plant does not name it at all.
        newly_3: The same among the first three.
    """

    model: str
    image_arm: str
    n: int
    adopted_1: Estimate
    adopted_3: Estimate
    reference_arm: str
    unprompted_1: Estimate
    unprompted_3: Estimate
    newly_1: Estimate
    newly_3: Estimate


@dataclass(frozen=True, slots=True)
class Shortcut:
    """How far the text alone leads.

    Attributes:
        model: The model.
        n: Answers in the arm "context only".
        top_1: Share with the true disease first.
        top_3: Share with it among the first three.
        frequent_1: What always naming the commonest disease of these cases gives, where the lexicon knows the label.
        frequent_3: What always naming the three commonest gives.
        above_1: `top_1` less `frequent_1`, case by case.
        above_3: The same for three.
        n_given_away: Answers of which the text names the true diagnosis.
        top_1_given_away: Share with the true disease first among those.
        top_1_else: The same among the others.
    """

    model: str
    n: int
    top_1: Estimate
    top_3: Estimate
    frequent_1: Estimate
    frequent_3: Estimate
    above_1: Estimate
    above_3: Estimate
    n_given_away: int
    top_1_given_away: Estimate
    top_1_else: Estimate


@dataclass(frozen=True, slots=True)
class DifferentialResult:
    """A finished study of differentials.

    Attributes:
        card: The dataset's.
        n_cases: Cases asked about.
        n_patients: Recorded patients they come from.
        n_cases_without_patient: Cases whose patient is not recorded; each counts as a patient of its own.
        n_without_truth: Cases left out, since neither a label nor a differential is recorded.
        n_unknown_truth: Cases whose label the lexicon does not know: of these only the exact rung is decided.
        models: In the order of every table.
        arms: Context arms, likewise.
        image_arms: Image arms, likewise.
        base: The context arm that others are compared with.
        cells: By model, arm, image arm.
        changes: Against the base arm with the same images, then against the first image arm with the same context.
            Tested of each of `HITS`; a flip is another disease put first, or one put first by one of the two alone.
        anchoring: One per model and image arm, where diagnoses were planted.
        shortcuts: One per model, where there is the arm "context only".
        n_resamples: Bootstrap resamples over patients behind every interval.
        seed: Of the resampling.
        confidence: Nominal coverage of the intervals.
        subgroups: Top-1 and top-3 of the headline's rung in parts of the cases, in the base arm.
        gaps: Where each of these is lowest and highest.
        within: Gaps within the same disease.
        unknown: Names that the lexicon does not know.
        embedding: What the rung by embeddings says, where it was asked for.
        adjudication: What an adjudicator says, where one was asked.
        comparable: Balanced accuracy and cancer or not, in the order of `cells`.
    """

    card: DatasetCard
    n_cases: int
    n_patients: int
    n_cases_without_patient: int
    n_without_truth: int
    n_unknown_truth: int
    models: tuple[str, ...]
    arms: tuple[str, ...]
    image_arms: tuple[str, ...]
    base: str
    cells: tuple[Cell, ...]
    changes: tuple[Change, ...]
    anchoring: tuple[Anchoring, ...]
    shortcuts: tuple[Shortcut, ...]
    n_resamples: int
    seed: int
    confidence: float = 0.95
    subgroups: tuple[SubgroupRow, ...] = ()
    gaps: tuple[PartsGap, ...] = ()
    within: tuple[WithinRow, ...] = ()
    unknown: tuple[UnknownName, ...] = ()
    embedding: EmbeddingResult | None = None
    adjudication: AdjudicationResult | None = None
    comparable: tuple[Comparable, ...] = ()

    def cell(self, model: str, arm: str, image_arm: str) -> Cell:
        """Return one model in one arm.

        Raises:
            KeyError: The study has no such cell.
        """
        found: Mapping[tuple[str, str, str], Cell] = {(c.model, c.arm, c.image_arm): c for c in self.cells}
        return found[model, arm, image_arm]
