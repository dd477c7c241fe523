"""For whom models are worse, ready to be placed: parts of the cases, gaps between them, and gaps within a disease."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from dermatrust.agreement.interval import Estimate
from dermatrust.bench.results import FEWEST
from dermatrust.clinic.cells import CellCounts
from dermatrust.clinic.subgroups import PartsGap, SubgroupRow, WithinRow
from dermatrust.report.clinic_arms import Asked
from dermatrust.report.headline import Cell
from dermatrust.report.percent import points_cell, score_cell, share_cell, tenths_text
from dermatrust.report.views import NOTHING, and_text, of_text

FEW = Cell(f"fewer than {FEWEST}", "")
A = TypeVar("A", bound=Asked)
P = TypeVar("P", SubgroupRow, PartsGap, WithinRow)


class Study(Protocol):
    """A study of either task."""

    @property
    def base(self) -> str:
        """The arm that others are compared with."""

    @property
    def cells(self) -> Sequence[CellCounts]:
        """By model, arm, image arm."""

    @property
    def subgroups(self) -> Sequence[SubgroupRow]:
        """Parts of the cases."""

    @property
    def gaps(self) -> Sequence[PartsGap]:
        """The widest gaps."""

    @property
    def within(self) -> Sequence[WithinRow]:
        """Gaps within the same disease."""


@dataclass(frozen=True, slots=True)
class PartLine:
    """A figure in one part of the cases, or a gap between parts."""

    factor: str
    level: str
    model: str
    measure: str
    n: str
    cells: tuple[Cell, ...]
    finding: str = ""


@dataclass(frozen=True, slots=True)
class ForWhom:
    """Parts of the cases in the base arm, with the photographs shown in one way.

    Attributes:
        ident: What the idents of its tables begin with.
        image_arm: The way the photographs were shown.
        answered: How many of the cases each model answered.
        parts: A figure in every part.
        gaps: The widest gap of every figure and factor.
        within: Gaps within the same disease.
    """

    ident: str
    image_arm: str
    answered: str
    parts: tuple[PartLine, ...]
    gaps: tuple[PartLine, ...]
    within: tuple[PartLine, ...]


def for_whom(study: Study, task: str, titles: Mapping[str, str] = {}) -> tuple[ForWhom, ...]:  # read only
    """Return the parts of the cases in the base arm, for each way to show the photographs; nothing without parts.

    Args:
        study: What was found.
        task: "ddx" or "triage", with which the idents of tables begin.
        titles: Measure to what it is called here, where that is another name.
    """
    if not study.subgroups:
        return ()
    return tuple(
        ForWhom(
            ident=task if place == 1 else f"{task}-{place}",
            image_arm=image_arm,
            answered=and_text([f"{c.model} answered {of_text(c.n, c.n + c.n_missing)} cases" for c in cells]),
            parts=tuple(part_lines(_own(study.subgroups, study.base, image_arm, titles))),
            gaps=tuple(gap_lines(_own(study.gaps, study.base, image_arm, titles))),
            within=tuple(within_lines(_own(study.within, study.base, image_arm, titles))),
        )
        for place, (image_arm, cells) in enumerate(by_images(study.cells, study.base).items(), 1)
    )


def by_images(cells: Sequence[A], arm: str) -> dict[str, list[A]]:
    """Return the cells of one arm by the way the photographs were shown, each with its models."""
    found: dict[str, list[A]] = {}
    for cell in cells:
        if cell.arm == arm:
            found.setdefault(cell.image_arm, []).append(cell)
    return found


def part_lines(rows: Sequence[SubgroupRow]) -> list[PartLine]:
    """Return a figure in every part, with its difference from all others; parts of too few cases show none."""
    return [
        PartLine(row.factor, row.level, row.model, row.measure, f"{row.n:,}",
                 (_shown(row.value, share_cell), _less(row)))
        for row in rows
    ]  # fmt: skip


def gap_lines(rows: Sequence[PartsGap]) -> list[PartLine]:
    """Return the widest gap of every figure and factor."""
    return [
        PartLine(row.factor, f"{row.lowest}, {row.highest}", row.model, row.measure, f"{row.gap.n:,}",
                 (Cell(tenths_text(row.at_lowest), ""), Cell(tenths_text(row.at_highest), ""), points_cell(row.gap),
                  score_cell(row.ratio), Cell(f"{100 * row.chance:.1f}" if math.isfinite(row.chance) else NOTHING, "")),
                 "beyond chance" if row.is_beyond_chance else "within chance")
        for row in rows
    ]  # fmt: skip


def within_lines(rows: Sequence[WithinRow]) -> list[PartLine]:
    """Return gaps within the same disease."""
    return [
        PartLine(row.factor, f"{row.level} less {row.beside}", row.model, row.measure,
                 f"{row.n_level:,} and {row.n_beside:,}", (_shown(row.difference, points_cell),),
                 f"{row.n_diseases:,}")
        for row in rows
    ]  # fmt: skip


def _own(rows: Sequence[P], arm: str, image_arm: str, titles: Mapping[str, str]) -> list[P]:
    own = (row for row in rows if (row.arm, row.image_arm) == (arm, image_arm))
    return [replace(row, measure=titles.get(row.measure, row.measure)) for row in own]


def _shown(found: Estimate | None, shown: Callable[[Estimate], Cell]) -> Cell:
    return FEW if found is None else shown(found)


def _less(row: SubgroupRow) -> Cell:
    if row.difference is None:
        return Cell(NOTHING, "")
    return points_cell(row.difference)
