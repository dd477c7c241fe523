"""Worker processes that leave Ctrl-C to their parent, and end with it."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import wait


@contextmanager
def ctrl_c_held() -> Iterator[None]:
    """Hold Ctrl-C back for a moment; a worker started meanwhile never gets it, not even while it imports.

    The worker inherits that the signal is blocked. Here that is not enough: it may reach a thread that a library
    started earlier, and would be raised in the main thread in the middle of starting a worker. So it is kept, and
    raised when the block has ended.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # starting it, as the first worker would, lets the signal through again
    with ctrl_c_kept():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)  # what was blocked arrives now, and is kept too


@contextmanager
def ctrl_c_kept() -> Iterator[None]:
    """Keep Ctrl-C until the block has ended: for what must be done whole, and takes a moment only."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is None or threading.current_thread() is not threading.main_thread():  # not ours to set
        yield
        return
    kept: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: kept.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if kept:
            signal.raise_signal(signal.SIGINT)


def follow_parent() -> None:
    """Make this worker leave Ctrl-C to its parent, and end when the parent has ended, even if it was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
