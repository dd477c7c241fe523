"""An alignment study as aligned plain text for a terminal."""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter

from dermatrust.align.results import (
    AgreementRow,
    AlignmentStudy,
    DifferenceRow,
    GroupRow,
    RankingRow,
    ReplacementRow,
    Role,
    Scale,
    StabilityRow,
    WorstCase,
)
from dermatrust.bench.results import MACRO, MEASURES, Estimate
from dermatrust.bench.text import NOTHING, aligned, counted, estimate_text, measure_title, shortened, without_noise
from dermatrust.records import Rater

_OTHERS = "the others' mean"
_COLUMNS = [measure_title(measure) for measure in MEASURES]
_SHOWN: dict[Scale, tuple[str, ...]] = {
    "as given": ("RMSE", "within 1", "lower limit", "upper limit", "slope", "CCC", "Pearson"),
    "rounded": ("exact", "within 1", "quadratic kappa", "linear kappa", "Spearman", "tau-b"),
}


def study_text(study: AlignmentStudy) -> str:
    """Return all tables of a study, each with what its numbers mean."""
    parts = [_heading(study)]
    scales: tuple[Scale, ...] = ("as given", "rounded")
    parts += [_measures_text(study, scale, "MAE", "Mean absolute error, points") for scale in scales]
    parts.append(_measures_text(study, "as given", "bias", "Bias, points: above 0 is more generous"))
    parts += [_statistics_text(study, scale) for scale in scales]
    parts += [_panel_text(study.within_panel), _differences_text(study.differences), _rankings_text(study.rankings)]
    parts += [_replacements_text(study.replacements), _groups_text(study.groups), _stability_text(study.stability)]
    parts += [_worst_text(study.worst), _adjudication_text(study)]
    return "\n\n".join(part for part in parts if part)


def compared_with(study: AlignmentStudy, role: Role) -> str:
    """Return what a rater of this role is compared with."""
    if role in ("panel", "member"):
        return _OTHERS
    return "the adjudicated score" if study.adjudicators else "the panel's mean"


def role_name(row: AgreementRow) -> str:
    """Return who a row is about."""
    return {"panel": "one of the panel", "mean": "the mean of other patients"}.get(row.role, row.rater)


def _heading(study: AlignmentStudy) -> str:
    empty = f", {counted(study.n_empty, 'narrative')} without text left out" if study.n_empty else ""
    lines = [f"{counted(study.n_narratives, 'narrative')} of {counted(study.n_patients, 'patient')}{empty}"]
    for title, raters in (("Panel", study.panel), ("Adjudicators", study.adjudicators), ("Compared", study.automatic)):
        if raters:
            lines.append(f"{title}: {'; '.join(map(_rater_text, raters))}")
    lines.append(f"[{study.confidence * 100:g} % intervals over patients]; macro: the mean of the six dimensions")
    return "\n".join(lines)


def _rater_text(rater: Rater) -> str:
    """Return a rater's name with what is known of it."""
    years = None if rater.years is None else f"{rater.years:g} years"
    known = ", ".join(part for part in (rater.qualification, years) if part)
    return f"{rater.id} ({rater.kind}{', ' if known else ''}{known})"


def _measures_text(study: AlignmentStudy, scale: Scale, statistic: str, title: str) -> str:
    """Return one statistic on every dimension, one rater a line."""
    chosen = [row for row in study.agreement if (row.scale, row.statistic) == (scale, statistic)]
    lines = []
    for rows in _by_rater(chosen):
        first, estimates = rows[0], [row.estimate for row in rows]
        cells = [estimate_text(one) for one in estimates]
        lines.append([shortened(role_name(first)), compared_with(study, first.role), *cells, *_counts(estimates)])
    heading = f"{title}, scores {scale if scale == 'as given' else 'rounded to whole points'}"
    return "\n".join([heading, *aligned([["rater", "against", *_COLUMNS, "compared", "missing"], *lines])])


def _statistics_text(study: AlignmentStudy, scale: Scale) -> str:
    """Return the macro means of the other statistics, one rater a line."""
    names = _SHOWN[scale]
    chosen = [row for row in study.agreement if row.scale == scale and row.measure == MACRO]
    lines = []
    for rows in _by_rater(chosen):
        found = {row.statistic: estimate_text(row.estimate) for row in rows}
        lines.append([shortened(role_name(rows[0])), *(found.get(name, NOTHING) for name in names)])
    heading = f"Macro means of other statistics, scores {scale if scale == 'as given' else 'rounded to whole points'}"
    return "\n".join([heading, *aligned([["rater", *names], *lines])])


def _panel_text(rows: Sequence[AgreementRow]) -> str:
    if not rows:
        return "The panel's own agreement needs two members."
    lines = []
    for (who, scale, statistic), found in groupby(rows, attrgetter("rater", "scale", "statistic")):
        estimates = [row.estimate for row in found]
        name = f"{statistic}{' of ' + who if who else ''}"
        lines.append([name, scale, *map(estimate_text, estimates), *_counts(estimates)])
    titles = ["statistic", "scores", *_COLUMNS, "counted", "missing"]
    return "\n".join(["The panel's own agreement", *aligned([titles, *lines])])


