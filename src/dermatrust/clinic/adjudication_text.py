"""What an adjudicator decided, as aligned plain text for a terminal."""

import math

from dermatrust.agreement.proportion import Proportion
from dermatrust.bench.text import NOTHING, aligned, counted, shortened
from dermatrust.clinic.adjudication_result import AdjudicationResult, Agreement
from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.further_rungs import RungCell
from dermatrust.clinic.percent import percent

_BESIDE = ["rung", "first", "answers", "both", "only adjudicator", "only rung", "neither", "kappa"]
_SHARES = ["model", "context", "images", "answers", "undecided", *(f"top-{k}" for k in CUTS)]


def adjudication_text(result: AdjudicationResult) -> str:
    """Return the shares it accepts, its agreement with the rungs, and its errors where the lexicon is sure."""
    decided = f"{result.n - result.n_missing} of {counted(result.n, 'answer')}, {result.n_missing} undecided"
    lines = [
        f"The adjudicator {result.adjudicator}: % of answers that name the truth [95 % interval over patients]",
        *aligned([_SHARES, *map(_cell_line, result.cells)]),
        f"Beside the ladder: {decided}",
        *aligned([_BESIDE, *map(_line, result.agreement)]),
        f"false yes: {_percent(result.false_yes)} of {counted(result.false_yes.n, 'answer')} whose every diagnosis is "
        "known and no family of the truth",
        f"false no: {_percent(result.false_no)} of {counted(result.false_no.n, 'answer')} that name the truth by the "
        "synonym rung",
    ]
    if result.repeats > 1:
        lines.append(f"the same rank in every draw: {_percent(result.steady)} of {counted(result.steady.n, 'answer')}")
    return "\n".join([*lines, "The intervals of the last lines take answers as independent."])


def _cell_line(cell: RungCell) -> list[str]:
    about = [shortened(cell.model), cell.arm, cell.image_arm, str(cell.n), str(cell.n_undecided)]
    return [*about, *map(percent, cell.hits)]


def _line(one: Agreement) -> list[str]:
    kappa = NOTHING if math.isnan(one.kappa) else f"{one.kappa:.2f}"
    counts = (one.n, one.both, one.only_adjudicator, one.only_rung, one.neither)
    return [one.rung, str(one.k), *(str(count) for count in counts), kappa]


def _percent(one: Proportion) -> str:
    return f"{100 * one.value:.1f} [{100 * one.low:.1f}, {100 * one.high:.1f}]" if one.n else NOTHING
