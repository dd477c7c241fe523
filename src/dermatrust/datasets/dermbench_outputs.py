"""Outputs in DermBench's own row formats: candidates by a model, and what a judge said about them.

Candidates  {id, model, candidate_text}
Judged      {id, candidate_model, judge_model, scores, missing_metrics, judge_text}
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from dermatrust.datasets.imported import Imported
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Dimension, Narrative, Rating, Record, Unscored, iter_lines
from dermatrust.records.record import Name, Text

_DIMENSIONS = {name: d for d in DIMENSIONS for name in (d.value, d.title)}
"""The six names as the release prints them and as we write them. No other name is guessed at."""


class CandidateRow(Record):
    """One candidate narrative in the release's format."""

    id: Name
    model: Name
    candidate_text: Text


class JudgedRow(Record):
    """One verdict in the release's format."""

    id: Name
    candidate_model: Name
    judge_model: Name
    scores: dict[str, Any]
    missing_metrics: tuple[str, ...] = ()
    judge_text: Text = ""


def released_narrative_id(case_id: str, model: str) -> str:
    """Return the id that ties a candidate row to its judged row: the release has one text per case and model."""
    return f"{case_id}:{model}"


def read_candidates(path: Path) -> Iterator[Narrative]:
    """Yield the candidate narratives of one file, in order.

    Raises:
        DataError: A row is malformed, or a model has two texts for one case.
    """
    seen: dict[str, str] = {}
    for where, line in iter_lines(path):
        row = CandidateRow.from_line(line, where=where)
        narrative_id = released_narrative_id(row.id, row.model)
        _only_once(narrative_id, f"{row.model} has already a text for {row.id}", seen, where)
        fields = {"id": narrative_id, "case_id": row.id, "text": row.candidate_text, "author": row.model}
        yield Narrative.from_fields(fields, where=where)


def read_judged(path: Path) -> Iterator[Rating]:
    """Yield the ratings of one file, in order; a missing metric becomes `Unscored` with the judge's raw text.

    Raises:
        DataError: A row is malformed, a score is off the scale or under another name, a metric is neither scored
            nor missing, or a judge rates one narrative twice.
    """
    seen: dict[str, str] = {}
    for where, line in iter_lines(path):
        row = JudgedRow.from_line(line, where=where)
        narrative_id = released_narrative_id(row.id, row.candidate_model)
        taken = f"{row.judge_model} has already judged {row.candidate_model} on {row.id}"
        _only_once(f"{row.judge_model}\0{narrative_id}", taken, seen, where)
        yield _rating(row, narrative_id, where)


def _only_once(key: str, what: str, seen: dict[str, str], where: str) -> None:
    if key in seen:
        raise DataError(where, f"{what}, in {seen[key]}", "one row for each", "Remove one of the two.")
    seen[key] = where


def _rating(row: JudgedRow, narrative_id: str, where: str) -> Rating:
    given = [_dimension(name, where) for name in row.scores]
    doubled = [d.title for d in given if given.count(d) > 1]
    if doubled:
        raise DataError(where, f"{doubled[0]} is scored twice", "each dimension once")
    scores = {d: value for d, value in zip(given, row.scores.values(), strict=True) if value is not None}
    missing = {_dimension(name, where) for name in row.missing_metrics} | (set(given) - scores.keys())
    for dimension, value in scores.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise DataError(where, f"{dimension.value} is {value!r}", "a number from 0 to 5")
    fields = {
        "narrative_id": narrative_id,
        "rater": row.judge_model,
        "scores": scores,
        "unscored": {d: Unscored(reason="missing", raw=row.judge_text) for d in missing},
        "critique": row.judge_text,
    }
    return Rating.from_fields(fields, where=where)


def _dimension(name: str, where: str) -> Dimension:
    if name not in _DIMENSIONS:
        raise DataError(where, f"there is no dimension {name!r}", ", ".join(d.title for d in DIMENSIONS))
    return _DIMENSIONS[name]


def with_outputs(release: Imported, candidates: Path | None, judged: Path | None) -> Imported:
    """Return the release with the candidates and ratings of these files.

    Raises:
        DataError: A candidate is about no case of the release, or a rating about no candidate.
    """
    narratives = tuple(read_candidates(candidates)) if candidates else ()
    ratings = tuple(read_judged(judged)) if judged else ()
    case_ids = {case.id for case in release.cases}
    narrative_ids = {narrative.id for narrative in narratives}
    for narrative in narratives:
        if narrative.case_id not in case_ids:
            raise DataError(str(candidates), f"holds a text for {narrative.case_id!r}", "cases of the release only")
    for rating in ratings:
        if rating.narrative_id not in narrative_ids:
            what = f"holds a verdict on {rating.narrative_id!r}"
            raise DataError(str(judged), what, "candidates that are imported too", "Give their file with --candidates.")
    return replace(release, narratives=narratives, ratings=ratings)
