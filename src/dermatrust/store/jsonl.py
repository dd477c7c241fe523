"""Writing JSONL: a whole file at once, or whole lines at its end."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pydantic_core

from dermatrust.errors import DataError
from dermatrust.records import Record
from dermatrust.store.atomic import replacing

_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append did."""

    n_records: int
    dropped: bytes = b""
    """The unfinished last line that a crash had left in the file and that was cut off; empty if there was none."""


def write_records(path: Path, records: Iterable[Record]) -> int:
    """Replace the file by these records, one a line, and return how many there were.

    The records are taken one by one, so an iterator of any length will do. When it raises, the old file stays.
    """
    n_records = 0
    with replacing(path) as file:
        for record in records:
            file.write(record.to_line().encode("utf-8") + b"\n")
            n_records += 1
    return n_records


def append_records(path: Path, records: Iterable[Record]) -> Appended:
    r"""Add these records at the end of the file, and return once they are on disk.

    All lines go out in one write. If it fails half way (disk full), the file is cut back to what it was.

    A machine that dies during an append leaves a last line without its line end. Such a line is a piece of a
    record nobody was told was stored, so it is cut off first and returned in `dropped`, for the caller to say so.
    It is dropped only if it is not JSON: a complete last line that merely lacks its line end, as some
    editors leave it, is kept and ended.

    One writer at a time: two processes that append to one file must take turns.

    Raises:
        DataError: The file cannot be written.
    """
    lines = [record.to_line().encode("utf-8") + b"\n" for record in records]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        with path.open("r+b", buffering=0) as file:
            dropped, prefix = _mend_end(file)
            _write_whole(file, prefix + b"".join(lines))
    except OSError as error:
        raise DataError(str(path), f"cannot be written ({error.strerror or error})") from None
    return Appended(len(lines), dropped)


def _mend_end(file: BinaryIO) -> tuple[bytes, bytes]:
    """Leave the file at an end fit for appending; return what was cut off and what must be written first."""
    tail = _last_line(file)
    if not tail:
        return b"", b""
    try:
        pydantic_core.from_json(tail)
    except ValueError:
        file.seek(-len(tail), os.SEEK_END)
        file.truncate()
        return tail, b""
    return b"", b"\n"


def _last_line(file: BinaryIO) -> bytes:
    """Return what follows the last line end, reading backwards so that a large file costs no memory."""
    start = file.seek(0, os.SEEK_END)
    pieces: list[bytes] = []
    while start:
        length = min(_BLOCK, start)
        start -= length
        file.seek(start)
        piece = file.read(length)
        cut = piece.rfind(b"\n")
        pieces.append(piece[cut + 1 :])
        if cut >= 0:
            break
    return b"".join(reversed(pieces))


def _write_whole(file: BinaryIO, content: bytes) -> None:
    """Write all of it at the end and force it to disk, or leave the file as it was and raise."""
    end = file.seek(0, os.SEEK_END)
    try:
        left = memoryview(content)
        while left:  # one write in practice; the system may take less than it was given
            left = left[file.write(left) :]
        os.fsync(file.fileno())
    except OSError:
        file.truncate(end)
        raise
