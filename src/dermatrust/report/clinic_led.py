"""Whether models follow what they are told instead of what they see: anchoring, and shortcuts through the text."""

import math
from typing import Any

from markupsafe import Markup

from dermatrust.clinic.results import Anchoring, DifferentialResult, Shortcut
from dermatrust.report import clinic_words as words
from dermatrust.report.clinic_arms import ArmLine, drawn_chart
from dermatrust.report.intervals import WIDE, IntervalRow
from dermatrust.report.percent import SHARES, points_cell, share_cell, share_text
from dermatrust.report.views import of_text


def led_context(result: DifferentialResult) -> dict[str, Any]:
    """Return what the section on being led places; nothing to draw where neither was tried."""
    return {
        "anchoring": [_anchoring_line(one, result) for one in result.anchoring],
        "anchoring_sentences": [
            (one.model, words.anchoring_sentence(one, result.confidence, result.image_arms)) for one in result.anchoring
        ],
        "anchoring_chart": _anchoring_chart(result) if result.anchoring else "",
        "reference_arm": next((one.reference_arm for one in result.anchoring), ""),
        "shortcuts": [_shortcut_line(one, result.n_cases) for one in result.shortcuts],
        "shortcut_sentences": [(one.model, text) for one in result.shortcuts if (text := words.shortcut_sentence(one))],
        "shortcut_chart": _shortcut_chart(result) if result.shortcuts else "",
        "leaking": [one.model for one in result.shortcuts if words.gives_answers_away(one)],
    }


def _anchoring_line(one: Anchoring, result: DifferentialResult) -> ArmLine:
    several = len([name for name in result.image_arms if name != "none"]) > 1
    shares = (one.adopted_1, one.adopted_3, one.unprompted_1, one.unprompted_3, one.newly_1, one.newly_3)
    cells = tuple(map(share_cell, shares))
    return ArmLine(
        one.model, one.image_arm if several else "", one.reference_arm, cells, of_text(one.n, result.n_cases)
    )


def _shortcut_line(one: Shortcut, n_cases: int) -> ArmLine:
    plain = (one.top_1, one.frequent_1)
    cells = (*map(share_cell, plain), points_cell(one.above_1), share_cell(one.top_3), share_cell(one.frequent_3),
             points_cell(one.above_3), share_cell(one.top_1_given_away), share_cell(one.top_1_else))  # fmt: skip
    return ArmLine(one.model, "", "", cells, of_text(one.n, n_cases), (f"{one.n_given_away:,}",))


def _anchoring_chart(result: DifferentialResult) -> Markup:
    rows = [
        IntervalRow(one.model if len(result.anchoring) == len(result.models) else f"{one.model}, {one.image_arm}",
                    label, found.value, found.low, found.high, share_text(found), mark)
        for one in result.anchoring
        for mark, (label, found) in enumerate((("told of it", one.adopted_1), ("not told of it", one.unprompted_1)))
        if not math.isnan(found.value)
    ]  # fmt: skip
    return drawn_chart(
        rows, SHARES, ident="ddx-anchoring", title="The planted wrong diagnosis is put first", width=WIDE
    )


def _shortcut_chart(result: DifferentialResult) -> Markup:
    rows = [
        IntervalRow(one.model, label, found.value, found.low, found.high, share_text(found), mark)
        for one in result.shortcuts
        for mark, (label, found) in enumerate((("text alone", one.top_1), ("commonest disease", one.frequent_1)))
        if not math.isnan(found.value)
    ]
    return drawn_chart(
        rows, SHARES, ident="ddx-shortcuts", title="Right disease first, without any photograph", width=WIDE
    )
