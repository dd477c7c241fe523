"""A protocol's data: a file or folder of the user's, or the hub at a pinned revision."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.protocols.files_read import FilesRead
from dermatrust.protocols.from_hub import from_hub
from dermatrust.protocols.item import Item, Row
from dermatrust.protocols.protocol import Protocol, Source

_HUB = re.compile(r"hf:(?P<repo>[\w.-]+/[\w.-]+)@(?P<revision>[0-9a-f]{40})(?:/(?P<file>.+))?")
_FORM = "a file, a folder, or hf:OWNER/NAME@COMMIT[/FILE] with all 40 digits of the commit"


def open_data(source: Source, data: str | None) -> Path:
    """Return the file of a protocol's data.

    Args:
        source: Where they come from if the user has none.
        data: A file; a folder that holds one of the source's files; "hf:OWNER/NAME@COMMIT[/FILE]"; or None for the
            source itself.

    Raises:
        DataError: There is no such file, the source is pinned to no commit, or the hub cannot be reached.
    """
    if data is None:
        if not source.is_on_hub or source.revision is None or not source.files:
            how = f"--data hf:{source.dataset}@COMMIT/FILE" if source.is_on_hub else f"a copy from {source.dataset}"
            names = " or ".join(source.files) or "its file"
            raise DataError("--data", "is not given, and this protocol's data are pinned to no commit",
                            f"a path to {names}, or {how}")  # fmt: skip
        return from_hub(source.dataset, source.revision, source.files[0])
    if data.startswith("hf:"):
        found = _HUB.fullmatch(data)
        file = (found["file"] or next(iter(source.files), "")) if found else ""
        if not found or not file:
            raise DataError("--data", f"is {data!r}", _FORM)
        return from_hub(found["repo"], found["revision"], file)
    return _local(Path(data), source)


def _local(path: Path, source: Source) -> Path:
    if not path.is_dir():
        if not path.exists():
            raise DataError("--data", f"there is no file or folder {path}", _FORM)
        return path
    for name in source.files:
        if (path / name).is_file():
            return path / name
    expected = f"one of {', '.join(source.files)}" if source.files else "the path of the file itself"
    raise DataError("--data", f"the folder {path} does not hold the protocol's data", expected)


def iter_items(
    protocol: Protocol, path: Path, *, limit: int | None = None, files: FilesRead | None = None
) -> Iterator[Item]:
    """Yield the items of the first rows of a file, in order; `files` notes what is read for them.

    Raises:
        DataError: A row is not as the protocol's data are, two items share an id, or there is none.
    """
    seen: set[str] = set()
    for where, row in islice((files or FilesRead()).noted(_rows(protocol, path)), limit):
        for item in protocol.items(row, where=where):
            if item.id in seen:
                raise DataError(where, f"has the id {item.id!r} of an earlier item", "a unique one")
            seen.add(item.id)
            yield item
    if not seen:
        raise DataError(str(path), "holds no row", f"rows of {protocol.name}")


def _rows(protocol: Protocol, path: Path) -> Iterator[tuple[str, Row]]:
    """Pass on rows; a reader that stumbles over one, or over a file beside it, says so in one line."""
    try:
        yield from protocol.read(path)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        what = f"cannot be read as data of {protocol.name} ({type(error).__name__}: {error})"
        raise DataError(str(path), what) from error
