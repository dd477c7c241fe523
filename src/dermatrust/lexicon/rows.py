"""Reading the lexicon's CSV tables so that every error names file and line."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dermatrust.errors import DataError


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: its cells by column, and where it stands."""

    where: str
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def listed(self, column: str) -> tuple[str, ...]:
        """Return the parts of a cell that lists several things separated by "|"."""
        return tuple(part for piece in self.cells[column].split("|") if (part := piece.strip()))

    def one_of(self, column: str, allowed: tuple[str, ...]) -> str:
        """Return a cell that must be one of a few words."""
        if self.cells[column] not in allowed:
            raise DataError(self.where, f"{column} is {self.cells[column]!r}", f"one of {', '.join(allowed)}")
        return self.cells[column]


def read_table(path: Path, columns: tuple[str, ...], *, may_be_empty: tuple[str, ...] = ()) -> Iterator[Row]:
    """Yield the rows of a CSV table with exactly these columns.

    Args:
        path: The table. Lines that begin with "#" are comments.
        columns: The columns it must have, in this order.
        may_be_empty: The columns whose cells may be left empty; every other cell must say something.

    Raises:
        DataError: The file is missing, not UTF-8, has other columns, or a row has too few, too many or empty cells.
    """
    lines = _lines(path)
    reader = csv.reader((text for _, text in lines), strict=True)
    header_seen = False
    while True:
        where = f"{path} line {lines[reader.line_num][0]}" if reader.line_num < len(lines) else str(path)
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise DataError(where, f"is not CSV ({error})") from None
        if header_seen:
            yield _row(where, cells, columns, may_be_empty)
        elif tuple(cells) != columns:
            raise DataError(where, f"the columns are {', '.join(cells)}", ", ".join(columns))
        header_seen = True
    if not header_seen:
        raise DataError(str(path), "holds no header", ", ".join(columns))


def _lines(path: Path) -> list[tuple[int, str]]:
    if not path.is_file():
        raise DataError(str(path), "there is no such table", do="Copy the packaged one and change it.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        number = path.read_bytes()[: error.start].count(b"\n") + 1
        raise DataError(f"{path} line {number}", "is not UTF-8", do="Save the table as UTF-8.") from None
    lines = enumerate(text.splitlines(keepends=True), 1)
    return [(number, line) for number, line in lines if line.strip() and not line.startswith("#")]


def _row(where: str, cells: list[str], columns: tuple[str, ...], may_be_empty: tuple[str, ...]) -> Row:
    if len(cells) != len(columns):
        raise DataError(where, f"has {len(cells)} cells", f"{len(columns)} ({', '.join(columns)})")
    row = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
    for column in columns:
        if not row[column] and column not in may_be_empty:
            raise DataError(where, f"{column} is empty", do="Fill it in or delete the row.")
    return Row(where, row)
