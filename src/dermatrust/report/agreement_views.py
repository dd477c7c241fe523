"""The tables of an alignment study as text: errors, agreement, order of models, and whether a rater may stand in."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from dermatrust.align.results import AgreementRow, AlignmentStudy, RankingRow, ReplacementRow, Scale
from dermatrust.align.text import compared_with, role_name
from dermatrust.bench.results import FEWEST, MACRO, MEASURES, Estimate
from dermatrust.records import Rater
from dermatrust.report.headline import Cell
from dermatrust.report.views import NOTHING, interval_text, of_text, p_text, range_of_text, score_text, signed_text

STATISTICS: dict[Scale, tuple[str, ...]] = {
    "as given": ("RMSE", "within 1", "lower limit", "upper limit", "slope", "CCC", "Pearson"),
    "rounded": ("exact", "within 1", "quadratic kappa", "linear kappa", "Spearman", "tau-b"),
}
"""Of which the macro means are shown, besides the mean absolute error and the bias."""


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """One rater, pair or statistic on every dimension and in their mean."""

    name: str
    about: str
    is_member: bool
    cells: tuple[Cell, ...]
    compared: str
    missing: str


@dataclass(frozen=True, slots=True)
class ReplacementLine:
    """One rater's alternative-annotator test: a cell a measure, and the p-values against each of the panel."""

    name: str
    cells: tuple[Cell, ...]
    members: tuple[tuple[str, tuple[str, ...]], ...]


def number_cell(estimate: Estimate, *, signed: bool = False) -> Cell:
    """Return an estimate as the tables print it, with the reason where there is no number or no interval."""
    number = signed_text(estimate.value) if signed else score_text(estimate.value)
    return Cell(number, interval_text(estimate, signed=signed), note=why_missing(estimate))


def drift_cell(drift: Estimate) -> Cell:
    """Return a drift as the tables print it; a slope through fewer than `FEWEST` narratives is noise, and is left out.

    Example:
        >>> drift_cell(Estimate(-21.67, -75.0, 40.0, 3, 9)).note
        'fewer than ten'
    """
    return Cell("–", "", note="fewer than ten") if 0 < drift.n < FEWEST else number_cell(drift, signed=True)


def rater_text(rater: Rater) -> str:
    """Return a rater's name with what is known of it.

    Example:
        >>> rater_text(Rater(id="Dr A", kind="human", years=12))
        'Dr A (human, 12 years)'
    """
    years = None if rater.years is None else f"{rater.years:g} years"
    return f"{rater.id} ({', '.join(part for part in (rater.kind, rater.qualification, years) if part)})"


def why_missing(estimate: Estimate) -> str:
    """Return why a number or its interval is not printed; empty if both are.

    Example:
        >>> nan = float("nan")
        >>> why_missing(Estimate(nan, nan, nan, 0, 9)), why_missing(Estimate(nan, nan, nan, 9, 0))
        ('none', 'not defined')
    """
    if math.isnan(estimate.value):
        return "none" if estimate.n == 0 else "not defined"
    return "" if estimate.has_interval else "no interval"


def measure_lines(study: AlignmentStudy, scale: Scale, statistic: str, *, signed: bool = False) -> list[MeasureLine]:
    """Return one statistic of every rater and baseline on every dimension.

    All members of the panel together have no bias: what one is above the others, the others are below.
    """
    chosen = [row for row in study.agreement if (row.scale, row.statistic) == (scale, statistic)]
    chosen = [row for row in chosen if (row.role, row.statistic) != ("panel", "bias")]
    return [
        _line(role_name(rows[0]), f"against {compared_with(study, rows[0].role)}", [row.estimate for row in rows],
              signed=signed, is_member=rows[0].role == "member")
        for rows in _by_rater(chosen)
    ]  # fmt: skip


def statistic_lines(study: AlignmentStudy, scale: Scale) -> list[tuple[str, bool, list[Cell]]]:
    """Return (rater, whether it is of the panel, macro means of `STATISTICS`) for every rater and baseline."""
    chosen = [row for row in study.agreement if row.scale == scale and row.measure == MACRO]
    lines = []
    for rows in _by_rater(chosen):
        found = {row.statistic: row.estimate for row in rows}
        cells = [
            number_cell(found[name], signed=name in ("lower limit", "upper limit", "slope"))
            if name in found
            else Cell(NOTHING, "", note="does not vary")
            for name in STATISTICS[scale]
        ]
        lines.append((role_name(rows[0]), rows[0].role == "member", cells))
    return lines


