"""What a slip on the command line prints: one line, in one form, and exit code 2."""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import pytest

from dermatrust.cli.main import cli, main
from dermatrust.clients import Message, Reply, Request
from dermatrust.store.replies import ReplyStore

HANDWRITTEN = Path(__file__).parents[1] / "handwritten"


def dermatrust(*arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "dermatrust", *map(str, arguments)], capture_output=True, text=True, timeout=60, **more
    )


def error(*arguments, **more):
    """Return the one line that a failing command prints."""
    done = dermatrust(*arguments, **more)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert re.fullmatch(r"error: [^\n]+[.?`!]\n", done.stderr), done.stderr
    return done.stderr.strip()


@pytest.fixture
def store(tmp_path):
    """A reply store with one reply."""
    replies = ReplyStore(tmp_path / "ours.sqlite")
    replies.put(b"k" * 16, "m", Request((Message("user", "?"),), case_id="c1"), Reply("A plaque."), None)
    replies.close()
    return tmp_path / "ours.sqlite"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bnech"], "No such command 'bnech'. Did you mean bench? Try `dermatrust --help`."),
        (["BENCH"], "No such command 'BENCH'. Did you mean bench? Try `dermatrust --help`."),
        (["xyzzy"], "No such command 'xyzzy'. Try `dermatrust --help`."),
        (["data", "chekc", "x"], "No such command 'chekc'. Did you mean check? Try `dermatrust data --help`."),
        (["store", "merg"], "No such command 'merg'. Did you mean merge? Try `dermatrust store --help`."),
        (["bench"], "Missing argument 'DATASET'. Try `dermatrust bench --help`."),
        (["bench", "demo"], "Missing option '--model' / '-m'. Try `dermatrust bench --help`."),
        (["data", "split", "x", "--seed", "one"], "'one' is not a valid integer. Try `dermatrust data split --help`."),
        (["data", "import"], "scin, snu, argilla, label-studio. Try `dermatrust data import --help`."),
        (["--nonsense"], "No such option"),
    ],
)
def test_a_slip_is_one_line_that_says_where_to_look(arguments, said):
    assert said in error(*arguments)


def test_an_unbounded_number_has_no_range():
    assert "'abc' is not a valid number. Try `dermatrust plan --help`." in error("plan", "--width", "abc")
    assert "'nan' is not a finite number" in error("plan", "--width", "nan")
    shown = dermatrust("plan", "--help").stdout
    assert "--width NUMBER" in shown
    assert "None" not in shown


def test_a_number_off_its_range_is_one_line():
    said = error("bench", "demo", "-m", "x", "--repeats", "0")
    assert said.startswith("error: Invalid value for '--repeats': 0 is not in the range")
    assert said.endswith("Try `dermatrust bench --help`.")


@pytest.mark.parametrize("arguments", [(), ("data",), ("store",)])
def test_a_group_without_a_command_shows_its_help(arguments):
    done = dermatrust(*arguments)
    assert done.returncode == 2
    assert "Commands:" in done.stderr
    assert "error:" not in done.stderr.lower()


def test_a_forgotten_folder_of_images_names_the_table_and_where_it_looked(tmp_path):
    (tmp_path / "cases.csv").write_text("id,images\nc1,a.jpg\nc2,b.jpg\n")
    said = error("data", "import", "files", "cases.csv", "out", cwd=tmp_path)
    assert said.startswith("error: cases.csv: 2 of 2 images are missing, the first is a.jpg, looked for in ")
    assert str(tmp_path.resolve()) in said
    assert "--images FOLDER" in said
    assert [path.name for path in tmp_path.iterdir()] == ["cases.csv"]


def test_a_recording_that_is_a_folder_or_nothing_is_named(tmp_path):
    assert "names no file" in error("bench", HANDWRITTEN, "-m", "replay:", cwd=tmp_path)
    assert f"{tmp_path}: is a folder" in error("bench", HANDWRITTEN, "-m", f"replay:{tmp_path}", cwd=tmp_path)


