"""Results of audits that compare pairs of ratings, as CSV, JSON and lines for a terminal."""

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dermatrust.audit.detector import recall
from dermatrust.audit.image import ImageAudit
from dermatrust.audit.injection import InjectionAudit, InjectionRow
from dermatrust.audit.shifts import Shifts
from dermatrust.bench.results import MACRO, Estimate, Measure
from dermatrust.bench.text import NOTHING, aligned, estimate_text, measure_title, shortened
from dermatrust.store.atomic import write_text

COLUMNS = ("rater", "kind", "measure", "value", "low", "high", "n", "missing")
"""One row a number; ends of an interval that is not defined are empty."""
UNNOTICED = "success not flagged"
SUCCESS, EXCESS, SHIFT, LEVEL, COUNT = "success rate", "success beyond harmless additions", "shift", "score", "count"
Row = tuple[str, str, str, str, str, str, str, str]


def write_injection_files(csv_path: Path, json_path: Path, audit: InjectionAudit) -> None:
    """Write the figures of an injection test as CSV and as JSON.

    Raises:
        DataError: A file cannot be written.
    """
    rows = [line for row in audit.rows for line in _injection_rows(audit, row)]
    _write_csv(csv_path, [*_level_rows("plain", audit.plain), *rows])
    content = {
        **_about(audit),
        "n_cases": audit.n_cases,
        "per_attack": audit.per_attack,
        "plain": {rater: _measures(scores) for rater, scores in audit.plain.items()},
        "rows": [
            {"rater": row.rater, "kind": row.kind, "is_control": row.is_control, "n_wordings": row.n_wordings,
             **_shifts(row.shifts), "success": _estimate(row.shifts.success),
             "excess": None if row.excess is None else _estimate(row.excess),
             "n_unfamiliar": row.n_unfamiliar if audit.knows_what_it_read(row.rater) else None,
             "n_with_writing": row.n_with_writing if audit.looked_for_writing(row.rater) else None,
             "n_noticed": row.n_noticed, "unnoticed": _estimate(row.unnoticed)}
            for row in audit.rows
        ],
        "detector": [
            {"kind": line.kind, "is_attack": line.is_attack, "is_held_out": line.is_held_out, "n_found": line.n_found,
             "n": line.n}
            for line in audit.detector
        ],
        "unfamiliar": [{"rater": line.rater, "n_found": line.n_found, "n": line.n} for line in audit.unfamiliar],
        "writing": [{"rater": line.rater, "n_found": line.n_found, "n": line.n} for line in audit.writing],
    }  # fmt: skip
    write_text(json_path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_image_files(csv_path: Path, json_path: Path, audit: ImageAudit) -> None:
    """Write the figures of an image audit as CSV and as JSON.

    Raises:
        DataError: A file cannot be written.
    """
    rows = [line for row in audit.rows for line in _shift_rows(row.rater, row.condition, row.shifts)]
    _write_csv(csv_path, [*_level_rows("true", audit.true), *rows])
    content = {
        **_about(audit),
        "texts": audit.texts,
        "n_narratives": audit.n_narratives,
        "is_looking": {rater: audit.is_looking(rater) for rater in audit.true},
        "true": {rater: _measures(scores) for rater, scores in audit.true.items()},
        "rows": [{"rater": row.rater, "kind": row.condition, **_shifts(row.shifts)} for row in audit.rows],
    }
    write_text(json_path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def injection_text(audit: InjectionAudit) -> str:
    """Return one aligned table per rater, then what the detector saw."""
    parts = []
    for rater, plain in audit.plain.items():
        titles = [
            "attack",
            "pairs",
            "success rate",
            "beyond harmless",
            "macro shift",
            "missing",
            "flagged",
            "unfamiliar",
            "writing",
            "any flag",
            "success not flagged",
        ]
        lines = [
            [row.kind, str(row.shifts.n), estimate_text(row.shifts.success),
             NOTHING if row.excess is None else _signed(row.excess), _signed(row.shifts.macro),
             str(row.shifts.n_missing), str(row.shifts.n_flagged),
             str(row.n_unfamiliar) if audit.knows_what_it_read(rater) else NOTHING,
             str(row.n_with_writing) if audit.looked_for_writing(rater) else NOTHING, str(row.n_noticed),
             estimate_text(row.unnoticed)]
            for row in audit.rows
            if row.rater == rater
        ]  # fmt: skip
        heading = f"Injection, {shortened(rater)}: macro mean without attack {estimate_text(plain[MACRO])}"
        parts.append("\n".join([heading, *aligned([titles, *lines])]))
    known, held_out = (recall(audit.detector, is_held_out=which) for which in (False, True))
    false = [
        f"{line.n_found} of {line.n} in {line.kind}{', held out' if line.is_held_out else ''}"
        for line in audit.detector
        if not line.is_attack and line.n
    ]
    parts.append(
        f"Detector: {known[0]} of {known[1]} known wordings found, {held_out[0]} of {held_out[1]} held-out ones; "
        f"false alarms: {'; '.join(false)}"
    )
    parts += [
        f"Unfamiliar to {shortened(line.rater)}: {line.n_found} of {line.n} of the dataset's own texts"
        for line in audit.unfamiliar
    ]
    parts += [
        f"Writing in photographs without an attack, shown to {shortened(line.rater)}: {line.n_found} of {line.n}"
        for line in audit.writing
    ]
    return "\n\n".join(parts)


def image_text(audit: ImageAudit) -> str:
    """Return one aligned table per rater, with whether it looks; intervals of the macro mean alone."""
    parts = []
    for rater, true in audit.true.items():
        titles = ["photographs", "pairs", *map(measure_title, true), "missing"]
        levels = [_bare(one) for one in true.values()][:-1]
        lines = [["true: mean", str(audit.n_narratives), *levels, estimate_text(true[MACRO]), NOTHING]]
        lines += [
            [f"{row.condition}: shift", str(row.shifts.n), *[_bare(one) for one in row.shifts.shifts.values()][:-1],
             _signed(row.shifts.macro), str(row.shifts.n_missing)]
            for row in audit.rows
            if row.rater == rater
        ]  # fmt: skip
        parts.append("\n".join([f"{shortened(rater)}: {looking_text(audit, rater)}", *aligned([titles, *lines])]))
    return "\n\n".join(parts)


def looking_text(audit: ImageAudit, rater: str) -> str:
    """Return in words whether a rater looks at the photographs."""
    return {
        True: "looks: its scores fall with blank and with swapped photographs",
        False: "not shown to look: with blank or with swapped photographs its scores do not fall beyond chance",
        None: "too little was rated to say whether it looks",
    }[audit.is_looking(rater)]


def _bare(estimate: Estimate) -> str:
    return estimate_text(estimate).partition(" ")[0]


def _signed(estimate: Estimate) -> str:
    text = estimate_text(estimate)
    return f"+{text}" if estimate.value > 0 and not text.startswith("0.00") else text


def _about(audit: InjectionAudit | ImageAudit) -> dict[str, Any]:
    return {
        "dataset": audit.card.name,
        "synthetic": audit.card.synthetic,
        "n_patients": audit.n_patients,
        "n_missing": audit.n_missing,
        "failures": dict(audit.failures),
    }


def _estimate(estimate: Estimate) -> dict[str, float | int | None]:
    ends = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {name: None if math.isnan(end) else round(end, 6) for name, end in ends.items()} | {
        "n": estimate.n, "missing": estimate.n_missing
    }  # fmt: skip


def _measures(measures: Mapping[Measure, Estimate]) -> dict[str, Any]:
    return {str(measure): _estimate(estimate) for measure, estimate in measures.items()}


def _shifts(shifts: Shifts) -> dict[str, Any]:
    return {
        "n": shifts.n,
        "n_changed_missing": shifts.n_changed_missing,
        "n_flagged": shifts.n_flagged,
        "shifts": _measures(shifts.shifts),
    }


def _level_rows(kind: str, levels: Mapping[str, Mapping[Measure, Estimate]]) -> Iterator[Row]:
    for rater, scores in levels.items():
        for measure, estimate in scores.items():
            yield _row(rater, kind, f"{LEVEL}: {measure}", estimate)


def _injection_rows(audit: InjectionAudit, row: InjectionRow) -> Iterator[Row]:
    yield _row(row.rater, row.kind, SUCCESS, row.shifts.success)
    if row.excess is not None:
        yield _row(row.rater, row.kind, EXCESS, row.excess)
    yield _row(row.rater, row.kind, UNNOTICED, row.unnoticed)
    yield from _shift_rows(row.rater, row.kind, row.shifts)
    counts = {"any flag": row.n_noticed}
    if audit.looked_for_writing(row.rater):
        counts["writing"] = row.n_with_writing
    if audit.knows_what_it_read(row.rater):
        counts["unfamiliar"] = row.n_unfamiliar
    for name, n in counts.items():
        yield row.rater, row.kind, f"{COUNT}: {name}", str(n), "", "", str(row.shifts.n), ""


def _shift_rows(rater: str, kind: str, shifts: Shifts) -> Iterator[Row]:
    for measure, estimate in shifts.shifts.items():
        yield _row(rater, kind, f"{SHIFT}: {measure}", estimate)
    for name, n in (("scores gone missing", shifts.n_changed_missing), ("flagged", shifts.n_flagged)):
        yield rater, kind, f"{COUNT}: {name}", str(n), "", "", str(shifts.n), ""


def _row(rater: str, kind: str, measure: str, estimate: Estimate) -> Row:
    value, low, high = (
        "" if math.isnan(one) else f"{one:.6f}" for one in (estimate.value, estimate.low, estimate.high)
    )
    return rater, kind, measure, value, low, high, str(estimate.n), str(estimate.n_missing)


def _write_csv(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write numbers as they are: a spreadsheet computes nothing of a negative one."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerows([COLUMNS, *rows])
    write_text(path, table.getvalue())
