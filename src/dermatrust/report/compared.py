"""Raters compared: judges and evaluators side by side, and both against the panel."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from dermatrust.bench.results import EVALUATORS, JUDGES, MEASURES, Alignment, AlignmentRow, BenchTable
from dermatrust.bench.text import compared_text, scored_text
from dermatrust.report.headline import Cell, cell
from dermatrust.report.score_chart import models_in_order
from dermatrust.report.views import estimate_text, of_text, score_text


@dataclass(frozen=True, slots=True)
class SideLines:
    """One model as judges and evaluators see it: rater and cells, in the order of `MEASURES`."""

    author: str
    raters: tuple[tuple[str, tuple[Cell, ...]], ...]


@dataclass(frozen=True, slots=True)
class AlignmentLine:
    """One row of the table of errors against the panel."""

    rater: str
    against: str
    cells: tuple[Cell, ...]
    scored: str
    missing: str
    is_member: bool


def side_by_side(table: BenchTable) -> tuple[SideLines, ...]:
    """Return models x (judges, evaluators), best model first; nothing in a run that lacks either kind of rater."""
    judges, evaluators = table.raters_of(JUDGES), table.raters_of(EVALUATORS)
    if not judges or not evaluators:
        return ()
    rows = {(row.author, row.rater): row for row in table.rows}
    return tuple(
        SideLines(
            author,
            tuple(
                (rater, tuple(cell(rows[author, rater].estimate(measure)) for measure in MEASURES))
                for rater in (*judges, *evaluators)
            ),
        )
        for author in models_in_order(table)
    )


def alignment_groups(table: BenchTable) -> tuple[tuple[AlignmentLine, ...], ...]:
    """Return the errors of the automatic raters, of the panel, and of its mean; nothing in a run without a panel."""
    rows = table.alignment.rows if table.alignment is not None else ()
    return tuple(
        tuple(map(_alignment_line, group)) for _, group in groupby(rows, lambda row: row.role in ("panel", "member"))
    )


def _alignment_line(row: AlignmentRow) -> AlignmentLine:
    n_missing = sum(estimate.n_missing for estimate in row.errors.values())
    total = n_missing + sum(estimate.n for estimate in row.errors.values())
    rater, against = compared_text(row)
    return AlignmentLine(
        rater=rater,
        against=against,
        cells=tuple(cell(row.estimate(measure)) for measure in MEASURES),
        scored=scored_text(row.errors.values()),
        missing=of_text(n_missing, total) if n_missing else "none",
        is_member=row.role == "member",
    )


def alignment_glance(alignment: Alignment | None, called: Mapping[str, str]) -> tuple[str, ...]:
    """Return in a sentence how far automatic raters are from the panel, beside the panel itself and its mean.

    Args:
        alignment: What is known of it; without any there is no sentence.
        called: Each rater as a sentence names it.
    """
    if alignment is None:
        return ()
    known = [row for row in alignment.rows if not math.isnan(row.macro.value)]
    automatic = sorted((row for row in known if row.role == "automatic"), key=lambda row: row.macro.value)
    if not automatic:
        return ()
    best, *others = automatic
    beside = [f"{_BESIDE[row.role]} {score_text(row.macro.value)}" for row in known if row.role in _BESIDE]
    said = f"Against the panel's mean, {called[best.rater]} errs by {estimate_text(best.macro)} points on average"
    also = [f"{called[row.rater]} by {estimate_text(row.macro)}" for row in others]
    return ("; ".join([said, *also, *beside]) + ".",)


_BESIDE = {"panel": "one of the panel, against the others, by", "mean": "the mean of other patients by"}
