"""Pieces come back in order, whatever ends the iteration ends the workers, and Ctrl-C waits for none of them."""

import math
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from itertools import count, islice

import pytest

from dermatrust.store.pool import WorkerLostError, in_order

# Each process sleeps for ten minutes, as one that still imports or draws might; the pool of the standard library waits.
PROGRAM = """
import time
from dermatrust.store.pool import in_order

if __name__ == "__main__":
    print("begins", flush=True)
    for _ in in_order(time.sleep, [0, 0, *[600] * 9], workers=2):
        print("works", flush=True)
"""


def test_results_come_in_the_order_of_their_pieces():
    naps = [0.3, 0.0, 0.1, 0.0, 0.0, 0.2, 0.0]
    assert list(in_order(time.sleep, naps, workers=3)) == [None] * 7
    assert list(in_order(math.sqrt, [k * k for k in range(50)], workers=2)) == list(range(50))
    assert list(in_order(math.sqrt, [], workers=2)) == []


def test_pieces_are_taken_only_a_little_ahead_and_no_process_is_left():
    taken = []
    pieces = (taken.append(k) or k for k in count())
    roots = in_order(math.sqrt, pieces, workers=2)
    assert list(islice(roots, 5)) == [math.sqrt(k) for k in range(5)]
    assert len(taken) <= 5 + 3 * 2
    roots.close()
    assert not multiprocessing.active_children()


def test_a_failure_in_a_worker_is_raised_here_and_says_where():
    with pytest.raises(ValueError, match="math domain error") as failure:
        list(in_order(math.sqrt, [4, -1, 9], workers=2))
    assert "In a worker process" in failure.value.__notes__[0]
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("n", [1, 5])
def test_a_worker_that_was_killed_is_told(n):
    with pytest.raises(WorkerLostError):
        list(in_order(os._exit, [9] * n, workers=2))
    assert not multiprocessing.active_children()


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="this system has no process groups")
@pytest.mark.parametrize("line", ["begins", "works"])
def test_ctrl_c_waits_for_no_worker(tmp_path, line):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    process = subprocess.Popen(
        [sys.executable, str(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    while process.stdout.readline().strip() != line:
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert err.strip().endswith("KeyboardInterrupt")
    deadline = time.monotonic() + 20
    while is_there(process.pid):  # what tracks resources ends a moment later
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_there(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
