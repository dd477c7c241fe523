"""From answers to what a study of triage found."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dermatrust.agreement.bootstrap import KeptDraws, percentile_intervals
from dermatrust.agreement.clusters import Floats
from dermatrust.agreement.confusion_rates import confusion_rates
from dermatrust.agreement.interval import Estimate, Question, Resamples, resample
from dermatrust.agreement.mcnemar import mcnemar
from dermatrust.agreement.proportion import unvaried_interval
from dermatrust.clinic.abstention import stated_confidence
from dermatrust.clinic.answer_grid import NOBODY, AnswerGrid, answer_grid
from dermatrust.clinic.cells import Change
from dermatrust.clinic.differential_table import ABSENT, N_RESAMPLES, compared_places
from dermatrust.clinic.draws import seed_of_draws
from dermatrust.clinic.estimator import Estimator
from dermatrust.clinic.subgroup_levels import case_levels, diseases
from dermatrust.clinic.subgroups import Parts, subgroup_tables, within_disease
from dermatrust.clinic.triage_columns import TriageColumns, columns_at, measured_at
from dermatrust.clinic.triage_measures import NO_LEVEL, TriageMeasure, level_table, level_terms, triage_measures
from dermatrust.clinic.triage_probability import acting_on_levels, stated_probability
from dermatrust.clinic.triage_results import TriageCell, TriageResult
from dermatrust.clinic.unvaried import mean_with_flat
from dermatrust.clinic.urgency_truth import TrueUrgency
from dermatrust.clinic.urgency_words import URGENCIES
from dermatrust.records import DatasetCard
from dermatrust.store.answers import AnswerColumns

_BALANCED, _HALVES = "balanced accuracy", ("sensitivity", "specificity")
"""A measure, and what it is the mean of."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What every figure of a study needs."""

    grid: AnswerGrid
    columns: list[TriageColumns]
    measures: dict[str, TriageMeasure]
    n_levels: int
    draws: KeptDraws
    n_resamples: int
    confidence: float


def triage_result(
    answers: AnswerColumns,
    card: DatasetCard,
    *,
    n_levels: int = 3,
    base: str = "",
    truths: Sequence[TrueUrgency] = (),
    n_without_truth: int = 0,
    seed: int = 0,
    n_resamples: int = N_RESAMPLES,
    confidence: float = 0.95,
) -> TriageResult:
    """Return every figure of a study, with intervals by resampling patients.

    A missing answer counts nowhere. One that names no level, or says that it cannot tell, is wrong: an urgent case so
    answered is a miss, and a routine case so answered is not left alone as it should be, so that it lowers sensitivity
    or specificity. It is in neither predictive value, since it makes no call that could be believed.

    Args:
        answers: One row per model, case and arm, each with its `true_urgency`.
        card: The dataset's.
        n_levels: Levels that were asked for: with 2, emergent and urgent are one everywhere.
        base: The context arm to compare with; the first where none is given.
        truths: Where the levels of the cases come from, for the record.
        n_without_truth: Cases that were not asked about, for the record.
        seed: Of the resampling, at least 0. The same answers and seed give the same result.
        n_resamples: Bootstrap resamples over patients.
        confidence: Nominal coverage of the intervals.

    Raises:
        DataError: There are no answers, or a case has two in one arm.
    """
    grid = answer_grid(answers)
    drawn = seed_of_draws(grid, card.name, seed)
    columns = [columns_at(grid, place) for place in range(len(grid.places))]
    plan = _Plan(grid, columns, triage_measures(n_levels), n_levels, KeptDraws(drawn), n_resamples, confidence)
    arms = tuple(dict.fromkeys(place.arm for place in grid.places))
    pairs = compared_places(grid, base or arms[0])
    found = _resampled(plan, pairs)
    measured = [one for place, own in enumerate(columns) for one in measured_at(grid, place, own)]
    parts = Parts(case_levels(grid), diseases(grid), grid.cluster, grid.n_clusters, drawn, n_resamples, confidence)
    rows, gaps = subgroup_tables(measured, parts)
    in_base = [one for one in measured if one.arm == (base or arms[0])]  # a cell for every disease and level takes long
    levels = Counter(answers.true_urgency[row] for row in grid.first_rows)
    without_patient = sum(answers.patient_id[row] is None for row in grid.first_rows)
    return TriageResult(
        card=card, n_levels=n_levels, n_cases=grid.n_cases, n_patients=grid.n_clusters - without_patient,
        n_cases_without_patient=without_patient, n_without_truth=n_without_truth,
        n_of_level={level: levels[level] for level in URGENCIES},
        n_of_origin=dict(Counter(truth.origin for truth in truths)),
        n_unsigned=sum(truth.needs_sign_off for truth in truths),
        models=tuple(dict.fromkeys(place.model for place in grid.places)), arms=arms,
        image_arms=tuple(dict.fromkeys(place.image_arm for place in grid.places)), base=base or arms[0],
        cells=tuple(_cell(plan, found, place) for place in range(len(grid.places))),
        changes=tuple(_change(plan, found, number, pair) for number, pair in enumerate(pairs)),
        subgroups=tuple(rows), gaps=tuple(gaps), within=tuple(within_disease(in_base, parts)),
        n_resamples=n_resamples, seed=seed, confidence=confidence,
    )  # fmt: skip


