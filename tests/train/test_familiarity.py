"""What the embedded evaluator has read, drawn again from a recipe."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from dermatrust.datasets.atlas_chunk import AtlasSettings, drawn_texts, write_chunk
from dermatrust.evaluator.backends import NanoEvaluatorClient
from dermatrust.evaluator.familiar_text import FAMILIAR_TEXT, FamiliarText, pairs_of, read_familiar_text
from dermatrust.records import Narrative
from dermatrust.store.layout import NARRATIVES
from dermatrust.train import familiarity
from dermatrust.train.familiarity import choose_limit, main, settings_of
from dermatrust.train.recipe import load_recipe

ROOT = Path(__file__).parents[2]
REAL = """
name: real
form: {}
model: {weights: weights}
data: [{folder: rated}, {atlas: {n: 2, seed: 1}}]
stage1: {}
"""


@pytest.mark.parametrize(("n_strange", "limit"), [(0, 1), (1, 1), (2, 3), (100, 3)])
def test_the_limit_is_the_smallest_by_which_one_in_a_hundred_is_unfamiliar(n_strange, limit):
    """A blue spot has two pairs that a red spot has not, so that a limit of 3 passes it."""
    texts = ["A blue spot."] * n_strange + ["A red spot."] * (100 - n_strange)
    assert choose_limit(FamiliarText(pairs_of(["A red spot."]), 1), texts) == limit


def test_texts_are_drawn_without_pictures_as_they_are_written_with_them(tmp_path):
    settings = AtlasSettings(seed=3, n_candidates=2, n_hybrids=1, critiques=True)
    (tmp_path / "images").mkdir()
    lines = dict(zip(settings.files, write_chunk(tmp_path, settings, 0, 2), strict=True))[NARRATIVES].decode()
    written = [Narrative.from_line(line, where="n").text for line in lines.splitlines()]
    assert list(drawn_texts(settings, 2)) == written


def test_the_packaged_file_holds_what_the_recipe_draws():
    known = NanoEvaluatorClient().familiar_text
    for source in load_recipe(ROOT / "configs" / "nano.yaml").data:
        texts = list(drawn_texts(settings_of(source.atlas), 30))
        assert texts
        assert pairs_of(texts) <= known.pairs


def test_the_command_writes_the_same_file_again(tmp_path, monkeypatch):
    monkeypatch.setattr(familiarity, "N_TUNING", 3)
    text = (ROOT / "configs" / "nano.yaml").read_text(encoding="utf-8")
    for n in ("5000", "4000", "2500"):
        text = text.replace(f"n: {n}", "n: 4")
    (tmp_path / "nano.yaml").write_text(text, encoding="utf-8")
    written = []
    for _ in range(2):
        done = CliRunner().invoke(main, [str(tmp_path / "nano.yaml"), "--out", str(tmp_path)])
        assert (done.exit_code, "pairs of words" in done.output) == (0, True)
        written.append((tmp_path / FAMILIAR_TEXT).read_bytes())
    assert written[0] == written[1]
    assert read_familiar_text(tmp_path / FAMILIAR_TEXT).pairs <= NanoEvaluatorClient().familiar_text.pairs


def test_nothing_is_kept_of_an_evaluator_that_reads_other_people_s_texts(tmp_path):
    """The limit is of drawn texts; an older file would speak of another evaluator."""
    recipe = tmp_path / "real.yaml"
    recipe.write_text(REAL, encoding="utf-8")
    (tmp_path / FAMILIAR_TEXT).write_text("2\na b\n", encoding="utf-8")
    done = CliRunner().invoke(main, [str(recipe), "--out", str(tmp_path)])
    assert (done.exit_code, done.output) == (0, "not known: the recipe reads a dataset folder\n")
    assert not (tmp_path / FAMILIAR_TEXT).exists()
