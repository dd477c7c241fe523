"""From answers to what a study of differentials found."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from dermatrust.agreement.bootstrap import KeptDraws
from dermatrust.agreement.clusters import Floats
from dermatrust.agreement.interval import Estimate
from dermatrust.agreement.mcnemar import McNemar, mcnemar
from dermatrust.clinic.abstention import StatedConfidence, stated_confidence
from dermatrust.clinic.anchoring import plan_anchoring, plan_shortcuts
from dermatrust.clinic.answer_grid import NOBODY, AnswerGrid, answer_grid
from dermatrust.clinic.cells import Change
from dermatrust.clinic.comparable import comparables
from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.draws import seed_of_draws
from dermatrust.clinic.estimator import Estimator
from dermatrust.clinic.image_arms import NO_IMAGES
from dermatrust.clinic.ladder import RUNGS
from dermatrust.clinic.results import (
    HEADLINE,
    HITS,
    MEASURES,
    Cell,
    DifferentialResult,
)  # fmt: skip
from dermatrust.clinic.subgroup_levels import case_levels, diseases
from dermatrust.clinic.subgroups import Measured, Parts, subgroup_tables, within_disease
from dermatrust.lexicon import load_lexicon
from dermatrust.records import DatasetCard
from dermatrust.store.answers import AnswerColumns

N_RESAMPLES = 2_000
SUBGROUP_MEASURES = (f"top-1 {HEADLINE}", f"top-3 {HEADLINE}")
"""What is compared between parts of the cases."""
ABSENT = "not asked"
"""Why an answer is missing of which there is no row at all."""


def differential_result(
    answers: AnswerColumns,
    card: DatasetCard,
    *,
    base: str = "",
    n_without_truth: int = 0,
    seed: int = 0,
    n_resamples: int = N_RESAMPLES,
    confidence: float = 0.95,
) -> DifferentialResult:
    """Return every figure of a study, with intervals by resampling patients.

    Args:
        answers: One row per model, case and arm; models and arms keep the order of their first rows.
        card: The dataset's.
        base: The context arm to compare with; the first where none is given.
        n_without_truth: Cases that were not asked about, for the record.
        seed: Of the resampling, at least 0. The same answers and seed give the same result.
        n_resamples: Bootstrap resamples over patients.
        confidence: Nominal coverage of the intervals.

    Raises:
        DataError: There are no answers, or a case has two in one arm.
    """
    grid = answer_grid(answers)
    drawn = seed_of_draws(grid, card.name, seed)
    estimator = Estimator(grid.cluster, grid.n_clusters)
    arms = tuple(dict.fromkeys(place.arm for place in grid.places))
    base = base or arms[0]
    values = [measures_at(grid, place) for place in range(len(grid.places))]
    cells = [_Plan({name: estimator.add(column[name]) for name in MEASURES}) for column in values]
    pairs = compared_places(grid, base)
    changes = [_plan_change(grid, values, estimator, *pair) for pair in pairs]
    anchoring = plan_anchoring(grid, estimator)
    shortcuts = plan_shortcuts(grid, values, estimator)
    found = estimator.solve(np.random.default_rng(drawn), n_resamples=n_resamples, confidence=confidence)
    parts = Parts(case_levels(grid), diseases(grid), grid.cluster, grid.n_clusters, drawn, n_resamples, confidence)
    in_base = [
        Measured(*place, name, values[number][name])
        for number, place in enumerate(grid.places)
        if place.arm == base
        for name in SUBGROUP_MEASURES
    ]
    rows, gaps = subgroup_tables(in_base, parts)
    draws = KeptDraws(drawn)
    labels = [answers.label[row] for row in grid.first_rows]
    without_patient = sum(answers.patient_id[row] is None for row in grid.first_rows)
    return DifferentialResult(
        card=card,
        n_cases=grid.n_cases,
        n_patients=grid.n_clusters - without_patient,
        n_cases_without_patient=without_patient,
        n_without_truth=n_without_truth,
        n_unknown_truth=sum(label is not None and load_lexicon().diagnosis(label) is None for label in labels),
        models=tuple(dict.fromkeys(place.model for place in grid.places)),
        arms=arms,
        image_arms=tuple(dict.fromkeys(place.image_arm for place in grid.places)),
        base=base,
        cells=tuple(
            replace(
                _cell(grid, place, plan.filled(found)),
                confidence=_confidence(grid, place, values[place], draws, n_resamples, confidence),
            )
            for place, plan in enumerate(cells)
        ),
        changes=tuple(change.filled(found) for change in changes),
        anchoring=tuple(plan(found) for plan in anchoring),
        shortcuts=tuple(plan(found) for plan in shortcuts),
        n_resamples=n_resamples,
        seed=seed,
        confidence=confidence,
        subgroups=tuple(rows),
        gaps=tuple(gaps),
        within=tuple(within_disease(in_base, parts)),
        comparable=comparables(grid, draws, n_resamples=n_resamples, confidence=confidence),
    )


def _confidence(
    grid: AnswerGrid, place: int, values: dict[str, Floats], draws: KeptDraws, n_resamples: int, level: float
) -> StatedConfidence | None:
    abstained = grid.column("cannot_tell", place) == 1
    answered = grid.column("n_said", place) > 0
    return stated_confidence(
        values[f"top-1 {HEADLINE}"], grid.column("confidence", place), answered, abstained, grid.cluster,
        draws=draws, n_resamples=n_resamples, level=level,
    )  # fmt: skip


class _Plan(dict[str, int]):
    """Names to numbers of columns."""

    def filled(self, found: list[Estimate]) -> dict[str, Estimate]:
        return {name: found[number] for name, number in self.items()}


def measures_at(grid: AnswerGrid, place: int) -> dict[str, Floats]:
    """Return each of `MEASURES` of every case at one place, NaN where it cannot be decided or no answer came."""
    values: dict[str, Floats] = {}
    is_unknown = np.isnan(grid.column("synonym", place))  # of which the lexicon decides nothing
    for rung in (*RUNGS, "overlap"):
        rank = grid.column(rung, place)
        for k in CUTS:
            hit = np.where(np.isnan(rank), np.nan, (rank > 0) & (rank <= k))
            if rung == "overlap":
                values[f"overlap-{k}"] = hit
                continue
            values[f"top-{k} {rung}"] = np.where(is_unknown, np.nan, hit)
            if rung == "exact":
                values[f"verbatim-{k}"] = np.where(is_unknown, hit, np.nan)
    for k in CUTS:
        values[f"credit-{k}"] = grid.column(f"credit_{k}", place)
        values[f"weighted-{k}"] = grid.column(f"weighted_{k}", place)
    return values


def _cell(grid: AnswerGrid, place: int, measures: dict[str, Estimate]) -> Cell:
    answers, rows = grid.answers, grid.rows[:, place]
    there = rows[grid.has_answer(place)]
    failures = [ABSENT if row == NOBODY else answers.failure[row] for row in rows]
    reasons = Counter(reason.partition(":")[0] for reason in failures if reason is not None)
    return Cell(
        *grid.places[place],
        n=len(there),
        n_missing=len(rows) - len(there),
        n_unanswered=int((answers.n_said[there] == 0).sum()),
        n_abstained=int(answers.cannot_tell[there].sum()),
        n_given_away=int(answers.gives_truth_away[rows[rows != NOBODY]].sum()),
        reasons=dict(reasons.most_common()),
        measures=measures,
    )


def compared_places(grid: AnswerGrid, base: str) -> list[tuple[int, int]]:
    """Return which places are compared: with the base arm and the same images, then with the first image arm."""
    number = {place: k for k, place in enumerate(grid.places)}
    shown = [place.image_arm for place in grid.places if place.image_arm != NO_IMAGES.name]
    first = shown[0] if shown else NO_IMAGES.name
    contexts, images = [], []
    for place, k in number.items():
        if place.arm != base:
            bases = [place._replace(arm=base), *(place._replace(arm=base, image_arm=n) for n in (first, "none"))]
            contexts += [(k, number[b]) for b in bases if b in number][:1]
        other = place._replace(image_arm=first)
        if place.image_arm not in (first, NO_IMAGES.name) and other in number:
            images.append((k, number[other]))
    return contexts + images


class _ChangePlan:
    """A comparison whose estimates are still to come."""

    def __init__(self, change: Change, differences: _Plan, flips: int) -> None:
        self._change, self._differences, self._flips = change, differences, flips

    def filled(self, found: list[Estimate]) -> Change:
        return replace(self._change, differences=self._differences.filled(found), flips=found[self._flips])


def _plan_change(
    grid: AnswerGrid, values: list[dict[str, Floats]], estimator: Estimator, place: int, base: int
) -> _ChangePlan:
    differences = _Plan({name: estimator.add(values[place][name] - values[base][name], lowest=-1) for name in MEASURES})
    both = grid.has_answer(place) & grid.has_answer(base)
    flipped = np.where(both, grid.texts("first", place) != grid.texts("first", base), np.nan)
    tests: dict[str, McNemar] = {name: mcnemar(values[place][name], values[base][name]) for name in HITS}
    nothing: Any = None
    here, there = grid.places[place], grid.places[base]
    change = Change(*here, there.arm, there.image_arm, int(both.sum()), {}, nothing, tests)
    return _ChangePlan(change, differences, estimator.add(flipped))
