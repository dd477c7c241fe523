"""`dermatrust clinic`: what it prints and writes, that it resumes, and that every mistake is one line."""

import csv
import json
import sys
from dataclasses import dataclass

import PIL.Image
import pytest
import yaml

from dermatrust.cli.main import main
from dermatrust.clinic.results import DifferentialResult
from dermatrust.records import Case, ClinicalContext, DatasetCard
from dermatrust.store import write_dataset
from dermatrust.store.answers import read_answers
from dermatrust.store.result import read_result

ALL = "image-only,context-only,image+context,incomplete,erroneous,planted-referral,irrelevant"
ARMS = ("image only", "context only", "image + context", "incomplete", "erroneous", "planted referral", "irrelevant")
LABELS = ("psoriasis", "basal cell carcinoma", "melanoma")


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def clinic(tmp_path, monkeypatch, capsys):
    """Run the command as the program does, in the folder of the dataset and without a process of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["dermatrust", "clinic", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return Done(caught.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def cohort(tmp_path):
    """Three cases of three patients, with two photographs each and a note."""
    photographs, cases = {}, []
    for number, label in enumerate(LABELS):
        names = []
        for k in range(2):
            source = tmp_path / f"{number}-{k}.png"
            PIL.Image.new("RGB", (40, 30), (60 * number, 90 * k, 50)).save(source)
            names.append(f"images/{number}-{k}.jpg")
            photographs[names[-1]] = source
        context = ClinicalContext(age=40 + number, sex="female", note=f"Growing for {number + 2} weeks.")
        cases.append(
            Case(id=f"c{number}", patient_id=f"p{number}", label=label, file_names=tuple(names), context=context)
        )
    card = DatasetCard(name="cohort", version="1", source="s", licence="private", consent="c")
    write_dataset(tmp_path / "cohort", card, cases=cases, images=photographs.items())
    return tmp_path / "cohort"


def record(path, arms=ARMS, image_arms=("all",), **rest):
    """Write recorded replies that name the right disease first."""
    with path.open("w") as file:
        for number, label in enumerate(LABELS):
            for arm in arms:
                for shown in image_arms:
                    text = json.dumps({"diagnoses": [{"name": label, "confidence": 0.8}], "cannot_tell": False})
                    row = {"id": f"c{number}", "model": "m", "candidate_text": text, "arm": arm, "image_arm": shown}
                    file.write(json.dumps(row | rest) + "\n")
    return f"replay:{path.name}"


def run_folder(tmp_path):
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if path.name != "image-cache")
    return folder


def test_every_arm_of_recorded_replies(clinic, cohort, tmp_path):
    model = record(tmp_path / "o.jsonl", image_arms=("all", "first 1"))  # "all" also where no photograph is shown
    done = clinic("ddx", cohort, "-m", model, "--context", ALL, "--images", "all,first:1", "-q")
    assert done.returncode == 0, done.stderr
    run = run_folder(tmp_path)
    result = read_result(run / "result.json", DifferentialResult)
    assert result.arms == ARMS
    assert len(result.cells) == 13
    assert {cell.measures["top-1 synonym"].value for cell in result.cells} == {1.0}
    assert {cell.n for cell in result.cells} == {3}
    assert done.stdout.count("3 of 3") == 13
    answers = read_answers(run / "answers.parquet")
    assert len(answers) == 39
    assert set(answers.planted) <= set(LABELS)
    assert all(planted != label for planted, label in zip(answers.planted, answers.label, strict=True))
    with (run / "table.csv").open(newline="") as file:
        assert {row["kind"] for row in csv.DictReader(file)} == {"arm", "change", "anchoring", "shortcut", "part"}
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["config"]["arms"] == list(ARMS)
    assert manifest["prompts"].keys() == {"differential@1"}
    assert (run / "unknown.csv").read_text().startswith("name,where,n,nearest_1")


def test_a_reply_that_was_not_recorded_is_missing_and_the_command_exits_with_1(clinic, cohort, tmp_path):
    model = record(tmp_path / "o.jsonl", arms=("image only",))
    done = clinic("ddx", cohort, "-m", model, "--context", "image-only,image+context", "-q")
    assert done.returncode == 1
    assert "0 of 3" in done.stdout
    assert "m / image + context / all: missing: not recorded 3" in done.stdout
    assert "3 asks failed" in done.stderr
    again = clinic("ddx", cohort, "-m", model, "--context", "image-only,image+context", "-q")
    assert again.stdout == done.stdout


def test_recorded_replies_that_answer_nothing_here_are_said(clinic, cohort, tmp_path):
    record(tmp_path / "o.jsonl", arms=("image only", "irrelevant", "imge only"))
    with (tmp_path / "o.jsonl").open("a") as file:
        file.write(json.dumps({"id": "C0", "model": "m", "candidate_text": "wart", "arm": "image only"}) + "\n")
    done = clinic("ddx", cohort, "-m", "replay:o.jsonl", "-q", "--limit", 2)
    assert done.returncode == 0, done.stderr
    assert "m: 1 recorded reply is about cases that the dataset has not, such as 'C0'." in done.stderr
    assert "m: 3 recorded replies are in arms that there are not, such as 'imge only'." in done.stderr
    assert "m: 3 recorded replies are in arms that are not asked here." in done.stderr
    record(tmp_path / "o.jsonl", arms=("image only",))
    assert "recorded repl" not in clinic("ddx", cohort, "-m", "replay:o.jsonl", "-q", "--run-id", "r").stderr


def test_an_empty_file_of_replies_is_said_to_be_empty(clinic, cohort, tmp_path):
    (tmp_path / "o.jsonl").touch()
    done = clinic("ddx", cohort, "-m", "replay:o.jsonl", "-q")
    assert done.returncode == 2
    assert "o.jsonl: holds no line; expected a recorded output" in done.stderr


def test_one_by_one_each_photograph_is_a_recorded_line_and_they_vote(clinic, cohort, tmp_path):
    lines = [
        {"id": f"c{number}", "model": "m", "candidate_text": text, "arm": "image-only", "image_arm": "one-by-one"}
        for number, label in enumerate(LABELS)
        for text in (f"1. {label}\n2. eczema", "1. vitiligo\n2. " + label)
    ]
    (tmp_path / "o.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = clinic("ddx", cohort, "-m", "replay:o.jsonl", "--images", "one-by-one", "-q")
    assert done.returncode == 0, done.stderr
    answers = read_answers(run_folder(tmp_path) / "answers.parquet")
    assert json.loads(answers.said[2]) == ["melanoma", "vitiligo", "eczema"]


def test_what_a_server_is_sent_in_each_arm(clinic, cohort, tmp_path, server, answered):
    server.answer = lambda body: answered('{"diagnoses": [{"name": "psoriasis"}]}')
    model = f"{server.url}#m"
    done = clinic("ddx", cohort, "-m", model, "--context", ALL, "--images", "all,grid", "--top", 4, "-q")
    assert done.returncode == 0, done.stderr
    asked = [body["messages"][0]["content"] for body in server.asked]
    asked = [[{"type": "text", "text": content}] if isinstance(content, str) else content for content in asked]
    n_images = [sum(part["type"] == "image_url" for part in content) for content in asked]
    texts = [next(part["text"] for part in content if part["type"] == "text") for content in asked]
    assert sorted(set(n_images)) == [0, 1, 2]  # context only, the grid, all
    assert n_images.count(0) == 3
    assert all("at most 4 diseases" in text for text in texts)
    assert not any(label in text for text in texts for label in LABELS if "suspects" not in text)
    assert sum("suspects" in text for text in texts) == 6
    alone = [text for text, n in zip(texts, n_images, strict=True) if "Clinical information" not in text and n]
    assert len(alone) == 6
    n_asked = len(server.asked)
    again = clinic("ddx", cohort, "-m", model, "--context", ALL, "--images", "all,grid", "--top", 4, "-q")
    assert (again.returncode, len(server.asked)) == (0, n_asked)
    assert again.stdout == done.stdout


def test_a_limit_changes_nothing_of_what_a_case_is_told(clinic, cohort, tmp_path, server, answered):
    server.answer = lambda body: answered('{"diagnoses": [{"name": "psoriasis"}]}')
    arguments = ("ddx", cohort, "-m", f"{server.url}#m", "--context", "erroneous,planted-referral", "-q")
    assert clinic(*arguments, "--limit", 1).returncode == 0
    few = {json.dumps(body, sort_keys=True) for body in server.asked}
    assert len(few) == 2
    server.asked.clear()
    clinic(*arguments, "--run-id", "whole")
    assert few <= {json.dumps(body, sort_keys=True) for body in server.asked}


def test_nothing_leaves_the_machine_that_may_not(clinic, cohort, monkeypatch):
    model = "https://api.example.com/v1#m"
    refused = clinic("ddx", cohort, "-m", model, "--context", "image+context")
    assert refused.returncode == 2
    assert "does not let its cases leave it" in refused.stderr
    card = yaml.safe_load((cohort / "card.yaml").read_text()) | {"may_leave_machine": True}
    (cohort / "card.yaml").write_text(yaml.safe_dump(card))
    lines = (cohort / "metadata.jsonl").read_text()
    (cohort / "metadata.jsonl").write_text(lines.replace("Growing for 2 weeks.", "Seen by Dr. Meyer on 3 May 2021."))
    named = clinic("ddx", cohort, "-m", model, "--context", "image+context")
    assert named.returncode == 2
    assert "looks like a name after a title" in named.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--context", "images"], "--context: there is no arm 'images'; expected one of image-only, context-only,"),
        (["--images", "first:0"], "--images: there is no image arm 'first:0'; expected one of all, first:K,"),
        (["--base", "irrelevant"], "--base: is 'irrelevant'; expected one of the arms that are run: image-only."),
        (
            ["--prompt", "nowhere.md"],
            "nowhere.md: there is no such prompt; expected adjudicator, differential,",
        ),
        (["--drop", "0"], "Invalid value for '--drop'"),
        (["-m", "replay:o.jsonl"], "two models go by this name"),
        (
            ["-m", "replay:plain.jsonl"],
            'was recorded without saying which arm each reply answers; expected a field "arm"',
        ),
        (
            ["-m", "nano/narrator-weak", "--context", "context-only"],
            "looks at photographs, and context-only shows none",
        ),
    ],
)
def test_a_mistake_is_one_line(clinic, cohort, tmp_path, arguments, said):
    model = record(tmp_path / "o.jsonl", arms=("image only",))
    (tmp_path / "plain.jsonl").write_text('{"id": "c0", "model": "p", "candidate_text": "x"}\n')
    done = clinic("ddx", cohort, "-m", model, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_cases_without_a_truth_are_left_out_and_said(clinic, cohort, tmp_path):
    lines = (cohort / "metadata.jsonl").read_text().replace('"label":"melanoma",', "")
    (cohort / "metadata.jsonl").write_text(lines)
    done = clinic("ddx", cohort, "-m", record(tmp_path / "o.jsonl"), "-q")
    assert done.returncode == 0
    assert "1 case is left out: nothing is recorded to score it by." in done.stderr
    assert "2 of 2" in done.stdout
    (cohort / "metadata.jsonl").write_text('{"id": "c0"}\n')
    empty = clinic("ddx", cohort, "-m", "replay:o.jsonl", "-q")
    assert (empty.returncode, empty.stderr.count("\n")) == (2, 1)
    assert "holds no case whose truth is known; expected a label or a differential" in empty.stderr


def test_another_study_in_the_folder_is_not_overwritten(clinic, cohort, tmp_path):
    model = record(tmp_path / "o.jsonl")
    assert clinic("ddx", cohort, "-m", model, "--run-id", "mine", "-q").returncode == 0
    other = clinic("ddx", cohort, "-m", model, "--run-id", "mine", "--context", "incomplete", "-q")
    assert "holds a run on other cases, models or settings" in other.stderr
    again = clinic("ddx", cohort, "-m", model, "--run-id", "mine", "--context", "incomplete", "-q", "--replace")
    assert again.returncode == 0


def test_a_dataset_without_photographs_can_be_asked_by_its_text_alone(clinic, cohort, server, answered):
    lines = [json.loads(line) for line in (cohort / "metadata.jsonl").read_text().splitlines()]
    for line in lines:
        del line["file_names"]
    (cohort / "metadata.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    server.answer = lambda body: answered("1. melanoma")
    refused = clinic("ddx", cohort, "-m", f"{server.url}#m", "-q")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "holds no photograph to show. Ask --context context-only alone" in refused.stderr
    assert clinic("ddx", cohort, "-m", f"{server.url}#m", "--context", "context-only", "-q").returncode == 0


def test_a_case_without_a_photograph_is_missing_and_said(clinic, cohort, server, answered):
    lines = [json.loads(line) for line in (cohort / "metadata.jsonl").read_text().splitlines()]
    del lines[0]["file_names"]
    (cohort / "metadata.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    server.answer = lambda body: answered("1. melanoma")
    done = clinic("ddx", cohort, "-m", f"{server.url}#m", "-q")
    assert done.returncode == 0
    assert "1 of 3 cases have no photograph: their answers are missing where one is shown." in done.stderr
    assert "missing: no photograph 1" in done.stdout
    assert "2 of 3" in done.stdout
