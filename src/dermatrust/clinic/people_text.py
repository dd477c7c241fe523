"""How far people agree with the ladder and the adjudicator, as aligned plain text and as CSV."""

import csv
import io
import math
from collections.abc import Sequence

from dermatrust.agreement.interval import Estimate
from dermatrust.bench.text import NOTHING, aligned, counted
from dermatrust.clinic.people import Beside

COLUMNS = (
    "person", "beside", "on", "n", "n_missing", "both", "only_person", "only_beside", "neither", "kappa", "low", "high",
    "n_cases",
)  # fmt: skip


def people_text(rows: Sequence[Beside], n_items: int, confidence: float = 0.95) -> str:
    """Return the table, with what its numbers mean."""
    titles = ["person", "beside", "on", "answers", "missing", "both", "only person", "only beside", "neither", "kappa"]
    return "\n".join(
        [
            f"Does the list name the established diagnosis? {counted(n_items, 'answer')} of the sample; kappa "
            f"[{100 * confidence:g} % interval over cases]",
            *aligned([titles, *map(_line, rows)]),
            "top-K: one of the first K does; Cohen's kappa. place: first, among 3, among 5, or not; kappa weighted "
            "(quadratic). missing: one of the two did not decide.",
            "The sample is drawn evenly from what the rungs say: its shares, and kappa with them, are not the study's.",
        ]
    )


def _line(row: Beside) -> list[str]:
    counts = ("" if n is None else str(n) for n in (row.both, row.only_person, row.only_beside, row.neither))
    about = [row.person, row.beside, row.on, f"{row.n} of {row.n + row.n_missing}", str(row.n_missing)]
    return [*about, *counts, _kappa(row.kappa)]


def _kappa(found: Estimate) -> str:
    if math.isnan(found.value):
        return NOTHING
    interval = NOTHING if math.isnan(found.low) else f"{found.low:.2f}, {found.high:.2f}"
    return f"{found.value:.2f} [{interval}]"


def people_csv(rows: Sequence[Beside]) -> str:
    """Return the rows as CSV (RFC 4180) with a header line, not rounded; what is undefined is empty."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row in rows:
        counts = (row.n, row.n_missing, row.both, row.only_person, row.only_beside, row.neither)
        numbers = (row.kappa.value, row.kappa.low, row.kappa.high)
        known = (None if math.isnan(number) else number for number in numbers)
        writer.writerow([row.person, row.beside, row.on, *counts, *known, row.kappa.n_clusters])
    return file.getvalue()
