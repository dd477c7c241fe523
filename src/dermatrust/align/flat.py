"""An alignment study as flat records, for spreadsheets and programs."""

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

from dermatrust.align.details import StudyDetails
from dermatrust.align.results import AlignmentStudy
from dermatrust.align.text import compared_with, role_name
from dermatrust.bench.results import Estimate, Measure
from dermatrust.records import DIMENSIONS

COLUMNS = (
    "table", "rater", "role", "against", "scale", "statistic", "factor", "level", "measure", "value", "low", "high",
    "n", "n_missing", "n_patients",
)  # fmt: skip
"""Every record has all of these; what does not apply, or is undefined, is None (empty in CSV)."""
WORST_COLUMNS = (
    "rater", "narrative_id", "case_id", "author", "images", "distance", "text",
    *(f"{name}_{dimension.value}" for dimension in DIMENSIONS for name in ("given", "wanted")),
)  # fmt: skip


def study_records(study: AlignmentStudy, details: StudyDetails | None = None) -> list[dict[str, Any]]:
    """Return all numbers of a study, and of its details if given, not rounded, as records with `COLUMNS` as keys."""
    parts = [
        _agreement(study),
        _same_narratives(study),
        _models(study),
        _replacements(study),
        _groups(study),
        _stability(study),
    ]
    if details is not None:
        parts += [_confusions(details), _confidence(details), _gaps(details), _within(details)]
    return [{name: _known(record.get(name)) for name in COLUMNS} for part in parts for record in part]


def study_csv(study: AlignmentStudy, details: StudyDetails | None = None) -> str:
    """Return `study_records` as CSV (RFC 4180), with a header line."""
    return _csv(COLUMNS, study_records(study, details))


def worst_csv(study: AlignmentStudy) -> str:
    """Return the worst narratives with their texts and images as CSV, with a header line."""
    rows = []
    for one in study.worst:
        about = {"rater": one.rater, "narrative_id": one.narrative.id, "case_id": one.narrative.case_id}
        about |= {"author": one.narrative.author, "images": " ".join(one.images), "text": one.narrative.text}
        scores = {f"given_{d.value}": _known(score) for d, score in zip(DIMENSIONS, one.given, strict=True)}
        scores |= {f"wanted_{d.value}": _known(score) for d, score in zip(DIMENSIONS, one.wanted, strict=True)}
        rows.append({**about, "distance": one.distance, **scores})
    return _csv(WORST_COLUMNS, rows)


def _agreement(study: AlignmentStudy) -> Iterator[dict[str, Any]]:
    for table, rows in (("agreement", study.agreement), ("panel", study.within_panel)):
        for row in rows:
            rater, against = row.rater or None, None
            if table == "agreement":
                rater, against = role_name(row), compared_with(study, row.role)
            about = {"table": table, "rater": rater, "role": row.role, "against": against, "scale": row.scale}
            yield {**about, "statistic": row.statistic, **_estimate(row.measure, row.estimate)}
    for pair in study.differences:
        about = {"table": "difference", "rater": pair.first, "against": pair.second, "statistic": "MAE"}
        yield {**about, **_estimate(pair.measure, pair.estimate)}


def _same_narratives(study: AlignmentStudy) -> Iterator[dict[str, Any]]:
    same = study.same_narratives
    for row in same.rows if same else ():
        about = {"table": "same narratives", "rater": row.rater, "statistic": "MAE"}
        yield {**about, "against": compared_with(study, "automatic"), **_estimate(row.measure, row.error)}
        if same and row.difference is not None:
            less = {"statistic": "MAE, less the first's", "against": same.first}
            yield {**about, **less, **_estimate(row.measure, row.difference)}


def _models(study: AlignmentStudy) -> Iterator[dict[str, Any]]:
    for row in study.rankings:
        about = {"table": "ranking", "rater": row.rater}
        yield {**about, "statistic": "order of models, tau-b", **_estimate(row.measure, row.tau)}
        yield {**about, "statistic": "pairs within a case", **_estimate(row.measure, row.pairwise)}


