"""An alignment study as aligned plain text for a terminal."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
    SameNarratives,
    Scale,
    StabilityRow,
    WorstCase,
)
from dermatrust.bench.results import MACRO, MEASURES, Estimate
from dermatrust.bench.text import NOTHING, aligned, counted, estimate_text, measure_title, shortened, without_noise
from dermatrust.records import Rater

_OTHERS = "the others' mean"
_PEOPLE, _LEXICAL, _OF_MEAN = "one of the panel", "the lexical judge", "the mean of other patients"
Names = Mapping[str, str]
"""Rater to what its lines call it."""
_COLUMNS = [measure_title(measure) for measure in MEASURES]
_SHOWN: dict[Scale, tuple[str, ...]] = {
    "as given": ("RMSE", "within 1", "lower limit", "upper limit", "slope", "CCC", "Pearson"),
    "rounded": ("exact", "within 1", "quadratic kappa", "linear kappa", "Spearman", "tau-b"),
}


def study_text(study: AlignmentStudy) -> str:
    """Return all tables of a study, each with what its numbers mean."""
    names = _names([*study.panel, *study.adjudicators, *study.automatic])
    parts = [_heading(study)]
    scales: tuple[Scale, ...] = ("as given", "rounded")
    parts += [_measures_text(study, names, scale, "MAE", "Mean absolute error, points") for scale in scales]
    parts.append(_measures_text(study, names, "as given", "bias", "Bias, points: above 0 is more generous"))
    parts += [_statistics_text(study, names, scale) for scale in scales]
    parts += [_panel_text(study.within_panel), _same_narratives_text(study.same_narratives, names)]
    parts.append(_differences_text(study.differences, names))
    parts += [_rankings_text(study.rankings, names), _replacements_text(study, names)]
    parts += [_groups_text(study.groups, names), _stability_text(study.stability, names)]
    parts += [_worst_text(study.worst, names), _adjudication_text(study)]
    return "\n\n".join(part for part in parts if part)


def compared_with(study: AlignmentStudy, role: Role) -> str:
    """Return what a rater of this role is compared with."""
    if role in ("panel", "member"):
        return _OTHERS
    if not study.adjudicators:
        return "the panel's mean"
    return "the adjudicated score" + (", else the panel's mean" if study.panel else "")


def role_name(row: AgreementRow) -> str:
    """Return who a row is about."""
    return {"panel": _PEOPLE, "lexical": _LEXICAL, "mean": _OF_MEAN}.get(row.role, row.rater)


def _names(raters: Sequence[Rater]) -> Names:
    """Return what each rater's lines call it: its name, cut where it is long, unless two would read the same."""
    whole = [rater.id for rater in raters]
    cut = Counter(shortened(_one_line(name)) for name in whole)
    return {n: short if cut[short := shortened(_one_line(n))] == 1 else _one_line(n) for n in whole}


def _heading(study: AlignmentStudy) -> str:
    empty = f", {counted(study.n_empty, 'narrative')} without text left out" if study.n_empty else ""
    n_known, n_unknown = study.n_patients - study.n_cases_without_patient, study.n_cases_without_patient
    patients = [counted(n_known, "patient")] if n_known else []
    patients += [f"{counted(n_unknown, 'case')} without a recorded patient (each counted as one)"] if n_unknown else []
    lines = [f"{counted(study.n_narratives, 'narrative')} of {' and '.join(patients)}{empty}"]
    for title, raters in (("Panel", study.panel), ("Adjudicators", study.adjudicators), ("Compared", study.automatic)):
        if raters or title == "Compared":
            lines.append(f"{title}: {'; '.join(map(_rater_text, raters)) or 'nobody'}")
    if not study.has_lexical_judge:
        lines.append("The lexical judge is no baseline here: no narrative has a reference it could be compared with")
    lines.append(f"[{study.confidence * 100:g} % intervals over patients]; macro: the mean of the six dimensions")
    return "\n".join(lines)


def _rater_text(rater: Rater) -> str:
    """Return a rater's name with what is known of it."""
    years = None if rater.years is None else f"{rater.years:g} years"
    known = ", ".join(part for part in (rater.qualification, years) if part)
    return f"{_one_line(rater.id)} ({rater.kind}{', ' if known else ''}{_one_line(known)})"