def panel_lines(study: AlignmentStudy) -> list[MeasureLine]:
    """Return how far the panel agrees with itself, one statistic a line."""
    found = []
    for (who, scale, statistic), rows in groupby(study.within_panel, attrgetter("rater", "scale", "statistic")):
        name = f"{statistic} of {who}" if who else statistic
        found.append(_line(name, f"scores {scale}", [row.estimate for row in rows], is_member=bool(who)))
    return found


def difference_lines(study: AlignmentStudy) -> list[MeasureLine]:
    """Return the differences of errors between automatic raters."""
    return [
        _line(f"{first} − {second}", "", [row.estimate for row in rows], signed=True)
        for (first, second), rows in groupby(study.differences, attrgetter("first", "second"))
    ]


def same_narratives_lines(study: AlignmentStudy) -> list[MeasureLine]:
    """Return the errors of all automatic raters on the same narratives, each but the first with its difference."""
    same = study.same_narratives
    if same is None:
        return []
    found = []
    for rater, rows in groupby(same.rows, attrgetter("rater")):
        each = list(rows)
        found.append(_line(rater, "error", [row.error for row in each], absent="left out"))
        apart = [row.difference for row in each if row.difference is not None]
        if apart:
            about = f"less that of {same.first}"
            found.append(_line(rater, about, apart, signed=True, is_member=True, absent="left out"))
    return found


def ranking_lines(rows: Sequence[RankingRow]) -> list[MeasureLine]:
    """Return, for each automatic rater, the order of models and the share of pairs ordered alike."""
    found = []
    for rater, own in groupby(rows, attrgetter("rater")):
        each = list(own)
        found.append(_line(rater, "order of models, tau-b", [row.tau for row in each], signed=True))
        found.append(_line(rater, "pairs within a case", [row.pairwise for row in each]))
    return found


def replacement_lines(study: AlignmentStudy) -> list[ReplacementLine]:
    """Return each automatic rater's test on every measure, with the adjusted p-value against each of the panel."""
    found = []
    for rater, own in groupby(study.replacements, attrgetter("rater")):
        rows = list(own)
        members = tuple(
            (member.id, tuple(p_text(row.outcome.raters[k].p_adjusted) for row in rows))
            for k, member in enumerate(study.panel)
        )
        found.append(ReplacementLine(rater, tuple(map(_replacement_cell, rows)), members))
    return found


def rates_text(row: ReplacementRow) -> str:
    """Return the two numbers behind the verdict; empty where there is none."""
    if row.verdict not in ("yes", "no"):
        return ""
    outcome = row.outcome
    return f"wins {score_text(outcome.winning_rate)}, advantage {score_text(outcome.advantage_probability)}"


def _replacement_cell(row: ReplacementRow) -> Cell:
    return Cell(row.verdict, rates_text(row))


def _line(
    name: str,
    about: str,
    estimates: Sequence[Estimate],
    *,
    signed: bool = False,
    is_member: bool = False,
    absent: str = "missing",
) -> MeasureLine:
    """Return seven estimates, six of dimensions and their mean, as a row that says why scores are absent."""
    six = estimates[: len(MEASURES) - 1]
    totals = [one.n + one.n_missing for one in six]
    n_missing = sum(one.n_missing for one in six)
    return MeasureLine(
        name=name,
        about=about,
        is_member=is_member,
        cells=tuple(number_cell(one, signed=signed) for one in estimates),
        compared=range_of_text(min(one.n for one in six), max(one.n for one in six), max(totals)),
        missing=f"{of_text(n_missing, sum(totals))} scores {absent}" if n_missing else f"none {absent}",
    )


def _by_rater(rows: Iterable[AgreementRow]) -> list[list[AgreementRow]]:
    return [list(found) for _, found in groupby(rows, attrgetter("role", "rater"))]
