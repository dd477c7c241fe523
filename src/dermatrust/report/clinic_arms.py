"""Charts and tables that differentials and triage share: arms side by side, changes, what is missing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from markupsafe import Markup

from dermatrust.agreement.interval import Estimate
from dermatrust.clinic.cells import CellCounts, Change
from dermatrust.report.headline import Cell
from dermatrust.report.intervals import N_MARKS, WIDTH, Axis, IntervalRow, interval_chart
from dermatrust.report.percent import SHARES, points_axis, points_text, share_text
from dermatrust.report.views import counts_text, of_text


class Asked(Protocol):
    """One model in one arm, of either task."""

    @property
    def model(self) -> str:
        """The model."""

    @property
    def arm(self) -> str:
        """What it was told."""

    @property
    def image_arm(self) -> str:
        """What it was shown."""

    @property
    def n(self) -> int:
        """Answers."""


@dataclass(frozen=True, slots=True)
class ArmLine:
    """One model in one arm as a table row."""

    model: str
    arm: str
    against: str
    cells: tuple[Cell, ...]
    n: str
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingLine:
    """One model in one arm, and what it did not say."""

    model: str
    arm: str
    answers: str
    missing: str
    reasons: str
    unanswered: str
    abstained: str
    given_away: str


def arm_name(one: Asked, image_arms: Sequence[str]) -> str:
    """Return an arm by name, with its images where several ways to show them were tried.

    Example:
        >>> from dermatrust.clinic import Answer
        >>> one = Answer("c", "m", "image only", "first 3")
        >>> arm_name(one, ["all"]), arm_name(one, ["all", "first 3"])
        ('image only', 'image only, first 3')
    """
    several = len([name for name in image_arms if name != "none"]) > 1
    return f"{one.arm}, {one.image_arm}" if several and one.image_arm != "none" else one.arm


def shares_chart(
    cells: Sequence[tuple[Asked, Estimate]], image_arms: Sequence[str], *, ident: str, title: str,
    width: float = WIDTH,
) -> Markup:  # fmt: skip
    """Return one row per model and arm: a share with its interval, on the whole scale."""
    models = list(dict.fromkeys(cell.model for cell, _ in cells))
    rows = [
        IntervalRow(cell.model, arm_name(cell, image_arms), found.value, found.low, found.high, share_text(found),
                    models.index(cell.model) % N_MARKS)
        for cell, found in cells
    ]  # fmt: skip
    return drawn_chart(rows, SHARES, ident=ident, title=title, width=width)


def changes_chart(
    changes: Sequence[tuple[Change, Estimate]], image_arms: Sequence[str], *, ident: str, title: str,
    ends: tuple[str, str], width: float = WIDTH,
) -> Markup:  # fmt: skip
    """Return one row per model and arm: a paired difference in points of percent, about zero.

    Where contexts and ways to show the photographs were both varied, each group of rows says what it is compared with.
    """
    models = list(dict.fromkeys(change.model for change, _ in changes))
    kinds = {change.arm == change.base_arm for change, _ in changes}

    def group(change: Change) -> str:
        against = change.base_image_arm if change.arm == change.base_arm else change.base_arm
        return f"{change.model}, against “{against}”" if len(kinds) > 1 else change.model

    rows = [
        IntervalRow(group(change), arm_name(change, image_arms), found.value, found.low, found.high, points_text(found),
                    models.index(change.model) % N_MARKS)
        for change, found in changes
    ]  # fmt: skip
    axis = points_axis([(row.value, row.low, row.high) for row in rows], ends)
    return drawn_chart(rows, axis, ident=ident, title=title, width=width)


def missing_lines(cells: Sequence[CellCounts], image_arms: Sequence[str]) -> tuple[MissingLine, ...]:
    """Return what was not answered, by model and arm."""
    return tuple(
        MissingLine(
            model=cell.model,
            arm=arm_name(cell, image_arms),
            answers=of_text(cell.n, cell.n + cell.n_missing),
            missing=f"{cell.n_missing:,}",
            reasons=counts_text(cell.reasons),
            unanswered=f"{cell.n_unanswered:,}",
            abstained=f"{cell.n_abstained:,}",
            given_away=f"{cell.n_given_away:,}",
        )
        for cell in cells
    )


def arm_lines(
    cells: Sequence[CellCounts], image_arms: Sequence[str], shown: Callable[[CellCounts], Sequence[Cell]]
) -> tuple[ArmLine, ...]:
    """Return one row per model and arm, with the cells that a function gives it."""
    return tuple(
        ArmLine(
            cell.model, arm_name(cell, image_arms), "", tuple(shown(cell)), of_text(cell.n, cell.n + cell.n_missing)
        )
        for cell in cells
    )  # fmt: skip


def _described(rows: Sequence[IntervalRow]) -> str:
    """Return the rows of a chart as text, for whoever does not see it."""
    return "; ".join(f"{row.group}{f', {row.label}' if row.label else ''}: {row.text}" for row in rows)


def drawn_chart(rows: Sequence[IntervalRow], axis: Axis, *, ident: str, title: str, width: float = WIDTH) -> Markup:
    """Return a chart of intervals, described row by row."""
    drawn = interval_chart(rows, axis, ident=ident, title=title, desc=_described(rows), width=width)
    return Markup(drawn)  # noqa: S704  # escaped by svg.py
