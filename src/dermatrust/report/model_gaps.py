"""Gaps between parts of the cases, and conditions hardest first, as the report prints them."""

import math
from dataclasses import dataclass

from dermatrust.bench.results import FEWEST, NOT_RECORDED, BenchTable, ModelGap, SubgroupRow, WithinGap
from dermatrust.report.gap_line import GapLine, finding_text
from dermatrust.report.headline import Cell, cell, part_cell
from dermatrust.report.views import interval_text, score_text, signed_text


@dataclass(frozen=True, slots=True)
class ModelGapLine(GapLine):
    """One model's widest gap between the levels of one factor."""

    author: str


@dataclass(frozen=True, slots=True)
class ModelWithinLine:
    """One model in one part beside the largest, within the same category."""

    rater: str
    author: str
    pair: str
    categories: str
    cases: str
    difference: Cell


@dataclass(frozen=True, slots=True)
class ConditionLine:
    """One condition: each model's overall mean, and the dimension that is lowest over them."""

    name: str
    cases: str
    cells: tuple[Cell, ...]
    weakest: str


@dataclass(frozen=True, slots=True)
class ConditionTable:
    """Conditions as one rater sees them, hardest first."""

    rater: str
    authors: tuple[str, ...]
    lines: tuple[ConditionLine, ...]


def gap_lines(table: BenchTable) -> tuple[ModelGapLine, ...]:
    """Return the widest gap of every model in every factor, as judges, evaluators and people see it."""
    return tuple(map(_gap_line, table.gaps))


def within_lines(table: BenchTable) -> tuple[ModelWithinLine, ...]:
    """Return the gaps within the same category, those with too few cases marked."""
    return tuple(map(_within_line, table.within))


def condition_tables(table: BenchTable) -> tuple[ConditionTable, ...]:
    """Return one table for each rater with conditions of ten cases; none where there are none."""
    tables = []
    for rater in table.raters:
        by_level: dict[str, dict[str, SubgroupRow]] = {}
        for row in table.subgroups_of(rater, "category"):
            if row.n_cases >= FEWEST and row.level != NOT_RECORDED:
                by_level.setdefault(row.level, {})[row.author] = row
        if by_level:
            hardest = sorted(by_level.items(), key=lambda item: _overall(item[1]))
            lines = tuple(_condition(name, rows, table.authors) for name, rows in hardest)
            tables.append(ConditionTable(rater, table.authors, lines))
    return tuple(tables)


def _gap_line(row: ModelGap) -> ModelGapLine:
    return ModelGapLine(
        rater=row.rater,
        author=row.author,
        factor=row.factor,
        lowest=row.lowest,
        at_lowest=score_text(row.at_lowest),
        highest=row.highest,
        at_highest=score_text(row.at_highest),
        gap=cell(row.gap),
        chance=score_text(row.chance),
        finding=finding_text(is_beyond_chance=row.is_beyond_chance),
    )


def _within_line(row: WithinGap) -> ModelWithinLine:
    found = row.difference
    shown = Cell(f"fewer than {FEWEST}", "") if found is None else Cell(
        signed_text(found.value), interval_text(found, signed=True))  # fmt: skip
    return ModelWithinLine(
        rater=row.rater,
        author=row.author,
        pair=f"{row.factor}: {row.level} less {row.beside}",
        categories=f"{row.n_categories:,}",
        cases=f"{row.n_level:,} and {row.n_beside:,}",
        difference=shown,
    )


def _condition(name: str, rows: dict[str, SubgroupRow], authors: tuple[str, ...]) -> ConditionLine:
    first = next(iter(rows.values()))
    means = {
        dimension: [row.scores[dimension].value for row in rows.values() if row.scores[dimension].n >= FEWEST]
        for dimension in first.scores
    }
    known = {dimension: sum(values) / len(values) for dimension, values in means.items() if values}
    weakest = min(known, key=lambda dimension: known[dimension], default=None)
    return ConditionLine(
        name=name,
        cases=f"{first.n_cases:,}",
        cells=tuple(part_cell(rows[author].macro) for author in authors),
        weakest=f"{weakest.title}, {score_text(known[weakest])}" if weakest else f"fewer than {FEWEST}",
    )


def _overall(rows: dict[str, SubgroupRow]) -> float:
    known = [row.macro.value for row in rows.values() if row.macro.n >= FEWEST and not math.isnan(row.macro.value)]
    return sum(known) / len(known) if known else math.inf
