"""The DermBench release's format: what is exported comes back equal."""

import hashlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from dermatrust.cli.main import cli
from dermatrust.datasets.dermbench import CERTIFICATE, MANIFEST, read_dermbench
from dermatrust.datasets.dermbench_export import CANDIDATES, JUDGED, export_dermbench
from dermatrust.datasets.dermbench_outputs import with_outputs
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Case, Certificate, DatasetCard, Narrative, Rater, Rating, Unscored
from dermatrust.store.folder import DatasetFolder, write_dataset
from dermatrust.store.jsonl import append_records, write_records
from dermatrust.store.layout import NARRATIVES, RATERS, RATINGS

CARD = DatasetCard(name="ours", version="1", source="s", licence="private", consent="c")
VOUCHED = Certificate(certified_by="Dr B", source="here")

names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12).filter(str.strip)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=200).filter(str.strip)
files = st.from_regex(r"[A-Za-z][A-Za-z ]{0,8}/[a-z]{1,6}-[0-9]{1,3}\.jpg", fullmatch=True)
rows = st.lists(
    st.tuples(names, names, names, files, texts, names, texts), min_size=1, max_size=5, unique_by=lambda r: r[0]
)
numbers = st.one_of(st.none(), st.floats(0, 5).map(abs))


def as_folder(imported, path):
    """Write what an import gave, without photographs."""
    write_dataset(path, imported.card, imported.cases, imported.references)
    write_records(path / NARRATIVES, imported.narratives)
    write_records(path / RATINGS, imported.ratings)
    return DatasetFolder.open(path)


def imported_from(root):
    return with_outputs(read_dermbench(root), root / CANDIDATES, root / JUDGED)


def write_release(root, found, scores, source):
    manifest, candidates, judged = [], [], []
    for number, (name, label, category, file, text, model, said) in enumerate(found):
        cot = f"data/cot/{number}.txt"
        path = root / cot
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        digest = hashlib.sha256(text.encode()).hexdigest()
        manifest.append(
            {"id": name, "source": source, "split": "test", "category": category, "diagnosis": label,
             "dermnet_image_path": file, "cot": cot, "cot_sha256": digest}
        )  # fmt: skip
        candidates.append({"id": name, "model": model, "candidate_text": said})
        given = {d.title: score for d, score in zip(DIMENSIONS, scores, strict=True) if score is not None}
        missing = [d.title for d in DIMENSIONS if d.title not in given]
        judged.append(
            {"id": name, "candidate_model": model, "judge_model": "j", "scores": given, "missing_metrics": missing,
             "judge_text": said}
        )  # fmt: skip
    for place, lines in ((MANIFEST, manifest), (CANDIDATES, candidates), (JUDGED, judged)):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text("".join(json.dumps(line) + "\n" for line in lines))


@settings(max_examples=25, deadline=None)
@given(rows, st.tuples(*[numbers] * 6), st.sampled_from(["DermNet test set", "ward-4"]))
def test_every_release_that_is_imported_and_exported_comes_back_equal(found, scores, source):
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        write_release(root / "release", found, scores, source)
        first = imported_from(root / "release")
        first = replace(first, card=first.card.model_copy(update={"name": source}))
        export_dermbench(as_folder(first, root / "folder"), root / "again")
        second = imported_from(root / "again")
        assert second.cases == first.cases
        assert second.references == first.references
        assert second.narratives == first.narratives
        assert second.ratings == first.ratings


@pytest.fixture
def folder(tmp_path):
    usual = {"label": "psoriasis", "category": "Psoriasis Photos", "split": "test", "file_names": ("images/a.jpg",)}
    cases = [
        Case(id="whole", **usual), Case(id="draft", **usual), Case(id="bare", label="psoriasis"),
        Case(id="two", **usual | {"file_names": ("images/b.jpg", "images/c.jpg")}),
    ]  # fmt: skip
    references = [
        Narrative(id=f"r-{case.id}", case_id=case.id, text="A plaque.", author="a", stream="reference",
                  certificate=None if case.id == "draft" else VOUCHED)
        for case in cases
    ]  # fmt: skip
    write_dataset(tmp_path / "set", CARD, cases, references)
    written = [Narrative.candidate(case_id="whole", author="m", text=text) for text in ("one", "two")]
    written += [Narrative.built(case_id="whole", author="m", text="three", stream="regular")]
    append_records(tmp_path / "set" / NARRATIVES, written)
    scores = dict.fromkeys(DIMENSIONS, 4.0)
    given = [Rating(narrative_id=written[0].id, rater=rater, scores=scores) for rater in ("judge", "Dr A")]
    given += [given[0].model_copy(update={"draw": 1})]
    given += [
        Rating(
            narrative_id=written[1].id, rater="judge", unscored=dict.fromkeys(DIMENSIONS, Unscored(reason="missing"))
        )
    ]
    append_records(tmp_path / "set" / RATINGS, given)
    append_records(tmp_path / "set" / RATERS, [Rater(id="Dr A", kind="human")])
    return DatasetFolder.open(tmp_path / "set")


def test_what_the_format_cannot_hold_is_left_out_and_counted(folder, tmp_path):
    made = export_dermbench(folder, tmp_path / "out")
    assert (made.n_cases, made.n_candidates, made.n_judged) == (2, 1, 1)
    assert made.left_out == {
        "cases without a certified reference": 1, "cases without category and split": 1,
        "images beside a case's first": 1, "further candidates of a case and model": 1,
        "narratives that are no candidates": 1, "ratings by people": 1, "repeated ratings": 1,
        "ratings of narratives left out": 1,
    }  # fmt: skip


def test_what_others_certified_is_not_given_out_as_dermbenchs(folder, tmp_path):
    export_dermbench(folder, tmp_path / "out")
    for reference in read_dermbench(tmp_path / "out").references:
        assert reference.certificate != CERTIFICATE
        assert "ours" in reference.certificate.certified_by
        assert reference.author == "ours"


def test_nothing_certified_is_nothing_to_export(dataset, tmp_path):
    made = DatasetFolder.open(dataset({"id": "c1", "label": "psoriasis"}))
    with pytest.raises(DataError, match=r"has no case for this format \(1 cases without a certified reference\)"):
        export_dermbench(made, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_exports_and_imports_again(folder, tmp_path):
    out = tmp_path / "out"
    result = CliRunner().invoke(cli, ["data", "export", "dermbench", str(folder.path), str(out)])
    assert "2 cases, 1 candidates, 1 verdicts" in result.output
    assert "left out 1 ratings by people" in result.output
    again = ["data", "import", "dermbench", str(out), str(tmp_path / "again"), "--candidates", str(out / CANDIDATES)]
    assert CliRunner().invoke(cli, [*again, "--judged", str(out / JUDGED)]).exit_code == 0
