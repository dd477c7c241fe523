"""From answers about clean and spoilt photographs to accuracy, confidence and their gap, kind by kind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dermatrust.agreement.clusters import Floats
from dermatrust.agreement.interval import Estimate
from dermatrust.clinic.answer_grid import AnswerGrid, answer_grid
from dermatrust.clinic.draws import seed_of_draws
from dermatrust.clinic.estimator import Estimator
from dermatrust.clinic.stress import CLEAN
from dermatrust.clinic.stress_measures import SIGNED, stress_columns, stress_tables
from dermatrust.clinic.urgency_truth import TrueUrgency
from dermatrust.records import DatasetCard
from dermatrust.store.answers import AnswerColumns

N_RESAMPLES = 2_000
FEWEST_PATIENTS = 50
"""Patients below which an interval is too narrow to rest anything on."""


@dataclass(frozen=True, slots=True)
class StressRow:
    """One model in one arm, with photographs spoilt in one way or clean.

    Attributes:
        model: The model.
        arm: What it was told.
        condition: "all" for clean photographs, else kind and severity, e.g. "blur 2".
        n: Answers.
        n_missing: Answers that are not there.
        values: Each measure of `stress_tables` with its interval over patients; its `n` is what it is a mean of.
        changes: Each of them: spoilt less clean on the cases with both; empty for clean photographs.
    """

    model: str
    arm: str
    condition: str
    n: int
    n_missing: int
    values: dict[str, Estimate]
    changes: dict[str, Estimate]


@dataclass(frozen=True, slots=True)
class StressResult:
    """A finished stress test.

    Attributes:
        card: The dataset's.
        n_cases: Cases asked about.
        n_patients: Patients, cases without a recorded one counted each.
        rows: By model, arm, and condition.
        n_resamples: Bootstrap resamples over patients.
        seed: Of resampling, and of what is random in a degradation.
        confidence: Nominal coverage of the intervals.
        n_levels: Levels of triage that were asked for, 2 or 3; 0 for a differential.
        n_without_truth: Cases that were not asked about, since nobody recorded what is true of them.
        n_unsigned: Cases whose level rests on a row of the lexicon that no clinician has signed off.
    """

    card: DatasetCard
    n_cases: int
    n_patients: int
    rows: tuple[StressRow, ...]
    n_resamples: int
    seed: int
    confidence: float = 0.95
    n_levels: int = 0
    n_without_truth: int = 0
    n_unsigned: int = 0

    @property
    def tables(self) -> tuple[tuple[str, ...], ...]:
        """What is measured, as the tables that show it."""
        return stress_tables(self.n_levels)


def stress_result(
    answers: AnswerColumns, card: DatasetCard, *, n_levels: int = 0, truths: Sequence[TrueUrgency] = (),
    n_without_truth: int = 0, seed: int = 0, n_resamples: int = N_RESAMPLES, confidence: float = 0.95,
) -> StressResult:  # fmt: skip
    """Return every figure of a stress test, paired with the clean photographs, with intervals by resampling patients.

    An answer that names nothing is wrong; a missing one is not counted, and its case not in any change.

    Args:
        answers: One row per model, case and condition.
        card: The dataset's.
        n_levels: Levels of triage that were asked for, 2 or 3; 0 for a differential.
        truths: Of triage: where the levels of the cases come from, for the record.
        n_without_truth: Cases that were not asked about, for the record.
        seed: Of the resampling, at least 0.
        n_resamples: Bootstrap resamples over patients.
        confidence: Nominal coverage of the intervals.

    Raises:
        DataError: There are no answers, or a case has two in one condition.
    """
    grid = answer_grid(answers)
    estimator = Estimator(grid.cluster, grid.n_clusters)
    values = [stress_columns(grid, place, n_levels) for place in range(len(grid.places))]
    clean = {(place.model, place.arm): k for k, place in enumerate(grid.places) if place.image_arm == CLEAN.name}
    plans = [
        _plan(grid, k, estimator, values[k], values[clean[place.model, place.arm]])
        for k, place in enumerate(grid.places)
    ]
    found = estimator.solve(
        np.random.default_rng(seed_of_draws(grid, card.name, seed)), n_resamples=n_resamples, confidence=confidence
    )
    rows = tuple(plan(found) for plan in plans)
    n_unsigned = sum(truth.needs_sign_off for truth in truths)
    return StressResult(
        card, grid.n_cases, grid.n_clusters, rows, n_resamples, seed, confidence, n_levels, n_without_truth, n_unsigned
    )


def _plan(
    grid: AnswerGrid, k: int, estimator: Estimator, own: dict[str, Floats], clean: dict[str, Floats]
) -> Callable[[list[Estimate]], StressRow]:
    place, n = grid.places[k], int(grid.has_answer(k).sum())
    plans = [{name: estimator.add(column, lowest=-1.0 * (name in SIGNED)) for name, column in own.items()}, {}]
    if own is not clean:
        plans[1] = {name: estimator.add(column - clean[name], lowest=-1.0) for name, column in own.items()}

    def filled(found: list[Estimate]) -> StressRow:
        values, changes = ({name: found[number] for name, number in plan.items()} for plan in plans)
        return StressRow(place.model, place.arm, place.image_arm, n, grid.n_cases - n, values, changes)

    return filled
