"""Scores in long form, numbered and put in one order, so that no statistic depends on the order of the rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.clusters import ClusterSums, Floats, Ints, ratios
from dermatrust.bench.results import FACTORS, NOT_RECORDED, Factor
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS
from dermatrust.store.scores import ScoreColumns

N_DIMENSIONS = len(DIMENSIONS)
Codes: TypeAlias = NDArray[np.int32]
"""Places in a list of names; half the size of the default integer, since a run has many rows."""
_Name = TypeVar("_Name", str, tuple[str, bool])
_SKIN_TYPES = ("I", "II", "III", "IV", "V", "VI")


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The scores of a run. Rows are sorted by rater, author, case, narrative and dimension.

    An answer is one narrative, or the place of one where a model has none for a case.

    Attributes:
        raters: Names, in the order in which the scores first give them. Numbers below are places in these.
        authors: The models, sorted.
        n_cases: Number of cases.
        n_clusters: Number of patients, where a case whose patient is not recorded counts as one.
        rater: Rater of each row, shape (rows,), like the next seven.
        author: Model.
        case: Case.
        answer: Number of the answer.
        dimension: Place in DIMENSIONS.
        score: Score, NaN where missing.
        unscored: Why it is missing, or None.
        reference: What the rater read beside the narrative, or None.
        is_suspected: Whether the rating is flagged as one of a text that speaks to its grader.
        is_unfamiliar: Whether it is flagged as one of a text whose like the rater never met.
        has_writing: Whether it is flagged as one by a photograph with writing in it.
        cluster_of_case: Shape (cases,), like the next.
        has_patient: Whether the case's patient is recorded.
        levels: For each factor its levels in table order, and the level of each case, shape (cases,).
        n_expected: Answers each case should have from each model, shape (cases, authors), at least 1.
        is_empty: Whether the answer is a narrative without text, shape (answers,).
        n_narratives: Narratives of each model, shape (authors,), like the next two.
        n_refused: Narratives that decline to answer.
        n_empty: Narratives without text.
    """

    raters: tuple[str, ...]
    authors: tuple[str, ...]
    n_cases: int
    n_clusters: int
    rater: Codes
    author: Codes
    case: Codes
    answer: Codes
    dimension: Codes
    score: Floats
    unscored: NDArray[np.object_]
    reference: NDArray[np.object_]
    is_suspected: NDArray[np.bool_]
    is_unfamiliar: NDArray[np.bool_]
    has_writing: NDArray[np.bool_]
    cluster_of_case: Codes
    has_patient: NDArray[np.bool_]
    levels: dict[Factor, tuple[tuple[str, ...], Ints]]
    n_expected: Ints
    is_empty: NDArray[np.bool_]
    n_narratives: Ints
    n_refused: Ints
    n_empty: Ints

    def sums(self, rows: Ints, cases: NDArray[np.bool_] | None = None) -> ClusterSums:
        """Sum the scores of some rows within patients; columns are authors x dimensions.

        Args:
            rows: Numbers of the rows.
            cases: The cases these rows belong to, shape (cases,), whose patients are then the only clusters; None for
                all patients.
        """
        clusters = (
            np.arange(self.n_clusters) if cases is None else np.unique(self.cluster_of_case[cases]).astype(np.int64)
        )
        place = np.searchsorted(clusters, self.cluster_of_case[self.case[rows]])
        sums, counts = self._totals(rows, place, len(clusters))
        return ClusterSums(clusters, sums, counts)

    def n_patients(self, cases: NDArray[np.bool_] | None = None) -> int:
        """Count the recorded patients, of all cases or of some, shape (cases,)."""
        counted = self.has_patient if cases is None else self.has_patient & cases
        return len(np.unique(self.cluster_of_case[counted]))

    def n_cases_without_patient(self, cases: NDArray[np.bool_] | None = None) -> int:
        """Count the cases whose patient is not recorded, of all cases or of some, shape (cases,)."""
        counted = ~self.has_patient if cases is None else ~self.has_patient & cases
        return int(counted.sum())

    def case_means(self, rows: Ints) -> Floats:
        """Mean score of each model per case, shape (cases, authors x dimensions); NaN where it has none."""
        return ratios(*self._totals(rows, self.case[rows], self.n_cases))

    def _totals(self, rows: Ints, place: Ints | Codes, n_places: int) -> tuple[Floats, Floats]:
        n_columns = len(self.authors) * N_DIMENSIONS
        cells = place.astype(np.int64) * n_columns + self.author[rows] * N_DIMENSIONS + self.dimension[rows]
        score = self.score[rows]
        known = ~np.isnan(score)
        size = n_places * n_columns
        sums = np.bincount(cells[known], weights=score[known], minlength=size).astype(np.float64)
        counts = np.bincount(cells[known], minlength=size).astype(np.float64)
        return sums.reshape(n_places, n_columns), counts.reshape(n_places, n_columns)


