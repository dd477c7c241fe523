"""`dermatrust clinic ddx --adjudicator`: the answers of a study put before a model, over a server."""

import csv
import json
import re
import subprocess
import sys

import pytest
from PIL import Image

from dermatrust.records import Case, DatasetCard
from dermatrust.store.folder import write_dataset


def ddx(*arguments, cwd):
    command = [sys.executable, "-m", "dermatrust", "clinic", "ddx", *map(str, arguments)]
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
    done = ddx(dataset, "-m", model, "--adjudicator", model, "--repeats", 3, "--quiet", cwd=tmp_path)
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
    done = ddx(dataset, "-m", "nano/narrator-weak", "--adjudicator", "openai/gpt-x", cwd=tmp_path)
    assert done.returncode == 2
    assert "openai/gpt-x: is not on this machine" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()
