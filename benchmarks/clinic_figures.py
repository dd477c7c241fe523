"""Further figures of `dermatrust clinic` beside what is known of the simulated model of `clinic_recovery.py`.

Nothing to run. What is not here, and why, stands in `README.md`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from dermatrust.agreement.interval import Estimate
from dermatrust.clinic.arms import IMAGE_AND_CONTEXT, IMAGE_ONLY, PLANTED_REFERRAL
from dermatrust.clinic.cells import CellCounts, Change
from dermatrust.clinic.comparable import Comparable
from dermatrust.clinic.further_rungs import Resampling, rung_cells
from dermatrust.clinic.ladder import exact_key
from dermatrust.clinic.results import DifferentialResult
from dermatrust.clinic.simulated import SimulatedModel, strangers
from dermatrust.clinic.simulated_truth import (
    shares_of,
    true_accuracy,
    true_auroc,
    true_first_changes,
    true_level_flips,
    true_levels,
    true_named,
    true_newly,
    true_operating_point,
    true_risk_area,
    true_roc_points,
)
from dermatrust.clinic.triage_results import SPECIFICITY, THRESHOLDS, BenefitCurve, TriageCell, TriageResult
from dermatrust.clinic.urgency_words import URGENCIES
from dermatrust.lexicon import load_lexicon
from dermatrust.records import Case, DifferentialItem
from dermatrust.report.percent import Interval
from dermatrust.store.answers import AnswerColumns

GRID = "grid"
"""An image arm, and the name of the accuracy that the model has in it."""
FIRST_WEIGHT = 2 / 3
FINDS, MISTAKES = 0.9, 0.05
"""Chances that a made-up judge takes a truth that is named for it, and the first of an answer without it."""
Figure = tuple[str, Interval, float]


def with_differential(case: Case) -> Case:
    """Return a case with a weighted differential: its label, and a diagnosis that is no kin of it."""
    second = DifferentialItem(diagnosis=strangers(case)[0], weight=1 - FIRST_WEIGHT)
    first = DifferentialItem(diagnosis=case.label or "", weight=FIRST_WEIGHT)
    return case.model_copy(update={"differential": (first, second)})


class Population:
    """What further figures need to know of the whole population."""

    def __init__(self, model: SimulatedModel, cases: Sequence[Case]) -> None:
        lexicon = load_lexicon()
        found = [lexicon.diagnosis(case.label or "") for case in cases]
        known = [one for one in found if one is not None]
        self.model = model
        self.shares = shares_of([case.skin_group for case in cases])
        self.urgency = {level: sum(case.urgency == level for case in cases) / len(cases) for level in URGENCIES}
        self.stranger = float(np.mean([1 / len(strangers(case)) for case in cases]))
        self.groups = [case.skin_group for case in cases]
        self.diseases = np.array([one.id for one in known])
        self.malignant = np.array([one.malignant for one in known])
        of_strangers: dict[str, float] = {}
        for one, case in zip(known, cases, strict=True):
            if one.id not in of_strangers:
                others = [lexicon.diagnosis(name) for name in strangers(case)]
                of_strangers[one.id] = float(np.mean([other is not None and other.malignant for other in others]))
        self.strangers_malignant = np.array([of_strangers[one.id] for one in known])
        self.exact = np.array(
            [_exact(case.label or "", one.name, one.synonyms, model) for one, case in zip(known, cases, strict=True)]
        )

    def table(self, arm: str) -> np.ndarray:
        """Return the chances of true level (down) and level said (across; none comes last)."""
        levels = true_levels(self.model, arm)
        return np.array([[self.urgency[u] * levels[u][said] for said in (*URGENCIES, None)] for u in URGENCIES])

    def exactly(self, arm: str, k: int) -> float:
        """Return the chance that the truth is among the first k in the very words of the label."""
        of_group = {g: true_accuracy(self.model, arm, k, {g: 1.0}) for g in self.shares}
        return float(np.mean(self.exact * [of_group[g] for g in self.groups]))

    def firsts(self, arm: str) -> np.ndarray:
        """Return each case's chance that its first diagnosis is right."""
        of_group = {g: true_accuracy(self.model, arm, 1, {g: 1.0}) for g in self.shares}
        return np.array([of_group[g] for g in self.groups])


def _exact(label: str, name: str, synonyms: Sequence[str], model: SimulatedModel) -> float:
    """Return the chance that the model's words for the truth are those of the label."""
    same = [exact_key(one) == exact_key(label) for one in (name, *synonyms)]
    return same[0] if not synonyms else (1 - model.synonyms) * same[0] + model.synonyms * float(np.mean(same[1:]))


def accuracy_of(one: CellCounts | Change | Comparable) -> str:
    """Return under which name the model keeps its accuracy in an arm."""
    return GRID if one.image_arm == GRID else one.arm


def named(one: CellCounts | Change | Comparable) -> str:
    """Return what an arm is called."""
    return "images on a grid" if one.image_arm == GRID else one.arm


