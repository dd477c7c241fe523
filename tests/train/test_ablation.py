"""The ablation's own figures: what simulated raters give, matched to narratives, and their errors by hand."""

from pathlib import Path

import numpy as np
import pytest

from dermatrust.atlas.raters import PANEL
from dermatrust.datasets.atlas import write_atlas
from dermatrust.records import DIMENSIONS
from dermatrust.store import DatasetFolder
from dermatrust.train.ablation import RATED, against_colleagues, open_parts, panel_scores, panel_table
from dermatrust.train.examples import read_examples
from dermatrust.train.features import Features
from dermatrust.train.measure import Part
from dermatrust.train.recipe import Drawn, load_recipe
from dermatrust.train.run import draw_part

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ablation") / "d"
    write_atlas(folder, n=30, seed=31, split="test", raters=len(PANEL), critiques=True)
    examples = read_examples(folder, rater="atlas/truth").rows
    targets = np.array([[e.evaluation.scores[d] for d in DIMENSIONS] for e in examples])
    return folder, Part(RATED, examples, Features.blank(60, 2, 6), targets, np.arange(len(examples)))


def test_the_panel_is_read_narrative_by_narrative(rated):
    folder, part = rated
    found = panel_scores(folder, part)
    assert found.shape == (3, 30, 6)
    ratings = list(DatasetFolder.open(folder).iter_ratings())
    known = {(r.rater, r.narrative_id): r.scores for r in ratings}
    ids = [r.narrative_id for r in ratings if r.rater == "atlas/truth"]
    for k, rater in enumerate(PANEL):
        for i, narrative in enumerate(ids):
            expected = [known[rater.name, narrative].get(d, np.nan) for d in DIMENSIONS]
            assert np.array_equal(found[k, i], expected, equal_nan=True)


def test_scores_that_are_missing_are_neither_zero_nor_dropped(rated):
    folder, part = rated
    missing = np.isnan(panel_scores(folder, part))
    assert 0 < missing.mean() < 0.2
    assert missing.mean() == pytest.approx(np.mean([rater.missing for rater in PANEL]), abs=0.04)


def test_a_steady_rater_is_nearer_to_the_truth_than_one_who_tires(rated):
    folder, part = rated
    steady, strict, tiring = np.nanmean(np.abs(panel_scores(folder, part) - part.targets), axis=(1, 2))
    assert steady < min(strict, tiring)


def test_everybody_is_held_against_the_same_worked_by_hand():
    """Raters who give 1, 2 and 6: the others' means are 4, 3.5 and 1.5; where one is missing, two are left."""
    members = np.array([1.0, 2.0, 6.0]).reshape(3, 1, 1)
    assert against_colleagues(np.array([[3.0]]), members).item() == pytest.approx((1 + 0.5 + 1.5) / 3)
    assert against_colleagues(members, members).item() == pytest.approx((3 + 1.5 + 4.5) / 3)
    members[2] = np.nan
    assert against_colleagues(members, members).item() == pytest.approx(1.0)
    assert np.isnan(against_colleagues(members, np.full((3, 1, 1), np.nan))).all()


def test_the_table_against_raters_has_a_line_for_each_and_the_truth_beats_them(rated, monkeypatch):
    folder, part = rated
    monkeypatch.setattr("dermatrust.train.ablation.rows_of", lambda *_: [])
    monkeypatch.setattr("dermatrust.train.ablation.score", lambda *_: (part.targets, part.targets))
    lines = panel_table(None, part, folder)[1:]
    macro = {line.split("|")[1].strip(): float(line.split("|")[8].split()[0]) for line in lines}
    assert macro["DermEval, scores first"] == macro["the true scores"] < macro["one of the panel"]
    assert macro["the true scores"] < macro["lexical judge (reads the reference)"] < macro["predict the mean"]


def test_raters_change_no_case_and_no_text(tmp_path, rated):
    """So the figures against the truth are of the same narratives as those against the panel."""
    folder, _ = rated
    draw_part(tmp_path / "d", Drawn(n=30, seed=31, split="test"), workers=1)
    for name in ("narratives.jsonl", "truth.jsonl", "errors.jsonl"):
        assert (tmp_path / "d" / name).read_bytes() == (folder / name).read_bytes()


def test_what_is_unseen_is_measured_where_a_recipe_holds_it_back(tmp_path, monkeypatch):
    """The shipped recipe holds nothing back; its twin differs from it in nothing else."""
    drawn = {}
    monkeypatch.setattr("dermatrust.train.ablation.draw_part", lambda path, part, **_: drawn.setdefault(path, part))
    monkeypatch.setattr("dermatrust.train.ablation.open_part", lambda name, *_, **__: name)
    whole, held_back = (load_recipe(ROOT / "configs" / f"{name}.yaml") for name in ("nano", "nano_held_back"))
    always = ["held-out cases", "degraded images", "texts of two patients", "the narrators' texts"]
    assert list(open_parts(whole, None, tmp_path / "a", workers=1)) == always
    assert {(part.phrasing, part.without) for part in drawn.values()} == {("all", ())}
    drawn.clear()
    assert len(open_parts(held_back, None, tmp_path / "b", workers=1)) == 6
    names = {"granuloma-annulare", "tinea-corporis", "keloid"}
    _, diseases, phrasings, *_ = drawn.values()
    assert [part for part in drawn.values() if part.phrasing != "known"] == [phrasings]
    assert phrasings.phrasing == "unseen"
    assert [part for part in drawn.values() if set(part.without) != names] == [diseases]
    assert not names & set(diseases.without)

    def without_what_is_held_back(recipe):
        def all_of(drawn):
            return drawn.model_dump() | {"phrasing": "", "without": ()}

        data = [source.model_dump() | {"atlas": all_of(source.atlas)} for source in recipe.data]
        model = recipe.model.model_dump()
        model["tower"] |= {"atlas": [all_of(drawn) for drawn in recipe.model.tower.atlas]}
        return recipe.model_dump() | {"name": "", "data": data, "model": model}

    assert without_what_is_held_back(whole) == without_what_is_held_back(held_back)
