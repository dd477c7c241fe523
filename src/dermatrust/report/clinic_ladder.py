"""The match ladder as charts and tables: how often a differential is right, by how strictly names must match."""

from dataclasses import dataclass

from markupsafe import Markup

from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.ladder import RUNGS
from dermatrust.clinic.results import CREDITS, OVERLAPS, VERBATIM, WEIGHTED, Cell, DifferentialResult
from dermatrust.report.clinic_arms import ArmLine, arm_name, drawn_chart
from dermatrust.report.intervals import IntervalRow
from dermatrust.report.percent import SHARES, share_cell, share_text
from dermatrust.report.views import of_text, range_of_text

RUNG_WORDS = {
    "exact": ("The same words", "after case, punctuation, plural and British spelling are put aside"),
    "synonym": ("The same disease", "under any of its names that the lexicon knows"),
    "family": ("The same family", "a disease of the same innermost group of the lexicon, or a form of it"),
}
"""Rung to its title and to what counts as a hit."""
FIRST = {1: "first", 3: "among the first 3", 5: "among the first 5"}
_EXTRA = {
    CREDITS: "Nearness in the family tree",
    OVERLAPS: "Any disease of the case’s differential",
    WEIGHTED: "Share of that differential’s weight",
}


@dataclass(frozen=True, slots=True)
class Ladder:
    """One model in one arm: its chart."""

    title: str
    chart: Markup


@dataclass(frozen=True, slots=True)
class LadderTable:
    """All models and arms on some ways to count, each at 1, 3 and 5."""

    ident: str
    title: str
    groups: tuple[str, ...]
    lines: tuple[ArmLine, ...]


def ladders(result: DifferentialResult) -> tuple[tuple[Ladder, ...], tuple[Ladder, ...]]:
    """Return the charts of the arm that others are compared with, and those of all others."""
    drawn = [(cell.arm == result.base, _ladder(result, cell, number)) for number, cell in enumerate(result.cells, 1)]
    return tuple(one for is_base, one in drawn if is_base), tuple(one for is_base, one in drawn if not is_base)


def ladder_table(result: DifferentialResult) -> LadderTable:
    """Return all rungs at 1, 3 and 5."""
    names = tuple(f"top-{k} {rung}" for rung in RUNGS for k in CUTS)
    titles = tuple(RUNG_WORDS[rung][0] for rung in RUNGS)
    return _table(result, "ddx-rungs", "The match ladder, share of the answers", titles, names)


def extra_table(result: DifferentialResult) -> LadderTable | None:
    """Return graded and weighted credit, as far as they can be decided; None where nothing can."""
    known = [
        (title, names)
        for names, title in _EXTRA.items()
        if any(cell.measures[name].n for cell in result.cells for name in names)
    ]
    names = tuple(name for _, some in known for name in some)
    if not names:
        return None
    return _table(result, "ddx-extra", "Partial credit, mean of the answers", tuple(title for title, _ in known), names)


def verbatim_table(result: DifferentialResult) -> LadderTable | None:
    """Return how often the label's own words were said where the lexicon does not know the label; None without such."""
    if not result.n_unknown_truth or not all(name in cell.measures for cell in result.cells for name in VERBATIM):
        return None
    title = "Cases whose label the lexicon does not know, share of the answers"
    return _table(result, "ddx-verbatim", title, (RUNG_WORDS["exact"][0],), VERBATIM)


def comparable_lines(result: DifferentialResult) -> tuple[ArmLine, ...]:
    """Return balanced accuracy, and cancer or not, as table rows; each rate of cancer with what it is of."""
    return tuple(
        ArmLine(
            one.model, arm_name(one, result.image_arms), "",
            (share_cell(one.balanced), *(share_cell(rate, show_n=True) for rate in (one.sensitivity, one.specificity)),
             share_cell(one.cancer_balanced)),
            of_text(one.n, result.n_cases), (f"{one.n_diseases:,}",),
        )
        for one in result.comparable
    )  # fmt: skip


def _table(
    result: DifferentialResult, ident: str, title: str, groups: tuple[str, ...], names: tuple[str, ...]
) -> LadderTable:  # fmt: skip
    lines = tuple(
        ArmLine(
            cell.model, arm_name(cell, result.image_arms), "", tuple(share_cell(cell.measures[name]) for name in names),
            _decided([cell.measures[name].n for name in names], result.n_cases),
        )
        for cell in result.cells
    )  # fmt: skip
    return LadderTable(ident, title, groups, lines)


def _decided(counts: list[int], n_cases: int) -> str:
    """Return of how many of the cases something could be decided; the fewest and the most where measures differ."""
    return range_of_text(min(counts), max(counts), n_cases)


def _ladder(result: DifferentialResult, cell: Cell, number: int) -> Ladder:
    rows = [
        IntervalRow(RUNG_WORDS[rung][0], FIRST[k], found.value, found.low, found.high, share_text(found), mark)
        for rung in RUNGS
        for mark, k in enumerate(CUTS)
        for found in (cell.measures[f"top-{k} {rung}"],)
    ]
    title = f"{cell.model}, {arm_name(cell, result.image_arms)}"
    return Ladder(title, drawn_chart(rows, SHARES, ident=f"ladder-{number}", title=f"{title}: match ladder"))
