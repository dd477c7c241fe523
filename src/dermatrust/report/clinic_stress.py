"""What spoilt photographs do to accuracy and confidence: what the page places."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from dermatrust.agreement.interval import Estimate
from dermatrust.bench.text import drawn_notice
from dermatrust.clinic.stress_measures import PARTS, SIGNED
from dermatrust.clinic.stress_table import StressResult, StressRow
from dermatrust.records import Manifest
from dermatrust.report.clinic_arms import drawn_chart
from dermatrust.report.clinic_stress_words import SEVERITIES, fall_sentence, parts_of, stress_words
from dermatrust.report.clinic_triage_words import sign_off_notice
from dermatrust.report.clinic_words import embedded_notices
from dermatrust.report.headline import Cell
from dermatrust.report.intervals import IntervalRow
from dermatrust.report.percent import points_axis, points_cell, points_text, share_cell
from dermatrust.report.views import of_text

_MARKS = tuple(SEVERITIES.values())


@dataclass(frozen=True, slots=True)
class StressLine:
    """One way to spoil photographs, as a table row: every measure, and its change below it."""

    kind: str
    severity: str
    cells: tuple[tuple[Cell, Cell | None], ...]
    n: str


@dataclass(frozen=True, slots=True)
class StressTable:
    """Some measures of one model in one arm, each by the way photographs are spoilt."""

    ident: str
    title: str
    heads: tuple[str, ...]
    lines: tuple[StressLine, ...]


@dataclass(frozen=True, slots=True)
class StressView:
    """One model in one arm."""

    title: str
    sentence: str
    charts: tuple[tuple[str, Markup], ...]
    is_silent: bool
    tables: tuple[StressTable, ...]


def stress_context(result: StressResult, *, manifest: Manifest | None = None) -> dict[str, Any]:
    """Return what the sections of the page place; without the manifest neither date nor run."""
    pairs = dict.fromkeys((row.model, row.arm) for row in result.rows)
    models = list(dict.fromkeys(model for model, _ in pairs))
    return {
        "result": result,
        "manifest": manifest,
        "card": result.card,
        "confidence": f"{100 * result.confidence:g} %",
        "drawn_notice": drawn_notice(manifest) if manifest else "",
        "sign_off": sign_off_notice(result.n_unsigned, result.n_cases),
        "embedded_notices": embedded_notices(models, [arm for _, arm in pairs], is_triage=result.n_levels > 0),
        "models": models,
        "views": [_view(result, model, arm, place) for place, (model, arm) in enumerate(pairs, 1)],
    }


def _view(result: StressResult, model: str, arm: str, place: int) -> StressView:
    rows = [row for row in result.rows if (row.model, row.arm) == (model, arm)]
    title, ident, words = f"{model}, {arm}", f"stress-{place}", stress_words(result.n_levels)
    charts = []
    for number, (measure, (heading, ends)) in enumerate(words.charts.items(), 1):
        if any(row.values[measure].n for row in rows):
            chart = _chart(rows, measure, f"{ident}-chart-{number}", f"{title}: {heading}", ends)
            charts.append((heading, chart))
    tables = [
        StressTable(
            f"{ident}-table-{number}", f"{title}, {about}" if about else title, tuple(heads.values()),
            tuple(_line(row, tuple(heads)) for row in rows),
        )
        for number, (about, heads) in enumerate(words.tables, 1)
    ]  # fmt: skip
    is_silent = not any(row.values["confidence"].n for row in rows)
    return StressView(title, fall_sentence(rows, result.n_levels), tuple(charts), is_silent, tuple(tables))


def _chart(rows: list[StressRow], measure: str, ident: str, title: str, ends: tuple[str, str]) -> Markup:
    drawn = [
        IntervalRow(kind, severity, found.value, found.low, found.high, points_text(found), _MARKS.index(severity))
        for row in rows
        if row.changes
        for kind, severity in (parts_of(row.condition),)
        for found in (row.changes[measure],)
    ]
    axis = points_axis([(row.value, row.low, row.high) for row in drawn], ends)
    return drawn_chart(drawn, axis, ident=ident, title=title)


def _line(row: StressRow, shown: Sequence[str]) -> StressLine:
    kind, severity = parts_of(row.condition)
    cells = tuple(_pair(row.values[name], row.changes.get(name), name) for name in shown)
    return StressLine(kind, severity, cells, of_text(row.n, row.n + row.n_missing))


def _pair(value: Estimate, change: Estimate | None, name: str) -> tuple[Cell, Cell | None]:
    shown = points_cell(value) if name in SIGNED else share_cell(value, show_n=name in PARTS)
    return shown, None if change is None else points_cell(change)
