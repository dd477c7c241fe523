"""The bench table as aligned plain text for a terminal."""

import math
from collections.abc import Iterable, Sequence

from dermatrust.bench.results import (
    EVALUATORS,
    FLAGS,
    JUDGES,
    MACRO,
    MEASURES,
    REASONS,
    Alignment,
    AlignmentRow,
    BenchTable,
    Estimate,
    Measure,
    ModelRow,
)
from dermatrust.records import Dimension, Manifest

NOTHING = "–"
"""Printed where a number is undefined."""
LONGEST_NAME = 40
"""Characters of a model's name in its row. A longer one, such as a server's address, is cut and given whole below."""
_NOISE_DIGITS = 9
_EMBEDDED = "nano/"


def drawn_notice(manifest: Manifest) -> str:
    """Return what must be known where embedded models, which saw drawings alone, met photographs; elsewhere nothing."""
    names = [*(card.model for card in manifest.models), *(card.judge for card in manifest.judges)]
    return "" if manifest.dataset.synthetic else embedded_notice(names)


def embedded_notice(names: Iterable[str]) -> str:
    """Return what must be known of the embedded ones among models that were shown photographs, or nothing.

    Example:
        >>> embedded_notice(["openai/gpt-5", "nano/evaluator"])
        'Trained on drawn pictures alone, so what they say of a photograph means nothing: nano/evaluator.'
    """
    drawn = ", ".join(name for name in names if name.startswith(_EMBEDDED))
    return drawn and f"Trained on drawn pictures alone, so what they say of a photograph means nothing: {drawn}."


def table_text(table: BenchTable) -> str:
    """Return one aligned table per rater, best macro mean first, with what is missing and what the marks mean.

    Columns are left in the order of `MEASURES`. Places are shown where there is more than one model. Two tables follow
    where the run has what they need: judges and evaluators side by side, and both against the panel.
    """
    texts = [_rater_text(table, rater) for rater in table.raters]
    judges, evaluators = table.raters_of(JUDGES), table.raters_of(EVALUATORS)
    if judges and evaluators:
        texts.append(_side_by_side_text(table, (*judges, *evaluators)))
    if table.alignment is not None:
        texts.append(_alignment_text(table, table.alignment))
    return "\n\n".join(texts)


def estimate_text(estimate: Estimate) -> str:
    """Return a mean with its interval, "–" for what is undefined.

    Example:
        >>> estimate_text(Estimate(3.1449, 3.0201, 3.2553, n=400, n_missing=0))
        '3.14 [3.02, 3.26]'
        >>> nan = float("nan")
        >>> estimate_text(Estimate(3.0, nan, nan, n=2, n_missing=0)), estimate_text(Estimate(nan, nan, nan, 0, 9))
        ('3.00 [–]', '–')
        >>> estimate_text(Estimate(0.4, -0.0016, 0.87, n=9, n_missing=0))
        '0.40 [0.00, 0.87]'
    """
    if math.isnan(estimate.value):
        return NOTHING
    value, low, high = (f"{without_noise(end):z.2f}" for end in (estimate.value, estimate.low, estimate.high))
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


def scored_text(six: Iterable[Estimate]) -> str:
    """Return how many of the answers that should be there are scored: "400 of 400", "388–400 of 400" if it differs."""
    estimates = list(six)
    counts = [estimate.n for estimate in estimates]
    few, most = min(counts), max(counts)
    n_expected = estimates[0].n + estimates[0].n_missing
    return f"{few if few == most else f'{few}–{most}'} of {n_expected}"


def compared_text(row: AlignmentRow) -> tuple[str, str]:
    """Return who is compared with the panel, and with what of it.

    Example:
        >>> compared_text(AlignmentRow("automatic", "lexical", {}, Estimate(0.4, 0.3, 0.5, n=9, n_missing=0)))
        ('lexical', "the panel's mean")
    """
    others = "the others' mean"
    return {
        "automatic": (row.rater, "the panel's mean"),
        "panel": ("one of the panel", others),
        "member": (row.rater, others),
        "mean": ("the mean of other patients", "the panel's mean"),
    }[row.role]


