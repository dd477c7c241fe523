"""`kill -9` at random moments: nothing committed is lost, and little is asked twice."""

import itertools
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from dermatrust.engine.engine import BATCH
from dermatrust.records import DIMENSIONS, Case, ClinicalContext, DatasetCard, Narrative
from dermatrust.store.folder import write_dataset
from dermatrust.store.scores import read_scores

N_CASES, N_KILLS, N_AT_ONCE = 2000, 20, 16
"""2,000 samples, each a narrative and a verdict: 4,000 asks."""


@pytest.fixture
def dataset(tmp_path):
    photo = tmp_path / "p.png"
    Image.new("RGB", (40, 40), "tan").save(photo)
    card = DatasetCard(name="kill", version="1", source="test", licence="Apache-2.0", consent="none", synthetic=True)
    cases = (
        Case(
            id=f"c{n}",
            file_names=("images/p.jpg",),
            patient_id=f"p{n // 2}",
            context=ClinicalContext(note=f"number {n}"),
        )
        for n in range(N_CASES)
    )
    references = (
        Narrative(id=f"r{n}", case_id=f"c{n}", text=f"reference {n}", author="x", stream="reference")
        for n in range(N_CASES)
    )
    write_dataset(tmp_path / "data", card, cases, references, [("images/p.jpg", photo)])
    return tmp_path / "data"


def start(dataset, server, out):
    command = [
        sys.executable, "-m", "dermatrust", "bench", str(dataset),
        "-m", f"{server.url}#writer", "-j", f"{server.url}#judge",
        "--with-context", "--out", str(out), "--run-id", "r", "--quiet", "--pages", "2",
        "--max-concurrency", str(N_AT_ONCE),
    ]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def asks(server):
    return Counter(json.dumps(body["messages"], sort_keys=True) for body in server.asked)


def test_killed_runs_lose_nothing_committed_and_ask_little_twice(tmp_path, dataset, server, answered):
    def answer(body):
        text = json.dumps(body["messages"])
        score = sum(text.encode()) % 6
        verdict = answered(json.dumps({d.value: {"reason": "so", "score": score} for d in DIMENSIONS}))
        reply = verdict if body["model"] == "judge" else answered(f"A narrative with checksum {sum(text.encode())}.")
        reply.delay_s = 0.02
        return reply

    server.answer = answer
    whole = start(dataset, server, tmp_path / "whole")
    table, err = whole.communicate(timeout=120)
    assert whole.returncode == 0, err
    needed = asks(server)
    assert len(needed) == sum(needed.values()) == 2 * N_CASES

    server.asked.clear()
    dice = random.Random(0)
    n_kills, n_repeated = 0, [0]
    for _ in range(N_KILLS):
        n_before = len(server.asked)
        process = start(dataset, server, tmp_path / "killed")
        wait_for = dice.randint(0, 160)
        while process.poll() is None and len(server.asked) < n_before + wait_for:
            time.sleep(0.002)
        time.sleep(dice.random() * 0.1)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            n_kills += 1
        process.communicate()
        n_repeated.append(sum(asks(server).values()) - len(asks(server)))
    last = start(dataset, server, tmp_path / "killed")
    out, err = last.communicate(timeout=120)
    assert last.returncode == 0, err
    assert n_kills == N_KILLS
    assert out == table
    assert same_scores(tmp_path / "whole" / "r" / "scores.parquet", tmp_path / "killed" / "r" / "scores.parquet")
    assert asks(server).keys() == needed.keys()
    n_repeated.append(sum(asks(server).values()) - 2 * N_CASES)
    per_kill = [after - before for before, after in itertools.pairwise(n_repeated)]
    assert max(per_kill) <= 2 * N_AT_ONCE + BATCH  # in flight to two models + the last uncommitted batch
    assert sum(per_kill) > 0  # or the kills came at no bad moment, and nothing was tested


def same_scores(one: Path, two: Path) -> bool:
    a, b = read_scores(one), read_scores(two)
    return list(a.case_id) == list(b.case_id) and list(a.score) == list(b.score) and len(a.score) == 6 * N_CASES
