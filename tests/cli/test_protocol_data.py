"""What a run says its data are: every file that was read, each once."""

import json
import sys

import pytest

from dermatrust.cli.main import main
from dermatrust.protocols import read_rows as reading
from dermatrust.protocols.files_read import FilesRead, content_hash


def row(question, answer="A"):
    return {"question": question, "options": {"A": "acne", "B": "eczema"}, "answer_idx": answer}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "test.jsonl").write_text("\n".join(json.dumps(row(f"Itchy {k}?")) for k in range(4)))
    (tmp_path / "train.jsonl").write_text(json.dumps(row("Sore?")))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")
    return tmp_path


@pytest.fixture
def dermatrust(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["dermatrust", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        return int(caught.value.code or 0), capsys.readouterr()

    return call


@pytest.fixture
def run(folder, dermatrust, server, answered):
    server.answer = lambda body: answered("Answer: A")

    def call(*more):
        common = ("-m", f"{server.url}#m", "--data", "test.jsonl", "--quiet")
        return dermatrust("run", "open-medlm", "--variant", "few-shot", *common, *more)

    return call


def test_a_changed_file_beside_the_data_is_another_run(folder, run, dermatrust):
    assert run("--run-id", "r")[0] == 0
    known = json.loads((folder / "runs" / "r" / "manifest.json").read_text())["dataset_hash"]
    asked = json.loads((folder / "runs" / "r" / "result.json").read_text())
    assert known in json.dumps(asked)
    replayed = ("replay", "open-medlm", "runs/r/scored.jsonl", "--variant", "few-shot", "--data", "test.jsonl")
    assert dermatrust(*replayed, "--out", "again")[0] == 0
    assert known in (folder / "again" / "result.json").read_text()
    (folder / "train.jsonl").write_text(json.dumps(row("Hot?")))
    code, said = run("--run-id", "r")
    assert code == 2
    assert "holds a run on other cases, models or settings" in said.err
    assert len(list((folder / "runs").glob("open-medlm-*"))) == 0
    assert run()[0] == 0
    (folder / "train.jsonl").write_text(json.dumps(row("Cold?")))
    assert run()[0] == 0
    assert len(list((folder / "runs").glob("open-medlm-*"))) == 2  # a name of its own for each


def test_a_run_of_an_earlier_version_is_pointed_to_and_its_replies_can_be_kept(folder, run, server, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(FilesRead, "content_hash", lambda self, path: content_hash(path))  # the main file's alone
        assert "earlier version" not in run()[1].err
    (old,) = (folder / "runs").glob("open-medlm-*")
    n_asked = len(server.asked)
    code, said = run("--run-id", old.name, "--replace")
    assert (code, len(server.asked)) == (0, n_asked)
    assert "earlier version" not in run("--limit", "4")[1].err  # other settings: another run
    code, said = run()
    (line,) = [line for line in said.err.splitlines() if "earlier version" in line]
    assert line.startswith(f"runs/{old.name} is this run, named by an earlier version")
    assert line.endswith(f"To keep its replies: --run-id {old.name} --replace.")
    assert len(server.asked) == 3 * n_asked
    assert "earlier version" not in run()[1].err  # it is resumed now


def test_a_run_reads_its_data_once(folder, run, monkeypatch):
    opened = []
    lines = reading.iter_lines
    monkeypatch.setattr(reading, "iter_lines", lambda path: opened.append(path.name) or lines(path))
    assert run()[0] == 0
    assert sorted(opened) == ["test.jsonl", "train.jsonl"]


def test_a_faulty_row_stops_a_run_before_anything_is_asked_or_written(folder, run, server):
    (folder / "test.jsonl").write_text(json.dumps(row("Itchy?")) + '\n{"question": "No options?"}')
    code, said = run()
    assert code == 2
    assert said.err.startswith("error: test.jsonl: cannot be read as data of open-medlm (KeyError: 'options')")
    assert len(said.err.splitlines()) == 1
    assert not server.asked
    assert not (folder / "runs").exists()
