"""`dermatrust curate`: the address, the first account, the audit trail, and what is said instead of a traceback."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("fastapi")
pytest.importorskip("argon2")

from dermatrust.cli.main import cli
from dermatrust.errors import UserError


@pytest.fixture
def dataset(tmp_path):
    result = CliRunner().invoke(cli, ["atlas", str(tmp_path / "d"), "-n", "2", "--quiet"])
    if result.exit_code:
        result = CliRunner().invoke(cli, ["atlas", str(tmp_path / "d"), "-n", "2"])
    assert result.exit_code == 0, result.output
    return tmp_path / "d"


def run(*words):
    return CliRunner().invoke(cli, ["curate", *map(str, words)], catch_exceptions=True)


def test_starts_and_prints_its_address_and_how_to_make_the_first_account(dataset):
    words = [sys.executable, "-m", "dermatrust", "curate", str(dataset), "--port", "0"]
    source = str(Path(__file__).parents[2] / "src")
    environment = os.environ | {"PYTHONPATH": source}
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        address = server.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), server.stderr.read()
        with urllib.request.urlopen(f"{address}login", timeout=30) as answer:
            assert "Sign in" in answer.read().decode()
    finally:
        server.send_signal(signal.SIGINT)
        _, said = server.communicate(timeout=60)
    assert "new project 'atlas-train: references': 2 texts, 2 raters each" in said
    assert f"`dermatrust curate admin {dataset}` makes the first account" in said
    assert "GET /login 200" in said
    assert "Traceback" not in said
    assert not (dataset / "workbench.db").exists()
    assert (dataset.parent / "d-workbench").stat().st_mode & 0o077 == 0


def test_admin_prints_a_secret_and_again_a_new_one(dataset):
    first, second = run("admin", dataset), run("admin", dataset)
    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    secrets = [result.stdout.strip() for result in (first, second)]
    assert [len(secret) for secret in secrets] == [32, 32]
    assert secrets[0] != secrets[1]
    assert secrets[1] in second.stderr


def test_verify_audit_prints_length_and_hash_and_finds_a_change(dataset):
    run("admin", dataset)
    good = run("verify-audit", dataset)
    rows, _, sha256 = good.stdout.strip().partition(":")
    assert (rows, len(sha256), good.exit_code) == ("1", 64, 0)
    assert run("verify-audit", dataset, "--known", good.stdout.strip()).exit_code == 0
    assert run("verify-audit", dataset, "--known", f"1:{'0' * 64}").exit_code == 1
    with sqlite3.connect(dataset.parent / "d-workbench" / "workbench.db") as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE audit SET actor = 'somebody else'")
    database.close()
    bad = run("verify-audit", dataset)
    assert (bad.exit_code, "row 1 of the audit trail was changed" in bad.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "there is no such folder"),
        (["admin", "nowhere"], "there is no such folder"),
        (["verify-audit", "{dataset}", "--known", "x"], "is not what this command prints"),
        (["{dataset}", "--db", "mysql://x/y"], "names a mysql database"),
        (["{dataset}", "--queue", "{dataset}/nothing.csv"], "nothing.csv"),
        (["{dataset}", "--host", "203.0.113.1"], "cannot be listened on"),
        (["admin", "{dataset}", "a b"], "cannot be a name here"),
        (["verify-audit", "{dataset}"], "there is no workbench"),
    ],
)
def test_what_cannot_be_done_is_one_line(dataset, words, said):
    result = run(*(word.format(dataset=dataset) for word in words))
    assert isinstance(result.exception, UserError)
    assert said in str(result.exception)


def test_a_port_that_is_taken_is_said_in_plain_words(dataset):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = str(run(dataset, "--port", port).exception)
    assert said.startswith(f"127.0.0.1:{port}: another program listens there already. Stop that program")


@pytest.mark.parametrize("share", ["nan", "1.5", "-0.1"])
def test_a_share_of_anchors_is_a_number_from_0_to_1(dataset, share):
    result = run(dataset, "--anchor-share", share)
    assert (result.exit_code, "--anchor-share" in result.stderr) == (2, True)
    assert not (dataset.parent / "d-workbench").exists()
