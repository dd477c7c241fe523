"""What the page of the same models on several datasets, side by side, places."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from dermatrust.bench.text import counted
from dermatrust.clinic.gap_results import BedsideGap, DatasetRow
from dermatrust.report.clinic_arms import drawn_chart
from dermatrust.report.clinic_makeup import makeup_lines
from dermatrust.report.clinic_words import arm_begins, more_or_fewer
from dermatrust.report.headline import Cell
from dermatrust.report.intervals import N_MARKS, IntervalRow
from dermatrust.report.percent import SHARES, points_axis, points_cell, points_text, share_cell, share_text, whole
from dermatrust.report.views import of_text

MEASURE_WORDS = {
    "top-1 synonym": ("Right disease first", "had the right disease first"),
    "top-3 synonym": ("Right disease among the first three", "had the right disease among its first three"),
    "top-5 synonym": ("Right disease among the first five", "had the right disease among its first five"),
    "sensitivity": ("Urgent cases called urgent", "called urgent"),
    "specificity": ("Routine cases called routine", "called routine"),
    "balanced accuracy": ("Balanced accuracy", "was right, urgent and routine cases weighing the same,"),
}
"""Measure to its title and to what a sentence says a model did."""
MAIN = {"ddx": "top-3 synonym", "triage": "sensitivity"}
"""The measure of each task that the sentences are about."""
_CASES = {"ddx": "cases", "triage": "urgent or emergent cases"}


@dataclass(frozen=True, slots=True)
class GapFigure:
    """One measure: every model on every dataset, and how far apart these are."""

    title: str
    values: Markup
    gaps: Markup


@dataclass(frozen=True, slots=True)
class GapLine:
    """One model in one arm on one dataset, as a table row."""

    model: str
    arm: str
    measure: str
    dataset: str
    value: Cell
    n: str
    gap: Cell | None
    within: Cell | None
    n_diseases: str


def gap_context(gap: BedsideGap) -> dict[str, Any]:
    """Return what the sections of the page place."""
    main = MAIN[gap.task]
    others = [name for name in gap.headline if name != main]
    return {
        "gap": gap,
        "task": {"ddx": "differential diagnosis", "triage": "triage"}[gap.task],
        "names": gap.names,
        "confidence": f"{100 * gap.confidence:g} %",
        "sentences": _sentences(gap, is_first=True),
        "other_sentences": _sentences(gap, is_first=False),
        "main_figure": gap_figure(gap, main),
        "other_figures": [gap_figure(gap, name) for name in others],
        "lines": gap_lines(gap, gap.headline),
        "all_lines": gap_lines(gap, [name for name in gap.measures if name not in gap.headline]),
        "has_within": any(row.within is not None for row in gap.rows),
        "makeup": makeup_lines(gap.datasets),
    }


def gap_sentences(gap: BedsideGap, setting: tuple[str, str, str]) -> list[str]:
    """Return for each dataset but the first how many more or fewer of 100 cases a model gets right than there."""
    model, arm, _ = setting
    main, names = MAIN[gap.task], gap.names
    first, *others = gap.rows_of(setting, main)
    said = []
    for row in others:
        if row.gap is None or math.isnan(row.gap.value):
            said.append(f"{arm_begins(arm)}, {model}: nothing can be compared on {names[row.dataset]}.")
            continue
        text = (
            f"{arm_begins(arm)}, {model} {MEASURE_WORDS[main][1]} in {whole(first.value.value)} of 100 "
            f"{_CASES[gap.task]} of {names[0]} and in {whole(row.value.value)} of {names[row.dataset]}: {_apart(row)}."
        )
        said.append(text + _within_sentence(row))
    return said


def _sentences(gap: BedsideGap, *, is_first: bool) -> list[str]:
    """Return the sentences about each model's first arm, or about all its other arms."""
    first = {model: (model, arm, image_arm) for model, arm, image_arm in reversed(gap.settings)}
    return [
        text
        for setting in gap.settings
        if (setting == first[setting[0]]) == is_first
        for text in gap_sentences(gap, setting)
    ]


def gap_figure(gap: BedsideGap, measure: str) -> GapFigure:
    """Return the two forest plots of a measure: values by dataset, and differences from the first dataset."""
    names = gap.names
    rows = [row for setting in gap.settings for row in gap.rows_of(setting, measure)]
    values = [
        IntervalRow(_setting(gap, row), names[row.dataset], row.value.value, row.value.low, row.value.high,
                    share_text(row.value), row.dataset % N_MARKS)
        for row in rows
    ]  # fmt: skip
    gaps = [
        IntervalRow(_setting(gap, row), names[row.dataset], row.gap.value, row.gap.low, row.gap.high,
                    points_text(row.gap), row.dataset % N_MARKS)
        for row in rows
        if row.gap is not None
    ]  # fmt: skip
    title, ident = MEASURE_WORDS[measure][0], measure.replace(" ", "-")
    axis = points_axis([(one.value, one.low, one.high) for one in gaps], (f"worse than on {names[0]}", "better"))
    drawn = [
        drawn_chart(some, scale, ident=f"gap-{kind}-{ident}", title=f"{title}: {about}")
        for some, scale, kind, about in (
            (values, SHARES, "values", "every dataset"), (gaps, axis, "gaps", f"difference from {names[0]}")
        )
    ]  # fmt: skip
    return GapFigure(title, *drawn)


def gap_lines(gap: BedsideGap, measures: Sequence[str]) -> list[GapLine]:
    """Return the rows of some measures, those that no dataset can decide left out."""
    names = gap.names
    return [
        GapLine(
            model=row.model,
            arm=_arm(gap, row),
            measure=MEASURE_WORDS[measure][0] if measure in MEASURE_WORDS else measure,
            dataset=names[row.dataset],
            value=share_cell(row.value),
            n=of_text(row.value.n, row.value.n + row.value.n_missing),
            gap=None if row.gap is None else points_cell(row.gap),
            within=None if row.within is None else points_cell(row.within),
            n_diseases=f"{row.n_diseases:,}" if row.within is not None else "",
        )
        for measure in measures
        for setting in gap.settings
        for row in gap.rows_of(setting, measure)
        if any(one.value.n for one in gap.rows_of(setting, measure))
    ]


def _apart(row: DatasetRow) -> str:
    found = row.gap
    assert found is not None
    text = more_or_fewer(found.value, nothing="as many")
    if not found.has_interval:
        return f"{text}, without an interval, since a dataset has fewer than two patients"
    text += f" (interval {more_or_fewer(found.low)} to {more_or_fewer(found.high)})"
    return f"{text}, which may be chance" if found.low <= 0 <= found.high else text


def _within_sentence(row: DatasetRow) -> str:
    if row.within is None:
        return ""
    if math.isnan(row.within.value):
        return " The two have no disease in common."
    found = row.within
    apart = more_or_fewer(found.value, nothing="as many")
    return f" Within the {counted(row.n_diseases, 'disease')} that both have it is {apart}."


def _setting(gap: BedsideGap, row: DatasetRow) -> str:
    return f"{row.model}, {_arm(gap, row)}"


def _arm(gap: BedsideGap, row: DatasetRow) -> str:
    several = len({image_arm for _, _, image_arm in gap.settings if image_arm != "none"}) > 1
    return f"{row.arm}, {row.image_arm}" if several and row.image_arm != "none" else row.arm
