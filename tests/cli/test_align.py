"""`dermatrust align`: what it prints and writes, and that every mistake is one line."""

import csv
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass

import pytest
import yaml

from dermatrust.cli.main import main
from dermatrust.records import DIMENSIONS, Case, DatasetCard, Narrative, Rater, Rating, Unscored
from dermatrust.store import append_records, write_dataset

CARD = DatasetCard(name="t", version="1", source="s", licence="private", consent="c")
SCORES = {"Dr A": [1, 4, 2, 5], "Dr B": [1, 5, 2, 4], "judge": [2, 5, 3, 5], "eye": [1, 4, None, 0]}
KINDS = {"Dr A": "human", "Dr B": "human", "judge": "llm", "eye": "evaluator"}


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def align(tmp_path, monkeypatch, capsys):
    """Run the command as the program does, in the folder of the dataset and without a process of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["dermatrust", "align", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return Done(caught.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def quick(align):
    return lambda *arguments: align("t", "--resamples", "50", *arguments)


@pytest.fixture
def error(align):
    """Return the one line that a failing command prints."""

    def run(*arguments):
        done = align(*arguments)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert re.fullmatch(r"error: [^\n]+[.`]\n", done.stderr), done.stderr
        return done.stderr

    return run


def rating(rater, k, score, **more):
    known = {} if score is None else dict.fromkeys(DIMENSIONS, float(score))
    unscored = {d: Unscored(reason="unreadable") for d in DIMENSIONS if d not in known}
    return Rating(narrative_id=f"n{k}", rater=rater, scores=known, unscored=unscored, **more)


@pytest.fixture
def dataset(tmp_path):
    """Four narratives by two models, two people and two automatic raters of them, all registered."""
    path = tmp_path / "t"
    write_dataset(path, CARD, [Case(id=f"c{k}", patient_id=f"p{k}") for k in range(4)])
    narratives = [Narrative(id=f"n{k}", case_id=f"c{k}", author="mn"[k % 2], text=f"A plaque {k}.") for k in range(4)]
    append_records(path / "narratives.jsonl", narratives)
    append_records(path / "ratings.jsonl", [rating(r, k, s) for r, row in SCORES.items() for k, s in enumerate(row)])
    append_records(path / "raters.jsonl", [Rater(id=name, kind=kind) for name, kind in KINDS.items()])
    return path


def macro_errors(text):
    """Return rater to its macro mean absolute error, as the first table prints it."""
    (part,) = [part for part in text.split("\n\n") if part.startswith("Mean absolute error, points, scores as given")]
    cells = [re.split(r" {2,}", line) for line in part.split("\n")[2:]]
    return {row[0]: row[-3].split()[0] for row in cells}


def test_the_program_prints_the_tables_and_a_mistake_as_one_line(dataset, tmp_path):
    command = [sys.executable, "-m", "dermatrust", "align"]
    done, wrong = (
        subprocess.run([*command, *more], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        for more in (["t", "--resamples", "20"], ["nowhere"])
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("4 narratives of 4 patients\n")
    said = "error: nowhere: there is no such folder; expected a dataset folder.\n"
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (2, "", said)


def test_the_tables_go_to_stdout_and_nothing_else(dataset, quick):
    done = quick()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "4 narratives of 4 patients\nPanel: Dr A (human); Dr B (human)\nCompared: judge (llm)"
    )
    # The panel's means are 1, 4.5, 2, 4.5. Judge 1, .5, 1, .5; evaluator 0, .5, -, 4.5; each doctor 0, 1, 0, 1. Means
    # of other patients (4.5 + 2 + 4.5) / 3 and so on: 11/3, 2.5, 10/3, 2.5, off by 8/3, 2, 4/3, 2.
    assert macro_errors(done.stdout) == {
        "judge": "0.75", "eye": "1.67", "one of the panel": "0.50", "Dr A": "0.50", "Dr B": "0.50",
        "the mean of other patients": "2.00",
    }  # fmt: skip


def test_the_same_command_prints_the_same_bytes(dataset, quick):
    texts = {quick("--seed", "3").stdout for _ in range(2)}
    assert len(texts) == 1
    assert quick("--seed", "4").stdout not in texts


def test_a_synthetic_dataset_says_so_first(dataset, quick):
    card = yaml.safe_load((dataset / "card.yaml").read_text()) | {"synthetic": True}
    (dataset / "card.yaml").write_text(yaml.safe_dump(card))
    done = quick()
    assert done.stdout.startswith("synthetic dataset: no number below is clinical performance\n\n4 narratives")


def test_a_named_panel_comes_before_the_registry_and_a_person_not_named_is_compared(dataset, align, quick):
    done = quick("--panel", "Dr B")
    assert "Panel: Dr B (human)\nCompared: Dr A (human); judge (llm); eye (evaluator)\n" in done.stdout
    # Dr A is 0, 1, 0, 1 away from Dr B.
    assert macro_errors(done.stdout)["Dr A"] == "0.50"
    help_text = " ".join(align("--help").stdout.split())
    assert "--panel names it instead: whoever is not named, a person too, is then compared with it." in help_text
    assert "People not named are then compared." in help_text


def test_without_a_registry_the_panel_is_named_and_the_others_are_told(dataset, quick, error):
    (dataset / "raters.jsonl").unlink()
    done = quick("--panel", "Dr A", "--adjudicator", "Dr B")
    assert "Panel: Dr A (human)\nAdjudicators: Dr B (human)\nCompared: judge (llm); eye (llm)\n" in done.stdout
    told = [f"{name}: not in t{os.sep}raters.jsonl, so taken for a language model." for name in ("judge", "eye")]
    assert done.stderr.splitlines() == told
    assert "have nobody to compare with; the raters are Dr A, Dr B, judge, eye. Name those" in (
        error("t")
    )  # fmt: skip


def test_an_adjudicator_settles(dataset, quick):
    done = quick("--adjudicator", "judge")
    # The evaluator is 1, 1, -, 5 away from the judge.
    assert macro_errors(done.stdout)["eye"] == "2.33"
    assert "the adjudicated score, else the panel's mean" in done.stdout


def test_expected_scores_are_taken_on_request(dataset, quick):
    weighed = rating("weigher", 0, 4, expected=dict.fromkeys(DIMENSIONS, 2.5))
    append_records(dataset / "ratings.jsonl", [weighed])
    append_records(dataset / "raters.jsonl", [Rater(id="weigher", kind="evaluator")])
    found = [macro_errors(quick(*more).stdout)["weigher"] for more in ((), ("--expected",))]
    assert found == ["3.00", "1.50"]


def test_out_holds_every_number_and_the_worst_narratives(dataset, tmp_path, quick):
    done = quick("--out", "made", "--worst", "1", "--epsilon", "0.1")
    assert done.returncode == 0, done.stderr
    tables = f"tables: made{os.sep}alignment.csv, made{os.sep}worst.csv\n"
    assert done.stderr == f"page: made{os.sep}alignment.html\n{tables}"
    assert "epsilon 0.1:" in done.stdout
    names = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert names == ["alignment.csv", "alignment.html", "result.json", "worst.csv"]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "made" / "alignment.csv").read_bytes().decode(), newline="")))
    (row,) = [
        r for r in rows
        if (r["rater"], r["scale"], r["statistic"], r["measure"]) == ("judge", "as given", "MAE", "macro")
    ]  # fmt: skip
    assert (float(row["value"]), row["n"], row["n_missing"]) == (0.75, "4", "0")
    worst = list(csv.DictReader(io.StringIO((tmp_path / "made" / "worst.csv").read_bytes().decode(), newline="")))
    assert [(r["rater"], r["narrative_id"], r["text"]) for r in worst] == [
        ("judge", "n0", "A plaque 0."), ("eye", "n3", "A plaque 3."),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_out_that_is_in_use_is_refused_before_the_work_and_left_alone(dataset, tmp_path, kind, error):
    target = tmp_path / "made"
    if kind == "folder":
        target.mkdir()
        (target / "mine").write_text("x")
    else:
        target.write_text("x")
    assert "made: exists and is not empty. Choose another folder" in error("t", "--out", "made")
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["made", "t"]
    assert (target / "mine" if kind == "folder" else target).read_text() == "x"


def test_an_empty_folder_is_filled(dataset, tmp_path, quick):
    (tmp_path / "made").mkdir()
    assert quick("--out", "made").returncode == 0
    assert (tmp_path / "made" / "worst.csv").is_file()


def test_a_failure_leaves_no_folder_behind(dataset, tmp_path, align):
    (dataset / "raters.jsonl").unlink()
    assert "have nobody to compare with" in align("t", "--out", "made").stderr
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere: there is no such folder; expected a dataset folder."),
        (["t", "--panel", "Dr X"], "--panel: 'Dr X' rated no narrative with text; expected one of Dr A, Dr B, judge"),
        (["t", "--adjudicator", "Dr X"], "--adjudicator: 'Dr X' rated no narrative with text"),
        (["t", "--panel", "Dr A", "--adjudicator", "Dr A"], "--adjudicator: 'Dr A' is named with --panel too."),
        (["t", "--epsilon", "nan"], "'nan' is not a finite number."),
        (["t", "--epsilon", "1.1"], "'--epsilon': 1.1 is not in the range 0<=x<=1."),
        (["t", "--confidence", "nan"], "'nan' is not a finite number."),
        (["t", "--confidence", "1"], "'--confidence': 1.0 is not in the range 0<x<1."),
        (["t", "--resamples", "0"], "'--resamples': 0 is not in the range x>=1."),
        (["t", "--worst", "-1"], "'--worst': -1 is not in the range x>=0."),
        (["t", "--seed", "-1"], "'--seed': -1 is not in the range x>=0."),
        ([], "Missing argument 'DATASET'. Try `dermatrust align --help`."),
    ],
)
def test_mistakes_are_one_line(dataset, arguments, said, error):
    assert said in error(*arguments)


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("raters", Rater(id="eye", kind="llm").to_line(), "raters.jsonl line 5: has the id 'eye' of line 4"),
        ("raters", '{"id": "x", "kind": "llm", "role": "y"}', "raters.jsonl line 5: has a field 'role' this record"),
        ("ratings", rating("x", 9, 3).to_line(), "ratings.jsonl line 17: rates narrative 'n9'; expected one of narr"),
        (
            "ratings",
            rating("eye", 3, 3).to_line(),
            "line 17: is a second rating of 'n3' by 'eye'; expected one for each",
        ),
        ("ratings", "{}", "ratings.jsonl line 17: has no field 'narrative_id'"),
    ],
)
def test_a_bad_line_is_named(dataset, name, line, said, error):
    with (dataset / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    assert said in error("t")


@pytest.mark.parametrize("left", ["metadata.jsonl", ""])
def test_a_dataset_without_ratings_says_how_to_get_some(dataset, left, error):
    for name in ("ratings.jsonl", "narratives.jsonl"):
        (dataset / name).unlink()
    if not left:
        (dataset / "metadata.jsonl").write_text("")
    assert "ratings.jsonl: there is no such file. Rate some with `dermatrust judge`" in error("t")
