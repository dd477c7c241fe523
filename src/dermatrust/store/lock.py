"""One writer at a time for a folder."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dermatrust.errors import DataError


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold a folder for this process alone; the lock goes with the process, however it ends.

    Raises:
        DataError: Another process is working in this folder, or it cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("a+b")
    except OSError as error:
        raise DataError(str(folder), f"cannot be written to ({error.strerror})", do="Choose another.") from None
    with file:
        try:
            _lock(file.fileno())
        except OSError:
            do = "Wait for it, or choose another folder (a run's with --run-id)."
            raise DataError(str(folder), "another process is working in this folder", do=do) from None
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(number: int) -> None:
        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(number: int) -> None:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
