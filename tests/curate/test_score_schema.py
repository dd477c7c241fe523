"""T35 of the security list: whatever OpenAPI allows or forbids is sent, and every answer is held against it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .serving import Serving, open_api, running

pytest.importorskip("schemathesis")


def checked(folder, n_examples, seed=1):
    """Let schemathesis check every operation with so many examples, all its checks on; return what it reports."""
    with open_api(folder, serving=Serving(per_minute=10**6)) as api, running(api.app) as address:
        done = subprocess.run(
            [
                sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json", "--checks", "all", "-n",
                str(n_examples), "-H", f"Authorization: Bearer {api.token}", "--seed", str(seed), "--no-color",
            ],
            capture_output=True, text=True, timeout=1200, cwd=folder,
            env=os.environ | {"SCHEMATHESIS_HOOKS": "schema_images", "PYTHONPATH": str(Path(__file__).parent)},
        )  # fmt: skip
    return done


def test_every_answer_is_one_that_is_described(tmp_path):
    done = checked(tmp_path, 5)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 / 3" in done.stdout or "3/3" in done.stdout or "Tested: 3" in done.stdout, done.stdout


@pytest.mark.long
@pytest.mark.timeout(1300)
def test_every_one_of_many_answers_is_one_that_is_described(tmp_path):
    done = checked(tmp_path, 200)
    assert done.returncode == 0, done.stdout + done.stderr
