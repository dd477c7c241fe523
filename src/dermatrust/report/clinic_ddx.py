"""A study of differential diagnoses as one HTML page, or as a chapter of a report."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dermatrust.bench.results import FEWEST
from dermatrust.bench.text import cases_text, drawn_notice
from dermatrust.clinic.cells import Change
from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.results import HEADLINE, DifferentialResult
from dermatrust.clinic.unknown import UnknownName
from dermatrust.records import Manifest
from dermatrust.report import clinic_triage_tables as tables
from dermatrust.report import clinic_words as words
from dermatrust.report.clinic_arms import ArmLine, arm_lines, arm_name, changes_chart, missing_lines, shares_chart
from dermatrust.report.clinic_ladder import RUNG_WORDS, extra_table, ladder_table, ladders
from dermatrust.report.clinic_led import led_context
from dermatrust.report.clinic_sure import sure_view
from dermatrust.report.page import write_page
from dermatrust.report.percent import points_cell, share_cell
from dermatrust.report.provenance import card_notice
from dermatrust.report.published import published
from dermatrust.report.views import p_text

_MEASURE_WORDS = {f"top-1 {HEADLINE}": "right disease first", f"top-3 {HEADLINE}": "among the first 3"}
MOST_UNKNOWN = 40
"""Names that the lexicon does not know, shown on the page; a table beside it has them all."""


def write_differential_page(
    path: Path, result: DifferentialResult, *, manifest: Manifest, unknown: Sequence[UnknownName] = ()
) -> None:
    """Write the page of a study of differentials. It opens from the file system and fetches nothing.

    Args:
        path: The file to write; it is replaced as a whole.
        result: Every figure of the page.
        manifest: Of the run.
        unknown: Names that the lexicon does not know.

    Raises:
        DataError: The file cannot be written.
    """
    context = differential_context(result, manifest=manifest, unknown=unknown)
    leaving = card_notice(result.card, n_pages=0, n_images=0)
    write_page(path, "clinic_ddx.html", synthetic=result.card.synthetic, leaving=leaving, **context)


def differential_context(
    result: DifferentialResult, *, manifest: Manifest | None = None, unknown: Sequence[UnknownName] = ()
) -> dict[str, Any]:
    """Return what the sections of the page place; without the manifest neither date nor run."""
    base_ladders, other_ladders = ladders(result)
    cells, three = result.cells, f"top-3 {HEADLINE}"
    changes = [change for change in result.changes if change.differences]
    return {
        "result": result,
        "manifest": manifest,
        "card": result.card,
        "confidence": f"{100 * result.confidence:g} %",
        "cases": cases_text(result.n_cases, result.n_patients, result.n_cases_without_patient),
        "drawn_notice": drawn_notice(manifest) if manifest else "",
        "sentences": sentences(result),
        "arms": [(arm, words.ARMS.get(arm, ("", ""))[1]) for arm in result.arms],
        "several_images": len([name for name in result.image_arms if name != "none"]) > 1,
        "headline": arm_lines(cells, result.image_arms, lambda cell: _headline_cells(result, cell)),
        "arms_chart": shares_chart(
            [(cell, cell.measures[three]) for cell in cells], result.image_arms, ident="ddx-arms",
            title="Right disease among the first three, by arm",
        ),
        "ladders": base_ladders,
        "other_ladders": other_ladders,
        "ladder_table": ladder_table(result),
        "extra_table": extra_table(result),
        "rungs": list(RUNG_WORDS.values()),
        "change_lines": [change_line(change, result.image_arms) for change in changes],
        "changes_chart": changes_chart(
            [(change, change.differences[three]) for change in changes], result.image_arms, ident="ddx-changes",
            title="Change against the arm compared with, right disease among the first three, points of percent",
            ends=("fewer right", "more right"),
        ),
        **_for_whom(result),
        "published": published("ddx"),
        "missing": missing_lines(cells, result.image_arms),
        "unknown": unknown[:MOST_UNKNOWN],
        "n_unknown": len(unknown),
        **led_context(result),
    }  # fmt: skip


def _for_whom(result: DifferentialResult) -> dict[str, Any]:
    """Return what is shown of parts of the cases, and of confidence, of each model in the base arm."""
    bases = [next(c for c in result.cells if c.model == model and c.arm == result.base) for model in result.models
             if any(c.model == model and c.arm == result.base for c in result.cells)]  # fmt: skip
    shown = {(cell.model, cell.arm, cell.image_arm) for cell in bases}

    def at_base(rows: Sequence[Any]) -> list[Any]:
        own = (row for row in rows if (row.model, row.arm, row.image_arm) in shown)
        return [replace(row, measure=_MEASURE_WORDS[row.measure]) for row in own]

    return {
        "parts": tables.part_lines(at_base(result.subgroups)),
        "gaps": tables.gap_lines(at_base(result.gaps)),
        "within": tables.within_lines(at_base(result.within)),
        "fewest": FEWEST,
        "has_confidence": any(cell.confidence for cell in bases),
        "sures": [sure_view(cell.model, cell.confidence, ident=f"ddx-{k}") for k, cell in enumerate(bases, 1)],
    }


def sentences(result: DifferentialResult) -> list[list[str]]:
    """Return for each model what it did, in a few sentences."""
    return [
        [
            words.headline_sentence(result, model),
            *filter(None, (words.change_sentence(c) for c in result.changes if _is_main(result, c, model))),
            *(words.anchoring_sentence(a, result.confidence) for a in result.anchoring if a.model == model),
            *filter(None, (words.shortcut_sentence(s) for s in result.shortcuts if s.model == model)),
        ]
        for model in result.models
    ]


def change_line(change: Change, image_arms: Sequence[str]) -> ArmLine:
    """Return one paired change as a table row: top 1 and 3, flips, and McNemar of the first diagnosis."""
    against = change.base_arm if change.base_arm != change.arm else change.base_image_arm
    test = change.mcnemar[f"top-1 {HEADLINE}"]
    cells = (*(points_cell(change.differences[f"top-{k} {HEADLINE}"]) for k in (1, 3)), share_cell(change.flips))
    more = (f"{test.n_first_only:,}", f"{test.n_second_only:,}", p_text(test.p_mid))
    return ArmLine(change.model, arm_name(change, image_arms), against, cells, f"{change.n:,}", more)


def _headline_cells(result: DifferentialResult, cell: Any) -> list[Any]:
    found = result.cell(cell.model, cell.arm, cell.image_arm)
    return [share_cell(found.measures[f"top-{k} {HEADLINE}"]) for k in CUTS]


def _is_main(result: DifferentialResult, change: Change, model: str) -> bool:
    """Return whether a change is worth a sentence: another context, shown the photographs in the first way."""
    shown = [name for name in result.image_arms if name != "none"]
    return change.model == model and change.arm != change.base_arm and change.image_arm in (*shown[:1], "none")