def _measures_text(study: AlignmentStudy, names: Names, scale: Scale, statistic: str, title: str) -> str:
    """Return one statistic on every dimension, one rater a line."""
    chosen = [row for row in study.agreement if (row.scale, row.statistic) == (scale, statistic)]
    lines = []
    for rows in _by_rater(chosen):
        first, estimates = rows[0], [row.estimate for row in rows]
        cells = [estimate_text(one) for one in estimates]
        lines.append([_who(first, names), compared_with(study, first.role), *cells, *_counts(estimates)])
    heading = f"{title}, scores {scale if scale == 'as given' else 'rounded to whole points'}"
    return "\n".join([heading, *aligned([["rater", "against", *_COLUMNS, "ratings", "scores missing"], *lines])])


def _statistics_text(study: AlignmentStudy, names: Names, scale: Scale) -> str:
    """Return the macro means of the other statistics, one rater a line."""
    shown = _SHOWN[scale]
    chosen = [row for row in study.agreement if row.scale == scale and row.measure == MACRO]
    lines = []
    for rows in _by_rater(chosen):
        found = {row.statistic: estimate_text(row.estimate) for row in rows}
        lines.append([_who(rows[0], names), *(found.get(name, NOTHING) for name in shown)])
    heading = f"Macro means of other statistics, scores {scale if scale == 'as given' else 'rounded to whole points'}"
    return "\n".join([heading, *aligned([["rater", *shown], *lines])])


def _panel_text(rows: Sequence[AgreementRow]) -> str:
    if not rows:
        return "The panel's own agreement needs two members."
    lines = []
    for (who, scale, statistic), found in groupby(rows, attrgetter("rater", "scale", "statistic")):
        estimates = [row.estimate for row in found]
        name = f"{statistic}{' of ' + _one_line(who) if who else ''}"
        lines.append([name, scale, *map(estimate_text, estimates), *_counts(estimates)])
    titles = ["statistic", "scores", *_COLUMNS, "narratives", "scores missing"]
    return "\n".join(["The panel's own agreement", *aligned([titles, *lines])])


def left_out_text(same: SameNarratives) -> str:
    """Return for whose missing scores narratives are left out of the table of the same narratives."""
    lacking = [f"{_one_line(rater)} {n:,}" for rater, n in same.lacking.items() if n]
    lacking += [f"the target {same.target_lacking:,}"] if same.target_lacking else []
    return f"Left out for missing scores: {', '.join(lacking) or 'nothing'}"


def _same_narratives_text(same: SameNarratives | None, names: Names) -> str:
    if same is None:
        return ""
    lines = []
    for rater, found in groupby(same.rows, attrgetter("rater")):
        each = list(found)
        errors = [row.error for row in each]
        lines.append([names[rater], "error", *map(estimate_text, errors), *_counts(errors)])
        apart = [row.difference for row in each if row.difference is not None]
        if apart:
            lines.append(
                [names[rater], f"less that of {names[same.first]}", *map(estimate_text, apart), *_counts(apart)]
            )
    heading = "All on the same narratives: mean absolute error where each of them and the target has a score, as given"
    table = aligned([["rater", "of", *_COLUMNS, "narratives", "scores left out"], *lines])
    return "\n".join([heading, *table, left_out_text(same)])


def _differences_text(rows: Sequence[DifferenceRow], names: Names) -> str:
    lines = []
    for (first, second), found in groupby(rows, attrgetter("first", "second")):
        estimates = [row.estimate for row in found]
        lines.append([f"{names[first]} minus {names[second]}", *map(estimate_text, estimates), *_counts(estimates)])
    if not lines:
        return ""
    heading = "Difference of mean absolute errors on what both scored: below 0 where the first is nearer"
    return "\n".join([heading, *aligned([["raters", *_COLUMNS, "narratives", "scores missing"], *lines])])


def _rankings_text(rows: Sequence[RankingRow], names: Names) -> str:
    if not rows:
        return ""
    lines = []
    for rater, found in groupby(rows, attrgetter("rater")):
        each = list(found)
        for of, estimates in (
            ("order of models, tau-b", [row.tau for row in each]),
            ("pairs within a case", [row.pairwise for row in each]),
        ):
            lines.append([names[rater], of, *map(estimate_text, estimates), *_counts(estimates)])
    heading = "Order: Kendall's tau-b of the models' means, and share of pairs of narratives of one case ordered alike"
    return "\n".join([heading, *aligned([["rater", "of", *_COLUMNS, "counted", "missing"], *lines])])