def _replacements(study: AlignmentStudy) -> Iterator[dict[str, Any]]:
    for row in study.replacements:
        about = {"table": "replacement", "rater": row.rater, "measure": _name(row.measure)}
        rate = math.nan if row.verdict == "too few" else row.outcome.winning_rate
        yield {**about, "statistic": "winning rate", "level": row.verdict, "value": rate}
        yield {**about, "statistic": "mean advantage probability", "value": row.outcome.advantage_probability}
        for member, one in zip(study.panel, row.outcome.raters, strict=True):
            p = {"statistic": "p, Benjamini-Yekutieli", "value": one.p_adjusted, "n": one.n}
            yield {**about, "against": member.id, **p}


def _groups(study: AlignmentStudy) -> Iterator[dict[str, Any]]:
    for row in study.groups:
        about = {"table": "part", "rater": row.rater, "factor": row.factor, "level": row.level, "measure": "macro"}
        for name, estimate in (("MAE", row.error), ("bias", row.bias)):
            ends = {"n": row.n_narratives} if estimate is None else _estimate("macro", estimate)
            yield {**about, "statistic": name, **ends, "n_patients": row.n_patients}


def _stability(study: AlignmentStudy) -> Iterator[dict[str, Any]]:
    for row in study.stability:
        for name, estimate in (
            ("retest, same score", row.retest_exact),
            ("retest, MAE", row.retest_difference),
            ("retest, ICC(2,1)", row.retest_icc),
            ("drift, points per 100", row.drift),
        ):
            yield {"table": "stability", "rater": row.rater, "statistic": name, **_estimate(row.measure, estimate)}


def _confusions(details: StudyDetails) -> Iterator[dict[str, Any]]:
    """Yield the counts of the tables of rounded scores: factor and level are the target's and the rater's score."""
    for one in details.dimensions:
        about = {"table": "confusion", "rater": one.rater, "scale": "rounded", "measure": _name(one.dimension)}
        for wanted, row in enumerate(one.confusion):
            for given, n in enumerate(row):
                yield {**about, "statistic": "narratives", "factor": wanted, "level": given, "value": n}


def _confidence(details: StudyDetails) -> Iterator[dict[str, Any]]:
    for row in details.confidence:
        about = {"table": "confidence", "rater": row.rater, "measure": _name(row.measure), "n": row.excess.n}
        for name, value in (("stated", row.stated), ("right", row.right), ("ECE", row.ece)):
            yield {**about, "statistic": name, "value": value}
        estimates = {"stated less right": row.excess, "MAE of the surest half less that of all": row.gain}
        names = ("surest quarter", "surest half", "all")
        estimates |= {f"MAE, {name}": one for name, one in zip(names, row.errors, strict=True)}
        for name, one in estimates.items():
            yield {**about, "statistic": name, **_estimate(row.measure, one)}


def _gaps(details: StudyDetails) -> Iterator[dict[str, Any]]:
    for row in details.gaps:
        about = {"table": "gap", "rater": row.rater, "factor": row.factor, "level": f"{row.highest} - {row.lowest}"}
        yield {**about, "statistic": row.statistic, **_estimate("macro", row.gap)}
        yield {**about, "statistic": f"{row.statistic}, by chance up to", "measure": "macro", "value": row.chance}


def _within(details: StudyDetails) -> Iterator[dict[str, Any]]:
    for row in details.within:
        about = {"table": "gap within a label", "rater": row.rater, "factor": row.factor}
        counts = {"level": f"{row.level} - {row.beside}", "n": row.n_level + row.n_beside}
        for name, one in (("MAE", row.error), ("bias", row.bias)):
            yield {**about, "statistic": name, **({} if one is None else _estimate("macro", one)), **counts}


def _estimate(measure: Measure, one: Estimate) -> dict[str, Any]:
    numbers = {"value": one.value, "low": one.low, "high": one.high, "n": one.n, "n_missing": one.n_missing}
    return {"measure": _name(measure), **numbers}


def _name(measure: Measure) -> str:
    return str(getattr(measure, "value", measure))


def _known(value: Any) -> Any:
    """Return a value, None for NaN, which neither JSON nor a spreadsheet knows."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _csv(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, columns)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
