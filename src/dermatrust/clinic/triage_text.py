"""A study of triage as aligned plain text for a terminal."""

import math
from collections.abc import Sequence

from dermatrust.agreement.interval import Estimate
from dermatrust.agreement.proportion import Proportion
from dermatrust.bench.text import NOTHING, aligned, cases_text, counted, shortened
from dermatrust.clinic.cells import Change
from dermatrust.clinic.parts_text import confidence_text, gaps_text, within_text
from dermatrust.clinic.percent import percent
from dermatrust.clinic.triage_results import SPECIFICITY, TriageCell, TriageResult
from dermatrust.clinic.urgency_words import URGENCIES

_RATES = ("sensitivity", "specificity", "ppv", "npv", "balanced accuracy")
_SHARES = ("right", "under-triage", "over-triage", "unanswered")


def triage_text(result: TriageResult) -> str:
    """Return all tables of a study of triage, each with what its numbers mean."""
    parts = [
        _rates_text(result), _wilson_text(result), _levels_text(result), _probability_text(result),
        confidence_text(result.cells, "a level"), _changes_text(result), gaps_text(result.gaps, result.base),
        within_text(result.within), _truth_text(result),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def _rates_text(result: TriageResult) -> str:
    titles = ["model", "context", "images", *_RATES, "answers", "missing", "no level", "cannot tell"]
    lines = [
        [
            *_about(cell), *(percent(cell.measures[name]) for name in _RATES), f"{cell.n} of {cell.n + cell.n_missing}",
            *map(str, (cell.n_missing, cell.n_unanswered, cell.n_abstained)),
        ]
        for cell in result.cells
    ]  # fmt: skip
    cases = cases_text(result.n_cases, result.n_patients, result.n_cases_without_patient)
    heading = f"Emergent or urgent against routine: % [{result.confidence * 100:g} % interval over patients], {cases}"
    notes = [
        "An urgent case without a level is a miss, and a routine one without a level is wrong too; neither is in ppv "
        "or npv. A missing answer is not counted."
    ]
    for cell in result.cells:
        if cell.reasons:
            said = ", ".join(f"{reason} {n:,}" for reason, n in cell.reasons.items())
            notes.append(f"{' / '.join(_about(cell))}: missing: {said}")
    return "\n".join([heading, *aligned([titles, *lines]), *notes])


def _wilson_text(result: TriageResult) -> str:
    titles = ["model", "context", "images", "found", "missed", "left", "not left", "sensitivity", "specificity"]
    lines = []
    for cell in result.cells:
        rates = cell.rates
        missed = rates.false_negatives + rates.unanswered_positives
        not_left = rates.false_positives + rates.unanswered_negatives
        counts = rates.true_positives, missed, rates.true_negatives, not_left
        lines.append([*_about(cell), *map(str, counts), _wilson(rates.sensitivity), _wilson(rates.specificity)])
    heading = "The same in cases, with Wilson intervals (each case as if of a patient of its own): %"
    note = (
        "found, missed: urgent or emergent cases. left, not left: routine ones, called so or not. Without a level: "
        "missed, or not left."
    )
    return "\n".join([heading, *aligned([titles, *lines]), note])


def _levels_text(result: TriageResult) -> str:
    if result.n_levels == 2:
        return ""
    recalls = [f"recall {level}" for level in URGENCIES]
    titles = ["model", "context", "images", *_SHARES, "kappa", *recalls]
    lines = [
        [
            *_about(cell), *(percent(cell.measures[name]) for name in _SHARES), _kappa(cell.measures["kappa"]),
            *(percent(cell.measures[name]) for name in recalls),
        ]
        for cell in result.cells
    ]  # fmt: skip
    note = "under-triage: less pressing than it is. The first four add up to 100. kappa: quadratic, of answered cases."
    return "\n".join(["Emergent, urgent, routine: % of answers", *aligned([titles, *lines]), note])


def _probability_text(result: TriageResult) -> str:
    at = f"sens. at spec. {SPECIFICITY * 100:g} %"
    titles = ["model", "context", "images", "stated", "AUROC", at, "from", "Youden", "from"]
    lines = []
    for cell in result.cells:
        if found := cell.probability:
            stated = f"{found.n} of {found.n + found.n_without}"
            points = [f"{point.threshold:.2f}" if math.isfinite(point.threshold) else "none" for point in found.points]
            figures = percent(found.area), percent(found.sensitivity_at), points[0], percent(found.youden), points[1]
            lines.append([*_about(cell), stated, *figures])
    if not lines:
        return ""
    note = "from: the probability from which one would act; none: never. Both points are the best on these very cases."
    return "\n".join(["Stated probability of being urgent or emergent: %", *aligned([titles, *lines]), note])


def _changes_text(result: TriageResult) -> str:
    if not result.changes:
        return ""
    titles = ["model", "context", "images", "against", "pairs", "sensitivity", "specificity", "flips",
              "found only here", "only there", "p", "left only here", "only there", "p"]  # fmt: skip
    note = (
        "flips: % with another level. p: McNemar, mid-p, cases taken as independent: of urgent cases, of routine cases."
    )
    lines = map(_change_line, result.changes)
    return "\n".join(["Change on the same cases: points of percent", *aligned([titles, *lines]), note])


def _change_line(change: Change) -> list[str]:
    against = change.base_arm if change.base_arm != change.arm else change.base_image_arm
    tests = []
    for name in ("sensitivity", "specificity"):
        test = change.mcnemar[name]
        p = f"{test.p_mid:.3f}" if test.p_mid >= 0.001 else "<0.001"
        tests += [str(test.n_first_only), str(test.n_second_only), p]
    differences = (percent(change.differences[name], signed=True) for name in ("sensitivity", "specificity"))
    return [*_about(change), against, str(change.n), *differences, percent(change.flips), *tests]


def _truth_text(result: TriageResult) -> str:
    levels = ", ".join(f"{level} {n:,}" for level, n in result.n_of_level.items())
    origins = ", ".join(f"{origin} {n:,}" for origin, n in result.n_of_origin.items())
    text = f"True levels: {levels}." + (f" They come from: {origins}." if origins else "")
    if result.n_unsigned:
        text += f" Of {counted(result.n_unsigned, 'case')} the level is the lexicon's and needs clinician sign-off."
    return text


def _wilson(rate: Proportion) -> str:
    return percent(Estimate(rate.value, rate.low, rate.high, rate.n, rate.n, 0))


def _kappa(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return NOTHING
    if math.isnan(estimate.low):
        return f"{estimate.value:.2f} [{NOTHING}]"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def _about(one: TriageCell | Change) -> Sequence[str]:
    return shortened(one.model), one.arm, one.image_arm
