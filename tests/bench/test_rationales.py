"""Rationales of what people rated and certified: whose scores, how fine, asked once."""

import json
import shutil
from collections import Counter

import pytest
from click.testing import CliRunner

from dermatrust.bench.rationales import settled_scores
from dermatrust.cli.main import cli
from dermatrust.clients.synthetic import answer
from dermatrust.datasets.atlas import write_atlas
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Certificate, Dimension, Narrative, Rater, Rating, Unscored
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import append_records, write_records
from dermatrust.store.layout import RATERS, RATINGS, RATIONALES, REFERENCES

N = 4


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("atlas") / "atlas"
    write_atlas(folder, n=N, seed=6, raters=2)
    return folder


@pytest.fixture
def atlas(drawn, tmp_path):
    folder = tmp_path / "atlas"
    shutil.copytree(drawn, folder)
    return folder


def build(folder, *more, reasoner="synthetic/reasoner"):
    out = ["--out", str(folder.parent / "runs"), "-q"]
    command = ["build", str(folder), "-m", "nano/captioner-strong", "--reasoner", reasoner, *out, *more]
    return CliRunner().invoke(cli, command, catch_exceptions=False)


def rated(folder, narrative_id, rater, score, but=()):
    scores = {d: score for d in DIMENSIONS if d not in but}
    unscored = {d: Unscored(reason="not rated") for d in but}
    append_records(folder / RATINGS, [Rating(narrative_id=narrative_id, rater=rater, scores=scores, unscored=unscored)])


def test_a_rater_who_rated_nothing_is_a_slip_and_told_before_anything_is_asked(atlas):
    result = CliRunner().invoke(
        cli,
        ["build", str(atlas), "-m", "nano/captioner-strong", "--reasoner", "synthetic/reasoner", "--rater", "nobody"],
    )
    assert isinstance(result.exception, DataError)
    assert "'nobody' has rated nothing" in str(result.exception)
    assert not (atlas / RATIONALES).exists()


def test_rated_narratives_and_certified_references_are_explained_once(atlas):
    folder = DatasetFolder.open(atlas)
    reference = next(folder.iter_references())
    vouched = reference.model_copy(update={"certificate": Certificate(certified_by="Dr B", source="here")})
    append_records(atlas / REFERENCES, [vouched])
    result = build(atlas)
    assert f"{N + 1} new in {atlas / RATIONALES}" in result.output
    made = DatasetFolder.open(atlas).rationales()
    assert made[reference.id].rater == "Dr B"
    assert set(made[reference.id].scores.values()) == {5.0}
    assert Counter(one.rater for one in made.values()) == {"mean": N, "Dr B": 1}
    before = (atlas / RATIONALES).read_bytes()
    assert f"{N + 1} rationales there already" in build(atlas).output
    assert (atlas / RATIONALES).read_bytes() == before


def test_changed_ratings_get_a_new_rationale_that_counts(atlas):
    build(atlas)
    narrative = next(DatasetFolder.open(atlas).iter_narratives())
    append_records(atlas / RATERS, [Rater(id="Dr C", kind="human", adjudicates=True)])
    rated(atlas, narrative.id, "Dr C", 3.0)
    assert f"1 new in {atlas / RATIONALES}" in build(atlas).output
    made = DatasetFolder.open(atlas).rationales()[narrative.id]
    assert (made.rater, set(made.scores.values())) == ("Dr C", {3.0})


def test_whose_scores_are_settled_and_how_fine(atlas):
    folder = DatasetFolder.open(atlas)
    narrative = next(folder.iter_narratives())
    write_records(atlas / RATERS, [Rater(id="a", kind="human"), Rater(id="b", kind="human"), Rater(id="j", kind="llm")])
    write_records(atlas / RATINGS, [])
    for rater, score in (("a", 3.0), ("b", 4.0), ("j", 0.0), ("unknown", 0.0)):
        rated(atlas, narrative.id, rater, score)

    def scores(rater=None, step="whole"):
        settled, n_incomplete = settled_scores(folder, rater=rater, step=step)
        return {(one.rater, *set(one.scores.values())) for one in settled}, n_incomplete

    assert scores() == ({("mean", 4.0)}, 0)
    assert scores(step="half") == ({("mean", 3.5)}, 0)
    assert scores(rater="j") == ({("j", 0.0)}, 0)
    assert scores(rater="nobody") == (set(), 0)
    write_records(atlas / RATINGS, [])
    rated(atlas, narrative.id, "a", 3.0, but=(Dimension.SAFETY,))
    assert scores() == (set(), 1)
    assert "1 rated narrative without all six scores" in build(atlas).output


def test_a_server_is_asked_for_rationales_after_texts_and_shown_photographs_unless_told_not_to(atlas, server, answered):
    def reply(body):
        content = body["messages"][0]["content"]
        text = content if isinstance(content, str) else content[-1]["text"]
        return answered(answer(text))

    server.answer = reply
    result = build(atlas, reasoner=f"{server.url}#reasoner")
    assert result.exit_code == 0, result.output
    assert len(DatasetFolder.open(atlas).rationales()) == N

    def with_images():
        said = [json.dumps(body["messages"]) for body in server.asked]
        explained = [text for text in said if "BEGIN SCORES" in text]
        return sum("image_url" in text for text in explained), len(explained)

    assert with_images() == (N, N)
    server.asked.clear()
    (atlas / RATIONALES).unlink()
    build(atlas, "--text-only", "--run-id", "other", reasoner=f"{server.url}#reasoner")
    assert with_images() == (0, N)
    assert "image_url" not in json.dumps(server.asked)


def test_an_uncertified_reference_is_not_taken_for_perfect(atlas):
    settled, _ = settled_scores(DatasetFolder.open(atlas), rater="nobody", step="whole")
    assert settled == []
    assert all(isinstance(one, Narrative) for one in DatasetFolder.open(atlas).iter_references())
