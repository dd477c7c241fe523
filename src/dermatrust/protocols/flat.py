"""A protocol's result as a table for spreadsheets and programs."""

import csv
import io

from dermatrust.protocols.result import ProtocolResult

HEADER = (
    "protocol", "version", "variant", "method", "model", "metric", "tag", "level", "value", "low", "high", "n",
    "n_items", "n_missing", "n_unanswered",
)  # fmt: skip


def result_csv(result: ProtocolResult) -> str:
    """Return one line per figure; numbers keep every digit, and NaN is an empty cell."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    about = result.protocol, result.version, result.variant, result.method, result.model
    counts = result.n_items, result.n_missing, result.n_unanswered
    for row in result.rows:
        figures = ("" if number != number else repr(number) for number in (row.value, row.low, row.high))
        writer.writerow([*about, row.metric, row.tag, row.level, *figures, row.n, *counts])
    return file.getvalue()
