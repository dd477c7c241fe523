"""`dermatrust serve`: tokens by the command line, and the server as its users start it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

httpx2 = pytest.importorskip("httpx2")
pytest.importorskip("fastapi")


PAGE = Path(__file__).parents[2] / "docs" / "serve.md"


def serve(*arguments, cwd):
    command = [sys.executable, "-m", "dermatrust", "serve", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def token(cwd, *arguments):
    done = serve("token", "create", *arguments, "--db", "t.db", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_token_is_printed_once_listed_without_it_and_revoked(tmp_path):
    made = token(tmp_path, "clinic", "--scope", "score", "--scope", "metrics", "--days", "30")
    assert made.startswith("dt_")
    listed = serve("token", "list", "--db", "t.db", cwd=tmp_path).stdout
    assert "clinic\tmetrics,score\t" in listed
    assert made not in listed
    assert made.encode() not in (tmp_path / "t.db").read_bytes()
    again = serve("token", "create", "clinic", "--db", "t.db", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith("error: token 'clinic': is there already.")
    assert serve("token", "revoke", "clinic", "--db", "t.db", cwd=tmp_path).stdout == "revoked clinic\n"
    assert serve("token", "revoke", "clinic", "--db", "t.db", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize("words", [["list"], ["revoke", "clinic"]])
def test_a_slip_in_db_makes_no_file(tmp_path, words):
    done = serve("token", *words, "--db", "slip.db", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: slip.db: there are no tokens. Check --db; ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("arguments", "said"), [
    (["-m", "nano/nothing"], "nano/nothing: is not an embedded evaluator"),
    (["-m", "openai/gpt-5"], "openai/gpt-5: is not on this machine. Add --may-leave-machine"),
    (["--db", "mysql://h/d"], "--db: names a mysql database"),
    (["--host", "203.0.113.9", "--db", "t.db"], "203.0.113.9:8600: cannot be listened on"),
])  # fmt: skip
def test_what_cannot_be_started_says_so_in_one_line(tmp_path, arguments, said):
    done = serve(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def run_example(address, made, folder):
    """Run the Python example of docs/serve.md against this server."""
    (code,) = [
        block for block in re.findall(r"```text\n(.*?)```", PAGE.read_text(), re.DOTALL) if "import httpx" in block
    ]
    for written, here in (("http://127.0.0.1:8600", address), ("my-atlas/images/000000-1-near.jpg", "a.png")):
        assert written in code
        code = code.replace(written, here)
    start = [sys.executable, "-c", code]
    environment = os.environ | {"DERMATRUST_TOKEN": made}
    return subprocess.run(start, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_server_scores_and_stops_at_ctrl_c(tmp_path):
    made = token(tmp_path, "clinic")
    Image.new("RGB", (40, 30), "tan").save(tmp_path / "a.png")
    command = [sys.executable, "-m", "dermatrust", "serve", "--db", "t.db", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            address = running.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:")
            answer = httpx2.post(
                f"{address}/v1/score", timeout=60, headers={"Authorization": f"Bearer {made}"},
                files={"image": ("a.png", (tmp_path / "a.png").read_bytes())}, data={"narrative": "A red plaque."},
            )  # fmt: skip
            example = run_example(address, made, tmp_path)
            children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        finally:
            running.send_signal(signal.SIGINT)
        errors = running.communicate(timeout=30)[1]
    assert answer.status_code == 200
    assert (example.returncode, len(example.stdout.splitlines())) == (0, 7), example.stderr
    assert len(json.loads(answer.content)["scores"]) == 6
    assert "Trained on drawn pictures alone" in errors
    assert "/v1/score 200" in errors
    assert "Traceback" not in errors
    assert made not in errors
    assert running.returncode == 0
    assert len(children) >= 2
    for child in children:
        while Path(f"/proc/{child}").exists():  # or the test runs out of time
            time.sleep(0.05)
