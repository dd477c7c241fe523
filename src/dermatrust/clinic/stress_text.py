"""A stress test as aligned plain text for a terminal, and as CSV."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from typing import Any

from dermatrust.agreement.interval import Estimate
from dermatrust.bench.text import aligned, counted, shortened
from dermatrust.clinic.percent import percent
from dermatrust.clinic.stress import CLEAN
from dermatrust.clinic.stress_measures import PARTS, SHARES, SIGNED, SURENESS, THREE_LEVELS, TWO_LEVELS
from dermatrust.clinic.stress_table import FEWEST_PATIENTS, StressResult, StressRow

COLUMNS = (
    "dataset", "synthetic", "model", "arm", "condition", "measure", "kind", "value", "low", "high", "n", "n_patients",
    "n_missing",
)  # fmt: skip
_SHOWN = {
    0: (("top-1", *SURENESS, "cannot tell"),),
    2: ((*SHARES, "cannot tell"), TWO_LEVELS, SURENESS),
    3: ((*SHARES, "cannot tell"), THREE_LEVELS, SURENESS),
}
"""By the number of levels: the measures of each table, as many as stand side by side."""
_MEANING = {
    "top-1": "top-1: the right disease first, under any name.",
    "right": "right: the very level. under-triage: less pressing than it is. The first four add up to 100.",
    "cannot tell": "cannot tell: says so; wrong, whatever stands beside it.",
    "recall emergent": "recall: right, of the cases of one true level.",
    "sensitivity": "sensitivity: right, of urgent cases. specificity: right, of routine ones.",
    "confidence": "overconfidence: stated confidence less being right.",
}


def stress_text(result: StressResult) -> str:
    """Return what each way of spoiling the photographs does, with what the numbers mean."""
    head = (
        f"Clean and spoilt photographs of the same {counted(result.n_cases, 'case')}, "
        f"{counted(result.n_patients, 'patient')}: % [{result.confidence * 100:g} % interval]"
    )
    tables = ["\n".join(_table(result, measures)) for measures in _SHOWN[result.n_levels]]
    notes = ["1 mild, 2 marked, 3 severe. changes: spoilt less clean, on the same cases."]
    if result.n_patients < FEWEST_PATIENTS:
        notes.append(f"Intervals of fewer than {FEWEST_PATIENTS} patients are too narrow: do not rest on them.")
    if result.n_without_truth:
        notes.append(f"Left out: {counted(result.n_without_truth, 'case')} of which nobody recorded what is true.")
    if result.n_unsigned:
        unsigned = counted(result.n_unsigned, "case")
        notes.append(f"Of {unsigned} the level is the lexicon's and needs clinician sign-off.")
    return "\n".join([head, "\n\n".join(tables), *notes])


def _table(result: StressResult, measures: Sequence[str]) -> list[str]:
    if not any(row.values[name].n for row in result.rows for name in measures):
        return [f"{', '.join(measures)}: no answer states any"]
    titles = ["model", "context", "photographs", "answers", *measures, *(f"change of {name}" for name in measures)]
    rows = aligned([titles, *(_line(row, measures) for row in result.rows)])
    return [*rows, " ".join(_MEANING[name] for name in measures if name in _MEANING)]


def _line(row: StressRow, measures: Sequence[str]) -> list[str]:
    condition = "clean" if row.condition == CLEAN.name else row.condition
    changes = [percent(row.changes[name], signed=True) if row.changes else "" for name in measures]
    values = [_value(row.values[name], name) for name in measures]
    return [shortened(row.model), row.arm, condition, f"{row.n} of {row.n + row.n_missing}", *values, *changes]


def _value(found: Estimate, name: str) -> str:
    of_part = f" of {found.n}" if name in PARTS else ""
    return f"{percent(found, signed=name in SIGNED)}{of_part}"


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
