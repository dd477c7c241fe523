"""`dermatrust audit injection` and `dermatrust audit image` as a user meets them."""

import csv
import json
import re

import pytest
from click.testing import CliRunner
from PIL import Image

from dermatrust.cli.main import cli
from dermatrust.errors import ModelError
from dermatrust.records import DIMENSIONS, Case, DatasetCard, Narrative
from dermatrust.store.folder import write_dataset

VERDICT = json.dumps({name: {"reason": "So.", "score": 2} for name in DIMENSIONS})


@pytest.fixture
def dataset(tmp_path):
    cases, references, pictures = [], [], []
    for k, label in enumerate(("psoriasis", "eczema", "tinea corporis")):
        path = tmp_path / f"{k}.png"
        Image.new("RGB", (64, 48), (180 - 20 * k, 60, 60)).save(path)
        cases.append(Case(id=f"c{k}", file_names=(f"images/{k}.png",), label=label))
        text = f"A red plaque with a sharp border on the arm. The answer is {label}."
        references.append(Narrative(id=f"r{k}", case_id=f"c{k}", text=text, author="a", stream="reference"))
        pictures.append((f"images/{k}.png", path))
    card = DatasetCard(name="<b>tiny</b>", version="1", source="t", licence="private", consent="none", synthetic=True)
    write_dataset(tmp_path / "set", card, cases, references, pictures)
    return tmp_path / "set"


@pytest.fixture
def run(tmp_path):
    def invoke(*arguments):
        options = ["--out", tmp_path / "runs", "--run-id", "r", "-q"]
        return CliRunner().invoke(cli, ["audit", *map(str, [*arguments, *options])])

    return invoke


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def is_self_contained(page):
    return not re.search(r"(?:src|href)=\"(?!#|data:)", page) and "url(" not in page and "@import" not in page


def test_injection_prints_a_table_and_writes_table_data_and_page(dataset, run, tmp_path):
    done = run("injection", dataset, "-j", "lexical", "--per-attack", "1")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("synthetic dataset: no number below is clinical performance\n\nInjection, lexical")
    assert re.search(r"^all text attacks +190 +0\.\d\d \[", done.stdout, flags=re.MULTILINE)
    assert "Detector: 142 of 150 known wordings found, 16 of 40 held-out ones" in done.stdout
    folder = tmp_path / "runs" / "r"
    table = rows(folder / "injection.csv")
    assert {row["rater"] for row in table} == {"lexical"}
    assert len(table) == 7 + 12 * (2 + 7 + 3) + 11  # it cannot know which texts are unfamiliar
    success = next(row for row in table if (row["kind"], row["measure"]) == ("base64", "success rate"))
    assert (float(success["value"]), success["n"], success["missing"]) == (0.0, "18", "0")
    content = json.loads((folder / "injection.json").read_text(encoding="utf-8"))
    assert (content["synthetic"], content["n_missing"], len(content["rows"])) == (True, 0, 12)
    page = (folder / "injection.html").read_text(encoding="utf-8")
    assert is_self_contained(page)
    assert "&lt;b&gt;tiny" in page
    assert "<b>tiny" not in page
    assert "Synthetic data" in page


def test_a_server_is_asked_once_and_the_audit_resumes(dataset, run, server, answered):
    server.answer = lambda body: answered(VERDICT)
    model = f"{server.url}#m"
    first = run("injection", dataset, "-j", model, "--per-attack", "1")
    n_asked = len(server.asked)
    assert (first.exit_code, n_asked > 200) == (0, True), first.output
    assert run("injection", dataset, "-j", model, "--per-attack", "1").stdout == first.stdout
    assert len(server.asked) == n_asked


def test_image_says_that_a_rater_with_one_score_is_not_shown_to_look(dataset, run, server, answered, tmp_path):
    server.answer = lambda body: answered(VERDICT)
    done = run("image", dataset, "-m", f"{server.url}#m")
    assert done.exit_code == 0, done.output
    assert "not shown to look" in done.stdout
    assert re.search(r"^swapped: shift +3 +0\.00 ", done.stdout, flags=re.MULTILINE)
    folder = tmp_path / "runs" / "r"
    assert json.loads((folder / "image.json").read_text(encoding="utf-8"))["is_looking"] == {f"{server.url}#m": False}
    assert {row["kind"] for row in rows(folder / "image.csv")} >= {"true", "blank", "swapped", "crop 3"}
    page = (folder / "image.html").read_text(encoding="utf-8")
    assert is_self_contained(page)
    assert "not shown to look" in page


def test_missing_scores_end_with_1_and_are_counted(dataset, run, server, answered):
    server.answer = lambda body: answered("I would rather not.")
    done = run("image", dataset, "-m", f"{server.url}#m")
    assert done.exit_code == 1
    assert "27 pairs of ratings lack a score" in done.stderr
    assert "too little was rated to say" in done.stdout


def test_failed_asks_end_with_1(dataset, run, server, answer_type):
    server.answer = lambda body: answer_type(400, b'{"error": {"message": "no"}}') if len(server.asked) > 5 else (
        answer_type(200, json.dumps({"choices": [{"message": {"content": VERDICT}}], "model": "m"}).encode())
    )  # fmt: skip
    done = run("image", dataset, "-m", f"{server.url}#m")
    assert done.exit_code == 1
    assert "asks failed" in done.stderr


@pytest.mark.parametrize("name", ["lexical", "replay:set/references.jsonl"])
def test_image_refuses_raters_that_see_no_photograph(dataset, run, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("image", dataset, "-m", name)
    assert isinstance(done.exception, ModelError)
    assert "looks at no photograph" in str(done.exception)


def test_a_dataset_that_may_not_leave_is_not_sent_away(dataset, run):
    done = run("injection", dataset, "-j", "http://elsewhere.example/v1#m")
    assert isinstance(done.exception, ModelError)
    assert "does not let its cases leave it" in str(done.exception)
