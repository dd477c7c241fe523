"""Reading JSONL so that every error names file and line."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from dermatrust.errors import DataError
from dermatrust.records.record import Record

R = TypeVar("R", bound=Record)

LONGEST_LINE = 4_000_000
"""Bytes. A narrative is a few kilobytes; a longer line is a file in the wrong place, not a record."""


def iter_lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield ("name line N", line) for every line that is not blank.

    Raises:
        DataError: The file is missing, a line is over 4 MB, or it is not UTF-8.
    """
    for where, _, line in iter_placed_lines(path):
        yield where, line


def iter_placed_lines(path: Path) -> Iterator[tuple[str, int, bytes]]:
    """Yield ("name line N", byte offset, line): as `iter_lines`, for those who come back to a line later."""
    if not path.is_file():
        if path.is_dir():
            raise DataError(str(path), "is a folder", "a file of one JSON object a line")
        raise DataError(str(path), "there is no such file")
    with path.open("rb") as file:
        number = offset = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            where = f"{path} line {number}"
            if len(line) > LONGEST_LINE:
                raise DataError(where, "is over 4 MB long", "one record per line")
            if line.strip():
                _check_utf8(line, where)
                yield where, offset, line
            offset += len(line)


def _check_utf8(line: bytes, where: str) -> None:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = line[error.start]
        raise DataError(where, f"byte {error.start} is 0x{byte:02x}", "UTF-8", "Save the file as UTF-8.") from None


def iter_records(path: Path, kind: type[R]) -> Iterator[R]:
    """Yield the records of a JSONL file one by one, without holding the file in memory."""
    for where, line in iter_lines(path):
        yield kind.from_line(line, where=where)