@pytest.mark.parametrize("kind", ["empty", "text", "database"])
def test_a_file_that_is_no_store_is_neither_merged_nor_changed(tmp_path, store, kind):
    foreign = tmp_path / "foreign"
    if kind == "database":
        with sqlite3.connect(foreign) as database:
            database.execute("CREATE TABLE patients (name TEXT)")
        database.close()
    else:
        foreign.write_text("" if kind == "empty" else "my notes\n" * 200)
    before = foreign.read_bytes()
    assert "foreign: is not a reply store" in error("store", "merge", foreign, store)
    assert "foreign: is not a reply store" in error("store", "merge", tmp_path / "new.sqlite", store, foreign)
    assert "foreign: is not a reply store" in error("store", "stats", foreign)
    assert foreign.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["foreign", "ours.sqlite"]


def test_a_store_that_is_not_there_yet_is_made(tmp_path, store):
    for n_new in (1, 0):
        done = dermatrust("store", "merge", tmp_path / "new.sqlite", store)
        assert (done.returncode, done.stdout) == (0, f"{store}\t{n_new} new\t0 conflicts\n"), done.stderr
    assert "m\t1\t0" in dermatrust("store", "stats", tmp_path / "new.sqlite").stdout
    assert "is not a reply store" in error("store", "merge", tmp_path / "new.sqlite", tmp_path / "nowhere.sqlite")


@pytest.mark.parametrize(("command", "kinds"), [
    (["judge", HANDWRITTEN, "-j", "lexcial"], "lexical, openai/MODEL"),
    (["audit", "judge", HANDWRITTEN, "-j", "lexcial"], "lexical, openai/MODEL"),
    (["judge", HANDWRITTEN, "-j", "nano/narrator-strong"], "lexical, openai/MODEL"),
    (["bench", HANDWRITTEN, "-m", "nano/narrator-weak", "-j", "nano/evaluator"], "lexical, openai/MODEL"),
    (["build", HANDWRITTEN, "-m", "replay:x.jsonl", "--reasoner", "synthetic/r"], "synthetic/reasoner, nano/MODEL"),
])  # fmt: skip
def test_a_misspelt_judge_or_reasoner_is_told_every_name_there_is(tmp_path, command, kinds):
    (tmp_path / "x.jsonl").write_text('{"case_id": "c1", "model": "m", "text": "A plaque."}\n')
    assert f"; expected {kinds}" in error(*command, cwd=tmp_path)


@pytest.mark.parametrize(("words", "kept"), [
    ("align", "begins anew"), ("audit references", "begins anew"), ("data check", "begins anew"),
    ("report", "begins anew"), ("store merge", "begins anew"), ("demo", "answered so far"),
    ("bench", "answered so far"), ("judge", "answered so far"), ("rate", "answered so far"),
    ("build", "answered so far"), ("narrate", "answered so far"), ("audit judge", "answered so far"),
    ("audit image", "answered so far"), ("audit injection", "answered so far"), ("train", "last checkpoint"),
])  # fmt: skip
def test_ctrl_c_promises_what_the_command_keeps(words, kept, monkeypatch, capsys):
    def stop(**_):
        raise KeyboardInterrupt

    command = cli
    for word in words.split():
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    monkeypatch.setattr(command, "callback", stop)
    monkeypatch.setattr(command, "parse_args", lambda context, args: args)
    monkeypatch.setattr(sys, "argv", ["dermatrust", *words.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert re.search(rf"^stopped\. .*{kept}", capsys.readouterr().err, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("bench", "d", "-m", "nano/narrator-weak"), "-e"),
        (("audit", "injection", "d", "-j", "lexical"), "-m"),
    ],
)
def test_looking_for_writing_where_nobody_looks_is_refused(command, option):
    assert error(*command, "--look-for-writing") == (
        "error: --look-for-writing: is of no use without an evaluator: judges are shown no photograph; "
        f"expected {option} MODEL."
    )
