"""What the page of a study of differential diagnoses places."""

from typing import Any

from dermatrust.bench.results import FEWEST
from dermatrust.bench.text import cases_text, drawn_notice
from dermatrust.clinic.cells import Change
from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.results import HEADLINE, DifferentialResult
from dermatrust.records import Manifest
from dermatrust.report import clinic_words as words
from dermatrust.report.clinic_arms import ArmLine, arm_lines, arm_name, changes_chart, missing_lines, shares_chart
from dermatrust.report.clinic_ladder import (
    RUNG_WORDS,
    comparable_lines,
    extra_table,
    ladder_table,
    ladders,
    verbatim_table,
)
from dermatrust.report.clinic_led import led_context
from dermatrust.report.clinic_matchers import matchers_context
from dermatrust.report.clinic_parts import for_whom
from dermatrust.report.clinic_sure import sures
from dermatrust.report.intervals import WIDE
from dermatrust.report.percent import points_cell, share_cell
from dermatrust.report.published import published
from dermatrust.report.views import of_text, p_text

_MEASURE_WORDS = {f"top-1 {HEADLINE}": "right disease first", f"top-3 {HEADLINE}": "among the first 3"}
MOST_UNKNOWN = 40
"""Names that the lexicon does not know, shown on the page; a table beside it has them all."""


def differential_context(result: DifferentialResult, *, manifest: Manifest | None = None) -> dict[str, Any]:
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
        "embedded_notices": words.embedded_notices(result.models, result.arms),
        "sentences": sentences(result),
        "arms": [(arm, words.ARMS.get(arm, ("", ""))[1]) for arm in result.arms],
        "image_arms": words.image_arms_about(result.image_arms),
        "headline": arm_lines(cells, result.image_arms, lambda cell: _headline_cells(result, cell)),
        "arms_chart": shares_chart(
            [(cell, cell.measures[three]) for cell in cells], result.image_arms, ident="ddx-arms",
            title="Right disease among the first three, by arm", width=WIDE,
        ),
        "ladders": base_ladders,
        "other_ladders": other_ladders,
        "ladder_table": ladder_table(result),
        "extra_table": extra_table(result),
        "verbatim_table": verbatim_table(result),
        "rungs": list(RUNG_WORDS.values()),
        "comparable_lines": comparable_lines(result),
        "change_lines": [change_line(change, result) for change in changes],
        "changes_chart": changes_chart(
            [(change, change.differences[three]) for change in changes], result.image_arms, ident="ddx-changes",
            title="Change against the arm compared with, right disease among the first three, points of percent",
            ends=("fewer right", "more right"), width=WIDE,
        ),
        "for_whom": for_whom(result, "ddx", _MEASURE_WORDS),
        "fewest": FEWEST,
        "has_confidence": any(cell.confidence for cell in cells if cell.arm == result.base),
        "sures": sures(cells, result.base, "ddx"),
        "published": published("ddx"),
        "missing": missing_lines(cells, result.image_arms),
        "unknown": result.unknown[:MOST_UNKNOWN],
        "n_unknown": len(result.unknown),
        **led_context(result),
        **matchers_context(result),
    }  # fmt: skip


def sentences(result: DifferentialResult) -> list[list[str]]:
    """Return for each model what it did, in a few sentences."""
    return [_said(result, model) for model in result.models]


def _said(result: DifferentialResult, model: str) -> list[str]:
    changes = words.main_changes(result.changes, model, result.base, result.image_arms)
    anchoring = [one for one in result.anchoring if one.model == model]
    return [
        words.headline_sentence(result, model),
        *filter(None, map(words.change_sentence, changes)),
        *(words.anchoring_sentence(one, result.confidence, result.image_arms) for one in anchoring),
        *filter(None, (words.shortcut_sentence(s) for s in result.shortcuts if s.model == model)),
    ]


def change_line(change: Change, result: DifferentialResult) -> ArmLine:
    """Return one paired change as a table row: top 1 and 3, flips, and McNemar of the first diagnosis."""
    against = change.base_arm if change.base_arm != change.arm else change.base_image_arm
    test = change.mcnemar[f"top-1 {HEADLINE}"]
    cells = (*(points_cell(change.differences[f"top-{k} {HEADLINE}"]) for k in (1, 3)), share_cell(change.flips))
    more = (f"{test.n_first_only:,}", f"{test.n_second_only:,}", p_text(test.p_mid))
    pairs = of_text(change.n, result.n_cases)
    return ArmLine(change.model, arm_name(change, result.image_arms), against, cells, pairs, more)


def _headline_cells(result: DifferentialResult, cell: Any) -> list[Any]:
    found = result.cell(cell.model, cell.arm, cell.image_arm)
    shown = [found.measures[f"top-{k} {HEADLINE}"] for k in CUTS]
    return [share_cell(one, show_n=0 < one.n != found.n) for one in shown]
