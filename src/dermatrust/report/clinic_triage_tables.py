"""The tables of a study of triage: two by two and three levels in whole cases, operating points."""

import math
from dataclasses import dataclass

from dermatrust.clinic.triage_results import SPECIFICITY, StatedProbability, TriageCell
from dermatrust.report.percent import tenths_text, whole
from dermatrust.report.views import NOTHING, plain_number

LEVELS = ("emergent", "urgent", "routine")
_N_SHADES = 5


@dataclass(frozen=True, slots=True)
class CountCell:
    """A number of cases, and what share of its row it is."""

    count: str
    share: str
    shade: int
    is_same: bool


@dataclass(frozen=True, slots=True)
class CountRow:
    """One true level, and what was said of its cases."""

    truth: str
    cells: tuple[CountCell, ...]
    n: str


def two_by_two(cell: TriageCell) -> tuple[CountRow, CountRow]:
    """Return pressing and routine cases: called urgent or emergent, called routine, not answered."""
    rates = cell.rates
    return (
        _row("urgent or emergent", (rates.true_positives, rates.false_negatives, rates.unanswered_positives), 0),
        _row("routine", (rates.false_positives, rates.true_negatives, rates.unanswered_negatives), 1),
    )


def three_levels(cell: TriageCell) -> tuple[CountRow, ...]:
    """Return true levels down, and levels said and none across."""
    return tuple(_row(LEVELS[k], tuple(counts), k) for k, counts in enumerate(cell.table))


def point_lines(cell: TriageCell, found: StatedProbability) -> list[tuple[str, str, str, str]]:
    """Return (name, threshold, sensitivity, specificity) of the points of a ROC curve."""
    at, youden = found.points
    said = [tenths_text(cell.measures[name].value) for name in ("sensitivity", "specificity")]
    return [
        ("By the level it names", NOTHING, said[0], said[1]),
        *(
            (name, _threshold(point.threshold), tenths_text(point.sensitivity), tenths_text(point.specificity))
            for name, point in ((f"Specificity of {100 * SPECIFICITY:.0f} %", at), ("Youden’s index", youden))
        ),
    ]


def _row(truth: str, counts: tuple[int, ...], same: int) -> CountRow:
    total = sum(counts)
    shares = [n / total if total else 0.0 for n in counts]
    cells = tuple(
        CountCell(f"{n:,}", f"{whole(share)} %" if total else "", math.ceil(_N_SHADES * share), k == same)
        for k, (n, share) in enumerate(zip(counts, shares, strict=True))
    )
    return CountRow(truth, cells, f"{total:,}")


def _threshold(probability: float) -> str:
    """Return the probability from which urgent is called; it is infinite where it is best called of nobody."""
    return plain_number(probability) if math.isfinite(probability) else "none: nobody is called"