def alignment_note(alignment: Alignment) -> str:
    """Return what the panel is, and what was compared."""
    left_out = f", {counted(alignment.n_empty, 'narrative')} without text left out" if alignment.n_empty else ""
    return (
        f"The panel is {', '.join(map(_one_line, alignment.panel))}: {counted(alignment.n_narratives, 'narrative')}"
        f"{left_out}. Scores are not rounded. One of the panel is compared with the mean of the others; the mean of "
        "other patients is the guess of whoever knows only how the panel scores on average."
    )


def _flag_notes(table: BenchTable, rater: str) -> list[str]:
    """Return one sentence per flag that a rater's ratings bear: how many of each model's; none where none does."""
    return [
        f"Flagged {flag} ({FLAGS[flag]}): "
        + "; ".join(f"{_one_line(r.author)} {r.n_flagged(flag):,} of {r.n_narratives:,}" for r in table.rows_of(rater))
        + ". A flag changes no score."
        for flag in table.flags_of(rater)
    ]


def _rater_text(table: BenchTable, rater: str) -> str:
    rows = table.rows_of(rater)
    with_places = len(table.authors) > 1
    titles = ["model", *map(measure_title, MEASURES), "narratives scored", "scores missing", "refused", "empty"]
    names = _names(rows)
    cells = [[name, *_cells(row, with_places=with_places)] for name, row in zip(names, rows, strict=True)]
    notes = [*_notes(table, rows, names), *_flag_notes(table, rater)]
    return "\n".join([_heading(table, rater), *aligned([titles, *cells]), *notes])


def _side_by_side_text(table: BenchTable, raters: Sequence[str]) -> str:
    """Return every model once, with the means of all raters in each cell."""
    rows = {(row.author, row.rater): row for row in table.rows}
    by_first = table.rows_of(raters[0])
    lines = [
        [name, *(" | ".join(_value(rows[row.author, r].estimate(m)) for r in raters) for m in MEASURES)]
        for name, row in zip(_names(by_first), by_first, strict=True)
    ]
    heading = f"Side by side: {' | '.join(map(_one_line, raters))}, mean scores 0-5"
    return "\n".join([heading, *aligned([["model", *map(measure_title, MEASURES)], *lines])])


def _alignment_text(table: BenchTable, alignment: Alignment) -> str:
    """Return the mean absolute errors of automatic raters and panel."""
    titles = ["rater", "against", *map(measure_title, MEASURES), "compared", "missing"]
    lines = []
    for row in alignment.rows:
        name, against = compared_text(row)
        n_missing = sum(estimate.n_missing for estimate in row.errors.values())
        errors = [estimate_text(row.estimate(measure)) for measure in MEASURES]
        lines.append([shortened(_one_line(name)), against, *errors, scored_text(row.errors.values()), str(n_missing)])
    heading = f"Mean absolute error, points [{table.confidence * 100:g} % interval]"
    return "\n".join([heading, *aligned([titles, *lines]), alignment_note(alignment)])


def _value(estimate: Estimate) -> str:
    return NOTHING if math.isnan(estimate.value) else f"{without_noise(estimate.value):.2f}"


def _names(rows: Sequence[ModelRow]) -> list[str]:
    """Return the models' names as their rows print them: those too long are cut, unless two would read the same."""
    whole = [_one_line(row.author) for row in rows]
    cut = [shortened(name) for name in whole]
    return [short if cut.count(short) == 1 else name for short, name in zip(cut, whole, strict=True)]


def shortened(name: str) -> str:
    """Cut a name in its middle; an address begins and a model's name ends with what tells it from others."""
    if len(name) <= LONGEST_NAME:
        return name
    n_first = LONGEST_NAME // 3
    return f"{name[:n_first]}…{name[n_first + 1 - LONGEST_NAME :]}"


def measure_title(measure: Measure) -> str:
    """Return the printed name of a measure; "Overall" is the macro mean."""
    return "Overall" if measure == MACRO else Dimension(measure).title


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
    return [*scores, scored_text(row.scores.values()), str(n_missing), str(row.n_refused), str(row.n_empty)]


def aligned(lines: Sequence[Sequence[str]]) -> list[str]:
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
