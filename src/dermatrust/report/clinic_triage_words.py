"""What a study of triage found, in sentences that need no statistics to be read."""

import math

from dermatrust.bench.text import counted
from dermatrust.clinic.cells import Change
from dermatrust.clinic.triage_results import TriageCell, TriageResult
from dermatrust.report.clinic_words import arm_begins, change_begins, interval_words, more_or_fewer
from dermatrust.report.percent import whole
from dermatrust.report.views import of_text


def base_cell(result: TriageResult, model: str) -> TriageCell:
    """Return a model in the arm that others are compared with, shown the photographs in the first way."""
    return next(cell for cell in result.cells if cell.model == model and cell.arm == result.base)


def found_sentence(cell: TriageCell, confidence: float) -> str:
    """Return how many of the pressing cases were called so, and how many were missed."""
    rates = cell.rates
    n = rates.sensitivity.n
    if not n:
        return f"{arm_begins(cell.arm)}, nothing can be said of {cell.model}: no urgent or emergent case was answered."
    missed = rates.false_negatives + rates.unanswered_positives
    text = (
        f"{arm_begins(cell.arm)}, of {counted(n, 'urgent or emergent case')} {cell.model} called "
        f"{rates.true_positives:,} urgent or emergent; {missed:,} {'was' if missed == 1 else 'were'} missed"
    )
    if rates.unanswered_positives:
        text += f", {rates.unanswered_positives:,} of these without an answer"
    return f"{text} (sensitivity {_percent(cell, 'sensitivity', confidence)})."


def left_sentence(cell: TriageCell, confidence: float) -> str:
    """Return how many of the routine cases were left so, and how many were false alarms."""
    rates = cell.rates
    if not rates.specificity.n:
        return "There was no routine case."
    text = (
        f"Of {counted(rates.specificity.n, 'routine case')} {rates.true_negatives:,} were called routine and "
        f"{rates.false_positives:,} were false alarms"
    )
    if rates.unanswered_negatives:
        text += f"; {rates.unanswered_negatives:,} had no answer"
    return f"{text} (specificity {_percent(cell, 'specificity', confidence)})."


def levels_sentence(cell: TriageCell) -> str:
    """Return how often the level was too low and too high, on three levels."""
    if "under-triage" not in cell.measures or math.isnan(cell.measures["under-triage"].value):
        return ""
    under, over = cell.measures["under-triage"], cell.measures["over-triage"]
    emergent = cell.table[0]
    text = f"Of 100 cases the level was too low in {whole(under.value)} and too high in {whole(over.value)}."
    if sum(emergent):
        text += f" Of {counted(sum(emergent), 'emergent case')} {emergent[2]:,} were called routine."
    return text


def change_sentence(change: Change) -> str:
    """Return by how much more or less of the pressing and of the routine cases are right in another arm."""
    parts = []
    for name, words in (("sensitivity", "urgent cases found"), ("specificity", "routine cases left routine")):
        found = change.differences[name]
        if math.isnan(found.value):
            continue
        apart = more_or_fewer(found.value, nothing="")
        if not apart:
            parts.append(f"as many {words}")
            continue
        chance = not math.isnan(found.low) and found.low <= 0 <= found.high
        parts.append(f"{apart} of 100 {words}{' (may be chance)' if chance else ''}")
    return f"{change_begins(change)}: {', '.join(parts)}." if parts else ""


def sign_off_notice(n_unsigned: int, n_cases: int) -> str:
    """Return which of the true levels no clinician has signed off; nothing where all are the source's own."""
    if not n_unsigned:
        return ""
    return (
        f"Needs clinician sign-off: the level of {of_text(n_unsigned, n_cases)} cases is not the "
        "dataset’s own. It comes from a table of diseases and levels that no clinician has signed off yet."
    )


def _percent(cell: TriageCell, name: str, confidence: float) -> str:
    found = cell.measures[name]
    return f"{whole(found.value)} %, {interval_words(found, confidence)}"
