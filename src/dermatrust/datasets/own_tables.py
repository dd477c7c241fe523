"""The rows of a user's own table, CSV or JSONL, as column name to text. An empty cell is left out."""

import csv
import difflib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dermatrust.errors import DataError
from dermatrust.records import iter_lines

COLUMNS = (
    "id", "images", "image", "label", "category", "patient_id", "file_family", "split", "age", "sex", "site",
    "fitzpatrick", "monk", "urgency", "differential", "note", "reference", "certified_by", "certified_on",
)  # fmt: skip

Row = dict[str, str]

MISSING_WORDS = frozenset(
    {"nan", "none", "null", "n/a", "na", "#n/a", "<na>", "unknown", "not recorded", "missing", "-", "?"}
)
"""What spreadsheets and programs write for nothing, in lower case."""
_NEVER_A_WORD = frozenset({
    "patient_id", "label", "category", "age", "sex", "site", "fitzpatrick", "monk", "urgency", "differential", "split",
    "file_family", "certified_by", "certified_on",
})  # fmt: skip
"""Columns in which they say that nothing is known; an id, an image or a text may be called that."""


def read_rows(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield ("name line N", row) for every row that is not blank.

    Raises:
        DataError: The file is missing or not CSV or JSONL, or it has a column that is not in `COLUMNS`.
    """
    if not path.is_file():
        raise DataError(str(path), "there is no such file or folder")
    readers: dict[str, Callable[[Path], Iterator[tuple[str, Row]]]] = {
        ".csv": _csv_rows,
        ".tsv": _csv_rows,
        ".jsonl": _jsonl_rows,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DataError(str(path), f"its name ends in {path.suffix!r}", ".csv, .tsv or .jsonl, or a folder of images")
    return reader(path)


def _csv_rows(path: Path) -> Iterator[tuple[str, Row]]:
    rows = csv_fields(path, csv_separator(path))
    where, names = next(rows, (f"{path} line 1", []))
    header = [name.strip() for name in names]
    _check_columns(header, where)
    for where, fields in rows:
        if any(fields):
            yield where, _named(header, fields, where)


def csv_fields(path: Path, separator: str) -> Iterator[tuple[str, list[str]]]:
    """Yield ("name line N", fields) for every row of a CSV file, its header first and blank rows too.

    Raises:
        DataError: It is not UTF-8 (with or without a byte order mark), or its quotes do not match.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=separator, strict=True)
        done = 0
        try:
            for fields in reader:
                where = f"{path} line {done + 1}"  # a quoted text may run over many lines: name the first
                done = reader.line_num
                yield where, fields
        except UnicodeDecodeError as error:
            raise _not_utf8(path, error) from None
        except csv.Error as error:
            where = f"{path} line {done + 1}"
            raise DataError(where, f"cannot be read as CSV ({error})", do="Check its quotes.") from None


def csv_separator(path: Path) -> str:
    """Return what separates the columns: a spreadsheet set to a European language writes semicolons.

    Raises:
        DataError: There is no such file.
    """
    if not path.is_file():
        raise DataError(str(path), "is a folder" if path.is_dir() else "there is no such file", "a table")
    with path.open("rb") as file:
        header = file.readline(1 << 16)
    return max((b",", b";", b"\t"), key=header.count).decode()


def _not_utf8(path: Path, error: UnicodeDecodeError) -> DataError:
    what = f"holds the byte 0x{error.object[error.start]:02x}, which is not UTF-8"
    return DataError(str(path), what, do='Save it as "CSV UTF-8".')


def _named(header: list[str], fields: list[str], where: str) -> Row:
    if len(fields) != len(header):
        do = "Put quotes around a text that holds a separator."
        raise DataError(where, f"has {len(fields)} fields", f"{len(header)}, as in the header", do)
    return {name: field for name, field in zip(header, fields, strict=True) if _is_given(name, field)}


def _jsonl_rows(path: Path) -> Iterator[tuple[str, Row]]:
    for where, line in iter_lines(path):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(where, f"is not valid JSON ({error})") from None
        if not isinstance(row, dict):
            raise DataError(where, f"is a JSON {type(row).__name__}", "an object with one key per column")
        _check_columns(list(row), where)
        texts = {name: _text(name, value, where) for name, value in row.items() if value is not None}
        yield where, {name: text for name, text in texts.items() if _is_given(name, text)}


def _is_given(name: str, text: str) -> bool:
    """Return whether a field says something: "n/a" is no diagnosis, and "NA" no patient."""
    said = text.strip().lower()
    return said != "" and not (name in _NEVER_A_WORD and said in MISSING_WORDS)


def _text(name: str, value: Any, where: str) -> str:
    listed = name in ("image", "images", "differential") and isinstance(value, list)
    if listed and all(isinstance(v, str) for v in value):
        return ";".join(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise DataError(where, f"{name} is {json.dumps(value)[:60]}", "text or a number")
    return str(value)


def _check_columns(header: list[str], where: str) -> None:
    unknown = [name for name in header if name not in COLUMNS]
    if unknown:
        near = difflib.get_close_matches(unknown[0].lower(), COLUMNS, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        what = f"there is no column {unknown[0]!r}"
        raise DataError(where, what, f"columns out of {', '.join(COLUMNS)}", f"{hint}Rename or remove it.")
    doubled = [name for name, n in Counter(header).items() if n > 1]
    if doubled:
        raise DataError(where, f"has the column {doubled[0]!r} twice", "every column once")
    if "id" not in header:
        raise DataError(where, "has no column 'id'", "an id for every case")


def image_names(row: Mapping[str, str], where: str) -> tuple[str, ...]:
    """Return the image names of a row, with forward slashes."""
    if "image" in row and "images" in row:
        raise DataError(where, "has both 'image' and 'images'", "one of the two")
    names = row.get("images", row.get("image", "")).split(";")
    return tuple(name.strip().replace("\\", "/") for name in names if name.strip())