def _resampled(plan: _Plan, pairs: Sequence[tuple[int, int]]) -> Resamples:
    """Ask every measure of every place, then of both sides of every pair on the cases that both have."""
    asked = [own.ratings for own in plan.columns]
    for pair in pairs:
        ratings = [plan.columns[place].ratings for place in pair]
        missing = np.isnan(ratings[0] + ratings[1]).any(axis=0)
        asked += [np.where(missing, np.nan, own) for own in ratings]
    questions = [
        Question(measure.statistic, ratings, plan.grid.cluster)
        for ratings in asked
        for measure in plan.measures.values()
    ]
    return resample(questions, plan.grid.n_clusters, rng=plan.draws, n_resamples=plan.n_resamples)


def _cell(plan: _Plan, found: Resamples, place: int) -> TriageCell:
    grid, own, first = plan.grid, plan.columns[place], len(plan.measures) * place
    answers, rows = grid.answers, grid.rows[:, place]
    there = grid.has_answer(place)
    measures = {
        name: _estimate(plan, found, first + k, found.draws[:, first + k], found.value(first + k))
        for k, name in enumerate(plan.measures)
    }
    measures[_BALANCED] = _balanced(measures, {name: found.draws[:, first + k] for k, name in enumerate(measures)})
    failures = [ABSENT if row == NOBODY else answers.failure[row] for row in rows]
    reasons = Counter(reason.partition(":")[0] for reason in failures if reason is not None)
    draws, n_resamples = plan.draws, plan.n_resamples
    return TriageCell(
        *grid.places[place],
        n=int(there.sum()),
        n_missing=int((~there).sum()),
        n_unanswered=int((own.said == NO_LEVEL).sum()),
        n_abstained=int((there & own.abstained).sum()),
        n_given_away=int(answers.gives_truth_away[rows[rows != NOBODY]].sum()),
        reasons=dict(reasons.most_common()),
        table=tuple(tuple(map(int, row)) for row in level_table(level_terms(own.ratings).sum(axis=0))),
        rates=confusion_rates(own.is_pressing, own.acted, own.said != NO_LEVEL, confidence=plan.confidence),
        measures=measures,
        probability=stated_probability(
            own, grid.cluster, draws=draws, n_resamples=n_resamples, confidence=plan.confidence
        ),
        benefit=acting_on_levels(own, grid.cluster, plan.confidence),
        confidence=stated_confidence(
            own.right(plan.n_levels), own.confidence, own.said != NO_LEVEL, own.abstained, grid.cluster,
            draws=draws, n_resamples=n_resamples, level=plan.confidence,
        ),
    )  # fmt: skip


