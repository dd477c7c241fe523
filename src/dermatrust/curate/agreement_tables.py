"""Agreement, steadiness and planning as the curator's page prints them: numbers become text here, and only here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dermatrust.align.plan import PANELS, PlanRow
from dermatrust.align.results import AgreementRow, StabilityRow
from dermatrust.bench.results import MEASURES, Estimate, Measure
from dermatrust.bench.text import measure_title
from dermatrust.report.agreement_views import drift_cell, number_cell
from dermatrust.report.headline import Cell
from dermatrust.report.views import of_text

SHOWN = ("quadratic kappa", "exact", "within 1", "ICC(2,1)", "alpha, ordinal")
"""Statistics of the page. `dermatrust align` on the exported folder has all of them."""
PANEL_TITLES = tuple(f"{size} raters" if size else "as now" for size in PANELS)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table: its name and its cells."""

    title: str
    cells: tuple[Cell, ...]
    n: str = ""


def agreement_lines(rows: Iterable[AgreementRow]) -> list[Line]:
    """Return one line a dimension and one for their mean, with the statistics in the order of `SHOWN`."""
    found: dict[tuple[Measure, str], Estimate] = {}
    for row in rows:
        if not row.rater:
            found.setdefault((row.measure, row.statistic), row.estimate)
    lines = []
    for measure in MEASURES:
        own = [found.get((measure, name)) for name in SHOWN]
        n = found.get((measure, "ICC(2,1)"))
        cells = tuple(number_cell(one) if one else Cell("–", "") for one in own)
        lines.append(Line(measure_title(measure), cells, of_text(n.n, n.n + n.n_missing) if n else ""))
    return lines


def stability_lines(rows: Sequence[StabilityRow]) -> list[Line]:
    """Return for each rater how often the score of an anchor was repeated, how far it moved, and the drift."""
    overall = [row for row in rows if row.measure == "macro"]
    return [
        Line(
            row.rater,
            (
                number_cell(row.retest_exact), number_cell(row.retest_difference), Cell(f"{row.retest_exact.n:,}", ""),
                drift_cell(row.drift),
            ),
            f"{row.drift.n:,}",
        )
        for row in overall
    ]  # fmt: skip


def plan_lines(rows: Sequence[PlanRow]) -> list[tuple[str, list[str]]]:
    """Return for each dimension how many patients an ICC(2,1) of the width asked for needs, by size of the panel."""
    return [
        (row.dimension.title, ["–" if n is None else f"{n:,}" for n in row.patients])
        for row in rows
        if row.statistic == "ICC(2,1)"
    ]
