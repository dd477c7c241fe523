"""`dermatrust clinic triage` and `levels`: what they print and write, and that every mistake is one line."""

import csv
import io
import json
import sys

import PIL.Image
import pytest

from dermatrust.cli.main import main
from dermatrust.clinic.triage_results import TriageResult
from dermatrust.datasets.own_files import read_own_files
from dermatrust.lexicon import load_lexicon
from dermatrust.records import Case, ClinicalContext, DatasetCard
from dermatrust.store import write_dataset
from dermatrust.store.answers import read_answers
from dermatrust.store.result import read_result

TRUTHS = (("SJS", None), ("melanoma", None), ("psoriasis", None), ("acne", "urgent"), ("psoriassis", None))
SAID = ("emergent", "routine", "routine", "urgent")


@pytest.fixture
def clinic(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["dermatrust", "clinic", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def cohort(tmp_path):
    """Five cases; one has an urgency of its own, and the label of one is misspelt."""
    source = tmp_path / "skin.png"
    PIL.Image.new("RGB", (40, 30), (200, 120, 90)).save(source)
    cases = [
        Case(id=f"c{k}", patient_id=f"p{k}", label=label, urgency=urgency, file_names=(f"images/{k}.jpg",),
             context=ClinicalContext(age=40 + k, sex="female", note="Growing."))
        for k, (label, urgency) in enumerate(TRUTHS)
    ]  # fmt: skip
    card = DatasetCard(name="cohort", version="1", source="s", licence="private", consent="c")
    write_dataset(tmp_path / "cohort", card, cases=cases, images=[(f"images/{k}.jpg", source) for k in range(5)])
    return tmp_path / "cohort"


def record(path, texts, arm="image only"):
    with path.open("a") as file:
        for number, text in enumerate(texts):
            row = {"id": f"c{number}", "model": "m", "candidate_text": text}
            row |= {"arm": arm, "image_arm": "none" if arm == "context only" else "all"}
            file.write(json.dumps(row) + "\n")
    return f"replay:{path.name}"


def replies(levels):
    return [json.dumps({"urgency": level, "urgent_probability": 0.1 + 0.8 * (level != "routine"), "confidence": 0.7})
            for level in levels]  # fmt: skip


def run_folder(tmp_path):
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if path.name != "image-cache")
    return folder


def test_two_arms_of_recorded_replies(clinic, cohort, tmp_path):
    record(tmp_path / "o.jsonl", replies(SAID))
    model = record(tmp_path / "o.jsonl", ["I cannot tell.", "URGENT", "self-care", "two-week wait"], "context only")
    code, out, err = clinic("triage", cohort, "-m", model, "--context", "image-only,context-only", "-q")
    assert code == 0, err
    run = run_folder(tmp_path)
    result = read_result(run / "result.json", TriageResult)
    first, second = result.cells
    assert first.table == ((1, 0, 0, 0), (0, 1, 1, 0), (0, 0, 1, 0))
    assert second.table == ((0, 0, 0, 1), (0, 2, 0, 0), (0, 0, 1, 0))
    assert (first.measures["sensitivity"].value, second.n_abstained) == (pytest.approx(2 / 3), 1)
    assert first.probability.delong.value == pytest.approx(5 / 6)
    assert result.n_of_origin == {"label": 3, "case": 1}
    assert (result.n_unsigned, result.n_without_truth) == (3, 1)
    assert result.changes[0].mcnemar["sensitivity"].n == 3
    assert "needs clinician sign-off" in out
    assert "66.7" in out
    assert "no level is known of 'psoriassis' (1 case; nearest: psoriasis)" in err
    answers = read_answers(run / "answers.parquet")
    assert list(answers.true_urgency[::2]) == ["emergent", "urgent", "routine", "urgent"]
    assert "sensitivity" in (run / "report.html").read_text().lower()
    with (run / "table.csv").open(newline="") as file:
        kinds = {row["kind"] for row in csv.DictReader(file)}
    assert {"arm", "count", "change", "net benefit"} <= kinds
    assert json.loads((run / "manifest.json").read_text())["prompts"].keys() == {"triage-3@1"}


def test_a_level_that_the_import_took_from_the_lexicon_is_not_the_clinics_own(clinic, tmp_path):
    PIL.Image.new("RGB", (40, 30), (200, 120, 90)).save(tmp_path / "a.png")
    rows = "c0,a.png,SJS,\nc1,a.png,melanoma,\nc2,a.png,psoriasis,routine\n"
    (tmp_path / "own.csv").write_text(f"id,images,label,urgency\n{rows}")
    own = read_own_files(tmp_path / "own.csv")
    write_dataset(tmp_path / "own", own.card, own.cases, images=own.images)
    model = record(tmp_path / "o.jsonl", replies(SAID[:3]))
    code, out, err = clinic("triage", tmp_path / "own", "-m", model, "-q")
    assert code == 0, err
    assert "They come from: label 2, case 1. Of 2 cases the level is the lexicon's" in out
    page = (run_folder(tmp_path) / "report.html").read_text()
    assert "Needs clinician sign-off: the level of 2 of 3 cases is not the dataset’s own." in page


def test_two_levels_have_their_own_prompt_and_no_table_of_three(clinic, cohort, tmp_path):
    model = record(tmp_path / "o.jsonl", replies(["urgent", "urgent", "routine", "urgent"]))
    code, out, err = clinic("triage", cohort, "-m", model, "--levels", "2", "-q")
    assert code == 0, err
    assert "under-triage" not in out
    result = read_result(run_folder(tmp_path) / "result.json", TriageResult)
    assert result.n_levels == 2
    assert result.cells[0].measures["accuracy"].value == 1


def test_what_was_not_recorded_is_missing_and_exits_with_1(clinic, cohort, tmp_path):
    model = record(tmp_path / "o.jsonl", replies(SAID[:2]))
    code, out, err = clinic("triage", cohort, "-m", model, "-q")
    assert code == 1
    assert "2 of 4" in out
    assert "missing: not recorded 2" in out
    assert "2 asks failed" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [(("--levels", "4"), "--levels"), (("--context", "nothing"), "nothing"), (("--base", "irrelevant"), "--base")],
)
def test_mistakes_are_one_line(clinic, cohort, tmp_path, options, message):
    model = record(tmp_path / "o.jsonl", replies(SAID))
    code, _, err = clinic("triage", cohort, "-m", model, *options)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_every_disease_has_a_level_to_review(clinic):
    code, out, _ = clinic("levels")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == len(load_lexicon().diagnoses)
    assert {row["level"] for row in rows} == {"emergent", "urgent", "routine"}
    assert {row["status"] for row in rows} == {"needs clinician sign-off"}
    assert all(row["source"] for row in rows)


