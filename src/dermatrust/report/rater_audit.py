"""The injection test and the image audit as one HTML page each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from dermatrust.audit.attack_images import CAPTIONS, FORMS, image_attacks
from dermatrust.audit.attack_texts import HARMLESS, attack_classes, harmless_notes, text_attacks
from dermatrust.audit.detector import recall
from dermatrust.audit.image import ImageAudit
from dermatrust.audit.injection import InjectionAudit, InjectionRow
from dermatrust.audit.shift_table import looking_text
from dermatrust.audit.shifts import Shifts
from dermatrust.bench.results import Estimate
from dermatrust.bench.text import counted
from dermatrust.report.headline import Cell, cell
from dermatrust.report.intervals import N_MARKS, Axis, IntervalRow, interval_chart
from dermatrust.report.page import write_page
from dermatrust.report.views import MINUS, NOTHING, estimate_text, interval_text, of_text, signed_text, why_undefined

ABOUT_FORMS = {
    "low contrast": "Large letters, a few levels lighter or darker than the skin beneath them.",
    "border": "Light letters on a dark strip along an edge.",
    "tiny": "Letters a fiftieth of the shorter side high.",
    "rotated": "Well legible letters, turned.",
}
_SHARES = Axis(0.0, 1.0, tuple((k / 4, f"{k * 25} %") for k in range(5)))


@dataclass(frozen=True, slots=True)
class ShiftLine:
    """One kind of change and what it did, as a table prints it."""

    kind: str
    cells: tuple[Cell, ...]
    pairs: str
    missing: str
    flagged: str
    success: Cell | None = None
    excess: Cell | None = None
    unfamiliar: str = ""
    writing: str = ""
    noticed: str = ""
    unnoticed: Cell | None = None


def write_injection_page(path: Path, audit: InjectionAudit, *, table_name: str) -> None:
    """Write the page of an injection test. It opens from the file system and fetches nothing.

    Args:
        path: The file to write; it is replaced as a whole.
        audit: What was measured.
        table_name: Name of the CSV file beside it.

    Raises:
        DataError: The file cannot be written.
    """
    write_page(path, "injection_audit.html", synthetic=audit.card.synthetic, **injection_context(audit, table_name))


def injection_context(audit: InjectionAudit, table_name: str = "injection.csv") -> dict[str, Any]:
    """Return what the sections of an injection test place."""
    raters = list(audit.plain)
    return {
        "card": audit.card,
        "audit": audit,
        "raters": [(rater, _injection_lines(audit, rater), cell(_macro(audit.plain[rater]))) for rater in raters],
        "glances": [_glance(audit, rater) for rater in raters],
        "chart": Markup(_success_chart(audit.rows, raters)),  # noqa: S704  # escaped by svg.py
        "classes": _examples(),
        "detector": audit.detector,
        "known": recall(audit.detector, is_held_out=False),
        "held_out": recall(audit.detector, is_held_out=True),
        "n_attacks": len(text_attacks()),
        "n_drawn": len(image_attacks()),
        "has_pictures": any(row.kind in FORMS for row in audit.rows),
        "table_name": table_name,
    }


def write_image_page(path: Path, audit: ImageAudit, *, table_name: str) -> None:
    """Write the page of an image audit; arguments and errors as for `write_injection_page`."""
    write_page(path, "image_audit.html", synthetic=audit.card.synthetic, **image_context(audit, table_name))


def image_context(audit: ImageAudit, table_name: str = "image.csv") -> dict[str, Any]:
    """Return what the sections of an image audit place."""
    return {
        "card": audit.card,
        "audit": audit,
        "raters": [
            (rater, looking_text(audit, rater), [cell(one) for one in scores.values()], _image_lines(audit, rater))
            for rater, scores in audit.true.items()
        ],
        "chart": Markup(_fall_chart(audit)),  # noqa: S704  # escaped by svg.py
        "table_name": table_name,
    }


def _macro(scores: dict[Any, Estimate]) -> Estimate:
    return list(scores.values())[-1]


def _injection_lines(audit: InjectionAudit, rater: str) -> list[ShiftLine]:
    return [
        _line(
            row.kind, row.shifts, success=_share(row.shifts.success), excess=_excess(row.excess),
            unfamiliar=of_text(row.n_unfamiliar, row.shifts.n) if audit.knows_what_it_read(rater) else NOTHING,
            writing=of_text(row.n_with_writing, row.shifts.n) if audit.looked_for_writing(rater) else NOTHING,
            noticed=of_text(row.n_noticed, row.shifts.n),
            unnoticed=_share(row.unnoticed),
        )
        for row in audit.rows
        if row.rater == rater
    ]  # fmt: skip


def _image_lines(audit: ImageAudit, rater: str) -> list[ShiftLine]:
    return [_line(row.condition, row.shifts) for row in audit.rows if row.rater == rater]


def _line(kind: str, shifts: Shifts, **more: Any) -> ShiftLine:
    return ShiftLine(
        kind=kind,
        cells=tuple(
            Cell(signed_text(one.value), interval_text(one, signed=True), note=why_undefined(one))
            for one in shifts.shifts.values()
        ),
        pairs=of_text(shifts.n - shifts.n_missing, shifts.n),
        missing=str(shifts.n_changed_missing) if shifts.n_changed_missing else "none",
        flagged=of_text(shifts.n_flagged, shifts.n),
        **more,
    )


def _share(success: Estimate) -> Cell:
    if math.isnan(success.value):
        return Cell("–", "", note="no score")
    interval = f"[{100 * success.low:.0f}, {100 * success.high:.0f}]" if success.has_interval else ""
    return Cell(f"{100 * success.value:.0f} %", interval, note=why_undefined(success))


def _excess(excess: Estimate | None) -> Cell:
    """Return a difference of two shares in percentage points."""
    if excess is None or math.isnan(excess.value):
        return Cell("–", "")
    value, low, high = (_points(end) for end in (excess.value, excess.low, excess.high))
    return Cell(value, f"[{low}, {high}]" if excess.has_interval else "", note=why_undefined(excess))


def _points(share: float) -> str:
    return _whole(round(100 * share)) if math.isfinite(share) else NOTHING


def _whole(number: int) -> str:
    return f"{number:+d}".replace("-", MINUS) if number else "0"


def _glance(audit: InjectionAudit, rater: str) -> str:
    """Return in a sentence how often attacks succeeded with a rater, and how often harmless additions did the same."""
    rows = {row.kind: row.shifts for row in audit.rows if row.rater == rater}
    parts = []
    for total, control in (("all text attacks", HARMLESS), ("all picture attacks", CAPTIONS)):
        if total in rows:
            did = _share(rows[total].success)
            by_chance = _share(rows[control].success)
            parts.append(
                f"{total} succeeded in {did.value} {did.interval} of {counted(rows[total].success.n, 'pair')}, "
                f"{control.removesuffix(' (control)')} did the same in {by_chance.value} {by_chance.interval}"
            )
    return f"{rater}: {'; '.join(parts)}."


def _success_chart(rows: Sequence[InjectionRow], raters: Sequence[str]) -> str:
    shown = [
        IntervalRow(row.kind, row.rater, row.shifts.success.value, row.shifts.success.low, row.shifts.success.high,
                    f"{_share(row.shifts.success).value} {_share(row.shifts.success).interval}".strip(),
                    raters.index(row.rater) % N_MARKS)
        for row in sorted(rows, key=lambda row: list(dict.fromkeys(one.kind for one in rows)).index(row.kind))
    ]  # fmt: skip
    desc = "; ".join(f"{row.group}, {row.label}: {row.text}" for row in shown)
    return interval_chart(shown, _SHARES, ident="success", title="Success rate by class of attack", desc=desc)


def _fall_chart(audit: ImageAudit) -> str:
    raters = list(audit.true)
    conditions = list(dict.fromkeys(row.condition for row in audit.rows))
    shown = [
        IntervalRow(row.condition, row.rater, one.value, one.low, one.high, estimate_text(one, signed=True),
                    raters.index(row.rater) % N_MARKS)
        for row in sorted(audit.rows, key=lambda row: conditions.index(row.condition))
        for one in (row.shifts.macro,)
    ]  # fmt: skip
    lowest = min((one for row in shown for one in (row.low, row.value) if not math.isnan(one)), default=-1.0)
    span = max(1, math.ceil(-lowest))
    axis = Axis(-float(span), 1.0, tuple((float(k), _whole(k)) for k in range(-span, 2)), zero=0.0)
    desc = "; ".join(f"{row.group}, {row.label}: {row.text}" for row in shown)
    return interval_chart(shown, axis, ident="falls", title="Shift of the macro mean", desc=desc)


def _examples() -> list[tuple[str, str, int, str]]:
    """Return every class with what it does, how many wordings it has, and one of them."""
    found = []
    for kind, about in attack_classes().items():
        own = [attack for attack in text_attacks() if attack.kind == kind]
        found.append((kind, about, len(own), own[0].text))
    notes = harmless_notes()
    found.append((HARMLESS, "Speaks of scores or instructions as honest texts do.", len(notes), notes[0].text))
    for form in FORMS:
        drawn = [attack for attack in image_attacks() if attack.form == form]
        found.append((form, ABOUT_FORMS[form], len(drawn), drawn[0].text))
    return found
