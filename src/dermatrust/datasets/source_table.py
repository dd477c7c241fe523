"""The tables of published datasets: CSV with known columns, and many ways to write that a value is missing."""

import csv
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

from dermatrust.datasets.own_tables import csv_separator
from dermatrust.errors import DataError

Row = dict[str, str]


def source_rows(
    path: Path, columns: Sequence[str], *, dataset: str, ids: Sequence[str] = (), missing: Collection[str] = ("",)
) -> Iterator[tuple[str, Row]]:
    """Yield ("name line N", row) for every row; values without the spaces around them, missing ones left out.

    Args:
        path: The table.
        columns: Those it must have. It may have others, and they are read too.
        dataset: What to call the dataset in an error.
        ids: Columns that may not be missing.
        missing: How the source writes a missing value.

    Raises:
        DataError: There is no such table, or it is not CSV in UTF-8 with these columns.
    """
    if not path.is_file():
        do = f"Give the folder that holds the dataset's {path.name}."
        raise DataError(str(path.parent), f"there is no {path.name} in it", do=do)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter=csv_separator(path))
        try:
            lacking = [name for name in columns if name not in (reader.fieldnames or ())]
            if lacking:
                expected = f"the columns of {dataset}, {', '.join(columns)} among them"
                what = f"has no column {', '.join(lacking)}" if reader.fieldnames else "is empty"
                raise DataError(str(path), what, expected)
            for row in reader:
                where = f"{path} line {reader.line_num}"
                yield where, _recorded(row, ids, missing, where)
        except (UnicodeDecodeError, csv.Error) as error:
            where = f"{path} line {reader.line_num + 1}"
            raise DataError(where, f"cannot be read as CSV in UTF-8 ({error})", do="Get the file again.") from None


def _recorded(row: Row, ids: Sequence[str], missing: Collection[str], where: str) -> Row:
    if None in row or None in row.values():
        raise DataError(where, "has not as many fields as the header", do="Get the file again.")
    known = {name: value.strip() for name, value in row.items() if value.strip() not in missing}
    for name in ids:
        if name not in known:
            raise DataError(where, f"{name} is empty")
    return known


def version_of(table: Path) -> str:
    """Return a name for the contents of a table: the first 12 hex digits of its SHA-256."""
    return hashlib.sha256(table.read_bytes()).hexdigest()[:12]


def skin_type(row: Row, column: str, where: str) -> int | None:
    """Return a Fitzpatrick skin type written as 3, 3.0 or FST3, None where it is missing.

    Raises:
        DataError: It says something else.
    """
    value = row.get(column)
    if value is None:
        return None
    number = value.removeprefix("FST").removesuffix(".0")
    if number not in ("1", "2", "3", "4", "5", "6"):
        raise DataError(where, f"{column} is {value!r}", "a skin type from 1 to 6")
    return int(number)


def by_case(
    rows: Iterable[tuple[str, Row]], case_of: Callable[[Row], str], *, image: str, diagnosis: str
) -> dict[str, tuple[str, list[Row]]]:
    """Return case id to the place of its first row and all its rows, for a table with one row per image.

    Args:
        rows: Place and row, in the order of the table.
        case_of: Row to the id of its case.
        image: The column that names the image.
        diagnosis: The column that names the diagnosis.

    Raises:
        DataError: An image is there twice, or a case has two diagnoses.
    """
    cases: dict[str, tuple[str, list[Row]]] = {}
    images: dict[str, str] = {}
    for where, row in rows:
        earlier = images.setdefault(row[image], where)
        if earlier != where:
            raise DataError(where, f"{row[image]!r} is already the image of {earlier}", "every image once")
        place, group = cases.setdefault(case_of(row), (where, []))
        group.append(row)
        if row.get(diagnosis) != group[0].get(diagnosis):
            what = f"the diagnosis is {row.get(diagnosis)!r}, but {group[0].get(diagnosis)!r} in {place}"
            raise DataError(where, what, "one diagnosis per lesion")
    return cases


def shared(rows: Sequence[Row]) -> Row:
    """Return the values that all rows have and agree on: where the rows of one case disagree, the value is missing.

    Example:
        >>> shared([{"age": "50", "site": "arm"}, {"age": "50", "site": "face"}])
        {'age': '50'}
    """
    return {name: value for name, value in rows[0].items() if all(row.get(name) == value for row in rows)}


def one_of(row: Row, column: str, expected: Collection[str], where: str) -> str | None:
    """Return the value of a column that may only say a few things, None where it is missing.

    Raises:
        DataError: It says something else.
    """
    value = row.get(column)
    if value is not None and value not in expected:
        raise DataError(where, f"{column} is {value!r}", f"one of {', '.join(expected)}")
    return value
