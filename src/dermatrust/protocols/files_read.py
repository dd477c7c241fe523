"""Which files a protocol's data were read from: the one that was named, and those that its reader found beside it."""

import hashlib
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.protocols.item import Row


class FilesRead:
    """Files in the order in which they were read.

    Example:
        >>> import tempfile
        >>> from dermatrust.protocols.read_rows import read_rows
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "rows.jsonl"
        ...     _ = path.write_text('{"id": 1}')
        ...     files = FilesRead()
        ...     rows = list(files.noted(read_rows(path)))
        ...     [one.name for one in files.paths], files.content_hash(path) == content_hash(path)
        (['rows.jsonl'], True)
    """

    def __init__(self) -> None:
        self._paths: dict[Path, _Stamp] = {}

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file that was read, once."""
        return tuple(self._paths)

    def noted(self, rows: Iterator[tuple[str, Row]]) -> Iterator[tuple[str, Row]]:
        """Pass on rows, noting what is read for them and for nothing else that is read meanwhile."""
        while True:
            token = _NOTING.set(self._paths)
            try:
                one = next(rows)
            except StopIteration:
                return
            finally:
                _NOTING.reset(token)
            yield one

    def content_hash(self, path: Path) -> str:
        """Return the SHA-256 of the file that was named; where others were read too, or it is a folder, of all theirs.

        Where files lie and what they are called is not in it.

        Raises:
            DataError: A file is gone, or has changed since it was read: the hash would be of other rows.
        """
        try:
            digests = [content_hash(one) for one in dict.fromkeys((path, *self._paths)) if not one.is_dir()]
            changed = next((one for one, stamp in self._paths.items() if _stamp(one) != stamp), None)
        except OSError as error:
            changed = Path(error.filename)
        if changed is not None:
            raise DataError(str(changed), "has changed while it was read", do="Run the same command again.")
        return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()


_Stamp = tuple[int, int, int]
"""When a file was changed, its size, and its number in the file system."""
_NOTING: ContextVar[dict[Path, _Stamp] | None] = ContextVar("files read", default=None)


def note_read(path: Path) -> None:
    """Note that rows come from this file too; `read_rows` and `read_json` do it for what they read."""
    noting = _NOTING.get()
    if noting is not None:
        noting.setdefault(path, _stamp(path))


def _stamp(path: Path) -> _Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
