"""The bench table as aligned plain text for a terminal."""

import math
from collections.abc import Sequence

from dermatrust.bench.results import MEASURES, BenchTable, Estimate, Measure, ModelRow
from dermatrust.records import Dimension

NOTHING = "–"
"""Printed where a number is undefined."""


def table_text(table: BenchTable) -> str:
    """Return one aligned table per rater, best macro mean first, with what is missing and what the marks mean.

    Columns are left in the order of `MEASURES`. Places are shown where there is more than one model.
    """
    return "\n\n".join(_rater_text(table, rater) for rater in table.raters)


def estimate_text(estimate: Estimate) -> str:
    """Return a mean with its interval, "–" for what is undefined.

    Example:
        >>> estimate_text(Estimate(3.1449, 3.0201, 3.2553, n=400, n_missing=0))
        '3.14 [3.02, 3.26]'
        >>> nan = float("nan")
        >>> estimate_text(Estimate(3.0, nan, nan, n=2, n_missing=0)), estimate_text(Estimate(nan, nan, nan, 0, 9))
        ('3.00 [–]', '–')
    """
    if math.isnan(estimate.value):
        return NOTHING
    interval = f"{estimate.low:.2f}, {estimate.high:.2f}" if estimate.has_interval else NOTHING
    return f"{estimate.value:.2f} [{interval}]"


def scored_text(row: ModelRow) -> str:
    """Return how many of the answers that should be there are scored: "400 of 400", "388–400 of 400" if it differs."""
    counts = [estimate.n for estimate in row.scores.values()]
    few, most = min(counts), max(counts)
    n_expected = row.macro.n + row.macro.n_missing
    return f"{few if few == most else f'{few}–{most}'} of {n_expected}"


def _rater_text(table: BenchTable, rater: str) -> str:
    rows = table.rows_of(rater)
    with_places = len(table.authors) > 1
    titles = ["model", *(_title(measure) for measure in MEASURES), "scored", "missing", "refused", "empty"]
    cells = [_cells(row, with_places=with_places) for row in rows]
    return "\n".join([_heading(table, rater), *_aligned([titles, *cells]), *_notes(table, rows, with_places)])


def _title(measure: Measure) -> str:
    return measure.title if isinstance(measure, Dimension) else "Macro"


def _heading(table: BenchTable, rater: str) -> str:
    return (
        f"{_one_line(rater)}: mean score 0-5 [{table.confidence * 100:g} % interval], "
        f"{_counted(table.n_cases, 'case')} of {_counted(table.n_patients, 'patient')}"
    )


def _cells(row: ModelRow, *, with_places: bool) -> list[str]:
    scores = [estimate_text(row.estimate(measure)) for measure in MEASURES]
    if with_places:
        places = [row.ranks[measure].text for measure in MEASURES]
        width = max(map(len, places))
        scores = [f"{score} {place:<{width}}" for score, place in zip(scores, places, strict=True)]
    n_missing = sum(row.missing.values())
    return [_one_line(row.author), *scores, scored_text(row), str(n_missing), str(row.n_refused), str(row.n_empty)]


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines with columns of equal width, the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join([line[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    ]


def _notes(table: BenchTable, rows: Sequence[ModelRow], with_places: bool) -> list[str]:
    notes = [
        f"{_one_line(row.author)}: scores missing: {', '.join(f'{reason} {n}' for reason, n in row.missing.items())}"
        for row in rows
        if row.missing
    ]
    if with_places:
        notes.append(
            "Behind each interval: the place. = marks models that are tied: not told apart by a paired permutation "
            f"test over patients, Holm-adjusted p < {table.significance:g}."
        )
    return notes


def _counted(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _one_line(name: str) -> str:
    return " ".join(name.split())