def true_measures(known: Population, arm: str) -> dict[str, float]:
    """Return the measures of a differential in an arm."""
    model, shares = known.model, known.shares
    truths = {}
    for k in (1, 3, 5):
        right = true_accuracy(model, arm, k, shares)
        truths |= {f"top-{k} synonym": right, f"top-{k} family": right, f"credit-{k}": right}
        truths[f"top-{k} exact"] = known.exactly(arm, k)
        if arm != PLANTED_REFERRAL:
            other = true_named(model, arm, k, shares, known.stranger)
            truths[f"overlap-{k}"] = right + ((1 - model.abstention) - right) * k * known.stranger
            truths[f"weighted-{k}"] = FIRST_WEIGHT * right + (1 - FIRST_WEIGHT) * other
    return truths


def differential_further(result: DifferentialResult, known: Population) -> Iterator[Figure]:
    """Yield the figures of the differential."""
    model, shares = known.model, known.shares
    for cell in result.cells:
        for name, truth in true_measures(known, accuracy_of(cell)).items():
            yield f"{name}, {named(cell)}", cell.measures[name], truth
    for change in result.changes:
        before, after = true_measures(known, change.base_arm), true_measures(known, accuracy_of(change))
        for name in before.keys() & after.keys():
            yield f"change of {name}, {named(change)}", change.differences[name], after[name] - before[name]
        flips = true_first_changes(model, change.base_arm, accuracy_of(change), shares, known.stranger)
        yield f"flips, {named(change)}", change.flips, flips
    (anchoring,) = result.anchoring
    by_accident = true_named(model, PLANTED_REFERRAL, 3, shares, known.stranger) * (1 - model.anchoring)
    adopted = (1 - model.abstention) * model.anchoring + by_accident
    yield "anchoring, first three", anchoring.adopted_3, adopted
    yield "anchoring, newly", anchoring.newly_1, true_newly(model, IMAGE_AND_CONTEXT, shares, known.stranger)
    for k, found in ((1, anchoring.unprompted_1), (3, anchoring.unprompted_3)):
        yield f"named unprompted, first {k}", found, true_named(model, IMAGE_AND_CONTEXT, k, shares, known.stranger)
    yield from _comparable(result, known)
    yield from _within(result, known)
    yield from _confidence(result, known)


def _comparable(result: DifferentialResult, known: Population) -> Iterator[Figure]:
    answered = 1 - known.model.abstention
    for one in result.comparable:
        first, arm = known.firsts(accuracy_of(one)), named(one)
        recalls = [first[known.diseases == disease].mean() for disease in np.unique(known.diseases)]
        yield f"balanced over diseases, {arm}", one.balanced, float(np.mean(recalls))
        if one.arm != PLANTED_REFERRAL:
            astray = (answered - first) * known.strangers_malignant
            sensitivity = float((first + astray)[known.malignant].mean())
            specificity = float((answered - astray)[~known.malignant].mean())
            yield f"cancer sensitivity, {arm}", one.sensitivity, sensitivity
            yield f"cancer specificity, {arm}", one.specificity, specificity
            yield f"cancer balanced, {arm}", one.cancer_balanced, (sensitivity + specificity) / 2


def _within(result: DifferentialResult, known: Population) -> Iterator[Figure]:
    """Yield gaps of skin groups within the same disease, in the base arm."""
    model = known.model
    of_group = {str(g): true_accuracy(model, IMAGE_ONLY, 1, {g: 1.0}) for g in known.shares if g}
    for within in result.within:
        about = within.factor, within.measure, within.image_arm, within.arm
        is_known = within.level in of_group and within.beside in of_group
        if about == ("skin type", "top-1 synonym", "all", IMAGE_ONLY) and is_known and within.difference is not None:
            truth = of_group[within.level] - of_group[within.beside]
            yield f"within disease, skin {within.level}", within.difference, truth


def _confidence(result: DifferentialResult, known: Population) -> Iterator[Figure]:
    model = known.model
    for cell in (one for one in result.cells if one.arm != PLANTED_REFERRAL):
        found, arm = cell.confidence, named(cell)
        assert found is not None
        right = true_accuracy(model, accuracy_of(cell), 1, known.shares)
        yield f"coverage, {arm}", found.coverage, 1 - model.abstention
        yield f"overconfidence, {arm}", found.excess, model.overconfidence
        yield f"top-1 of the answered, {arm}", found.accuracy_answered, right / (1 - model.abstention)
        yield f"top-1 of all, {arm}", found.accuracy_all, right
        yield f"risk-coverage area, {arm}", found.area, true_risk_area(model, accuracy_of(cell), known.shares)


