"""Baselines as aligned plain text for a terminal, and as CSV."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from typing import Any

from dermatrust.agreement.interval import Estimate
from dermatrust.bench.text import aligned
from dermatrust.clinic.baseline_table import PUBLISHED, BaselineRow
from dermatrust.clinic.percent import percent

COLUMNS = ("baseline", "cases", "measure", "label", "value", "low", "high", "n", "n_patients")


def baseline_text(rows: Sequence[BaselineRow], fields: Sequence[BaselineRow] = ()) -> str:
    """Return the baselines, what each field gives alone, and published figures, with what they mean."""
    parts = [
        "Without a photograph, asked about other patients than it was fitted on: % [95 % interval]",
        *_table(rows),
        "balanced: mean recall of the labels. malignancy: whether the label is a cancer, balanced accuracy of the",
        "first label, and area under the ROC curve of the chances. Recall by label (its cases):",
    ]
    labels = list(rows[0].recall)
    recall = [[_name(row), *(percent(row.recall[label]) for label in labels)] for row in rows]
    parts += aligned([["baseline", *(f"{label} ({rows[0].recall[label].n:,})" for label in labels)], *recall])
    if fields:
        parts += ["", "Each field of the context alone:", *_table(fields)]
    parts += ["", "Published, on other cases and with other rules; for orientation, no comparison:"]
    parts += aligned([["who", "what", "as printed"], *([one.who, one.what, one.value] for one in PUBLISHED)])
    parts += [f"{', '.join(values)}: {source}." for source, values in _sources().items()]
    return "\n".join(parts)


def _table(rows: Sequence[BaselineRow]) -> list[str]:
    titles = ["baseline", "cases", "balanced", "accuracy", "malignancy, balanced", "malignancy, area"]
    lines = []
    for row in rows:
        shown = (row.balanced_accuracy, row.accuracy, row.malignancy_balanced, row.malignancy)
        lines.append([_name(row), str(row.accuracy.n), *map(percent, shown)])
    return aligned([titles, *lines])


def _sources() -> dict[str, list[str]]:
    """Return each source and the printed values that are from there."""
    sources: dict[str, list[str]] = {}
    for one in PUBLISHED:
        sources.setdefault(one.source, []).append(one.value)
    return sources


def _name(row: BaselineRow) -> str:
    return row.name if row.about == "all" else f"{row.name}, {row.about}"


def baseline_csv(rows: Sequence[BaselineRow]) -> str:
    """Return every figure as CSV (RFC 4180), not rounded; what is undefined is empty."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows(record for row in rows for record in _records(row))
    return file.getvalue()


def _records(row: BaselineRow) -> Iterator[dict[str, Any]]:
    measures = {
        "balanced accuracy": row.balanced_accuracy,
        "accuracy": row.accuracy,
        "balanced accuracy malignancy": row.malignancy_balanced,
        "AUROC malignancy": row.malignancy,
    }
    for measure, estimate in measures.items():
        yield _record(row, measure, "", estimate)
    for label, estimate in row.recall.items():
        yield _record(row, "recall", label, estimate)


def _record(row: BaselineRow, measure: str, label: str, found: Estimate) -> dict[str, Any]:
    numbers = {
        name: None if math.isnan(number) else number
        for name, number in (("value", found.value), ("low", found.low), ("high", found.high))
    }
    about = {"baseline": row.name, "cases": row.about, "measure": measure, "label": label}
    return about | numbers | {"n": found.n, "n_patients": found.n_clusters}
