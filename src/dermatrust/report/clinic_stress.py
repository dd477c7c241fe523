"""What spoilt photographs do to accuracy and confidence: one HTML page, or a chapter of a report."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from dermatrust.agreement.interval import Estimate
from dermatrust.bench.text import drawn_notice
from dermatrust.clinic.stress_table import StressResult, StressRow
from dermatrust.records import Manifest
from dermatrust.report.clinic_arms import LABELS_PX, described
from dermatrust.report.headline import Cell
from dermatrust.report.intervals import IntervalRow, interval_chart
from dermatrust.report.page import write_page
from dermatrust.report.percent import points_axis, points_cell, points_text, share_cell, whole
from dermatrust.report.provenance import card_notice
from dermatrust.report.views import of_text

SEVERITIES = {"1": "mild", "2": "marked", "3": "severe"}
CLEAN = "clean"
_MARKS = tuple(SEVERITIES.values())
_SHOWN = ("top-1", "top-3", "confidence", "overconfidence")


@dataclass(frozen=True, slots=True)
class StressLine:
    """One way to spoil photographs, as a table row: every measure, and its change below it."""

    kind: str
    severity: str
    cells: tuple[tuple[Cell, Cell | None], ...]
    n: str


@dataclass(frozen=True, slots=True)
class StressView:
    """One model in one arm."""

    ident: str
    title: str
    sentence: str
    falls: Markup
    surer: Markup | None
    lines: tuple[StressLine, ...]


def write_stress_page(path: Path, result: StressResult, *, manifest: Manifest) -> None:
    """Write the page of a stress test. It opens from the file system and fetches nothing.

    Args:
        path: The file to write; it is replaced as a whole.
        result: Every figure of the page.
        manifest: Of the run.

    Raises:
        DataError: The file cannot be written.
    """
    leaving = card_notice(result.card, n_pages=0, n_images=0)
    context = stress_context(result, manifest=manifest)
    write_page(path, "clinic_stress.html", synthetic=result.card.synthetic, leaving=leaving, **context)


def stress_context(result: StressResult, *, manifest: Manifest | None = None) -> dict[str, Any]:
    """Return what the sections of the page place; without the manifest neither date nor run."""
    pairs = dict.fromkeys((row.model, row.arm) for row in result.rows)
    return {
        "result": result,
        "manifest": manifest,
        "card": result.card,
        "confidence": f"{100 * result.confidence:g} %",
        "drawn_notice": drawn_notice(manifest) if manifest else "",
        "models": list(dict.fromkeys(model for model, _ in pairs)),
        "views": [_view(result, model, arm, place) for place, (model, arm) in enumerate(pairs, 1)],
    }


def parts_of(condition: str) -> tuple[str, str]:
    """Return kind and severity of a condition in words.

    Example:
        >>> parts_of("colour cast 2"), parts_of("all")
        (('colour cast', 'marked'), ('clean', ''))
    """
    kind, _, severity = condition.rpartition(" ")
    return (kind, SEVERITIES[severity]) if severity in SEVERITIES else (CLEAN, "")


def fall_sentence(rows: list[StressRow]) -> str:
    """Return which way to spoil photographs costs a model most, and whether it notices."""
    spoilt = [row for row in rows if row.changes and row.changes["top-1"].value < 0]
    if not spoilt:
        return "No way to spoil the photographs made the first diagnosis right less often."
    worst = min(spoilt, key=lambda row: row.changes["top-1"].value)
    kind, severity = parts_of(worst.condition)
    fall, sure = worst.changes["top-1"], worst.changes["overconfidence"]
    text = f"Worst is {severity} {kind}: of 100 cases {whole(-fall.value)} fewer have the right disease first"
    text += " (may be chance)." if not fall.high < 0 else "."
    if sure.low > 0:
        text += f" It does not notice: it becomes too sure by {whole(sure.value)} points more."
    return text


def _view(result: StressResult, model: str, arm: str, place: int) -> StressView:
    rows = [row for row in result.rows if (row.model, row.arm) == (model, arm)]
    title, ident = f"{model}, {arm}", f"stress-{place}"
    surer = None
    if any(row.values["confidence"].n for row in rows):
        about = f"{title}: change of confidence less being right"
        surer = _chart(rows, "overconfidence", f"{ident}-surer", about, ("less sure", "too sure"))
    about = f"{title}: change of right first diagnoses"
    return StressView(
        ident=ident,
        title=title,
        sentence=fall_sentence(rows),
        falls=_chart(rows, "top-1", f"{ident}-falls", about, ("fewer right", "more right")),
        surer=surer,
        lines=tuple(map(_line, rows)),
    )


def _chart(rows: list[StressRow], measure: str, ident: str, title: str, ends: tuple[str, str]) -> Markup:
    drawn = [
        IntervalRow(kind, severity, found.value, found.low, found.high, points_text(found), _MARKS.index(severity))
        for row in rows
        if row.changes
        for kind, severity in (parts_of(row.condition),)
        for found in (row.changes[measure],)
    ]
    axis = points_axis([(row.value, row.low, row.high) for row in drawn], ends)
    chart = interval_chart(drawn, axis, ident=ident, title=title, desc=described(drawn), labels_px=LABELS_PX)
    return Markup(chart)  # noqa: S704  # escaped by svg.py


def _line(row: StressRow) -> StressLine:
    kind, severity = parts_of(row.condition)
    return StressLine(
        kind, severity, tuple(_pair(row.values[name], row.changes.get(name), name) for name in _SHOWN),
        of_text(row.n, row.n + row.n_missing),
    )  # fmt: skip


def _pair(value: Estimate, change: Estimate | None, name: str) -> tuple[Cell, Cell | None]:
    shown = points_cell(value) if name == "overconfidence" else share_cell(value)
    return shown, None if change is None else points_cell(change)
