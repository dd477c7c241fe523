"""The bench table as aligned plain text for a terminal."""

import math
from collections.abc import Sequence

from dermatrust.bench.results import MEASURES, REASONS, BenchTable, Estimate, Measure, ModelRow
from dermatrust.records import Dimension

NOTHING = "–"
"""Printed where a number is undefined."""
LONGEST_NAME = 40
"""Characters of a model's name in its row. A longer one, such as a server's address, is cut and given whole below."""
_NOISE_DIGITS = 9


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
    value, low, high = (f"{without_noise(end):.2f}" for end in (estimate.value, estimate.low, estimate.high))
    return f"{value} [{low}, {high}]" if estimate.has_interval else f"{value} [{NOTHING}]"


def without_noise(value: float) -> float:
    """Return the value without the last digits, in which equal numbers differ by how they were summed.

    Example:
        >>> f"{4.194999999999999:.2f}", f"{without_noise(4.194999999999999):.2f}", f"{without_noise(4.195):.2f}"
        ('4.19', '4.20', '4.20')
    """
    return round(value, _NOISE_DIGITS)


def cases_text(n_cases: int, n_patients: int, n_cases_without_patient: int) -> str:
    """Return how many cases there are, of how many patients, and how many cases have no recorded patient.

    Example:
        >>> cases_text(33, 30, 3)
        '33 cases of 30 patients, 3 cases without a recorded patient'
        >>> cases_text(24, 18, 0), cases_text(602, 0, 602)
        ('24 cases of 18 patients', '602 cases, patients not recorded (each case counted as one)')
    """
    cases = counted(n_cases, "case")
    if n_cases_without_patient == 0:
        return f"{cases} of {counted(n_patients, 'patient')}"
    if n_patients == 0:
        return f"{cases}, " + (
            "patient not recorded" if n_cases == 1 else "patients not recorded (each case counted as one)"
        )
    unknown = counted(n_cases_without_patient, "case")
    return f"{cases} of {counted(n_patients, 'patient')}, {unknown} without a recorded patient"


def scored_text(row: ModelRow) -> str:
    """Return how many of the answers that should be there are scored: "400 of 400", "388–400 of 400" if it differs."""
    counts = [estimate.n for estimate in row.scores.values()]
    few, most = min(counts), max(counts)
    n_expected = row.macro.n + row.macro.n_missing
    return f"{few if few == most else f'{few}–{most}'} of {n_expected}"


def _rater_text(table: BenchTable, rater: str) -> str:
    rows = table.rows_of(rater)
    with_places = len(table.authors) > 1
    titles = ["model", *map(_title, MEASURES), "narratives scored", "scores missing", "refused", "empty"]
    names = _names(rows)
    cells = [[name, *_cells(row, with_places=with_places)] for name, row in zip(names, rows, strict=True)]
    return "\n".join([_heading(table, rater), *_aligned([titles, *cells]), *_notes(table, rows, names)])


def _names(rows: Sequence[ModelRow]) -> list[str]:
    """Return the models' names as their rows print them: those too long are cut, unless two would read the same."""
    whole = [_one_line(row.author) for row in rows]
    cut = [_shortened(name) for name in whole]
    return [short if cut.count(short) == 1 else name for short, name in zip(cut, whole, strict=True)]


def _shortened(name: str) -> str:
    """Cut a name in its middle; an address begins and a model's name ends with what tells it from others."""
    if len(name) <= LONGEST_NAME:
        return name
    n_first = LONGEST_NAME // 3
    return f"{name[:n_first]}…{name[n_first + 1 - LONGEST_NAME :]}"


def _title(measure: Measure) -> str:
    return measure.title if isinstance(measure, Dimension) else "Macro"


def _heading(table: BenchTable, rater: str) -> str:
    return (
        f"{_one_line(rater)}: mean score 0-5 [{table.confidence * 100:g} % interval], "
        f"{cases_text(table.n_cases, table.n_patients, table.n_cases_without_patient)}"
    )


def _cells(row: ModelRow, *, with_places: bool) -> list[str]:
    scores = [estimate_text(row.estimate(measure)) for measure in MEASURES]
    if with_places:
        places = [row.ranks[measure].text for measure in MEASURES]
        width = max(map(len, places))
        scores = [f"{score} {place:<{width}}" for score, place in zip(scores, places, strict=True)]
    n_missing = sum(row.missing.values())
    return [*scores, scored_text(row), str(n_missing), str(row.n_refused), str(row.n_empty)]


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines with columns of equal width, the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join([line[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    ]


def _notes(table: BenchTable, rows: Sequence[ModelRow], names: Sequence[str]) -> list[str]:
    whole = [_one_line(row.author) for row in rows]
    notes = [f"{short}: {name}" for short, name in zip(names, whole, strict=True) if short != name]
    notes += [
        f"{short}: scores missing: {', '.join(f'{reason} {n:,}' for reason, n in row.missing.items())}"
        for short, row in zip(names, rows, strict=True)
        if row.missing
    ]
    notes += [f"{reason}: {REASONS[reason]}" for reason in REASONS if any(reason in row.missing for row in rows)]
    if len(table.authors) > 1:
        notes.append(
            "Behind each interval: the place. = marks models that are tied: not told apart by a paired permutation "
            f"test over patients, Holm-adjusted p < {table.significance:g}."
        )
    return notes


def counted(n: int, noun: str) -> str:
    """Return "1 case", "1,200 cases"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _one_line(name: str) -> str:
    return " ".join(name.split())