def _replacements_text(study: AlignmentStudy, names: Names) -> str:
    lines = []
    for rater, found in groupby(study.replacements, attrgetter("rater")):
        each = list(found)
        n = [member.n for row in each for member in row.outcome.raters]
        lines.append([names[rater], *map(_outcome_text, each), _span(min(n), max(n))])
    if not lines:
        return ""
    heading = (
        f"May it replace one of the panel? Alternative-annotator test, epsilon {study.epsilon:g}: winning rate | mean "
        "advantage probability, and whether the rate is at least 0.5"
    )
    note = "Narratives are taken as independent; those of one patient are not, so the test is too sure of itself."
    notes = [note] if study.n_narratives > study.n_patients else []
    if any(row.verdict == "too few" for row in study.replacements):
        notes.append("Too few: with so few patients no rater could pass, however near to the panel.")
    return "\n".join([heading, *aligned([["rater", *_COLUMNS, "narratives"], *lines]), *notes])


def _outcome_text(row: ReplacementRow) -> str:
    if row.verdict == "not tested":
        return NOTHING
    if row.verdict == "too few":
        return row.verdict
    return f"{_number(row.outcome.winning_rate)} | {_number(row.outcome.advantage_probability)} {row.verdict}"


def _groups_text(rows: Sequence[GroupRow], names: Names) -> str:
    if not rows:
        return ""
    lines, n_small = [], 0
    for row in rows:
        if row.error is None or row.bias is None:
            n_small += 1
            continue
        counts = [str(row.n_narratives), str(row.n_patients)]
        errors = [estimate_text(row.error), estimate_text(row.bias)]
        lines.append([names[row.rater], f"{row.factor}: {shortened(_one_line(row.level))}", *errors, *counts])
    heading = "Parts of the narratives, macro means"
    small = [f"{counted(n_small, 'line')} not shown: fewer than ten narratives scored"] if n_small else []
    titles = ["rater", "part", "MAE", "bias", "narratives", "patients"]
    table = aligned([titles, *lines]) if lines else []
    return "\n".join([heading, *table, *small])


def _stability_text(rows: Sequence[StabilityRow], names: Names) -> str:
    lines = [
        [
            names[row.rater], estimate_text(row.retest_exact), estimate_text(row.retest_difference),
            estimate_text(row.retest_icc), str(row.retest_exact.n), estimate_text(row.drift),
            str(row.drift.n),
        ]
        for row in rows
        if row.measure == MACRO
    ]  # fmt: skip
    heading = "Stability, macro means: a second rating of the same narrative, and drift in points per 100 narratives"
    titles = ["rater", "same score", "difference", "ICC(2,1)", "rated twice", "drift", "narratives"]
    return "\n".join([heading, *aligned([titles, *lines])])


def _worst_text(worst: Sequence[WorstCase], names: Names) -> str:
    lines = [
        [names[one.rater], _one_line(one.narrative.id), f"{one.distance:.2f}", _scores(one.given), _scores(one.wanted)]
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


def _who(row: AgreementRow, names: Names) -> str:
    """Return who a line is about."""
    return names.get(row.rater) or role_name(row)


def _by_rater(rows: Iterable[AgreementRow]) -> list[list[AgreementRow]]:
    return [list(found) for _, found in groupby(rows, attrgetter("role", "rater"))]


def _counts(estimates: Sequence[Estimate]) -> list[str]:
    """Return how many narratives count, and how many of their scores on the six dimensions are missing."""
    six = estimates[:-1]
    return [_span(min(one.n for one in six), max(one.n for one in six)), str(sum(one.n_missing for one in six))]


def _span(few: int, most: int) -> str:
    return str(few) if few == most else f"{few}-{most}"


def _one_line(name: str) -> str:
    return " ".join(name.split())


def _number(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{without_noise(value):.2f}"


def _scores(scores: Sequence[float]) -> str:
    return " ".join(_number(score) for score in scores)
