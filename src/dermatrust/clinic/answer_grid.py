"""Answers as a grid: cases down, models and arms across, so that arms are compared case by case."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.clusters import Floats, Ints
from dermatrust.errors import DataError
from dermatrust.store.answers import AnswerColumns

NOBODY = -1


class Place(NamedTuple):
    """One column of the grid."""

    model: str
    arm: str
    image_arm: str


@dataclass(frozen=True)
class AnswerGrid:
    """Where each answer of a study stands.

    Attributes:
        answers: The rows.
        places: The columns of the grid: models, arms and image arms in the order in which rows first give them.
        rows: Number of the row of each case (down) at each place (across); `NOBODY` where there is none.
        cluster: Number of each case's patient.
        n_clusters: Patients, cases without a recorded one counted each.
    """

    answers: AnswerColumns
    places: tuple[Place, ...]
    rows: Ints
    cluster: Ints
    n_clusters: int

    @property
    def n_cases(self) -> int:
        """Cases of the grid."""
        return len(self.rows)

    @cached_property
    def first_rows(self) -> Ints:
        """A row of each case, for what all its rows say alike."""
        found: Ints = self.rows.max(axis=1)
        return found

    @cached_property
    def is_missing(self) -> NDArray[np.bool_]:
        """Of every row, whether no reply came."""
        return np.array([failure is not None for failure in self.answers.failure], dtype=np.bool_)

    def column(self, name: str, place: int) -> Floats:
        """Return a column of numbers or flags at one place, case by case; NaN where there is no answer."""
        values: NDArray[Any] = getattr(self.answers, name)
        rows = self.rows[:, place]
        found = np.where(rows == NOBODY, np.nan, values[rows].astype(np.float64))
        found[self._no_answer(place)] = np.nan
        return found

    def texts(self, name: str, place: int) -> NDArray[np.object_]:
        """Return a column of texts at one place, case by case; None where there is no answer."""
        values: NDArray[np.object_] = getattr(self.answers, name)
        found = values[self.rows[:, place]].copy()
        found[self._no_answer(place)] = None
        return found

    def has_answer(self, place: int) -> NDArray[np.bool_]:
        """Return of each case whether there is an answer at a place."""
        return ~self._no_answer(place)

    def _no_answer(self, place: int) -> NDArray[np.bool_]:
        rows = self.rows[:, place]
        found: NDArray[np.bool_] = (rows == NOBODY) | self.is_missing[rows]
        return found


def answer_grid(answers: AnswerColumns) -> AnswerGrid:
    """Return the grid of some answers.

    Raises:
        DataError: There are none, or a case has two answers of one model in one arm.
    """
    if not len(answers):
        raise DataError("answers", "there are none", "at least one case with a truth")
    case_number, n_cases, first_of_case = _numbered(answers.case_id)
    keys = list(map(Place, answers.model, answers.arm, answers.image_arm))
    place_number = {place: number for number, place in enumerate(_ordered(keys))}
    places = np.array([place_number[key] for key in keys], dtype=np.int64)
    rows = np.full((n_cases, len(place_number)), NOBODY, dtype=np.int64)
    rows[case_number, places] = np.arange(len(answers))
    twice = np.flatnonzero(rows[case_number, places] != np.arange(len(answers)))
    if twice.size:
        where = f"case {answers.case_id[twice[0]]!r}"
        raise DataError(where, f"has two answers of {', '.join(keys[twice[0]])}", "one answer in each arm")
    patients = [
        f"case {answers.case_id[row]}" if answers.patient_id[row] is None else f"patient {answers.patient_id[row]}"
        for row in first_of_case
    ]
    cluster, n_clusters, _ = _numbered(patients)
    return AnswerGrid(answers, tuple(place_number), rows, cluster, n_clusters)


def _ordered(keys: Iterable[Place]) -> list[Place]:
    """Return the distinct places by model, arm and image arm, each in the order of its first row."""
    distinct = list(dict.fromkeys(keys))
    order = [{name: k for k, name in enumerate(dict.fromkeys(names))} for names in zip(*distinct, strict=True)]
    return sorted(distinct, key=lambda place: tuple(known[name] for known, name in zip(order, place, strict=True)))


def _numbered(names: Iterable[Any]) -> tuple[Ints, int, list[int]]:
    """Return each name's number by first appearance, how many there are, and where each appears first."""
    known: dict[Any, int] = {}
    first: list[int] = []
    numbers = []
    for row, name in enumerate(names):
        number = known.setdefault(name, len(known))
        if number == len(first):
            first.append(row)
        numbers.append(number)
    return np.array(numbers, dtype=np.int64), len(known), first
