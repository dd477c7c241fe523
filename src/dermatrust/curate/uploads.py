"""Files that curators upload: each in a folder of its own under a random name, one a person, for an hour."""

import json
import re
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from dermatrust.curate.problems import NotFoundError, RefusedError
from dermatrust.curate.tables import opaque

LARGEST_UPLOAD = 256 * 1024**2
KEEP_S = 3_600
MOST_KEPT = 4 * 1024**3
"""Bytes of datasets that one person may bring in."""
_ID = re.compile(r"[A-Za-z0-9_-]{16}")
_FILE, _FOLDER, _OWNER, _REPORT, _SCRATCH = "file", "folder", "owner", "report.json", "scratch.db"
Kind = Literal["dataset", "project"]


@dataclass(frozen=True, slots=True)
class Report:
    """What would come in with an upload, or why it may not.

    Attributes:
        kind: What it is.
        name: Of the dataset or the project.
        counts: What would come in: noun and number.
        faults: What is wrong, each with its place; with one of them nothing may come in.
        remarks: What to know besides, each with its place.
        left_out: Files that are not taken.
        texts: Which texts of a dataset could be rated.
        is_synthetic: Whether the dataset says that it shows nobody.
    """

    kind: Kind
    name: str = ""
    counts: tuple[tuple[str, int], ...] = ()
    faults: tuple[tuple[str, str], ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    is_synthetic: bool = False

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the report that was stored."""
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Upload:
    """One file somebody uploaded.

    Attributes:
        id: Its random name.
        room: Folder of everything about it.
    """

    id: str
    room: Path

    @property
    def file(self) -> Path:
        """What was sent."""
        return self.room / _FILE

    @property
    def folder(self) -> Path:
        """What was unpacked of it."""
        return self.room / _FOLDER

    @property
    def scratch(self) -> Path:
        """The database into which a project is taken to be looked at."""
        return self.room / _SCRATCH

    @property
    def report(self) -> Report:
        """What was found."""
        return Report.read(self.room / _REPORT)

    def say(self, report: Report) -> None:
        """Store what was found."""
        (self.room / _REPORT).write_text(json.dumps(asdict(report), ensure_ascii=True), encoding="utf-8")

    def drop(self) -> None:
        """Remove it."""
        shutil.rmtree(self.room, ignore_errors=True)


class Uploads:
    """The uploads of a workbench.

    Args:
        root: Folder of those that wait for their owner's word.
        datasets: Folder of the datasets that came in.
    """

    def __init__(self, root: Path, datasets: Path) -> None:
        self._root = root
        self._datasets = datasets

    def begin(self, user_id: int) -> Upload:
        """Return a place for a new upload; the person's earlier one, and all that are too old, are removed."""
        for room in self._root.glob("*") if self._root.is_dir() else ():
            if _owner(room) in (user_id, None) or room.stat().st_mtime < time.time() - KEEP_S:
                shutil.rmtree(room, ignore_errors=True)
        upload = Upload(name := opaque(), self._root / name)
        upload.room.mkdir(mode=0o700, parents=True)
        (upload.room / _OWNER).write_text(str(user_id), encoding="ascii")
        return upload

    def find(self, upload_id: str, user_id: int) -> Upload:
        """Return a person's own upload that was looked at.

        Raises:
            NotFoundError: There is none such, or it is another's: the two look the same.
        """
        upload = Upload(upload_id, self._root / upload_id)
        is_there = _ID.fullmatch(upload_id) is not None and (upload.room / _REPORT).is_file()
        if not is_there or _owner(upload.room) != user_id:
            raise NotFoundError("the upload", "is not there, or no longer", do="Upload it again.")
        return upload

    def settle(self, upload: Upload, user_id: int) -> Path:
        """Give an unpacked dataset its place among those of the workbench, and return the folder.

        Raises:
            RefusedError: The person has brought in too much.
        """
        n_bytes = _size(upload.folder) + sum(_size(path) for path in self._owned(user_id))
        if n_bytes > MOST_KEPT:
            what = f"would be more than {MOST_KEPT // 1024**3} GiB of datasets brought in by you"
            raise RefusedError("the dataset", what, do="Ask an administrator to remove one.")
        target = self._datasets / upload.id
        self._datasets.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.with_suffix(".owner").write_text(str(user_id), encoding="ascii")
        upload.folder.rename(target)
        return target

    def unsettle(self, upload: Upload, folder: Path) -> None:
        """Undo `settle`."""
        folder.rename(upload.folder)
        folder.with_suffix(".owner").unlink(missing_ok=True)

    def _owned(self, user_id: int) -> list[Path]:
        own = [path for path in self._datasets.glob("*.owner") if path.read_text(encoding="ascii") == str(user_id)]
        return [path.with_suffix("") for path in own]


async def write_upload(upload: Upload, stream: AsyncIterator[bytes]) -> None:
    """Store what is sent, piece by piece. How much may come is settled before, by the shield.

    Raises:
        RefusedError: Nothing came.
    """
    n_bytes = 0
    with upload.file.open("xb") as file:
        async for piece in stream:
            n_bytes += len(piece)
            file.write(piece)
    if not n_bytes:
        raise RefusedError("the file", "is empty", "a zip of a dataset folder, or a project.jsonl")


def _owner(room: Path) -> int | None:
    try:
        return int((room / _OWNER).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
