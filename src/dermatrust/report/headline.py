"""The headline table: models by six dimensions and overall, one table per rater."""

import math
from dataclasses import dataclass

from dermatrust.bench.results import FEWEST, FLAGS, MACRO, MEASURES, BenchTable, Estimate, Measure, ModelRow, Rank
from dermatrust.bench.text import counted
from dermatrust.records import DIMENSIONS, Manifest
from dermatrust.report.provenance import called
from dermatrust.report.score_chart import models_in_order
from dermatrust.report.views import (
    and_text,
    counts_text,
    interval_text,
    of_text,
    range_of_text,
    score_text,
    why_undefined,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A mean as the tables print it; `n` only where it differs from the other dimensions of its row."""

    value: str
    interval: str
    rank: str = ""
    n: str = ""
    note: str = ""
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One model's row of the headline table."""

    author: str
    cells: tuple[Cell, ...]
    scored: str
    missing: str
    reasons: str
    refused: str
    empty: str


@dataclass(frozen=True, slots=True)
class RaterTable:
    """All that one rater said about the models."""

    rater: str
    lines: tuple[ModelLine, ...]


@dataclass(frozen=True, slots=True)
class DimensionLine:
    """One model and rater in the table below a chart."""

    author: str
    rater: str
    rank: str
    mean: str
    interval: str
    note: str
    scored: str
    missing: str


def cell(estimate: Estimate, rank: Rank | None = None, *, show_n: bool = False) -> Cell:
    """Return a mean as text, with its rank if there is one."""
    return Cell(
        value=score_text(estimate.value),
        interval=interval_text(estimate),
        rank=rank.text if rank and rank.place is not None else "",
        n=f"n {estimate.n:,}" if show_n else "",
        note=why_undefined(estimate),
        is_first=bool(rank and rank.place == 1),
    )


def part_cell(estimate: Estimate) -> Cell:
    """Return the mean of a part of the cases as text; one of so few scores that it says next to nothing is left out."""
    return Cell(f"fewer than {FEWEST}", "") if 0 < estimate.n < FEWEST else cell(estimate)


def rater_tables(table: BenchTable) -> tuple[RaterTable, ...]:
    """Return the headline table of every rater."""
    with_ranks = len(table.authors) > 1
    return tuple(
        RaterTable(rater, tuple(_line(row, with_ranks=with_ranks) for row in table.rows_of(rater)))
        for rater in table.raters
    )


def _line(row: ModelRow, *, with_ranks: bool) -> ModelLine:
    counts = [row.scores[dimension].n for dimension in DIMENSIONS]
    total = row.scores[DIMENSIONS[0]].n + row.scores[DIMENSIONS[0]].n_missing
    differ = min(counts) != max(counts)
    cells = tuple(
        cell(
            row.estimate(measure),
            row.ranks.get(measure) if with_ranks else None,
            show_n=differ and measure != MACRO,
        )
        for measure in MEASURES
    )
    n_missing = sum(row.scores[dimension].n_missing for dimension in DIMENSIONS)
    return ModelLine(
        author=row.author,
        cells=cells,
        scored=range_of_text(min(counts), max(counts), total),
        missing=of_text(n_missing, total * len(DIMENSIONS)) if n_missing else "none",
        reasons=counts_text(row.missing),
        refused=of_text(row.n_refused, row.n_cases) if row.n_refused else "none",
        empty=of_text(row.n_empty, row.n_cases) if row.n_empty else "none",
    )


def dimension_lines(table: BenchTable) -> dict[str, tuple[DimensionLine, ...]]:
    """Return the rows of the table below each score chart, in the order of the chart."""
    return {measure: tuple(_dimension_lines(table, measure)) for measure in MEASURES}


def _dimension_lines(table: BenchTable, measure: Measure) -> list[DimensionLine]:
    lines = []
    for author in models_in_order(table):
        for row in (row for row in table.rows if row.author == author):
            estimate = row.estimate(measure)
            lines.append(
                DimensionLine(
                    author=author,
                    rater=row.rater,
                    rank=row.ranks[measure].text,
                    mean=score_text(estimate.value),
                    interval=interval_text(estimate),
                    note=why_undefined(estimate),
                    scored=of_text(estimate.n, estimate.n + estimate.n_missing),
                    missing=f"{estimate.n_missing:,}",
                )
            )
    return lines


def at_a_glance(table: BenchTable, manifest: Manifest) -> tuple[str, ...]:
    """Return one sentence per rater: who has the best overall mean, and whom the run cannot tell from it."""
    return tuple(_glance(table, rater, by) for rater, by in called(table, manifest).items())


def _glance(table: BenchTable, rater: str, by: str) -> str:
    rows = [row for row in table.rows_of(rater) if not math.isnan(row.macro.value)]
    if not rows:
        return f"By {by}, no model has an overall mean."
    best = rows[0]
    mean = f"{score_text(best.macro.value)} {interval_text(best.macro)}".rstrip()
    if len(table.authors) == 1:
        return f"By {by}, {best.author} has an overall mean of {mean} of 5."
    if len(rows) == 1:
        return f"By {by}, only {best.author} has an overall mean: {mean} of 5."
    sentence = f"By {by}, {best.author} has the highest overall mean: {mean} of 5."
    tied = [row.author for row in rows[1:] if row.ranks[MACRO].place == 1]
    if tied:
        return f"{sentence} This run cannot tell it apart from {and_text(tied)}."
    return f"{sentence} It is significantly ahead of {counted(len(rows) - 1, 'other model')}."


@dataclass(frozen=True, slots=True)
class FlagTable:
    """How many narratives' ratings are flagged, model by model.

    Attributes:
        titles: A flag and who gave it, for every rater that gave it to any narrative.
        lines: A model and its counts, one for each title.
        meanings: A flag and what it says, for every flag among the titles.
    """

    titles: tuple[tuple[str, str], ...]
    lines: tuple[tuple[str, tuple[str, ...]], ...]
    meanings: tuple[tuple[str, str], ...]


def flag_table(table: BenchTable, names: dict[str, str]) -> FlagTable | None:
    """Return the counts of flags, None where nothing is flagged: a rater without a flag may be unable to tell."""
    given = [(flag, rater) for flag in FLAGS for rater in table.raters if flag in table.flags_of(rater)]
    if not given:
        return None
    rows = {(row.author, row.rater): row for row in table.rows}
    lines = []
    for author in models_in_order(table):
        own = [(flag, rows[author, rater]) for flag, rater in given]
        lines.append((author, tuple(of_text(row.n_flagged(flag), row.n_narratives) for flag, row in own)))
    flags = dict.fromkeys(flag for flag, _ in given)
    titles = tuple((flag, names[rater]) for flag, rater in given)
    return FlagTable(titles, tuple(lines), tuple((flag, FLAGS[flag]) for flag in flags))


def missing_by_reason(table: BenchTable) -> tuple[tuple[str, str, str, int, str], ...]:
    """Return (rater, model, reason, scores missing, share of all its scores), for every reason that occurs."""
    lines = []
    for row in table.rows:
        total = sum(row.scores[dimension].n + row.scores[dimension].n_missing for dimension in DIMENSIONS)
        for reason, n in sorted(row.missing.items(), key=lambda item: (-item[1], item[0])):
            if n:
                lines.append((row.rater, row.author, reason, n, of_text(n, total)))
    return tuple(lines)
