"""Recipes: what is missing or wrong is named with its field, before anything runs."""

from pathlib import Path

import pytest
import yaml

from dermatrust.errors import DataError
from dermatrust.train.recipe import Fresh, Lora, Pretrained, Recipe, Stage2Recipe, load_recipe

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


def changed(tiny_file, tmp_path, **fields):
    """Write the tiny recipe with fields changed; "a.b" is field b of a, and None takes it away."""
    recipe = yaml.safe_load(tiny_file.read_text())
    for name, value in fields.items():
        inner, (*path, last) = recipe, name.split("__")
        for part in path:
            inner = inner[int(part) if part.isdigit() else part]
        inner[last] = value
        if value is None:
            del inner[last]
    path = tmp_path / "changed.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return path


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_recipe_we_give_is_one(path):
    assert load_recipe(path).name


def test_the_file_is_the_recipe(tiny, tiny_file):
    assert load_recipe(tiny_file) == tiny
    assert Recipe.model_validate_json(tiny.model_dump_json()) == tiny


def test_unless_told_otherwise_it_is_the_paper():
    lora, stage2 = Lora(), Stage2Recipe()
    assert (lora.r, lora.alpha, lora.dropout, lora.bias) == (64, 16, 0.05, "none")
    assert (stage2.objective, stage2.objective_weight, stage2.text_weight, stage2.beta) == ("soreb", 0.5, 1.0, 0.9)
    assert (stage2.reward, stage2.draws, stage2.order, stage2.learning_rate) == ("mse", 1, "critique first", 2e-5)


def test_the_model_is_told_by_its_fields(tiny, tiny_file, tmp_path):
    assert isinstance(tiny.model, Fresh)
    path = changed(tiny_file, tmp_path, model={"weights": "some/folder", "lora": None})
    assert load_recipe(path).model == Pretrained(weights=Path("some/folder"), lora=None)


@pytest.mark.parametrize(("fields", "complaint"), [
    ({"extra": 1}, r"changed\.yaml, extra: Extra inputs are not permitted\. docs/train\.md lists every field"),
    ({"stage1__epoch": 1}, r"stage1\.epoch: Extra inputs"),
    ({"name": None}, "name: Field required"),
    ({"stage1": None}, "stage1: Field required"),
    ({"data__0__until": 0.5}, "every source ends before the stages do"),
    ({"form__checks": False}, r"alignment is about the checks: give form: \{checks: true\}"),
    ({"model": {"weights": "x"}}, "alignment moves what LoRA leaves frozen"),
    ({"form__checks": False, "alignment": None}, r"a readout reads checks: give form: \{checks: true\}"),
    ({"form__orders": ["critique first"]}, "a readout reads checks"),
    ({"processes": 5}, "5 processes cannot share a batch of 4: give processes: 4"),
    ({"data": []}, "data: Tuple should have at least 1 item"),
    ({"data__0__folder": "x"}, r"data\.0: give folder or atlas, and not both"),
    ({"data": [{"limit": 3}]}, r"data\.0: give folder or atlas"),
    ({"data__0__atlas__n": 0}, r"data\.0\.atlas\.n: Input should be greater than or equal to 1"),
    ({"data__0__atlas__degrade": "some"}, r"data\.0\.atlas\.degrade: Input should be '', 'all' or 'random'"),
    ({"form__step": "tenth"}, r"form\.step: Input should be 'whole', 'half' or 'quarter'"),
    ({"form__orders": ["scores"]}, r"form\.orders\.0: Input should be 'critique first' or 'scores first'"),
    ({"stage1__learning_rate": 0}, r"stage1\.learning_rate: Input should be greater than 0"),
    ({"stage1__learning_rate": "fast"}, r"stage1\.learning_rate: Input should be a valid number"),
    ({"stage1__warmup": 1.5}, r"stage1\.warmup: Input should be less than or equal to 1"),
    ({"stage1__batch": 0}, r"stage1\.batch"),
    ({"stage2__objective": "ppo"}, r"stage2\.objective: Input should be 'text', 'soreb'"),
    ({"stage2__objective": "rloo"}, "stage2: rloo compares the draws of one case: give draws: 2 or more"),
    ({"stage2__objective": "grpo"}, "stage2: grpo compares the draws"),
    ({"stage2__draws": 4}, "stage2: soreb takes one draw per case: give draws: 1, or objective: rloo"),
    ({"stage2__temperature": 0}, r"stage2\.temperature: Input should be greater than 0"),
    ({"seed": -1}, "seed: Input should be greater than or equal to 0"),
    ({"precision": "float16"}, "precision: Input should be 'float32' or 'bfloat16'"),
])  # fmt: skip
def test_what_is_wrong_is_named(tiny_file, tmp_path, fields, complaint):
    with pytest.raises(DataError, match=complaint):
        load_recipe(changed(tiny_file, tmp_path, **fields))


@pytest.mark.parametrize(("content", "complaint"), [
    (b"a: [", "cannot be read as YAML"),
    (b"\xff\xfe\xfa", "cannot be read as YAML"),
    (b"", "holds no fields; expected a training recipe in YAML"),
    (b"- a", "holds no fields"),
    (b"!!python/object/apply:os.system ['true']", "cannot be read as YAML"),
])  # fmt: skip
def test_a_file_that_is_no_recipe_is_named(tmp_path, content, complaint):
    path = tmp_path / "recipe.yaml"
    path.write_bytes(content)
    with pytest.raises(DataError, match=complaint):
        load_recipe(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.yaml: there is no such file; expected a training recipe in YAML"):
        load_recipe(tmp_path / "none.yaml")
    with pytest.raises(DataError, match="cannot be read"):
        load_recipe(tmp_path)
