"""What the page of what can be had without a photograph places."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from dermatrust.agreement.interval import Estimate
from dermatrust.bench.text import cases_text, counted
from dermatrust.clinic.baseline_result import BaselineResult
from dermatrust.clinic.baseline_table import BaselineRow
from dermatrust.clinic.baselines import CONTEXT, EMPTY_FIELDS, FREQUENT
from dermatrust.clinic.shortcut import SAME_EMPTINESS
from dermatrust.report.clinic_arms import drawn_chart
from dermatrust.report.clinic_words import interval_words
from dermatrust.report.headline import Cell
from dermatrust.report.intervals import WIDE, IntervalRow
from dermatrust.report.percent import SHARES, of_hundred, score_cell, share_cell, share_text, whole
from dermatrust.report.published import published
from dermatrust.report.views import NOTHING, of_text

BASELINE_WORDS = {
    FREQUENT: ("Always the commonest", "Names the commonest disease of other patients, whoever is asked about."),
    EMPTY_FIELDS: ("Which fields are empty", "Knows which fields nobody filled in, and not what stands in them."),
    CONTEXT: ("The text", "Knows age, sex, site, symptoms and history; notes are not read."),
}
"""Baseline to its title and to what it knows."""


@dataclass(frozen=True, slots=True)
class BaselineLine:
    """One baseline, or one field of the context, as a table row."""

    title: str
    cells: tuple[Cell, ...]
    n: str


@dataclass(frozen=True, slots=True)
class LabelLine:
    """One label: how many cases have it, and how many of them each baseline has right."""

    label: str
    n: str
    cells: tuple[Cell, ...]


def baseline_context(result: BaselineResult) -> dict[str, Any]:
    """Return what the sections of the page place."""
    return {
        "result": result,
        "card": result.card,
        "confidence": f"{100 * result.confidence:g} %",
        "cases": cases_text(result.n_cases, result.n_patients, result.n_cases_without_patient),
        "n_labels": len(result.rows[0].recall),
        "sentences": baseline_sentences(result),
        "known": list(BASELINE_WORDS.values()),
        "chart": _chart(result),
        "lines": [_line(_title(row), row, result.n_cases) for row in result.rows],
        "fields": [_line(row.about, row, result.n_cases) for row in result.fields],
        "titles": [_title(row) for row in result.rows],
        "labels": _label_lines(result),
        "published": published("baseline"),
    }


def baseline_sentences(result: BaselineResult) -> list[str]:
    """Return what can be had without a photograph in a few sentences."""
    by_title = {_title(row): row for row in result.rows}
    frequent, empty, text = (by_title[BASELINE_WORDS[name][0]] for name in (FREQUENT, EMPTY_FIELDS, CONTEXT))
    found = text.accuracy
    said = [
        f"From the text alone, a simple classifier names the right one of {len(text.recall)} diagnoses in "
        f"{whole(found.value)} of 100 cases ({interval_words(found, result.confidence)}; "
        f"{of_text(round(found.value * found.n), found.n)} here).",
        f"If every diagnosis weighs the same, that is {of_hundred(text.balanced_accuracy)}; always naming the "
        f"commonest gives {whole(frequent.balanced_accuracy.value)}.",
        _empty_sentence(empty.balanced_accuracy, frequent.balanced_accuracy.value),
    ]
    alike = [row for row in result.rows if row.about == SAME_EMPTINESS]
    said += [
        f"Among the {counted(row.accuracy.n, 'case')} with the same fields empty, where emptiness tells nothing, the "
        f"text gives {of_hundred(row.balanced_accuracy)}."
        for row in alike
    ]
    return said


def _empty_sentence(found: Estimate, by_chance: float) -> str:
    text = f"Told only which fields are empty, it still has {of_hundred(found)}"
    if found.low > by_chance:
        return f"{text}: how these cases were recorded gives diagnoses away, and a model that is told them can use it."
    return f"{text}, which may be chance."


def _title(row: BaselineRow) -> str:
    title = BASELINE_WORDS[row.name][0]
    return title if row.about == "all" else f"{title}, {row.about}"


def _line(title: str, row: BaselineRow, n_cases: int) -> BaselineLine:
    shares = (row.balanced_accuracy, row.accuracy, row.malignancy_balanced)
    return BaselineLine(title, (*map(share_cell, shares), score_cell(row.malignancy)), of_text(row.accuracy.n, n_cases))


def _label_lines(result: BaselineResult) -> list[LabelLine]:
    return [
        LabelLine(label, of_text(n, result.n_cases), tuple(share_cell(row.recall[label]) for row in result.rows))
        for label, n in result.n_of_label.items()
    ]


def _chart(result: BaselineResult) -> Markup:
    rows = [
        IntervalRow(_title(row), label, found.value, found.low, found.high, share_text(found), mark)
        for row in result.rows
        for mark, (label, found) in enumerate(
            ((f"{len(row.recall)} diagnoses", row.balanced_accuracy), ("cancer or not", row.malignancy_balanced))
        )
        if share_text(found) != NOTHING
    ]
    title = "Balanced accuracy without a photograph"
    return drawn_chart(rows, SHARES, ident="baseline-chart", title=title, width=WIDE)
