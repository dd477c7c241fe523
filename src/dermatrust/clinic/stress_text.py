"""A stress test as aligned plain text for a terminal, and as CSV."""

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

from dermatrust.bench.text import aligned, counted, shortened
from dermatrust.clinic.percent import percent
from dermatrust.clinic.stress import CLEAN
from dermatrust.clinic.stress_table import FEWEST_PATIENTS, StressResult, StressRow

COLUMNS = (
    "dataset", "synthetic", "model", "arm", "condition", "measure", "kind", "value", "low", "high", "n", "n_patients",
    "n_missing",
)  # fmt: skip
_SHOWN = ("top-1", "confidence", "overconfidence")


def stress_text(result: StressResult) -> str:
    """Return what each way of spoiling the photographs does, with what the numbers mean."""
    titles = ["model", "context", "photographs", "answers", *_SHOWN, *(f"change of {name}" for name in _SHOWN)]
    head = (
        f"Clean and spoilt photographs of the same {counted(result.n_cases, 'case')}, "
        f"{counted(result.n_patients, 'patient')}: % [{result.confidence * 100:g} % interval]"
    )
    lines = [head, *aligned([titles, *map(_line, result.rows)])]
    lines.append(
        "1 mild, 2 marked, 3 severe. top-1: the right disease first, under any name. overconfidence: stated confidence "
        "less being right. changes: spoilt less clean."
    )
    if result.n_patients < FEWEST_PATIENTS:
        lines.append(f"Intervals of fewer than {FEWEST_PATIENTS} patients are too narrow: do not rest on them.")
    return "\n".join(lines)


def _line(row: StressRow) -> list[str]:
    condition = "clean" if row.condition == CLEAN.name else row.condition
    changes = [percent(row.changes[name], signed=True) if row.changes else "" for name in _SHOWN]
    values = [percent(row.values[name]) for name in _SHOWN]
    return [shortened(row.model), row.arm, condition, f"{row.n} of {row.n + row.n_missing}", *values, *changes]


def stress_csv(result: StressResult) -> str:
    """Return every figure as CSV (RFC 4180), not rounded; what is undefined is empty. `kind` is "value" or "change"."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows(record for row in result.rows for record in _records(result, row))
    return file.getvalue()


def _records(result: StressResult, row: StressRow) -> Iterator[dict[str, Any]]:
    about = {"dataset": result.card.name, "synthetic": result.card.synthetic, "n_missing": row.n_missing}
    about |= {"model": row.model, "arm": row.arm, "condition": row.condition}
    for kind, found in (("value", row.values), ("change", row.changes)):
        for measure, one in found.items():
            numbers = {"value": one.value, "low": one.low, "high": one.high}
            known = {name: None if math.isnan(number) else number for name, number in numbers.items()}
            yield about | known | {"measure": measure, "kind": kind, "n": one.n, "n_patients": one.n_clusters}
