"""`dermatrust audit references` and `dermatrust audit leakage` as a user meets them."""

import csv
import hashlib
import json
import re

import pytest
from click.testing import CliRunner

from dermatrust.cli.main import cli
from dermatrust.errors import DataError
from dermatrust.records import Case, DatasetCard, Narrative
from dermatrust.store.folder import write_dataset

TINEA = (
    "A ring of red, scaling skin in the groin with a clear centre. - The border is active. A fungal origin comes "
    "first, since the ring speaks against a contact reaction. The most likely diagnosis is **tinea cruris**."
)


@pytest.fixture
def dataset(tmp_path):
    cases = [Case(id="c0", label="psoriasis", split="train"), Case(id="c1", label="tinea cruris", split="test")]
    references = [Narrative(id=f"r{i}", case_id=f"c{i}", author="a", stream="reference", text=TINEA) for i in range(2)]
    card = DatasetCard(name="<b>tiny</b>", version="1", source="t", licence="private", consent="none")
    write_dataset(tmp_path / "set", card, cases, references)
    return tmp_path / "set"


def run(*arguments):
    return CliRunner().invoke(cli, ["audit", *map(str, arguments)])


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_references_writes_a_table_to_review_and_a_page(dataset, tmp_path):
    done = run("references", dataset, "--out", tmp_path / "out", "-q")
    assert done.exit_code == 0, done.output
    assert re.search(r"^label contradicted +1 +0 +0 +1 of 2", done.stdout, flags=re.MULTILINE)
    table = rows(tmp_path / "out" / "references-audit.csv")
    first = next(row for row in table if row["kind"] == "label contradicted")
    assert (first["case_id"], first["level"], first["verdict"], first["comment"]) == ("c0", "high", "", "")
    assert "tinea cruris" in first["sentence"]
    assert [float(row["confidence"]) for row in table] == sorted((float(r["confidence"]) for r in table), reverse=True)
    assert min(float(row["confidence"]) for row in table) >= 0.25


def test_the_page_quotes_the_sentence_escapes_what_it_places_and_fetches_nothing(dataset, tmp_path):
    assert run("references", dataset, "--out", tmp_path / "out", "-q").exit_code == 0
    page = (tmp_path / "out" / "references-audit.html").read_text(encoding="utf-8")
    assert "The most likely diagnosis is tinea cruris" in " ".join(page.split())
    assert "&lt;b&gt;tiny&lt;/b&gt;" in page
    assert "<b>tiny" not in page
    assert "Confidential." in page
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", page)


def test_synthetic_data_is_called_synthetic(tmp_path):
    card = DatasetCard(name="t", version="1", source="t", licence="private", consent="none", synthetic=True)
    reference = Narrative(id="r", case_id="c", author="a", stream="reference", text=TINEA)
    write_dataset(tmp_path / "set", card, [Case(id="c", label="psoriasis")], [reference])
    done = run("references", tmp_path / "set", "--out", tmp_path / "out", "-q")
    assert done.stdout.startswith("synthetic dataset")
    assert "Synthetic data." in (tmp_path / "out" / "references-audit.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("command", "table"), [("references", "references-audit"), ("leakage", "leakage-audit")])
def test_an_earlier_audit_is_not_written_over_unasked(dataset, tmp_path, command, table):
    path = tmp_path / "out" / f"{table}.csv"
    path.parent.mkdir()
    path.write_text("reviewed")
    done = run(command, dataset, "--out", tmp_path / "out")
    assert isinstance(done.exception, DataError)
    assert "is there already" in str(done.exception)
    assert path.read_text() == "reviewed"
    assert run(command, dataset, "--out", tmp_path / "out", "--replace").exit_code in (0, 1)
    assert path.read_text() != "reviewed"


def test_leakage_exits_with_1_where_something_is_shared_and_0_where_nothing_is(dataset, tmp_path):
    leaky = run("leakage", dataset, "--out", tmp_path / "a")
    assert leaky.exit_code == 1
    assert re.search(r"^copied text +1 +2  2 of 2 cases", leaky.stdout, flags=re.MULTILINE)
    assert "nothing: not recorded" in leaky.stdout
    (row,) = rows(tmp_path / "a" / "leakage-audit.csv")
    assert (row["way"], row["case_a"], row["case_b"], row["strength"]) == (
        "copied text", "c0", "c1", "100% of the shorter text",
    )  # fmt: skip
    cases = [Case(id=f"d{i}", split=split) for i, split in enumerate(("train", "test"))]
    card = DatasetCard(name="t", version="1", source="t", licence="private", consent="none")
    write_dataset(tmp_path / "clean", card, cases)
    assert run("leakage", tmp_path / "clean", "--out", tmp_path / "b").exit_code == 0


def test_a_cell_that_a_spreadsheet_would_compute_is_kept_as_text(tmp_path):
    from dermatrust.audit.finding_table import write_rows

    write_rows(tmp_path / "t.csv", ("a", "b"), [("=1+1", "plain"), ("@x", "a,b")])
    assert (tmp_path / "t.csv").read_text() == "a,b\n'=1+1,plain\n'@x,\"a,b\"\n"


def test_audits_have_folders_of_their_own_and_look_at_the_dataset_before_them(dataset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("references", dataset, "-q").exit_code == 0
    assert run("leakage", dataset).exit_code == 1
    assert (tmp_path / "audit/references/references-audit.csv").exists()
    assert (tmp_path / "audit/leakage/leakage-audit.csv").exists()
    for command in ("references", "leakage"):
        assert "there is no such folder" in str(run(command, "nowhere").exception)


def test_the_text_release_is_read_as_it_was_published(tmp_path):
    release, text = tmp_path / "release", "I'm sorry, but I can't assist with that."
    (release / "data/manifest").mkdir(parents=True)
    (release / "data/a.txt").write_text(text, encoding="utf-8")
    row = {
        "id": "x_1", "source": "DermNet test set", "split": "test", "category": "Acne", "diagnosis": "acne cystic",
        "dermnet_image_path": "Acne/acne-1.jpg", "cot": "data/a.txt",
        "cot_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }  # fmt: skip
    (release / "data/manifest/dermbench_test.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    before = sorted(release.rglob("*"))
    done = run("references", release, "--out", tmp_path / "out", "-q")
    assert done.exit_code == 0, done.output
    first = rows(tmp_path / "out" / "references-audit.csv")[0]
    assert (first["kind"], first["case_id"]) == ("refusal", "x_1")
    assert sorted(release.rglob("*")) == before


def test_a_folder_that_is_neither_dataset_nor_release_is_refused_in_one_line(tmp_path):
    with pytest.raises(DataError, match=r"card\.yaml: there is no such file"):
        raise run("references", tmp_path, "--out", tmp_path / "out").exception
