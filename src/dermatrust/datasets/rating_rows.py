"""The rows of a table of ratings, cell by cell: numbers, decimal commas, and cells that are neither."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dermatrust.datasets.faults import Faults
from dermatrust.datasets.rating_columns import SCORED, RatingColumns
from dermatrust.errors import shown
from dermatrust.records import HIGHEST_SCORE, LOWEST_SCORE, Dimension

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")
_A_SCORE = f"a number from {LOWEST_SCORE:g} to {HIGHEST_SCORE:g}, or an empty cell for a score that was not given"
_MOST_YEARS = 80


@dataclass(frozen=True, slots=True)
class RatedRow:
    """What one row says.

    Attributes:
        line: Its first line in the file.
        cells: Name of ours to text, without empty cells.
        scores: The scores it gives.
        draw: Which repeat of the rating it is.
        years: The rater's years in practice.
    """

    line: int
    cells: Mapping[str, str]
    scores: Mapping[Dimension, float]
    draw: int
    years: float | None


def rated_rows(
    rows: Iterator[tuple[str, list[str]]], columns: RatingColumns, faults: Faults, *, has_commas: bool
) -> Iterator[RatedRow]:
    """Yield the rows that can be read; what is wrong with the others goes to `faults`.

    Args:
        rows: ("file line N", fields), the header no longer among them.
        columns: What the fields are.
        faults: Takes every bad cell.
        has_commas: Whether a comma may stand in a number: not where it separates the columns.
    """
    for where, fields in rows:
        line = int(where.rpartition(" ")[2])
        if not any(field.strip() for field in fields):
            continue
        if len(fields) != columns.width:
            do = "Put quotes around a text that holds a separator."
            faults.add(line, f"has {len(fields)} fields", f"{columns.width}, as in the header", do)
            continue
        if any("\0" in field for field in fields):
            faults.add(line, "holds a NUL character", do="Remove it: no file of ours can hold it.")
            continue
        reader = _Cells(line, fields, columns, faults, has_commas)
        row = RatedRow(line, reader.cells, reader.scores(), reader.draw(), reader.years())
        if not reader.is_faulty:
            yield row


class _Cells:
    """The cells of one row."""

    def __init__(
        self, line: int, fields: Sequence[str], columns: RatingColumns, faults: Faults, has_commas: bool
    ) -> None:
        self.cells = {name: fields[k].strip() for name, k in columns.places.items() if fields[k].strip()}
        self.is_faulty = False
        self._line = line
        self._columns = columns
        self._faults = faults
        self._has_commas = has_commas

    def scores(self) -> dict[Dimension, float]:
        if not self._columns.is_long:
            found = {Dimension(name): self._score(name) for name in SCORED if name in self.cells}
        else:
            dimension, score = self._dimension(), self._score("score")
            found = {} if dimension is None else {dimension: score}
        return {dimension: score for dimension, score in found.items() if score is not None}

    def draw(self) -> int:
        text = self.cells.get("draw", "0")
        if not re.fullmatch("[0-9]{1,9}", text):
            self._refuse("draw", "a whole number from 0 on", "Leave it out where nobody rated twice.")
            return 0
        return int(text)

    def years(self) -> float | None:
        found = self._number("years")
        if "years" in self.cells and (found is None or not 0 <= found <= _MOST_YEARS):
            self._refuse("years", f"a number from 0 to {_MOST_YEARS}, or an empty cell", self._hint("years"))
        return found

    def _dimension(self) -> Dimension | None:
        name = re.sub(r"[\s_-]+", "_", self.cells.get("dimension", "").casefold())
        if name not in SCORED:
            self._refuse("dimension", f"one of {', '.join(SCORED)}", "Correct the cell.")
            return None
        return Dimension(name)

    def _score(self, name: str) -> float | None:
        found = self._number(name)
        if name in self.cells and (found is None or not LOWEST_SCORE <= found <= HIGHEST_SCORE):
            self._refuse(name, _A_SCORE, self._hint(name))
        return found

    def _number(self, name: str) -> float | None:
        text = self.cells.get(name, "")
        text = text.replace(",", ".") if self._has_commas and text.count(",") == 1 else text
        return float(text) + 0.0 if _NUMBER.fullmatch(text) else None  # no -0

    def _hint(self, name: str) -> str:
        point = self.cells[name].replace(",", ".", 1)
        return f"Write {point}." if _NUMBER.fullmatch(point) and "," in self.cells[name] else "Correct the cell."

    def _refuse(self, name: str, expected: str, do: str) -> None:
        self.is_faulty = True
        what = f"{self._columns.headers[name]} is {shown(self.cells.get(name, ''))}"
        self._faults.add(self._line, what, expected, do)
