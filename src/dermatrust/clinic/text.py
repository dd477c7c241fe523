"""A study of differentials as aligned plain text for a terminal."""

from collections.abc import Iterator, Sequence

from dermatrust.bench.text import aligned, cases_text, counted, shortened
from dermatrust.clinic.cells import Change
from dermatrust.clinic.comparable import Comparable
from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.parts_text import confidence_text, gaps_text, within_text
from dermatrust.clinic.percent import percent
from dermatrust.clinic.results import HEADLINE, Anchoring, Cell, DifferentialResult, Shortcut

_RUNGS_AT_3 = ("top-3 exact", "top-3 synonym", "top-3 family", "credit-3", "overlap-3", "weighted-3")


def result_text(result: DifferentialResult) -> str:
    """Return all tables of a study, each with what its numbers mean."""
    parts = [_cells_text(result), _rungs_text(result), _comparable_text(result), _changes_text(result)]
    parts += [_anchoring_text(result), _shortcuts_text(result), confidence_text(result.cells, "a diagnosis")]
    parts += [gaps_text(result.gaps, result.base), within_text(result.within)]
    return "\n\n".join(part for part in parts if part)


def _cells_text(result: DifferentialResult) -> str:
    counts = ["answers", "missing", "no diagnosis", "cannot tell"]
    titles = ["model", "context", "images", "top-1", "top-3", "top-5", *counts]
    lines = [
        [
            *_about(cell), *(percent(cell.measures[f"top-{k} {HEADLINE}"], answers=cell.n) for k in (1, 3, 5)),
            f"{cell.n} of {cell.n + cell.n_missing}",
            *map(str, (cell.n_missing, cell.n_unanswered, cell.n_abstained)),
        ]
        for cell in result.cells
    ]  # fmt: skip
    cases = cases_text(result.n_cases, result.n_patients, result.n_cases_without_patient)
    heading = f"The right disease, under any name: % of answers [{result.confidence * 100:g} % interval], {cases}"
    return "\n".join([heading, *aligned([titles, *lines]), *_cell_notes(result)])


def _cell_notes(result: DifferentialResult) -> Iterator[str]:
    yield "An answer without a diagnosis, and one that cannot tell, is wrong. A missing one is not counted."
    for cell in result.cells:
        if cell.reasons:
            said = ", ".join(f"{reason} {n:,}" for reason, n in cell.reasons.items())
            yield f"{' / '.join(_about(cell))}: missing: {said}"
    given = {cell.arm: cell.n_given_away for cell in result.cells if cell.n_given_away}
    for arm, n in given.items():
        yield f"{arm}: what is told names the true diagnosis in {counted(n, 'case')}; it could be copied from there."
    if result.n_unknown_truth:
        cases = counted(result.n_unknown_truth, "case")
        yield f"The lexicon does not know the true diagnosis of {cases}, which no rung counts. By their words alone:"
        yield from map(_verbatim_note, result.cells)


def _verbatim_note(cell: Cell) -> str:
    found = cell.measures[f"verbatim-{CUTS[1]}"]
    said = f"among the first {CUTS[1]} in {round(found.value * found.n):,} of {found.n:,}" if found.n else "no answer"
    return f"  {' / '.join(_about(cell))}: {said}"


def _rungs_text(result: DifferentialResult) -> str:
    shown = [name for name in _RUNGS_AT_3 if any(cell.measures[name].n for cell in result.cells)]
    lines = [
        [*_about(cell), *(percent(cell.measures[name], answers=cell.n) for name in shown)] for cell in result.cells
    ]
    return "\n".join(["The first three, rung by rung: %", *aligned([["model", "context", "images", *shown], *lines])])


def _comparable_text(result: DifferentialResult) -> str:
    if not result.comparable:
        return ""
    titles = ["model", "context", "images", "balanced accuracy", "diseases"]
    titles += ["cancer found", "cancers", "others left", "others", "mean"]
    return "\n".join(
        [
            "The first diagnosis by disease, and whether it is a cancer: %",
            *aligned([titles, *map(_comparable_line, result.comparable)]),
            "balanced accuracy: each disease weighs the same, however many cases it has. cancer found / others left: "
            "sensitivity and specificity of any malignant first diagnosis.",
        ]
    )


def _comparable_line(one: Comparable) -> list[str]:
    rates = (text for found in (one.sensitivity, one.specificity) for text in (percent(found), str(found.n)))
    return [*_about(one), percent(one.balanced), str(one.n_diseases), *rates, percent(one.cancer_balanced)]


def _changes_text(result: DifferentialResult) -> str:
    if not result.changes:
        return ""
    about, tested = ["model", "context", "images", "against", "pairs"], ["only here", "only there", "p"]
    titles = [*about, "top-1", "top-3", "flips", *tested]
    return "\n".join(
        [
            "Change on the same cases: points of percent",
            *aligned([titles, *map(_change_line, result.changes)]),
            "flips: % whose first diagnosis is another disease. only here / only there: cases right (top-1) in one of "
            "the two alone; p: McNemar, mid-p, cases taken as independent.",
        ]
    )  # fmt: skip


def _change_line(change: Change) -> list[str]:
    against = change.base_arm if change.base_arm != change.arm else change.base_image_arm
    test = change.mcnemar[f"top-1 {HEADLINE}"]
    return [
        *_about(change), against, str(change.n),
        *(percent(change.differences[f"top-{k} {HEADLINE}"], signed=True, answers=change.n) for k in (1, 3)),
        percent(change.flips),
        str(test.n_first_only), str(test.n_second_only), f"{test.p_mid:.3f}" if test.p_mid >= 0.001 else "<0.001",
    ]  # fmt: skip


def _anchoring_text(result: DifferentialResult) -> str:
    if not result.anchoring:
        return ""
    titles = ["model", "images", "answers", "first", "in three", "unprompted", "newly first", "newly in three"]
    reference = result.anchoring[0].reference_arm
    note = f"unprompted: first with {reference}. newly: of the cases where that answer does not name it at all."
    return "\n".join(
        [
            "The planted diagnosis of the referral is adopted: %",
            *aligned([titles, *map(_anchoring_line, result.anchoring)]),
            note if reference else "Without image-only or image+context nobody knows what is said unprompted.",
        ]
    )


def _anchoring_line(one: Anchoring) -> list[str]:
    shares = (one.adopted_1, one.adopted_3, one.unprompted_1, one.newly_1, one.newly_3)
    return [shortened(one.model), one.image_arm, str(one.n), *map(percent, shares)]


def _shortcuts_text(result: DifferentialResult) -> str:
    if not result.shortcuts:
        return ""
    titles = ["model", "answers", "top-1", "commonest", "above", "named in text", "top-1 there", "top-1 else"]
    return "\n".join(
        [
            "What the text alone gives, without photographs: %",
            *aligned([titles, *map(_shortcut_line, result.shortcuts)]),
            "commonest: always naming the commonest disease of these cases. named in text: answers whose text names "
            "the true diagnosis.",
        ]
    )  # fmt: skip


def _shortcut_line(one: Shortcut) -> list[str]:
    return [
        shortened(one.model), str(one.n), percent(one.top_1), percent(one.frequent_1),
        percent(one.above_1, signed=True), str(one.n_given_away),
        percent(one.top_1_given_away), percent(one.top_1_else),
    ]  # fmt: skip


def _about(one: Cell | Change | Comparable) -> Sequence[str]:
    return shortened(one.model), one.arm, one.image_arm
