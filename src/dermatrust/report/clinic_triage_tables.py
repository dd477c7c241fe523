"""The tables of a study of triage: two by two and three levels in whole cases, thresholds, subgroups."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dermatrust.agreement.interval import Estimate
from dermatrust.bench.results import FEWEST
from dermatrust.clinic.subgroups import GapRow, SubgroupRow, WithinRow
from dermatrust.clinic.triage_results import SPECIFICITY, BenefitCurve, StatedProbability, TriageCell
from dermatrust.report.headline import Cell
from dermatrust.report.percent import points_cell, share_cell, whole
from dermatrust.report.views import NOTHING, plain_number, score_text

LEVELS = ("emergent", "urgent", "routine")
FEW = Cell(f"fewer than {FEWEST}", "")
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


@dataclass(frozen=True, slots=True)
class PartLine:
    """A figure in one part of the cases, or a gap between parts."""

    factor: str
    level: str
    model: str
    measure: str
    n: str
    cells: tuple[Cell, ...]
    finding: str = ""


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


def threshold_lines(curves: Sequence[tuple[str, BenefitCurve]]) -> list[tuple[str, list[Cell], str]]:
    """Return (threshold, net benefit per 100 cases of each way to act, that of seeing everybody urgently)."""
    lines = []
    for k, threshold in enumerate(curves[0][1].thresholds):
        cells = [_hundredths(one.net_benefit[k], one.low[k], one.high[k]) for _, one in curves]
        lines.append((f"{100 * threshold:g} %", cells, _per_hundred(curves[0][1].treat_all[k])))
    return lines


def point_lines(cell: TriageCell, found: StatedProbability) -> list[tuple[str, str, str, str]]:
    """Return (name, threshold, sensitivity, specificity) of the points of a ROC curve."""
    at, youden = found.points
    said = [_percent(cell.measures[name].value) for name in ("sensitivity", "specificity")]
    return [
        ("By the level it names", NOTHING, said[0], said[1]),
        *(
            (name, plain_number(point.threshold), _percent(point.sensitivity), _percent(point.specificity))
            for name, point in ((f"Specificity of {100 * SPECIFICITY:.0f} %", at), ("Youden’s index", youden))
        ),
    ]


def part_lines(rows: Sequence[SubgroupRow]) -> list[PartLine]:
    """Return a figure in every part, with its difference from all others; parts of too few cases show none."""
    return [
        PartLine(row.factor, row.level, row.model, row.measure, f"{row.n:,}",
                 (_shown(row.value, share_cell), _less(row)))
        for row in rows
    ]  # fmt: skip


def gap_lines(rows: Sequence[GapRow]) -> list[PartLine]:
    """Return the widest gap of every figure and factor."""
    return [
        PartLine(row.factor, f"{row.lowest}, {row.highest}", row.model, row.measure, f"{row.gap.n:,}",
                 (Cell(_percent(row.at_lowest), ""), Cell(_percent(row.at_highest), ""), points_cell(row.gap),
                  _ratio(row.ratio), Cell(f"{100 * row.chance:.1f}" if math.isfinite(row.chance) else NOTHING, "")),
                 "beyond chance" if row.is_beyond_chance else "within chance")
        for row in rows
    ]  # fmt: skip


def within_lines(rows: Sequence[WithinRow]) -> list[PartLine]:
    """Return gaps within the same disease."""
    return [
        PartLine(row.factor, f"{row.level} less {row.beside}", row.model, row.measure,
                 f"{row.n_level:,} and {row.n_beside:,}", (_shown(row.difference, points_cell),),
                 f"{row.n_diseases:,}")
        for row in rows
    ]  # fmt: skip


def _row(truth: str, counts: tuple[int, ...], same: int) -> CountRow:
    total = sum(counts)
    shares = [n / total if total else 0.0 for n in counts]
    cells = tuple(
        CountCell(f"{n:,}", f"{whole(share)} %" if total else "", math.ceil(_N_SHADES * share), k == same)
        for k, (n, share) in enumerate(zip(counts, shares, strict=True))
    )
    return CountRow(truth, cells, f"{total:,}")


def _shown(found: Estimate | None, shown: Callable[[Estimate], Cell]) -> Cell:
    return FEW if found is None else shown(found)


def _less(row: SubgroupRow) -> Cell:
    if row.difference is None:
        return Cell(NOTHING, "")
    return points_cell(row.difference)


def _ratio(found: Estimate) -> Cell:
    interval = "" if math.isnan(found.low) else f"[{score_text(found.low)}, {score_text(found.high)}]"
    return Cell(score_text(found.value), interval)


def _percent(share: float) -> str:
    return NOTHING if math.isnan(share) else f"{100 * share:.1f} %"


def _per_hundred(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{100 * value:.1f}".replace("-", "−")


def _hundredths(value: float, low: float, high: float) -> Cell:
    interval = "" if math.isnan(low) else f"[{_per_hundred(low)}, {_per_hundred(high)}]"
    return Cell(_per_hundred(value), interval)
