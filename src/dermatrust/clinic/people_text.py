"""How far people agree with the ladder and the adjudicator, as aligned plain text and as CSV."""

import csv
import io
import math
from collections.abc import Sequence

from dermatrust.agreement.interval import Estimate
from dermatrust.bench.text import NOTHING, aligned, counted, shortened
from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.people import Beside
from dermatrust.clinic.people_shares import SampleShare
from dermatrust.clinic.percent import percent

COLUMNS = (
    "person", "beside", "on", "n", "n_missing", "both", "only_person", "only_beside", "neither", "kappa", "low", "high",
    "n_cases", "model", "arm", "image_arm", "share",
)  # fmt: skip
"""Rows of two persons have a kappa, rows of a model in an arm a share; low and high are of either."""


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


def shares_text(shares: Sequence[SampleShare], confidence: float = 0.95) -> str:
    """Return the shares as a table, with what they are of."""
    titles = ["by", "model", "context", "images", "answers", "missing", *(f"top-{k}" for k in CUTS)]
    return "\n".join(
        [
            f"Led back to the study: % of its answers that name a diagnosis [{100 * confidence:g} % interval over "
            "cases]",
            *aligned([titles, *map(_share_line, shares)]),
            "Each answer of the sample counts for as many as it stands for. Answers that name nothing are in no "
            "sample, so a share of all answers is lower. With few answers in a row its interval is rough.",
        ]
    )


def _share_line(share: SampleShare) -> list[str]:
    n = f"{share.n} of {share.n + share.n_missing}"
    about = [share.rater, shortened(share.model), share.arm, share.image_arm, n, str(share.n_missing)]
    return [*about, *map(percent, share.hits)]


def _line(row: Beside) -> list[str]:
    counts = ("" if n is None else str(n) for n in (row.both, row.only_person, row.only_beside, row.neither))
    about = [row.person, row.beside, row.on, f"{row.n} of {row.n + row.n_missing}", str(row.n_missing)]
    return [*about, *counts, _kappa(row.kappa)]


def _kappa(found: Estimate) -> str:
    if math.isnan(found.value):
        return NOTHING
    interval = NOTHING if math.isnan(found.low) else f"{found.low:.2f}, {found.high:.2f}"
    return f"{found.value:.2f} [{interval}]"


def people_csv(rows: Sequence[Beside], shares: Sequence[SampleShare] = ()) -> str:
    """Return the rows as CSV (RFC 4180) with a header line, not rounded; what is undefined is empty."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row in rows:
        counts = (row.n, row.n_missing, row.both, row.only_person, row.only_beside, row.neither)
        numbers = (row.kappa.value, row.kappa.low, row.kappa.high)
        known = (None if math.isnan(number) else number for number in numbers)
        writer.writerow([row.person, row.beside, row.on, *counts, *known, row.kappa.n_clusters, "", "", "", ""])
    for share in shares:
        for k, hit in zip(CUTS, share.hits, strict=True):
            value, low, high = (None if math.isnan(n) else n for n in (hit.value, hit.low, hit.high))
            counts = (share.n, share.n_missing, None, None, None, None)
            place = (share.model, share.arm, share.image_arm)
            writer.writerow([share.rater, "", f"top-{k}", *counts, None, low, high, hit.n_clusters, *place, value])
    return file.getvalue()
