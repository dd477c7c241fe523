"""Gaps between parts of the cases, and stated confidence, as aligned plain text for a terminal."""

import math
from collections.abc import Iterable, Sequence
from typing import Protocol

from dermatrust.bench.results import FEWEST
from dermatrust.bench.text import NOTHING, aligned, shortened
from dermatrust.clinic.abstention import StatedConfidence
from dermatrust.clinic.percent import percent
from dermatrust.clinic.subgroups import PartsGap, WithinRow


class _Placed(Protocol):
    @property
    def model(self) -> str: ...
    @property
    def arm(self) -> str: ...
    @property
    def image_arm(self) -> str: ...


class _HasConfidence(_Placed, Protocol):
    @property
    def confidence(self) -> StatedConfidence | None: ...


def confidence_text(cells: Iterable[_HasConfidence], named: str) -> str:
    """Return how confidence and being right go together; `named` is what an answer that is covered names."""
    titles = [
        "model",
        "context",
        "images",
        "covered",
        "right of these",
        "right of all",
        "too sure by",
        "AURC",
        "chance",
    ]
    lines = []
    for cell in cells:
        if found := cell.confidence:
            shares = (percent(one) for one in (found.coverage, found.accuracy_answered, found.accuracy_all))
            chance = f"{100 * found.area_by_chance:.1f}"
            lines.append([*_about(cell), *shares, percent(found.excess, signed=True), percent(found.area), chance])
    if not lines:
        return ""
    note = (
        f"covered: answers that name {named}. AURC: mean % wrong, the surest first; chance: if confidence said nothing."
    )
    return "\n".join(["Stated confidence: %", *aligned([titles, *lines]), note])


def gaps_text(gaps: Iterable[PartsGap], base: str) -> str:
    """Return the widest gap of every figure and factor, in the base arm."""
    titles = ["model", "context", "images", "of", "by", "lowest", "highest", "gap", "ratio", "by chance up to"]
    lines = [
        [
            *_about(gap), gap.measure, gap.factor, f"{100 * gap.at_lowest:.1f} {gap.lowest}",
            f"{100 * gap.at_highest:.1f} {gap.highest}", percent(gap.gap), _ratio(gap.ratio.value),
            f"{100 * gap.chance:.1f}",
        ]
        for gap in gaps
        if gap.arm == base
    ]  # fmt: skip
    if not lines:
        return ""
    note = (
        f"Parts of under {FEWEST} cases show nothing; a gap below what chance gives says nothing. All parts: table.csv."
    )
    return "\n".join([f"Gaps between parts of the cases, {base}: %", *aligned([titles, *lines]), note])


def within_text(within: Iterable[WithinRow]) -> str:
    """Return what is left of gaps within the same disease."""
    titles = ["model", "context", "images", "of", "part", "less", "diseases", "cases", "difference"]
    lines = [
        [
            *_about(row), row.measure, row.level, row.beside, str(row.n_diseases), f"{row.n_level}, {row.n_beside}",
            percent(row.difference, signed=True),
        ]
        for row in within
        if row.difference is not None
    ]  # fmt: skip
    return "\n".join(["Within the same disease: points of percent", *aligned([titles, *lines])]) if lines else ""


def _ratio(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{value:.2f}"


def _about(one: _Placed) -> Sequence[str]:
    return shortened(one.model), one.arm, one.image_arm
