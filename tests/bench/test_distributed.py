"""Rating on a Ray cluster of this machine: a killed worker loses nothing, and the union is the run's store."""

import os
import signal
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from dermatrust.cli.main import cli
from dermatrust.datasets.atlas import write_atlas
from dermatrust.errors import UserError
from dermatrust.records import iter_records
from dermatrust.records.rating import Rating
from dermatrust.store.replies import ReplyStore

# Ray leaves sockets and files to the end of the process, and warns of what it will change.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(600)]


def rate(folder, out, *more):
    arguments = ["rate", str(folder), "-m", "nano/evaluator", "--out", str(out), "-q", *more]
    return CliRunner().invoke(cli, arguments, catch_exceptions=True)


def ratings(folder):
    return {r.narrative_id: r for r in iter_records(folder / "ratings.jsonl", Rating) if r.rater == "nano/evaluator"}


def kill_one_worker(run_folder, killed, is_over):
    """Kill the first worker that has begun a store of its own."""
    while not is_over.wait(0.05):
        if list(run_folder.glob("*/shards/*.sqlite")):
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    name = process.read_bytes()
                except OSError:
                    continue
                if name.startswith(b"ray::") and b"ShardRater" in name:
                    os.kill(int(process.parent.name), signal.SIGKILL)
                    killed.append(process.parent.name)
                    return


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="workers are found in /proc")
def test_a_killed_worker_loses_nothing_and_the_ratings_equal_those_of_one_process(tmp_path):
    for name in ("spread", "alone"):
        write_atlas(tmp_path / name, n=24, critiques=True, candidates=4)
    killed, is_over = [], threading.Event()
    killer = threading.Thread(target=kill_one_worker, args=(tmp_path / "runs", killed, is_over))
    killer.start()
    done = rate(tmp_path / "spread", tmp_path / "runs", "--ray", "local")
    is_over.set()
    killer.join()
    assert done.exit_code == 0, done.output + str(done.exception)
    assert killed
    assert rate(tmp_path / "alone", tmp_path / "alone-runs").exit_code == 0
    assert ratings(tmp_path / "spread") == ratings(tmp_path / "alone")
    assert len(ratings(tmp_path / "spread")) == 96
    (run,) = (tmp_path / "runs").glob("rate-*")
    assert not list((run / "shards").glob("*"))
    store = ReplyStore(run / "replies.sqlite")
    assert [total.n_replies for total in store.totals()] == [96]
    store.close()
    again = rate(tmp_path / "spread", tmp_path / "runs", "--ray", "local")  # nothing is missing: no cluster is started
    assert again.exit_code == 0
    assert "0 new ratings" in again.output


def test_a_cluster_that_is_not_there_is_a_clear_error(tmp_path):
    write_atlas(tmp_path / "d", n=2, critiques=True)
    done = rate(tmp_path / "d", tmp_path / "runs", "--ray", "ray://127.0.0.1:1")
    assert isinstance(done.exception, UserError)
    assert "no cluster answers" in str(done.exception)
