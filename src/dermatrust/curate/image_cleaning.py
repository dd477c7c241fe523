"""Turning an uploaded file into the photograph that models see: upright, sRGB, no metadata, decoded in a cage.

Decoders are C programs that read what strangers send. So uploads are decoded by processes of their own, which have
little memory, may write no file and see no environment; one that takes too long or dies is replaced.
"""

import contextlib
import multiprocessing
import os
import queue
import resource
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Self, get_args

from dermatrust.curate.image_checks import LARGEST_BYTES, ImageFault, ImageRefusedError, check_image
from dermatrust.errors import DataError
from dermatrust.store.images import encode_for_models
from dermatrust.store.pixels import decode_pixels
from dermatrust.store.workers import ctrl_c_held, follow_parent

SIDE_PX = 1024
"""Longest side of what models see, as `dermatrust rate` shows it."""
MEMORY_BYTES = 224 * 1024 * 1024
"""What decoding may take: 40 megapixels in colour are 160 MB in Pillow."""
TIMEOUT_S = 20.0
_START_S = 60.0
_GOOD, _BAD, _READY = b"+", b"-", b"!"


def clean_image(content: bytes, *, side_px: int = SIDE_PX) -> bytes:
    """Return a photograph as models see it: JPEG, upright, sRGB, without metadata, no side over `side_px`.

    The same file gives the same bytes as the image cache that `dermatrust rate` uses. It is decoded in the process that
    calls this; what comes from a network goes through `Cleaners`.

    Raises:
        ImageRefusedError: It is not one still photograph within the limits.
    """
    check_image(content)
    try:
        return encode_for_models(decode_pixels(content, where="the image", side_px=side_px))
    except DataError as error:
        raise ImageRefusedError("truncated" if "truncated" in error.what else "damaged") from None
    except MemoryError:
        raise ImageRefusedError("too much memory") from None


class Cleaners:
    """Processes that clean images. May be asked from many threads; a context that ends them.

    Args:
        n: How many; each cleans one image at a time.
        side_px: Longest side of what models see.
        timeout_s: After so long a process is killed, and the next image gets a new one.
    """

    def __init__(self, n: int = 2, *, side_px: int = SIDE_PX, timeout_s: float = TIMEOUT_S) -> None:
        self._cleaners = [_Cleaner(side_px, timeout_s) for _ in range(n)]
        self._idle: queue.SimpleQueue[_Cleaner] = queue.SimpleQueue()
        for cleaner in self._cleaners:
            self._idle.put(cleaner)

    def __enter__(self) -> Self:
        for cleaner in self._cleaners:
            cleaner.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for cleaner in self._cleaners:
            cleaner.kill()

    @property
    def pids(self) -> list[int]:
        """Of the processes that are there now."""
        return [cleaner.pid for cleaner in self._cleaners if cleaner.pid is not None]

    def clean(self, content: bytes) -> bytes:
        """Return a photograph as `clean_image` does; wait for a process that is free.

        Raises:
            ImageRefusedError: As of `clean_image`; or the process died of it, or took too long.
        """
        if len(content) > LARGEST_BYTES:  # not worth a copy
            raise ImageRefusedError("too many bytes")
        cleaner = self._idle.get()
        try:
            return cleaner.clean(content)
        finally:
            self._idle.put(cleaner)


class _Cleaner:
    """One process, started when needed."""

    def __init__(self, side_px: int, timeout_s: float) -> None:
        self._side_px = side_px
        self._timeout_s = timeout_s
        self._process: BaseProcess | None = None
        self._door: Connection | None = None
        self._is_ready = False

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        if self._process is not None and self._process.is_alive():
            return
        self.kill()
        context = multiprocessing.get_context("spawn")  # a fork would carry the networks and their threads along
        self._door, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, self._side_px), daemon=True)
        with ctrl_c_held():
            self._process.start()
        theirs.close()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._door is not None:
            self._door.close()
        self._process = self._door = None
        self._is_ready = False

    def clean(self, content: bytes) -> bytes:
        self.start()
        assert self._door is not None
        try:
            if not self._is_ready:
                self._is_ready = self._heard(_START_S) == _READY  # it has loaded its libraries
            self._door.send_bytes(content)
            answer = self._heard(self._timeout_s)
        except (EOFError, OSError):
            self.kill()
            raise ImageRefusedError("damaged") from None
        except BaseException:
            self.kill()
            raise
        if answer[:1] == _GOOD:
            return answer[1:]
        raise ImageRefusedError(_fault(answer[1:].decode("ascii", "replace")))

    def _heard(self, timeout_s: float) -> bytes:
        assert self._door is not None
        if not self._door.poll(timeout_s):
            raise ImageRefusedError("too slow")
        return self._door.recv_bytes(LARGEST_BYTES)


def _fault(said: str) -> ImageFault:
    """Return a fault by its name; a process that was taken over may say anything."""
    return next((fault for fault in get_args(ImageFault) if fault == said), "damaged")


def _work(door: Connection, side_px: int) -> None:
    """Clean images until the door is closed."""
    follow_parent()
    _cage()
    with contextlib.suppress(EOFError, OSError):
        door.send_bytes(_READY)
        while True:
            door.send_bytes(_answer(door.recv_bytes(), side_px))


def _answer(content: bytes, side_px: int) -> bytes:
    try:
        return _GOOD + clean_image(content, side_px=side_px)
    except ImageRefusedError as refused:
        return _BAD + refused.fault.encode()
    except MemoryError:
        return _BAD + b"too much memory"


def _cage() -> None:
    """Give up what decoding an image does not need."""
    os.environ.clear()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if (statm := Path("/proc/self/statm")).exists():  # Linux; elsewhere the limits on bytes and pixels must do
        limit = int(statm.read_text().split()[0]) * resource.getpagesize() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
