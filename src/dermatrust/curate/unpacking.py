"""Unpacking a zip of a dataset folder that a stranger may have made: nothing of it is trusted, neither names nor sizes.

Only files that a dataset folder has are unpacked; the others are named and left out. Each image must be one still
photograph within the limits of `image_checks`, is decoded once in a cage (`image_cleaning.Cleaners`), and comes in
without anything but its pixels.
"""

import errno
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dermatrust.curate.bare_images import is_bare, suffixes_of
from dermatrust.curate.image_checks import LARGEST_BYTES, ImageRefusedError, check_image
from dermatrust.curate.image_cleaning import Cleaners
from dermatrust.curate.problems import RefusedError
from dermatrust.errors import shown
from dermatrust.store import layout
from dermatrust.store.new_dataset import rewrite_image

MOST_FILES = 10_000
MOST_UNPACKED = 1024**3
LARGEST_RECORDS = 64 * 1024**2
LARGEST_CARD = 64 * 1024
HIGHEST_RATIO = 100
_FREE_OF_RATIO = 16 * 1024**2
"""Bytes unpacked before their ratio to the archive says anything."""
_RECORDS = (
    layout.CASES, layout.REFERENCES, layout.NARRATIVES, layout.RATINGS, layout.RATERS, layout.DRAFTS, layout.RATIONALES,
    layout.LEFT_OUT, layout.IMAGE_REVIEWS,
)  # fmt: skip
_MOST_DIRECTORY = 4 * 1024**2
_LONGEST_NAME, _DEEPEST = 200, 6
_PART = re.compile(r"[\w(][\w .()+,@=-]*")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_PIECE = 256 * 1024


@dataclass(slots=True)
class Unpacked:
    """What came out of an archive.

    Attributes:
        n_images: Photographs that are in the folder now.
        n_encoded_anew: Those of them that held more than pixels, or lay on their side.
        faults: What is wrong with single files: name and what. With one of them nothing may be imported.
        left_out: Files that no dataset folder has.
    """

    n_images: int = 0
    n_encoded_anew: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def unpack(archive: Path, target: Path, cleaners: Cleaners) -> Unpacked:
    """Unpack the dataset folder in an archive to a folder that is made for it.

    Args:
        archive: The zip.
        target: Must not exist.
        cleaners: Decode its images.

    Raises:
        RefusedError: It is no plain zip, or something in it is meant to do harm: names that lead elsewhere, links,
            more files or bytes than a dataset has, one file twice, or a password.
    """
    check_directory(archive)
    target.mkdir(mode=0o700)
    try:
        with zipfile.ZipFile(archive) as opened:
            return _Unpacker(opened, archive.stat().st_size, target, cleaners).run()
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, ValueError) as error:
        raise RefusedError("the archive", f"cannot be read ({type(error).__name__})", "a zip") from None
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise RefusedError("the archive", "says that a file begins before it does", "a zip") from None


def check_directory(archive: Path) -> None:
    """Look at an archive's last bytes, which say how long its list of files is, before that list is read.

    Raises:
        RefusedError: It is no zip, is a zip64, has something behind it, or lists too many files.
    """
    content = archive.read_bytes()[-42:] if archive.stat().st_size < 1024**2 else _tail(archive, 42)
    end = content[-22:]
    if len(end) < 22 or end[:4] != b"PK\x05\x06":
        raise RefusedError("the archive", "does not end as a zip does", "a zip without a comment")
    n_entries, n_bytes = struct.unpack_from("<HI", end, 10)
    if content[:4] == b"PK\x06\x07" or n_entries > MOST_FILES or n_bytes > _MOST_DIRECTORY:
        raise RefusedError("the archive", f"lists more than {MOST_FILES:,} files", "one dataset")


def _tail(path: Path, n: int) -> bytes:
    with path.open("rb") as file:
        file.seek(-n, 2)
        return file.read()


