"""All cases of a run as one table to look through: what each scored, and where its raters disagree."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermatrust.bench.grid import numbered
from dermatrust.bench.results import NOT_RECORDED
from dermatrust.report.views import skin_type_text
from dermatrust.store.scores import ScoreColumns

ORDERS = {
    "lowest": "Lowest mean first",
    "highest": "Highest mean first",
    "apart": "Raters farthest apart first",
    "missing": "Most scores missing first",
    "case": "By case id",
}
"""In which orders cases can be shown."""
PAGE = 50
"""Cases on a page."""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case.

    Attributes:
        id: Its id.
        category: What the source says of it, like the next two; "not recorded" where it says nothing.
        skin_type: Fitzpatrick's, in Roman numerals.
        site: On the body.
        mean: Over all models, raters and dimensions; NaN without a score.
        apart: The largest difference of two raters' scores of one narrative on one dimension; NaN where no two scored
            the same.
        n_missing: Scores missing.
    """

    id: str
    category: str
    skin_type: str
    site: str
    mean: float
    apart: float
    n_missing: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases somebody wants to see; an empty text leaves a filter out.

    Attributes:
        category: The case's.
        skin_type: The case's.
        site: The case's.
        at_most: Highest mean score.
        text: Part of the case's id; capitals and small letters are the same.
        order: A key of `ORDERS`.
        page: From 1.
    """

    category: str = ""
    skin_type: str = ""
    site: str = ""
    at_most: float = 5.0
    text: str = ""
    order: str = "lowest"
    page: int = 1


@dataclass(frozen=True, slots=True)
class CaseTable:
    """All cases of a run, by id."""

    rows: Mapping[str, CaseRow]

    def levels(self, factor: str) -> list[str]:
        """Return the values that `category`, `skin_type` or `site` has, "not recorded" last."""
        found = {getattr(row, factor) for row in self.rows.values()}
        return sorted(found, key=lambda level: (level == NOT_RECORDED, level))

    def wanted(self, wanted: Wanted) -> list[CaseRow]:
        """Return all cases wanted, in the order wanted; those without a number come last."""
        text = wanted.text.casefold()
        chosen = [
            row
            for row in self.rows.values()
            if all(not (asked := getattr(wanted, name)) or getattr(row, name) == asked
                   for name in ("category", "skin_type", "site"))
            and text in row.id.casefold()
            and not row.mean > wanted.at_most
        ]  # fmt: skip
        return sorted(chosen, key=lambda row: (*_rank(row, wanted.order), row.id))


def _rank(row: CaseRow, order: str) -> tuple[bool, float]:
    value = {
        "lowest": row.mean, "highest": -row.mean, "apart": -row.apart, "missing": -float(row.n_missing), "case": 0.0,
    }[order]  # fmt: skip
    return value != value, 0.0 if value != value else value


def case_table(scores: ScoreColumns) -> CaseTable:
    """Return the cases of a run's scores."""
    ids, case = numbered(scores.case_id)
    known = ~np.isnan(scores.score)
    n = np.bincount(case, minlength=len(ids))
    n_known = np.bincount(case[known], minlength=len(ids))
    totals = np.bincount(case[known], weights=scores.score[known], minlength=len(ids))
    means = np.divide(totals, n_known, out=np.full(len(ids), np.nan), where=n_known > 0)
    apart = _apart(scores, case, len(ids))
    first = np.zeros(len(ids), dtype=np.int64)
    first[case[::-1]] = np.arange(len(case))[::-1]
    rows = {
        name: CaseRow(
            id=name,
            category=scores.category[row] or NOT_RECORDED,
            skin_type=NOT_RECORDED
            if np.isnan(scores.fitzpatrick[row])
            else skin_type_text(int(scores.fitzpatrick[row])),
            site=scores.site[row] or NOT_RECORDED,
            mean=float(means[k]),
            apart=float(apart[k]),
            n_missing=int(n[k] - n_known[k]),
        )
        for k, (name, row) in enumerate(zip(ids, first, strict=True))
    }
    return CaseTable(rows)


def _apart(scores: ScoreColumns, case: NDArray[np.int32], n_cases: int) -> NDArray[np.float64]:
    """Return, for every case, how far two raters are apart on the same narrative and dimension at most."""
    authors, author = numbered(scores.author)
    dimensions, dimension = numbered(scores.dimension)
    cell = (case.astype(np.int64) * len(authors) + author) * len(dimensions) + dimension
    known = ~np.isnan(scores.score)
    size = n_cases * len(authors) * len(dimensions)
    lowest, highest = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(lowest, cell[known], scores.score[known])
    np.maximum.at(highest, cell[known], scores.score[known])
    several = np.bincount(cell[known], minlength=size) > 1
    ranges = np.where(several, highest - np.where(several, lowest, 0.0), -np.inf).reshape(n_cases, -1).max(axis=1)
    return np.where(np.isinf(ranges), np.nan, ranges)