def _differences_text(rows: Sequence[DifferenceRow]) -> str:
    lines = []
    for (first, second), found in groupby(rows, attrgetter("first", "second")):
        estimates = [row.estimate for row in found]
        lines.append([f"{first} minus {second}", *map(estimate_text, estimates), *_counts(estimates)])
    if not lines:
        return ""
    heading = "Difference of mean absolute errors on what both scored: below 0 where the first is nearer"
    return "\n".join([heading, *aligned([["raters", *_COLUMNS, "compared", "missing"], *lines])])


def _rankings_text(rows: Sequence[RankingRow]) -> str:
    if not rows:
        return ""
    lines = []
    for rater, found in groupby(rows, attrgetter("rater")):
        each = list(found)
        lines.append([shortened(rater), "order of models, tau-b", *(estimate_text(row.tau) for row in each)])
        lines.append([shortened(rater), "pairs within a case", *(estimate_text(row.pairwise) for row in each)])
    heading = "Order: Kendall's tau-b of the models' means, and share of pairs of narratives of one case ordered alike"
    return "\n".join([heading, *aligned([["rater", "of", *_COLUMNS], *lines])])


def _replacements_text(rows: Sequence[ReplacementRow]) -> str:
    if not rows:
        return ""
    lines = []
    for rater, found in groupby(rows, attrgetter("rater")):
        each = [row.outcome for row in found]
        cells = [
            f"{_number(one.winning_rate)} | {_number(one.advantage_probability)} {'yes' if one.passes else 'no'}"
            for one in each
        ]
        lines.append([shortened(rater), *cells])
    heading = (
        "May it replace one of the panel? Alternative-annotator test: winning rate | mean advantage probability, and "
        "whether the rate is at least 0.5"
    )
    return "\n".join([heading, *aligned([["rater", *_COLUMNS], *lines])])


def _groups_text(rows: Sequence[GroupRow]) -> str:
    if not rows:
        return ""
    lines, n_small = [], 0
    for row in rows:
        if row.error is None or row.bias is None:
            n_small += 1
            continue
        counts = [str(row.n_narratives), str(row.n_patients)]
        errors = [estimate_text(row.error), estimate_text(row.bias)]
        lines.append([shortened(row.rater), f"{row.factor}: {shortened(row.level)}", *errors, *counts])
    heading = "Parts of the narratives, macro means"
    small = [f"{counted(n_small, 'part')} with fewer than ten narratives not shown"] if n_small else []
    titles = ["rater", "part", "MAE", "bias", "narratives", "patients"]
    return "\n".join([heading, *aligned([titles, *lines]), *small])


def _stability_text(rows: Sequence[StabilityRow]) -> str:
    lines = [
        [
            shortened(row.rater), estimate_text(row.retest_exact), estimate_text(row.retest_difference),
            estimate_text(row.retest_icc), str(row.retest_exact.n), estimate_text(row.drift),
        ]
        for row in rows
        if row.measure == MACRO
    ]  # fmt: skip
    heading = "Stability, macro means: a second rating of the same narrative, and drift in points per 100 narratives"
    titles = ["rater", "same score", "difference", "ICC(2,1)", "rated twice", "drift"]
    return "\n".join([heading, *aligned([titles, *lines])])


def _worst_text(worst: Sequence[WorstCase]) -> str:
    lines = [
        [shortened(one.rater), one.narrative.id, f"{one.distance:.2f}", _scores(one.given), _scores(one.wanted)]
        for one in worst
    ]
    if not lines:
        return ""
    heading = "Farthest from the target: mean distance, scores given and wanted, in the order of the dimensions"
    return "\n".join([heading, *aligned([["rater", "narrative", "distance", "given", "wanted"], *lines])])


def _adjudication_text(study: AlignmentStudy) -> str:
    found = study.adjudication
    return (
        f"Adjudication: {found.n_adjudicated} settled, {found.n_agreed} agreed, {found.n_open} open (members 2 points "
        f"or more apart, on Safety 1 point), {found.n_single} with fewer than two members"
    )


def _by_rater(rows: Iterable[AgreementRow]) -> list[list[AgreementRow]]:
    return [list(found) for _, found in groupby(rows, attrgetter("role", "rater"))]


def _counts(estimates: Sequence[Estimate]) -> list[str]:
    """Return how many items count, and how many scores of the six dimensions are missing."""
    six = estimates[:-1]
    few, most = min(one.n for one in six), max(one.n for one in six)
    return [str(few) if few == most else f"{few}-{most}", str(sum(one.n_missing for one in six))]


def _number(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{without_noise(value):.2f}"


def _scores(scores: Sequence[float]) -> str:
    return " ".join(_number(score) for score in scores)
