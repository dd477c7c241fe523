"""Rows of the common formats: JSON, JSON Lines, CSV, TSV, Parquet."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dermatrust.errors import DataError
from dermatrust.protocols.files_read import note_read
from dermatrust.protocols.item import Row
from dermatrust.records import iter_lines

_LONGEST_CELL = 1 << 27
"""Bytes; an image in base64 is a cell in some published tables."""
FORMATS = ".json, .jsonl, .csv, .tsv or .parquet"


def read_rows(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield ("name row N", row) of a file, told by its suffix.

    A JSON file is a list of objects, an object of such a list under one key, or an object of objects by id; the id then
    comes as the field `id` where the object has none. One that holds JSON Lines after all is read as that.

    Raises:
        DataError: The file is missing, is of no known format, or does not hold rows.
    """
    readers = {".jsonl": _json_lines, ".json": _json, ".csv": _csv, ".tsv": _tsv, ".parquet": _parquet}
    reader = readers.get(path.suffix.lower())
    if not path.is_file():
        raise DataError(
            str(path), "is a folder" if path.is_dir() else "there is no such file", f"a file that ends in {FORMATS}"
        )
    if reader is None:
        raise DataError(str(path), "is of no format we read", FORMATS)
    note_read(path)
    yield from reader(path)


def _json_lines(path: Path) -> Iterator[tuple[str, Row]]:
    for where, line in iter_lines(path):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(where, f"is not valid JSON ({error})", "one JSON object a line") from None
        if not isinstance(row, dict):
            raise DataError(where, "is not an object", "one JSON object a line")
        yield where, row


def read_json(path: Path) -> Any:
    """Return what a JSON file holds, for protocols whose files are no plain lists of rows.

    Raises:
        DataError: The file is missing or is not JSON.
    """
    if not path.is_file():
        raise DataError(str(path), "there is no such file")
    note_read(path)
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise DataError(str(path), "is not text", "UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise DataError(str(path), f"is not valid JSON ({error})", "one JSON document") from None


def _json(path: Path) -> Iterator[tuple[str, Row]]:
    try:
        content = read_json(path)
    except DataError as error:
        if "Extra data" not in error.what:
            raise
        yield from _json_lines(path)
        return
    for number, row in enumerate(_listed(content), 1):
        where = f"{path} row {number}"
        if not isinstance(row, dict):
            raise DataError(where, "is not an object", "a list of objects")
        yield where, row


def _listed(content: Any) -> list[Any]:
    """Return the rows of a JSON document, wherever it keeps them."""
    if isinstance(content, list):
        return content
    if not isinstance(content, dict):
        return [content]
    lists = [value for value in content.values() if isinstance(value, list)]
    if len(lists) == 1 and not any(isinstance(value, dict) for value in content.values() if value is not lists[0]):
        return lists[0]
    return [{"id": key, **row} if isinstance(row, dict) else row for key, row in content.items()]


def _csv(path: Path, delimiter: str = ",") -> Iterator[tuple[str, Row]]:
    csv.field_size_limit(_LONGEST_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=delimiter, strict=True)
            for number, row in enumerate(reader, 1):
                where = f"{path} row {number}"
                if None in row or None in row.values():
                    raise DataError(where, "has more or fewer cells than the header", f"{len(reader.fieldnames or ())}")
                yield where, row
    except UnicodeDecodeError:
        raise DataError(str(path), "is not text", "UTF-8") from None
    except csv.Error as error:
        raise DataError(str(path), f"is not a proper table ({error})") from None


def _tsv(path: Path) -> Iterator[tuple[str, Row]]:
    return _csv(path, "\t")


def _parquet(path: Path) -> Iterator[tuple[str, Row]]:
    from arro3.io import read_parquet

    number = 0
    try:
        for batch in read_parquet(path):
            names = batch.schema.names
            columns = [batch[name].to_pylist() for name in names]
            for cells in zip(*columns, strict=True):
                number += 1
                yield f"{path} row {number}", dict(zip(names, cells, strict=True))
    except DataError:
        raise
    except Exception as error:  # arro3 has no error type of its own
        raise DataError(str(path), f"cannot be read as Parquet ({error})") from None
