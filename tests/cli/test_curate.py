"""`dermatrust curate`: the address, the first account, the audit trail, and what is said instead of a traceback."""

import json
import os
import shutil
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
from dermatrust.records import Narrative
from dermatrust.store import append_records
from dermatrust.store.folder import DatasetFolder


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


@pytest.fixture
def started(dataset, monkeypatch):
    """Start the workbench, which ends at once; return what it said."""
    monkeypatch.setattr("dermatrust.cli.listening.run", lambda *words, **more: None)

    def start(*words, on=dataset):
        result = run(on, "--port", 0, *words)
        assert result.exit_code == 0, result.exception
        return result.stderr

    return start


def stored(dataset):
    with sqlite3.connect(dataset.with_name(f"{dataset.name}-workbench") / "workbench.db") as database:
        found = {name: (json.loads(rules), Path(folder)) for name, rules, folder in database.execute(
            "SELECT name, rules, folder FROM project ORDER BY id")}  # fmt: skip
    database.close()
    return found


def test_rules_come_from_a_file_and_the_command_line_goes_before_it(dataset, started, tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("slots: 3\nlease_minutes: 45\ndiffer_by: 1\nsettle_uncertain: false\n")
    started("--rules", path, "--raters-per-narrative", 4)
    ((rules, _),) = stored(dataset).values()
    assert [rules[name] for name in ("slots", "lease_minutes", "differ_by", "settle_uncertain")] == [4, 45, 1, False]
    assert rules["differ_by_on_safety"] == 1
    assert "its texts and rules stay as they were made" in started("--rules", path, "--raters-per-narrative", 2)
    assert stored(dataset)["atlas-train: references"][0] == rules


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("differ_by: 0", "differ_by is 0"),
        ("lease: 3", "lease"),
        ("- 1", "holds no names with values"),
        ("a: [", "is not YAML"),
        ("slots: 21", "slots is 21"),
    ],
)
def test_rules_that_are_none_are_refused_and_nothing_is_made(dataset, tmp_path, content, said):
    (tmp_path / "rules.yaml").write_text(content)
    result = run(dataset, "--port", 0, "--rules", tmp_path / "rules.yaml")
    assert isinstance(result.exception, UserError)
    assert said in str(result.exception)
    assert "rules.yaml" in str(result.exception)
    assert stored(dataset) == {}


def test_a_later_start_goes_on_with_the_project_that_is_there(dataset, started):
    """A dataset that has narratives since, or had them all along: `--texts references` is said once, not each time."""
    started("--texts", "references")
    case = next(DatasetFolder.open(dataset).iter_cases())
    append_records(dataset / "narratives.jsonl", [Narrative(id="n", case_id=case.id, text="A plaque.", author="m")])
    assert "new project" not in started()
    assert list(stored(dataset)) == ["atlas-train: references"]
    assert "new project" in started("--texts", "narratives")
    assert list(stored(dataset)) == ["atlas-train: references", "atlas-train: narratives"]


def test_moved_to_another_place_every_project_finds_its_photographs(dataset, started, tmp_path):
    started()
    other = dataset.with_name("d-workbench") / "datasets" / "random-name"
    shutil.copytree(dataset, other)
    card = other / "card.yaml"
    card.write_text(card.read_text().replace("name: atlas-train", "name: imported"))
    assert run(other, "--port", 0, "--db", dataset.with_name("d-workbench") / "workbench.db").exit_code == 0
    (tmp_path / "new").mkdir()
    for name in ("d", "d-workbench"):
        (tmp_path / name).rename(tmp_path / "new" / name)
    said = started(on=tmp_path / "new" / "d")
    assert said.count("now takes its photographs from") == 2
    folders = {name: folder for name, (_, folder) in stored(tmp_path / "new" / "d").items()}
    assert folders == {
        "atlas-train: references": tmp_path / "new" / "d",
        "imported: references": tmp_path / "new" / "d-workbench" / "datasets" / "random-name",
    }


@pytest.mark.parametrize("share", ["nan", "1.5", "-0.1"])
def test_a_share_of_anchors_is_a_number_from_0_to_1(dataset, share):
    result = run(dataset, "--anchor-share", share)
    assert (result.exit_code, "--anchor-share" in result.stderr) == (2, True)
    assert not (dataset.parent / "d-workbench").exists()
