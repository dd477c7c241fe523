"""From answers about clean and spoilt photographs to accuracy, confidence and their gap, kind by kind."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dermatrust.agreement.clusters import Floats
from dermatrust.agreement.interval import Estimate
from dermatrust.clinic.answer_grid import AnswerGrid, answer_grid
from dermatrust.clinic.estimator import Estimator
from dermatrust.clinic.results import HEADLINE
from dermatrust.clinic.stress import CLEAN
from dermatrust.records import DatasetCard
from dermatrust.store.answers import AnswerColumns

MEASURES = ("top-1", "top-3", "confidence", "overconfidence", "cannot tell")
"""Of each answer: whether the truth is its first diagnosis, and whether it is among its first three; its stated
confidence; confidence less being right; whether it says that it cannot tell. The third and fourth are of answers that
state a confidence."""
N_RESAMPLES = 2_000
FEWEST_PATIENTS = 20
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
        values: Each of `MEASURES` with its interval over patients.
        changes: Each of `MEASURES`: spoilt less clean on the cases with both; empty for clean photographs.
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
    """

    card: DatasetCard
    n_cases: int
    n_patients: int
    rows: tuple[StressRow, ...]
    n_resamples: int
    seed: int
    confidence: float = 0.95


def stress_result(
    answers: AnswerColumns, card: DatasetCard, *, seed: int = 0, n_resamples: int = N_RESAMPLES,
    confidence: float = 0.95,
) -> StressResult:  # fmt: skip
    """Return every figure of a stress test, paired with the clean photographs, with intervals by resampling patients.

    An answer that names nothing is wrong; a missing one is not counted, and its case not in any change.

    Raises:
        DataError: There are no answers, or a case has two in one condition.
    """
    grid = answer_grid(answers)
    estimator = Estimator(grid.cluster, grid.n_clusters)
    values = [_measures(grid, place) for place in range(len(grid.places))]
    clean = {(place.model, place.arm): k for k, place in enumerate(grid.places) if place.image_arm == CLEAN.name}
    plans: list[Callable[[list[Estimate]], StressRow]] = []
    for k, place in enumerate(grid.places):
        base = clean[place.model, place.arm]
        own = {name: estimator.add(column) for name, column in values[k].items()}
        changed = {} if k == base else {
            name: estimator.add(values[k][name] - values[base][name]) for name in MEASURES
        }  # fmt: skip
        plans.append(_plan(grid, k, own, changed))
    found = estimator.solve(np.random.default_rng(seed), n_resamples=n_resamples, confidence=confidence)
    rows = tuple(plan(found) for plan in plans)
    return StressResult(card, grid.n_cases, grid.n_clusters, rows, n_resamples, seed, confidence)


def _plan(
    grid: AnswerGrid, k: int, own: dict[str, int], changed: dict[str, int]
) -> Callable[[list[Estimate]], StressRow]:
    place, n = grid.places[k], int(grid.has_answer(k).sum())

    def filled(found: list[Estimate]) -> StressRow:
        values, changes = ({name: found[number] for name, number in plan.items()} for plan in (own, changed))
        return StressRow(place.model, place.arm, place.image_arm, n, grid.n_cases - n, values, changes)

    return filled


def _measures(grid: AnswerGrid, place: int) -> dict[str, Floats]:
    rank, stated = grid.column(HEADLINE, place), grid.column("confidence", place)
    within = [np.where(np.isnan(rank), np.nan, (rank > 0) & (rank <= k)) for k in (1, 3)]
    columns = (*within, stated, stated - within[0], grid.column("cannot_tell", place))
    return dict(zip(MEASURES, columns, strict=True))
