"""Several processes on one machine without GPU that train side by side, each on its part of every batch."""

import multiprocessing
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from accelerate.state import AcceleratorState

from dermatrust.errors import DataError
from dermatrust.store.workers import ctrl_c_held, follow_parent

_GRACE_S = 60.0
"""How long the other processes may take to end once this one has."""
_EXIT_S = 5.0
"""How long a process that is lost may take to be gone."""


def is_first() -> bool:
    """Whether this process is the only one or the first of those that train together."""
    return os.environ.get("RANK", "0") == "0"


def is_launched() -> bool:
    """Whether somebody else, such as `accelerate launch`, already decided how many processes train."""
    return "WORLD_SIZE" in os.environ


@contextmanager
def side_by_side(n: int, work: Callable[..., object], *args: object) -> Iterator[None]:
    """Make this process the first of n that train together, while the block lasts.

    The others call `work` in a fresh interpreter; the block does the same here. They meet through Gloo
    (https://docs.pytorch.org/docs/stable/distributed.html), which Accelerate finds by the usual variables of the
    environment. Where a GPU is there, or somebody else launched this process, nothing is started.

    Args:
        n: Processes in all.
        work: What the others do, a function of a module.
        args: For it.

    Raises:
        DataError: One of the others ended early.
    """
    if n == 1 or is_launched() or torch.cuda.is_available():
        yield
        return
    meeting = _meeting(n)
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=_follow, args=(k, meeting, work, args), daemon=True) for k in range(1, n)]
    before, n_threads = dict(os.environ), torch.get_num_threads()
    _join(meeting, 0)
    try:
        with ctrl_c_held():
            for other in others:
                other.start()
        yield
        for other in others:
            other.join(_GRACE_S)
    except RuntimeError as error:  # what Gloo says when somebody is gone
        raise _lost(others, error) from None
    finally:
        _part(others)
        os.environ.clear()
        os.environ.update(before)
        torch.set_num_threads(n_threads)


def _lost(others: Sequence[Any], error: RuntimeError) -> Exception:
    """Return the error to tell: that one of the others ended early, or else what was raised here."""
    for other in others:
        other.join(_EXIT_S)  # Gloo hears of it before the process has ended
    statuses = [other.exitcode for other in others if other.exitcode not in (None, 0)]
    if not statuses:
        return error
    do = "Was there memory enough, and was a free port left? The same command goes on from the last checkpoint."
    return DataError("training", f"a process of {1 + len(others)} ended early (exit status {statuses[0]})", do=do)


def _meeting(n: int) -> dict[str, str]:
    """Return the variables by which n processes find each other, at a port that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {
        "WORLD_SIZE": str(n), "LOCAL_WORLD_SIZE": str(n), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
        "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // n)),
    }  # fmt: skip


def _join(meeting: Mapping[str, str], rank: int) -> None:
    AcceleratorState._reset_state(reset_partial_state=True)  # it outlives its accelerators
    os.environ.update(meeting, RANK=str(rank), LOCAL_RANK=str(rank))
    torch.set_num_threads(int(meeting["OMP_NUM_THREADS"]))


def _follow(rank: int, meeting: Mapping[str, str], work: Callable[..., object], args: tuple[Any, ...]) -> None:
    """Do the work as one of the others; what goes wrong with the data, the first process tells."""
    follow_parent()
    _join(meeting, rank)
    try:
        work(*args)
    except DataError:
        raise SystemExit(2) from None
    finally:
        _part(())


def _part(others: Any) -> None:
    """Leave the group, end the other processes, and forget that there was a group."""
    for other in others:
        other.terminate()
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
    AcceleratorState._reset_state(reset_partial_state=True)