def grid_of(scores: ScoreColumns) -> Grid:
    """Number and sort the scores, of which there must be some.

    Raises:
        DataError: A narrative has two scores by one rater on one dimension, a case has two patients, or a dimension
            is none of the six.
    """
    raters, rater = numbered(scores.rater, tuple(dict.fromkeys(scores.rater)))
    authors, author = numbered(scores.author)
    cases, case = numbered(scores.case_id)
    clusters, cluster = numbered(_clusters(scores))
    narratives, narrative = numbered("" if name is None else name for name in scores.narrative_id)
    dimension = _dimensions(scores.dimension)
    key = (author.astype(np.int64) * len(cases) + case) * max(len(narratives), 1) + narrative
    answer = np.unique(key, return_inverse=True)[1].astype(np.int32)
    del key, narrative
    order = np.lexsort((dimension, answer, rater))
    _refuse_doubles((rater, answer, dimension), scores, order)
    first_of_answer = order[np.unique(answer[order], return_index=True)[1]]
    first_of_case = order[np.unique(case[order], return_index=True)[1]]
    _refuse_two_patients(cluster, cluster[first_of_case][case], scores)
    cluster_of_case = cluster[first_of_case]
    return Grid(
        raters=raters,
        authors=authors,
        n_cases=len(cases),
        n_clusters=len(clusters),
        rater=rater[order],
        author=author[order],
        case=case[order],
        answer=answer[order],
        dimension=dimension[order],
        score=np.asarray(scores.score, dtype=np.float64)[order],
        unscored=scores.unscored[order],
        reference=scores.reference[order],
        is_suspected=scores.injection_suspected[order],
        is_unfamiliar=scores.unfamiliar_text[order],
        has_writing=scores.writing_in_image[order],
        cluster_of_case=cluster_of_case,
        has_patient=np.array([is_patient for _, is_patient in clusters], dtype=np.bool_)[cluster_of_case],
        levels={factor: _levels(factor, scores, first_of_case) for factor in FACTORS},
        is_empty=scores.empty[first_of_answer],
        **_answer_counts(scores, case, author, first_of_answer),
    )


def _clusters(scores: ScoreColumns) -> Iterator[tuple[str, bool]]:
    """Yield each row's patient, or its case where nobody recorded the patient, and whether it is a patient.

    The name alone would not do: a case and a patient may share it.
    """
    known: dict[tuple[str, bool], tuple[str, bool]] = {}
    for patient, case in zip(scores.patient_id, scores.case_id, strict=True):
        cluster = (case, False) if patient is None else (patient, True)
        yield known.setdefault(cluster, cluster)


def _answer_counts(scores: ScoreColumns, case: Codes, author: Codes, first_of_answer: Ints) -> dict[str, Ints]:
    """Count the answers, given the first row of each."""
    n_cases, n_authors = int(case.max()) + 1, int(author.max()) + 1
    answers = np.zeros((n_cases, n_authors), dtype=np.int64)
    np.add.at(answers, (case[first_of_answer], author[first_of_answer]), 1)
    narratives = first_of_answer[[scores.narrative_id[row] is not None for row in first_of_answer]]

    def count(rows: Ints) -> Ints:
        return np.bincount(author[rows], minlength=n_authors).astype(np.int64)

    return {
        "n_expected": np.maximum(answers, 1),
        "n_narratives": count(narratives),
        "n_refused": count(narratives[scores.refused[narratives]]),
        "n_empty": count(narratives[scores.empty[narratives]]),
    }


def numbered(names: Iterable[_Name], ordered: tuple[_Name, ...] | None = None) -> tuple[tuple[_Name, ...], Codes]:
    """Return the distinct names, sorted unless their order is given, and the place of each name among them.

    Example:
        >>> names, places = numbered(["b", "a", "b"])
        >>> names, places.tolist()
        (('a', 'b'), [1, 0, 1])
    """
    listed = list(names)
    distinct = tuple(sorted(set(listed))) if ordered is None else ordered
    place = {name: i for i, name in enumerate(distinct)}
    return distinct, np.fromiter(map(place.__getitem__, listed), dtype=np.int32, count=len(listed))


def _dimensions(names: NDArray[np.object_]) -> Codes:
    place = {dimension.value: i for i, dimension in enumerate(DIMENSIONS)}
    unknown = sorted(map(str, set(names) - place.keys()))
    if unknown:
        raise DataError("scores", f"dimension {unknown[0]!r} is unknown", f"one of {', '.join(place)}")
    return np.fromiter(map(place.__getitem__, names), dtype=np.int32, count=len(names))


def _refuse_doubles(keys: tuple[Codes, ...], scores: ScoreColumns, order: Ints) -> None:
    same = np.ones(len(order) - 1, dtype=np.bool_)
    for key in keys:
        same &= np.diff(key[order]) == 0
    doubled = np.flatnonzero(same)
    if doubled.size:
        row = order[doubled[0]]
        what = f"{scores.rater[row]} has two scores of {scores.author[row]} on {scores.dimension[row]}"
        raise DataError("scores", f"case {scores.case_id[row]}: {what}", "one", "Merge each run once.")


def _refuse_two_patients(cluster: Codes, expected: Codes, scores: ScoreColumns) -> None:
    wrong = np.flatnonzero(cluster != expected)
    if wrong.size:
        case = min(scores.case_id[wrong])
        found = sorted({name or "(not recorded)" for name in scores.patient_id[scores.case_id == case]})
        raise DataError("scores", f"case {case} belongs to patients {found[0]} and {found[1]}", "one patient")


def _levels(factor: Factor, scores: ScoreColumns, first_of_case: Ints) -> tuple[tuple[str, ...], Ints]:
    """Return the factor's levels, most cases first and "not recorded" last, and the level of each case."""
    column = {"category": scores.category, "skin type": scores.fitzpatrick, "site": scores.site}[factor]
    names = [_level(value) for value in column[first_of_case]]
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    ordered = tuple(sorted(counts, key=lambda name: (name == NOT_RECORDED, -counts[name], name)))
    place = {name: i for i, name in enumerate(ordered)}
    return ordered, np.array([place[name] for name in names], dtype=np.int64)


def _level(value: Any) -> str:
    if value is None or value != value:
        return NOT_RECORDED
    return value if isinstance(value, str) else _SKIN_TYPES[int(value) - 1]
