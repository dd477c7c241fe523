"""Workers leave Ctrl-C to their parent from the first moment on."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dermatrust.store.workers import ctrl_c_held

PROGRAM = """
import multiprocessing, os, signal
from dermatrust.store.workers import ctrl_c_held

def tell(end):
    end.send(signal.pthread_sigmask(signal.SIG_BLOCK, []))

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    worker = context.Process(target=tell, args=(theirs,))
    with ctrl_c_held():
        worker.start()
    print(signal.SIGINT in ours.recv(), signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))
    worker.join()
"""


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="this system has no signal masks")
def test_the_first_worker_of_a_process_never_gets_ctrl_c(tmp_path: Path) -> None:
    """In a fresh interpreter, where starting a worker starts what tracks resources too."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "False"]  # in the worker; here, afterwards


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="this system has no signal masks")
def test_ctrl_c_that_another_thread_got_is_raised_only_afterwards() -> None:
    """A library's threads, started before, do not block the signal; Python raises it in the main thread."""
    ended, done = threading.Event(), threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()

    def hold() -> None:
        with ctrl_c_held():
            signal.pthread_kill(other.ident or 0, signal.SIGINT)
            time.sleep(0.1)
            ended.set()

    try:
        with pytest.raises(KeyboardInterrupt):
            hold()
        assert ended.is_set()
    finally:
        done.set()
        other.join()