class _Unpacker:
    """Unpacks one archive, counting what comes out."""

    def __init__(self, opened: zipfile.ZipFile, n_packed: int, target: Path, cleaners: Cleaners) -> None:
        self._opened = opened
        self._target = target
        self._cleaners = cleaners
        self._most = min(MOST_UNPACKED, max(_FREE_OF_RATIO, HIGHEST_RATIO * n_packed))
        self._n_bytes = 0
        self._said = Unpacked()

    def run(self) -> Unpacked:
        files = dict(self._files())
        top = _top_of(files)
        for name, info in files.items():
            inside = name.removeprefix(top)
            largest = largest_of(inside) if name.startswith(top) else 0
            if not largest:
                self._said.left_out.append(name)
            elif inside.startswith("images/"):
                self._take_image(inside, info)
            else:
                self._write(inside, b"".join(self._pieces(inside, info, largest)))
        return self._said

    def _files(self) -> Iterator[tuple[str, zipfile.ZipInfo]]:
        seen: set[str] = set()
        for info in self._opened.infolist():
            check_entry(info)
            key = unicodedata.normalize("NFC", info.filename).casefold().rstrip("/")
            if key in seen:
                raise RefusedError(shown(info.filename, 80), "is in the archive twice", "every file once")
            seen.add(key)
            if not info.is_dir():
                yield info.filename, info
        if len(seen) > MOST_FILES:
            raise RefusedError("the archive", f"lists more than {MOST_FILES:,} files", "one dataset")

    def _pieces(self, name: str, info: zipfile.ZipInfo, largest: int) -> Iterator[bytes]:
        n_bytes = 0
        with self._opened.open(info) as file:
            while piece := file.read(_PIECE):
                n_bytes, self._n_bytes = n_bytes + len(piece), self._n_bytes + len(piece)
                if n_bytes > largest:
                    raise RefusedError(name, f"has more than {largest:,} bytes")
                if self._n_bytes > self._most:
                    what = f"unpacks to more than {self._most // 1024**2} MiB"
                    raise RefusedError("the archive", what, f"at most {HIGHEST_RATIO} times its size, and 1 GiB")
                yield piece

    def _take_image(self, name: str, info: zipfile.ZipInfo) -> None:
        content = b"".join(self._pieces(name, info, LARGEST_BYTES))
        try:
            header = check_image(content)
            if not name.lower().endswith(suffixes_of(content) or ("/",)):
                self._said.faults.append((name, "is of another kind than its name says, or no JPEG or PNG"))
                return
            self._cleaners.clean(content)
        except ImageRefusedError as refused:
            self._said.faults.append((name, refused.what))
            return
        self._write(name, content)
        self._said.n_images += 1
        if not is_bare(content, header):
            rewrite_image(self._target / name, self._target / name)
            self._said.n_encoded_anew += 1

    def _write(self, name: str, content: bytes) -> None:
        path = self._target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)


def largest_of(name: str) -> int:
    """Return how many bytes a file of a dataset folder may have, 0 for what no dataset folder has."""
    if name == layout.CARD:
        return LARGEST_CARD
    if name in _RECORDS:
        return LARGEST_RECORDS
    is_image = name.startswith("images/") and name.lower().endswith((".jpg", ".jpeg", ".png"))
    return LARGEST_BYTES if is_image else 0


def check_entry(info: zipfile.ZipInfo) -> None:
    """Refuse what has no place in a dataset's archive, whatever it is called.

    Raises:
        RefusedError: The name leads elsewhere or cannot be a file's on every system; it is a link or a device; it has
            a password; or it is packed in a way that we do not unpack.
    """
    name, where = info.orig_filename, shown(info.orig_filename, 80)
    parts = name.removesuffix("/").split("/")
    is_fit = len(name) <= _LONGEST_NAME and len(parts) <= _DEEPEST and info.filename == name
    if not is_fit or not all(is_part(part) for part in parts):
        raise RefusedError(where, "is no name that a file of a dataset can have")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise RefusedError(where, "is a link or a device", "files and folders")
    if info.flag_bits & 0x1:
        raise RefusedError(where, "needs a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RefusedError(where, "is packed in a way that is not unpacked here", "deflate")


def is_part(part: str) -> bool:
    """Return whether a name between two slashes is harmless on every system.

    Example:
        >>> [is_part(name) for name in ("images", "PAT_1 (2).jpg", "..", "%2e%2e", "con.jpg", "a ")]
        [True, True, False, False, False, False]
    """
    is_hidden = part.startswith(".") and re.fullmatch(r"\.[\w .-]+", part) is not None  # .DS_Store: to be left out
    is_plain = _PART.fullmatch(part) is not None
    return (is_plain or is_hidden) and not part.endswith((" ", ".")) and _DEVICES.fullmatch(part) is None


def _top_of(files: dict[str, zipfile.ZipInfo]) -> str:
    """Return the one folder that holds the dataset, with its slash; "" where it lies open."""
    if layout.CARD in files:
        return ""
    tops = [name.removesuffix(layout.CARD) for name in files if name.count("/") == 1 and name.endswith(layout.CARD)]
    return tops[0] if len(tops) == 1 and tops[0].endswith("/") else ""