def judged(answers: AnswerColumns, dataset: str, known: Population, seed: int, n: int) -> Iterator[Figure]:
    """Yield the shares of a rung that is not the lexicon's, of a made-up judge of known errors."""
    luck = np.random.default_rng(seed).random(len(answers))
    rank = np.where(
        answers.synonym > 0, np.where(luck < FINDS, answers.synonym, 0), (answers.n_said > 0) & (luck < MISTAKES)
    ).astype(np.float64)
    for cell in rung_cells(answers, rank, Resampling(dataset, seed, n)):
        right = {k: true_accuracy(known.model, accuracy_of(cell), k, known.shares) for k in (1, 3, 5)}
        for k, hits in zip((1, 3, 5), cell.hits, strict=True):
            mistaken = MISTAKES * (1 - known.model.abstention - right[5])
            yield f"judged top-{k}, {named(cell)}", hits, FINDS * right[k] + mistaken


def triage_further(result: TriageResult, known: Population) -> Iterator[Figure]:
    """Yield the figures of triage."""
    model = known.model
    for arm in (IMAGE_ONLY, IMAGE_AND_CONTEXT):
        yield from _triage_in(result.cell(model.name, arm, "all"), known)
    before, after = (_of_table(known.table(arm)) for arm in (IMAGE_ONLY, IMAGE_AND_CONTEXT))
    (change,) = result.changes
    for name, value in after.items():
        yield f"change of {name}", change.differences[name], value - before[name]
    yield "triage flips", change.flips, true_level_flips(model, IMAGE_ONLY, IMAGE_AND_CONTEXT, known.urgency)
    for within in result.within:
        if within.arm == IMAGE_ONLY and within.difference:
            yield f"{within.measure} within disease, {within.factor} {within.level}", within.difference, 0.0


def _triage_in(cell: TriageCell, known: Population) -> Iterator[Figure]:
    model, arm = known.model, cell.arm
    truths = _of_table(known.table(arm))
    for name, value in truths.items():
        yield f"triage {name}, {arm}", cell.measures[name], value
    for name in ("sensitivity", "specificity", "ppv", "npv", "accuracy", "balanced accuracy"):
        yield f"{name}, {arm}, Wilson", getattr(cell.rates, name.replace(" ", "_")), truths[name]
    assert cell.probability is not None
    delong = cell.probability.delong
    area = Estimate(delong.value, delong.low, delong.high, cell.probability.n, 0, 0)
    yield f"AUROC, {arm}, DeLong", area, true_auroc(model, arm)
    yield f"AUROC, {arm}", cell.probability.area, true_auroc(model, arm)
    yield (
        f"sensitivity at a specificity, {arm}",
        cell.probability.sensitivity_at,
        true_roc_points(model, arm, SPECIFICITY)[0],
    )
    pressing = 1 - known.urgency["routine"]
    stated = {at: true_operating_point(model, arm, at) for at in THRESHOLDS}
    yield from _benefit(f"by probability, {arm}", cell.probability.benefit, pressing, stated)
    acts = truths["sensitivity"], 1 - (1 - model.abstention) * (1 - model.triage[arm][1])
    yield from _benefit(f"by level, {arm}", cell.benefit, pressing, dict.fromkeys(THRESHOLDS, acts))


def _of_table(table: np.ndarray) -> dict[str, float]:
    """Return the measures of triage that follow from chances of true level and level said."""
    said, place = table[:, :3], np.arange(3)
    called, answered = said[:, :2].sum(), said.sum()
    far = (place[:, None] - place) ** 2
    by_chance = np.outer(said.sum(axis=1), said.sum(axis=0)) / answered
    sensitivity = said[:2, :2].sum() / table[:2].sum()
    specificity = said[2, 2] / table[2].sum()
    right = float(np.trace(said))
    return {
        "sensitivity": sensitivity, "specificity": specificity, "ppv": said[:2, :2].sum() / called,
        "npv": said[2, 2] / said[:, 2].sum(), "accuracy": said[:2, :2].sum() + said[2, 2],
        "balanced accuracy": (sensitivity + specificity) / 2, "unanswered": table[:, 3].sum(), "right": right,
        "under-triage": np.triu(said, 1).sum(), "over-triage": np.tril(said, -1).sum(),
        "kappa": 1 - (far * said).sum() / (far * by_chance).sum(),
        **{f"recall {level}": said[k, k] / table[k].sum() for k, level in enumerate(URGENCIES)},
    }  # fmt: skip


def _benefit(
    name: str, curve: BenefitCurve, pressing: float, acts: Mapping[float, tuple[float, float]]
) -> Iterable[Figure]:
    for at, (sensitivity, specificity) in acts.items():
        k, odds = curve.thresholds.index(at), at / (1 - at)
        truth = pressing * sensitivity - (1 - pressing) * (1 - specificity) * odds
        everybody = pressing - (1 - pressing) * odds
        yield (
            f"benefit at {at} {name}",
            Estimate(curve.net_benefit[k], curve.low[k], curve.high[k], curve.n, 0, 0),
            truth,
        )
        gain = Estimate(curve.gain[k], curve.gain_low[k], curve.gain_high[k], curve.n, 0, 0)
        yield f"gain at {at} {name}", gain, truth - max(0.0, everybody)
