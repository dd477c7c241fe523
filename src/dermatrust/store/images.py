"""Images as models see them: upright, RGB, without metadata, of bounded size; made once and kept."""

import hashlib
import io
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import PIL.Image

from dermatrust.clients import Image
from dermatrust.errors import DataError
from dermatrust.store.atomic import write_bytes
from dermatrust.store.pixels import read_pixels

QUALITY = 90
_REMEMBERED = 32_768
_N_LOCKS = 64


@dataclass(frozen=True, slots=True)
class _Seen:
    mtime_ns: int
    size: int
    image: Image


class ImageCache:
    """Re-encodes images once, and keeps them on disk for every model and every later run.

    A file on disk is named by the hash of the source's bytes and of the settings, so one folder can serve many
    datasets and many settings, and an edited source is never confused with its earlier self. Which source leads to
    which image is also remembered in memory by path, time of change and size, for the last 32,768 paths: the
    second ask costs one `stat`. All methods may be called from many threads at once.

    Args:
        root: Folder of the cache; it is made when first needed. It may be deleted whenever no run uses it.
        side_px: Longest side of what models see, in pixels. Smaller images are not enlarged.
    """

    def __init__(self, root: Path, *, side_px: int = 1024) -> None:
        if side_px < 1:
            raise ValueError(f"side_px is {side_px}; an image has at least one pixel")
        self.root = root
        self.side_px = side_px
        self._settings = f"jpeg 1 side={side_px} quality={QUALITY}\0".encode()
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._guard = threading.Lock()
        self._locks = tuple(threading.Lock() for _ in range(_N_LOCKS))

    def prepare(self, path: Path, *, where: str) -> Image:
        """Return the image as models see it, making it if nobody has yet.

        Args:
            path: The source image.
            where: What to name in an error besides the file, e.g. "case PAT_12".

        Raises:
            DataError: The image is missing, truncated, over 100 megapixels, not an image, or of a kind we cannot read.
        """
        name = os.fspath(path)
        image = self._remembered(name, path, where)
        if image is None:
            with self._locks[hash(name) % _N_LOCKS]:  # many models ask for one image at the same moment
                image = self._remembered(name, path, where) or self._make(name, path, where)
        return image

    def peek(self, path: Path, *, where: str) -> Image | None:
        """Return the image if it is already in memory: cheap enough to try before giving the work to a thread.

        Raises:
            DataError: The image is missing.
        """
        return self._remembered(os.fspath(path), path, where)

    def _remembered(self, name: str, path: Path, where: str) -> Image | None:
        status = _stat(path, where)
        with self._guard:
            seen = self._seen.get(name)
            if seen is None or seen.mtime_ns != status.st_mtime_ns or seen.size != status.st_size:
                return None
            self._seen.move_to_end(name)
            return seen.image

    def _make(self, name: str, path: Path, where: str) -> Image:
        status = _stat(path, where)  # before reading: a change while we read must look like a change next time
        target = self._target(path, where)
        content = _read_whole(target)
        if content is None:
            content = _encode(path, self.side_px, where)
            write_bytes(target, content, durable=False)
        image = Image(hashlib.sha256(content).hexdigest(), target)
        with self._guard:
            self._seen[name] = _Seen(status.st_mtime_ns, status.st_size, image)
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        return image

    def _target(self, path: Path, where: str) -> Path:
        digest = hashlib.sha256(self._settings)
        try:
            with path.open("rb") as file:
                while block := file.read(1 << 18):
                    digest.update(block)
        except OSError as error:
            raise DataError(where, f"the image {path} cannot be read ({error.strerror})") from None
        name = digest.hexdigest()
        return self.root / name[:2] / f"{name}.jpg"


def _stat(path: Path, where: str) -> os.stat_result:
    try:
        return path.stat()
    except FileNotFoundError:
        raise DataError(where, f"the image {path} is missing") from None
    except OSError as error:
        raise DataError(where, f"the image {path} cannot be read ({error.strerror})") from None


def _read_whole(path: Path) -> bytes | None:
    """Return the cached JPEG, or None if it is not there or a power cut left less than all of it."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if content.startswith(b"\xff\xd8") and content.endswith(b"\xff\xd9") else None


def _encode(path: Path, side_px: int, where: str) -> bytes:
    return encode_for_models(read_pixels(path, where=where, side_px=side_px))


def encode_for_models(pixels: PIL.Image.Image) -> bytes:
    """Return pixels as the JPEG that models see."""
    buffer = io.BytesIO()
    pixels.save(buffer, "JPEG", quality=QUALITY, subsampling=0)  # full colour resolution: colour is a finding here
    return buffer.getvalue()
