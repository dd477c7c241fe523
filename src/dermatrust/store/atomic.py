"""Writing a file so that a reader sees the old one or the new one, never half of it."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from dermatrust.errors import DataError

_WRITE_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""What only writing can end with, so that it is ours when the block that writes passes it on."""


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """Yield a binary file that takes the place of `path` when the block ends without an exception.

    The bytes go to a temporary file in the same folder, are forced to disk, and are then renamed over
    `path`. When the block raises, the temporary file is removed and `path` is as it was. Missing parent
    folders are made.

    Args:
        path: The file to write.
        durable: Whether to wait for the disk. Only what can be made again at no cost should not.

    Raises:
        DataError: The folder cannot be written to, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f".{path.name[:100]}.{secrets.token_hex(6)}.tmp"
        file = temporary.open("xb")
    except OSError as error:
        raise _not_written(path, error) from None
    try:
        yield file
        _commit(file, path, durable=durable)
        _rename(temporary, path, durable=durable)
    except BaseException as error:
        with suppress(OSError):
            file.close()
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.errno in _WRITE_ERRORS:
            raise _not_written(path, error) from None
        raise


def _commit(file: BinaryIO, path: Path, *, durable: bool) -> None:
    try:
        file.flush()
        if durable:
            os.fsync(file.fileno())
        file.close()
    except OSError as error:
        raise _not_written(path, error) from None


def _rename(temporary: Path, path: Path, *, durable: bool) -> None:
    try:
        temporary.replace(path)
    except OSError as error:
        raise _not_written(path, error) from None
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Force a folder's list of names to disk; without it a power cut can undo a rename."""
    if os.name == "nt":  # Windows cannot open a folder, and makes renames durable by itself
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_written(path: Path, error: OSError) -> DataError:
    return DataError(str(path), f"cannot be written ({error.strerror or error})")


def write_bytes(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace the file by `content`, whole or not at all; see `replacing`."""
    with replacing(path, durable=durable) as file:
        try:
            file.write(content)
        except OSError as error:
            raise _not_written(path, error) from None


def write_text(path: Path, text: str) -> None:
    """Replace the file by `text` as UTF-8, whole or not at all; see `replacing`."""
    write_bytes(path, text.encode("utf-8"))
