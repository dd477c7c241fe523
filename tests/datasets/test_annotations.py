"""Label Studio's and Argilla's exports: ratings and edited texts come in, and whatever is wrong is told."""

import json
from collections import Counter
from contextlib import suppress

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from dermatrust.cli.main import cli
from dermatrust.datasets.argilla import take_argilla
from dermatrust.datasets.label_studio import take_label_studio
from dermatrust.errors import DataError, UserError
from dermatrust.records import DIMENSIONS, Certificate, Dimension, Narrative
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import append_records, write_records
from dermatrust.store.layout import NARRATIVES, REFERENCES

SCORES = {d.value: k for k, d in enumerate(DIMENSIONS)}
UUID = "0b8a2a3c-6b0f-4b6e-9d1e-1d2c3b4a5f60"


@pytest.fixture
def folder(dataset):
    path = dataset({"id": "c1", "label": "psoriasis"}, {"id": "c2", "label": "eczema"})
    texts = [Narrative(id=f"n{k}", case_id=f"c{k}", text=f"A plaque, {k}.", author="m") for k in (1, 2)]
    append_records(path / NARRATIVES, texts)
    return DatasetFolder.open(path)


def region(name, value, kind="number"):
    """Return one result as Label Studio writes it."""
    inner = [value] if kind in ("textarea", "choices") else value
    key = "text" if kind == "textarea" else kind
    return {"id": "x1", "from_name": name, "to_name": "text", "type": kind, "origin": "manual", "value": {key: inner}}


def task(narrative_id, *annotations, number=1):
    """Return one task as Label Studio writes it."""
    return {
        "id": number, "data": {"narrative_id": narrative_id, "text": "…"}, "meta": {}, "project": 3,
        "created_at": "2026-01-01T10:00:00Z", "predictions": [], "annotations": list(annotations),
    }  # fmt: skip


def annotated(regions, who=None, **more):
    by = {"id": 4, "email": "a@example.org", "first_name": "", "last_name": ""} if who is None else who
    return {"id": 9, "completed_by": by, "result": regions, "was_cancelled": False, "lead_time": 4.2, **more}


def record(name, responses, **more):
    """Return one record as Argilla's `to_json` writes it."""
    given = {q: [{"value": value, "user_id": UUID}] for q, value in responses.items()}
    return {
        "id": name, "fields": {"text": "…"}, "metadata": {}, "suggestions": {}, "responses": given, "vectors": {},
        "_server_id": UUID, **more,
    }  # fmt: skip


def label_studio(regions, narrative_id="n1"):
    return [task(narrative_id, annotated(regions))]


def write(tmp_path, export):
    path = tmp_path / "export.json"
    path.write_text(export if isinstance(export, str) else json.dumps(export))
    return path


ANSWERS = SCORES | {"critique": "Too short.", "edited_text": "A better text."}
REGIONS = [
    *(region(name, score, kind) for (name, score), kind in zip(
        SCORES.items(), ["number", "choices", "rating", "number", "number", "number"], strict=True)),
    region("critique", "Too short.", "textarea"), region("edited_text", "A better text.", "textarea"),
]  # fmt: skip
REGIONS[1]["value"]["choices"] = ["1"]
BOTH = pytest.mark.parametrize(
    ("take", "export", "rater"),
    [(take_label_studio, label_studio(REGIONS), "a@example.org"), (take_argilla, [record("n1", ANSWERS)], UUID)],
    ids=["label-studio", "argilla"],
)


@BOTH
def test_ratings_and_edited_texts_come_in_and_only_once(folder, tmp_path, take, export, rater):
    taken = take(folder, write(tmp_path, export))
    assert (taken.ratings.n_new, taken.ratings.new_raters, taken.n_references) == (1, (rater,), 1)
    (rating,) = folder.iter_ratings()
    assert {d.value: score for d, score in rating.scores.items()} == SCORES
    assert (rating.narrative_id, rating.rater, rating.critique) == ("n1", rater, "Too short.")
    reference = folder.reference("c1")
    assert (reference.text, reference.author, reference.parent) == ("A better text.", rater, "n1")
    assert reference.certificate is None
    again = take(folder, write(tmp_path, export))
    assert (again.ratings.n_new, again.ratings.n_known, again.n_references) == (0, 1, 0)
    assert again.left_out == {"edits there already": 1}


def take_quietly(take, folder, tmp_path, export):
    with pytest.raises(DataError) as error:
        take(folder, write(tmp_path, export))
    assert not list(folder.iter_ratings())
    assert folder.reference("c1").text == "A brown plaque."
    return str(error.value)