def _change(plan: _Plan, found: Resamples, number: int, pair: tuple[int, int]) -> Change:
    grid, n_measures = plan.grid, len(plan.measures)
    here, there = (plan.columns[place] for place in pair)
    first = n_measures * (len(plan.columns) + 2 * number)
    drawn = {name: found.draws[:, k] - found.draws[:, k + n_measures] for k, name in enumerate(plan.measures, first)}
    differences = {
        name: _estimate(plan, found, k, drawn[name], found.value(k) - found.value(k + n_measures), k + n_measures)
        for k, name in enumerate(plan.measures, first)
    }
    differences[_BALANCED] = _balanced(differences, drawn)
    both = ~np.isnan(here.is_pressing + there.is_pressing)
    kinds = {"sensitivity": here.is_pressing == 1, "specificity": here.is_pressing == 0, "accuracy": both}
    tests = {
        name: mcnemar(*(np.where(both & own, columns.right(2), np.nan) for columns in (here, there)))
        for name, own in kinds.items()
    }
    flips = Estimator(grid.cluster, grid.n_clusters)
    flips.add(np.where(both, here.said != there.said, np.nan))
    (flipped,) = flips.solve(plan.draws, n_resamples=plan.n_resamples, confidence=plan.confidence)
    base = grid.places[pair[1]]
    return Change(
        *grid.places[pair[0]], base.arm, base.image_arm, int(both.sum()), differences, flipped, tests
    )  # fmt: skip


def _estimate(plan: _Plan, found: Resamples, k: int, draws: Floats, value: float, other: int | None = None) -> Estimate:
    """Return a figure with its interval; its `n` is what it is a share of, of a difference the smaller one."""
    shares = list(plan.measures.values())[k % len(plan.measures)].items
    sides = (k,) if other is None else (k, other)
    n = int(min(shares[0](found.sums[number]).sum() for number in sides))
    n_patients = min(int(np.count_nonzero(items(found.sums[number]))) for items in shares for number in sides)
    is_mean = len(shares) > 1  # of two halves, which give it its width where they do not vary
    few = _fewest_varied(plan, found, sides) if is_mean else n_patients
    low, high, skipped = percentile_intervals(draws[:, np.newaxis], plan.confidence, few)
    if low[0] == high[0] and not is_mean:  # resamples of what does not vary know no width
        lowest = -1.0 if other is not None or list(plan.measures)[k % len(plan.measures)] == "kappa" else 0.0
        low, high = unvaried_interval([value], [n_patients], lowest=lowest, highest=1.0, confidence=plan.confidence)
    ends = (float(low[0]), float(high[0])) if n_patients > 1 else (float("nan"), float("nan"))
    return Estimate(value, *ends, n, n_patients, int(skipped[0]))


def _fewest_varied(plan: _Plan, found: Resamples, sides: tuple[int, ...]) -> int | None:
    """Return the fewest patients of a half of balanced accuracy, or of its change, that varies; None if none does."""
    names = list(plan.measures)
    counts = []
    for half in _HALVES:
        own = [number - number % len(names) + names.index(half) for number in sides]
        draws = found.draws[:, own[0]] - (found.draws[:, own[-1]] if len(own) > 1 else 0.0)
        (items,) = plan.measures[half].items
        if not _is_flat(draws):
            counts.append(min(int(np.count_nonzero(items(found.sums[number]))) for number in own))
    return min(counts, default=None)


def _balanced(figures: Mapping[str, Estimate], draws: Mapping[str, Floats]) -> Estimate:
    """Return balanced accuracy, or its change, with an interval that knows of a half which no resample varies."""
    flat = [figures[name] for name in _HALVES if _is_flat(draws[name])]
    return mean_with_flat(figures[_BALANCED], flat, len(_HALVES))


def _is_flat(draws: Floats) -> bool:
    """Return whether all resamples give the same value."""
    known = draws[~np.isnan(draws)]
    return bool((known == known[:1]).all())
