"""Parts of the narratives, gaps between them, stability, adjudication and what is missing, as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from dermatrust.align.gaps import RaterGap
from dermatrust.align.results import Adjudication, AlignmentStudy, GroupRow
from dermatrust.align.said import ABSENT
from dermatrust.align.within import WithinRow
from dermatrust.bench.results import MACRO, REASONS, Estimate
from dermatrust.bench.text import counted
from dermatrust.records import DIMENSIONS
from dermatrust.report.agreement_views import drift_cell, number_cell
from dermatrust.report.gap_line import GapLine, finding_text
from dermatrust.report.headline import Cell
from dermatrust.report.views import of_text, score_text, share_text, signed_text

MEANINGS = REASONS | {ABSENT: "the rater has no rating of the narrative at all"}
"""Every reason why a score is missing, and what it means."""


@dataclass(frozen=True, slots=True)
class PartLine:
    """One part of the narratives."""

    level: str
    error: Cell
    bias: Cell
    narratives: str
    patients: str


@dataclass(frozen=True, slots=True)
class PartTable:
    """The parts of one rater, by factor; parts too small to show are counted."""

    rater: str
    ident: str
    factors: tuple[tuple[str, tuple[PartLine, ...]], ...]
    n_small: str


@dataclass(frozen=True, slots=True)
class WithinLine:
    """One part beside another within the same disease."""

    rater: str
    pair: str
    labels: str
    narratives: str
    error: Cell
    bias: Cell


@dataclass(frozen=True, slots=True)
class StabilityLine:
    """What a rater does with a narrative it has rated before, and as it goes on."""

    rater: str
    exact: Cell
    difference: Cell
    icc: Cell
    twice: str
    drift: Cell
    n_drift: str


def part_tables(groups: Sequence[GroupRow]) -> list[PartTable]:
    """Return the parts of every automatic rater that have ten narratives."""
    found = []
    for place, (rater, own) in enumerate(groupby(groups, attrgetter("rater")), 1):
        rows = list(own)
        n_small = sum(row.error is None for row in rows)
        factors = [
            (factor, tuple(_part(row, row.error, row.bias) for row in some if row.error and row.bias))
            for factor, some in groupby(rows, attrgetter("factor"))
        ]
        small = f"{counted(n_small, 'part')} with fewer than ten narratives not shown." if n_small else ""
        found.append(PartTable(rater, f"parts-{place}", tuple(pair for pair in factors if pair[1]), small))
    return found


def gap_lines(gaps: Sequence[RaterGap], statistic: str) -> list[GapLine]:
    """Return the widest gaps of the error, or of the bias."""
    return [_gap(row) for row in gaps if row.statistic == statistic]


def within_lines(rows: Sequence[WithinRow]) -> list[WithinLine]:
    """Return the gaps within the same disease; those of fewer than ten narratives a side say so."""
    return [
        WithinLine(
            row.rater, f"{row.factor} {row.level} − {row.beside}", f"{row.n_labels:,}",
            f"{row.n_level:,} and {row.n_beside:,}", _or_few(row.error), _or_few(row.bias),
        )
        for row in rows
    ]  # fmt: skip


def stability_lines(study: AlignmentStudy) -> list[StabilityLine]:
    """Return the macro means of retest and drift, one rater a line."""
    return [
        StabilityLine(
            row.rater,
            _or_not_twice(row.retest_exact),
            _or_not_twice(row.retest_difference),
            _or_not_twice(row.retest_icc),
            f"{row.retest_exact.n:,}",
            drift_cell(row.drift),
            f"{row.drift.n:,}",
        )
        for row in study.stability
        if row.measure == MACRO
    ]


def adjudication_lines(found: Adjudication) -> list[tuple[str, str, str]]:
    """Return (status, narratives, share) for the panel's narratives."""
    counts = [
        ("settled by an adjudicator", found.n_adjudicated),
        ("agreed", found.n_agreed),
        ("open: members disagree and nobody settled", found.n_open),
        ("scored by fewer than two members", found.n_single),
    ]
    total = sum(n for _, n in counts)
    return [(status, f"{n:,}", share_text(n, total)) for status, n in counts]


def missing_lines(missing: Mapping[str, Mapping[str, int]], n_narratives: int) -> list[tuple[str, str, str]]:
    """Return (rater, reason, scores missing of all it should have given), most first."""
    total = n_narratives * len(DIMENSIONS)
    return [
        (rater, reason, f"{of_text(n, total)} ({share_text(n, total)})")
        for rater, reasons in missing.items()
        for reason, n in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    ]


def reasons_met(missing: Mapping[str, Mapping[str, int]]) -> list[tuple[str, str]]:
    """Return the reasons that occur, with what they mean."""
    met = {reason for reasons in missing.values() for reason in reasons}
    return [pair for pair in MEANINGS.items() if pair[0] in met]


def _part(row: GroupRow, error: Estimate, bias: Estimate) -> PartLine:
    counts = f"{row.n_narratives:,}", f"{row.n_patients:,}"
    return PartLine(row.level, number_cell(error), number_cell(bias, signed=True), *counts)


def _gap(row: RaterGap) -> GapLine:
    text = signed_text if row.statistic == "bias" else score_text
    return GapLine(
        rater=row.rater,
        factor=row.factor,
        lowest=f"{row.lowest} (n {row.n_lowest:,})",
        at_lowest=text(row.at_lowest),
        highest=f"{row.highest} (n {row.n_highest:,})",
        at_highest=text(row.at_highest),
        gap=number_cell(row.gap),
        chance=score_text(row.chance),
        finding=finding_text(is_beyond_chance=row.is_beyond_chance),
    )


def _or_few(estimate: Estimate | None) -> Cell:
    return Cell("–", "", note="fewer than ten") if estimate is None else number_cell(estimate, signed=True)


def _or_not_twice(estimate: Estimate) -> Cell:
    return Cell("–", "", note="nothing rated twice") if estimate.n == 0 else number_cell(estimate)
