"""Paired differences, subgroups and categories as the report prints them."""

from dataclasses import dataclass

from dermatrust.bench.results import (
    FACTORS,
    FEWEST,
    MEASURES,
    NOT_RECORDED,
    BenchTable,
    Factor,
    Measure,
    PairedDifference,
    SubgroupRow,
)
from dermatrust.bench.text import counted, measure_title
from dermatrust.report.headline import Cell, part_cell
from dermatrust.report.views import interval_text, of_text, p_text, share_text, signed_text, why_undefined


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """One row of the table of paired differences."""

    first: str
    second: str
    difference: str
    interval: str
    note: str
    compared: str
    p: str
    p_holm: str
    finding: str


@dataclass(frozen=True, slots=True)
class DifferenceTable:
    """All paired differences of one rater on one measure."""

    rater: str
    measure: Measure
    title: str
    ident: str
    lines: tuple[DifferenceLine, ...]


@dataclass(frozen=True, slots=True)
class LevelLines:
    """One level of a factor: what it rests on, and one line per model."""

    level: str
    cases: str
    models: tuple[tuple[str, tuple[Cell, ...]], ...]


@dataclass(frozen=True, slots=True)
class SubgroupTable:
    """One rater's means by the levels of one factor; those with fewer than ten cases are only counted."""

    rater: str
    factor: str
    ident: str
    levels: tuple[LevelLines, ...]
    n_small: int


def difference_tables(table: BenchTable) -> tuple[DifferenceTable, ...]:
    """Return the paired differences by rater and measure, overall first; none where there is one model."""
    measures = (MEASURES[-1], *MEASURES[:-1])
    found = []
    for place, rater in enumerate(table.raters):
        for measure in measures:
            lines = tuple(_difference_line(d, table.significance) for d in table.differences_of(rater, measure))
            if lines:
                ident = f"difference-{place}-{measure}"
                found.append(DifferenceTable(rater, measure, measure_title(measure), ident, lines))
    return tuple(found)


def _difference_line(found: PairedDifference, significance: float) -> DifferenceLine:
    estimate = found.difference
    if not found.p_holm < significance:
        finding = "not compared" if estimate.n == 0 else "no difference shown"
    else:
        finding = f"{found.first if estimate.value > 0 else found.second} better"
    return DifferenceLine(
        first=found.first,
        second=found.second,
        difference=signed_text(estimate.value),
        interval=interval_text(estimate, signed=True),
        note=why_undefined(estimate),
        compared=of_text(estimate.n, estimate.n + estimate.n_missing),
        p=p_text(found.p),
        p_holm=p_text(found.p_holm),
        finding=finding,
    )


def subgroup_tables(table: BenchTable) -> dict[str, tuple[SubgroupTable, ...]]:
    """Return the subgroup tables by factor, one per rater."""
    tables: dict[str, tuple[SubgroupTable, ...]] = {}
    for factor in FACTORS:
        ident = factor.replace(" ", "-")
        tables[factor] = tuple(
            _subgroup_table(table, rater, factor, f"by-{ident}-{place}") for place, rater in enumerate(table.raters)
        )
    return tables


def _subgroup_table(table: BenchTable, rater: str, factor: Factor, ident: str) -> SubgroupTable:
    n_small = len({row.level for row in table.subgroups_of(rater, factor) if row.n_cases < FEWEST})
    return SubgroupTable(rater, factor, ident, _levels(table, rater, factor), n_small)


def _levels(table: BenchTable, rater: str, factor: Factor) -> tuple[LevelLines, ...]:
    by_level: dict[str, list[SubgroupRow]] = {}
    for row in table.subgroups_of(rater, factor):
        by_level.setdefault(row.level, []).append(row)
    return tuple(
        LevelLines(
            level=level,
            cases=_cases(members[0], patients_are_recorded=table.n_patients > 0),
            models=tuple((row.author, tuple(part_cell(row.estimate(m)) for m in MEASURES)) for row in members),
        )
        for level, members in by_level.items()
        if members[0].n_cases >= FEWEST
    )


def _cases(row: SubgroupRow, *, patients_are_recorded: bool) -> str:
    """Return what a level rests on; a run without any recorded patient says so once, at its head."""
    parts = [counted(row.n_cases, "case")]
    if row.n_patients:
        parts.append(counted(row.n_patients, "patient"))
    if patients_are_recorded and row.n_cases_without_patient:
        parts.append(f"{row.n_cases_without_patient:,} without a recorded patient")
    return ", ".join(parts)


def category_counts(table: BenchTable) -> list[tuple[str, int]]:
    """Return cases by category, most first; see `level_counts`."""
    return level_counts(table, "category")


def level_counts(table: BenchTable, factor: Factor) -> list[tuple[str, int]]:
    """Return cases by the levels of a factor, most first: the largest count that any rater's run has for it."""
    counts: dict[str, int] = {}
    for row in table.subgroups:
        if row.factor == factor:
            counts[row.level] = max(row.n_cases, counts.get(row.level, 0))
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def category_sentence(table: BenchTable) -> str:
    """Return what a single category has to say for itself; empty where there are several to show."""
    counts = category_counts(table)
    if len(counts) != 1:
        return ""
    ((name, n),) = counts
    if name == NOT_RECORDED:
        return "The dataset records no category for any case."
    return f"All cases ({n:,}) are of one category: {name}."


def category_lines(table: BenchTable) -> tuple[tuple[str, int, str], ...]:
    """Return (category, cases, share) for the table beside the donut."""
    counts = category_counts(table)
    total = sum(n for _, n in counts)
    return tuple((name, n, share_text(n, total)) for name, n in counts)