@pytest.mark.parametrize(
    ("export", "complaint"),
    [
        (label_studio([region("accuracy", 6)]), "task 1: accuracy is 6; expected a number from 0 to 5"),
        (label_studio([region("accuracy", "good", "choices")]), "task 1: accuracy is 'good'"),
        (label_studio([region("accuracy", True)]), "task 1: accuracy is True"),
        (label_studio([region("mood", 3)]), "has a question 'mood'; expected accuracy, safety"),
        (label_studio([region("safety", 3)] * 2), "answers 'safety' twice"),
        (label_studio([region("critique", "a\0b", "textarea")]), "holds a character that no file can hold"),
        (label_studio([{"type": "labels"}]), "a result names no control and value"),
        (label_studio(REGIONS, "n9"), "task 1: narrative_id is 'n9'; expected an id of narratives.jsonl"),
        ([task("n1", annotated(REGIONS, who={}))], "does not say who annotated"),
        ([task("n1", {"completed_by": 1})], "an annotation has no result"),
        ([{"id": 1, "accuracy": 3, "annotator": 1}], "Export as JSON, not as JSON-MIN"),
        ([{"id": 1, "data": {"text": "x"}, "annotations": []}], "its data name no narrative_id"),
        ({"tasks": []}, "is not a list"),
        ("[", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ([task("n1", annotated(REGIONS), annotated([region("edited_text", "Other.", "textarea")], who=7))],
         "task 1: edits a text of case 'c1', as item 1 does"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_label_studios_export_is_told_and_nothing_written(folder, tmp_path, export, complaint):
    assert complaint in take_quietly(take_label_studio, folder, tmp_path, export)


@pytest.mark.parametrize(
    ("export", "complaint"),
    [
        ([record("n1", {"accuracy": 5.5})], "record 1: accuracy is 5.5"),
        ([record("n1", {"accuracy": None})], "record 1: accuracy is None"),
        ([record("n1", {"accuracy": [{"rank": 1}]})], "record 1: accuracy is [{"),
        ([record("n9", ANSWERS)], "record 1: narrative_id is 'n9'"),
        ([record(None, ANSWERS)], "does not say which text it shows"),
        ([record("n1", {}) | {"responses": {"accuracy": [{"value": 3}]}}], "has no user and value"),
        ([record("n1", {}) | {"responses": {"safety": [{"value": 3, "user_id": UUID}] * 2}}], "answers 'safety' twice"),
        ([{"id": "n1", "accuracy.responses": [3]}], "Export with with_responses=True and flatten=False"),
        ([7], "record 1: has no responses"),
    ],
)
def test_what_is_wrong_with_argillas_export_is_told_and_nothing_written(folder, tmp_path, export, complaint):
    assert complaint in take_quietly(take_argilla, folder, tmp_path, export)


def test_cancelled_and_empty_annotations_are_no_ratings(folder, tmp_path):
    cancelled = annotated(REGIONS, who=3) | {"was_cancelled": True}
    taken = take_label_studio(folder, write(tmp_path, [task("n1", cancelled, annotated([], who=5))]))
    assert (taken.ratings, taken.n_references) == (None, 0)
    assert not list(folder.iter_ratings())


def test_a_missing_score_is_missing_and_never_zero(folder, tmp_path):
    take_label_studio(folder, write(tmp_path, label_studio([region("safety", 0)])))
    (rating,) = folder.iter_ratings()
    assert rating.scores == {Dimension.SAFETY: 0.0}
    assert {one.reason for one in rating.unscored.values()} == {"not rated"}


def test_certified_references_stay_and_unchanged_texts_and_scores_of_references_are_counted(folder, tmp_path):
    vouched = Certificate(certified_by="Dr B", source="here")
    references = [one.model_copy(update={"certificate": vouched}) for one in folder.iter_references()]
    write_records(folder.path / REFERENCES, references)
    folder = DatasetFolder.open(folder.path)
    export = [
        record("n1", {"edited_text": "Another."}),
        record("n2", {"edited_text": "A plaque, 2. "}),
        record("c2:r", {"accuracy": 5, "safety": 5}),
    ]
    taken = take_argilla(folder, write(tmp_path, export))
    assert (taken.ratings, taken.n_references) == (None, 0)
    assert taken.left_out == Counter({
        "edits of a case whose reference is certified": 1, "texts left as they were": 1, "scores of a reference": 2,
    })  # fmt: skip
    assert list(folder.iter_references()) == references


def test_the_text_shown_may_be_named_in_the_metadata(folder, tmp_path):
    export = [record(UUID, SCORES, metadata={"narrative_id": "n2"})]
    take_argilla(folder, write(tmp_path, export))
    assert [rating.narrative_id for rating in folder.iter_ratings()] == ["n2"]


KEYS = (
    "data", "annotations", "result", "value", "responses", "id", "user_id", "from_name", "type", "narrative_id",
    "completed_by", "accuracy", "edited_text", "number", "text",
)  # fmt: skip
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("n1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(anything, max_size=3), st.sampled_from([take_label_studio, take_argilla]))
def test_no_export_whatever_brings_more_than_one_error(tmp_path_factory, found, take):
    path = tmp_path_factory.getbasetemp() / "any"
    if not path.exists():
        path.mkdir()
        (path / "metadata.jsonl").write_text('{"id":"c1"}\n')
        (path / "card.yaml").write_text("{name: n, version: v, source: s, licence: private, consent: c}")
        (path / NARRATIVES).write_text('{"id":"n1","case_id":"c1","text":"t","author":"a"}\n')
    with suppress(DataError):
        take(DatasetFolder.open(path), write(path, found))


def test_the_command_adds_to_a_folder_and_takes_no_option_of_other_sources(folder, tmp_path):
    path = write(tmp_path, label_studio(REGIONS))
    command = ["data", "import", "label-studio", str(path), str(folder.path)]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 0, result.output
    assert "1 new rating" in result.output
    assert "1 new in" in result.output
    with pytest.raises(UserError, match="--licence: says nothing about an export of label-studio"):
        CliRunner().invoke(cli, [*command, "--licence", "MIT"], catch_exceptions=False)
