"""Pieces of work done by several processes, that come back in their order, and that Ctrl-C ends at once."""

import multiprocessing
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from dermatrust.store.workers import ctrl_c_held, follow_parent

P = TypeVar("P")
R = TypeVar("R")


class WorkerLostError(Exception):
    """A worker process ended before it had done its piece, e.g. for want of memory."""


def in_order(work: Callable[[P], R], pieces: Iterable[P], *, workers: int) -> Generator[R, None, None]:
    """Yield what `work` makes of every piece, in the order of the pieces, by so many spawned processes.

    However the iteration ends, no process is left: none is waited for, each is killed. So Ctrl-C takes no longer than
    that, whatever the workers are at; the executors of the standard library wait until their workers have started and
    have done what they hold.

    Args:
        work: A function that a fresh interpreter can import; pieces and results must be picklable.
        pieces: At most three per worker are taken ahead of what was yielded, so memory does not grow with them.
        workers: Number of processes. A script that calls this needs `if __name__ == "__main__":`.

    Raises:
        WorkerLostError: A worker process was killed.
        Exception: What `work` raised, with a note of where.
    """
    crew = _Crew(work)
    waiting = iter(pieces)
    results: dict[int, R] = {}
    n_given = n_yielded = 0
    try:
        crew.start(workers)
        while True:
            while crew.idle and n_given - n_yielded < 3 * workers:
                try:
                    piece = next(waiting)
                except StopIteration:
                    break
                crew.give(n_given, piece)
                n_given += 1
            if n_yielded == n_given:
                return
            if n_yielded not in results:
                results.update(crew.heard())
                continue
            yield results.pop(n_yielded)
            n_yielded += 1
    finally:
        crew.kill()


class _Crew:
    """Processes that each do one piece at a time."""

    def __init__(self, work: Callable[[Any], Any]) -> None:
        self._work = work
        self._processes: list[BaseProcess] = []
        self._busy: dict[Connection, int] = {}
        self.idle: list[Connection] = []

    def start(self, n: int) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would carry networks and their threads along
        for _ in range(n):
            with ctrl_c_held():
                ours, theirs = context.Pipe()
                process = context.Process(target=_serve, args=(theirs, self._work), daemon=True)
                process.start()
                self._processes.append(process)
                self.idle.append(ours)
                theirs.close()

    def give(self, place: int, piece: Any) -> None:
        door = self.idle.pop()
        try:
            door.send(piece)
        except OSError:
            raise WorkerLostError from None
        self._busy[door] = place

    def heard(self) -> Iterator[tuple[int, Any]]:
        """Yield (place, result) of every piece that is done, and wait until one is.

        Several at a time, and each worker is idle again as soon as it was heard.
        """
        for door in wait(list(self._busy)):
            assert isinstance(door, Connection)
            try:
                is_done, result = door.recv()
            except (EOFError, OSError):
                raise WorkerLostError from None
            if not is_done:
                raise result
            yield self._busy.pop(door), result
            self.idle.append(door)

    def kill(self) -> None:
        with ctrl_c_held():  # a second Ctrl-C must not leave one alive, who writes into a folder that is removed next
            for process in self._processes:
                process.kill()
            for process in self._processes:
                process.join()
                process.close()
            for door in (*self.idle, *self._busy):
                door.close()
            self._processes.clear()


def _serve(door: Connection, work: Callable[[Any], Any]) -> None:
    """Do one piece after another until the door is closed."""
    follow_parent()
    with suppress(EOFError):
        while True:
            door.send(_outcome(work, door.recv()))


def _outcome(work: Callable[[Any], Any], piece: Any) -> tuple[bool, Any]:
    try:
        return True, work(piece)
    except Exception as error:
        error.add_note("In a worker process:\n" + "".join(traceback.format_tb(error.__traceback__)))
        return False, error