def test_a_study_of_triage_or_an_unfinished_one_has_no_sample(clinic, cohort, tmp_path, monkeypatch, capsys):
    clinic("triage", cohort, "-m", record(tmp_path / "o.jsonl", replies(SAID)), "-q")
    run = run_folder(tmp_path)
    code, _, err = clinic("sample", run, cohort, "out")
    assert (code, err.count("\n")) == (2, 1)
    assert "is a study of triage, which names no diagnoses" in err
    result = (run / "result.json").read_bytes()
    code, _, err = clinic("gap", run, run, "--out", run)
    assert (code, err.count("\n")) == (2, 1)
    assert "holds a run, whose result would be lost" in err
    assert (run / "result.json").read_bytes() == result
    (run / "answers.parquet").unlink()
    code, _, err = clinic("gap", run, run)
    assert (code, err.count("\n")) == (2, 1)
    assert "is not finished" in err
    (run / "result.json").unlink()
    monkeypatch.setattr(sys, "argv", ["dermatrust", "report", str(run)])
    with pytest.raises(SystemExit):
        main()
    assert "is a clinical study that is not finished" in capsys.readouterr().err
    manifest = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps({**manifest, "config": {}}))
    code, _, err = clinic("gap", run, run)
    assert (code, err.count("\n")) == (2, 1)
    assert "is no clinical study; expected a finished run of `clinic ddx` or `clinic triage`" in err
