"""Graded outputs of LiveMedBench in the authors' form: an object a case, with "case_id" and "evaluations".

Reference: Yan et al. (2026), https://arxiv.org/abs/2602.10367.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Played, Row
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.scorers.rubric import MET, UNMET

POINTS = "points met"
"""What a record's own points add up to."""


def recorded_grades(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield every case with its grades in the authors' form, matched by the criterion's words.

    A case without grades is one that the model did not answer. The file holds no replies.

    Raises:
        DataError: A row is no graded case, or one of its criteria has no score.
    """
    graded = {name: grades for where, row in read_rows(path) for name, grades in [_grades(row, where)]}
    for item in items:
        yield item, _played(item, graded[item.id]) if item.id in graded else None


def _grades(row: Row, where: str) -> tuple[str, list[dict[str, Any]]]:
    grades = row.get("evaluations")
    if "case_id" not in row or not isinstance(grades, dict):
        raise DataError(where, "holds no graded case", "an object with case_id and evaluations")
    known = [one for one in grades.values() if isinstance(one, dict) and one.get("criterion")]
    if not all(isinstance(one.get("score"), int | float) for one in known):
        raise DataError(where, "holds a criterion without a score", "a score of 0 or 1 for each")
    return str(row["case_id"]), known


def _played(item: Item, grades: Sequence[Mapping[str, Any]]) -> Played:
    """Return the grades of a case; where several criteria have the same words, their grades count in order."""
    if not grades:
        return Played(reply="")
    said: dict[str, list[str]] = defaultdict(list)
    for one in grades:
        said[one["criterion"]].append(MET if one["score"] else UNMET)
    verdicts = {}
    for number, criterion in enumerate(item.known["criteria"], 1):
        left = said.get(criterion.text, [])
        verdicts[str(number)] = (left.pop(0) if len(left) > 1 else left[0]) if left else None
    texts = {criterion.text for criterion in item.known["criteria"]}
    own = [one.get("weighted_score") for one in grades if one["criterion"] in texts]
    points = math.fsum(one for one in own if isinstance(one, int | float))
    return Played(reply="(not recorded)", verdicts=verdicts, numbers={POINTS: points})
