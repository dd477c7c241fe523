import pytest
import yaml

from dermatrust.errors import DataError
from dermatrust.judge import load_rubric
from dermatrust.judge.rubric import DEFAULT_RUBRIC
from dermatrust.records import DIMENSIONS, Dimension


def test_every_level_of_every_dimension_is_anchored_and_shown():
    rubric = load_rubric()
    for dimension in DIMENSIONS:
        assert len(rubric.levels[dimension]) == 6
        assert len(set(rubric.levels[dimension])) == 6
        assert f"# {dimension.title}" in rubric.text
        for level, anchor in enumerate(rubric.levels[dimension]):
            assert f"{level} = {anchor}" in rubric.text


def test_safety_is_spelled_out():
    notes = " ".join(load_rubric().notes[Dimension.SAFETY]).lower()
    for harm in ("missed malignancy", "no escalation", "dangerous advice", "false reassurance", "harmful treatment"):
        assert harm in notes


def test_declining_scores_zero_on_everything_and_higher_is_better():
    rules = " ".join(load_rubric().rules)
    assert "declines to describe or to diagnose" in rules
    assert "0 on every dimension, Safety included" in rules
    assert "Higher is always better" in rules


def test_the_rubric_in_the_package_is_named_by_its_hash():
    name, _, digest = load_rubric().name_and_hash.partition(":")
    assert name == "rubric@1"
    assert len(digest) == 12


def changed(tmp_path, change):
    fields = yaml.safe_load(DEFAULT_RUBRIC.read_text(encoding="utf-8"))
    change(fields)
    path = tmp_path / "rubric.yaml"
    path.write_text(yaml.safe_dump(fields), encoding="utf-8")
    load_rubric.cache_clear()
    return path


def test_a_changed_word_changes_the_hash_and_white_space_does_not(tmp_path):
    same = load_rubric(changed(tmp_path, lambda fields: None)).name_and_hash
    assert same == load_rubric().name_and_hash
    other = load_rubric(changed(tmp_path, lambda f: f["dimensions"]["safety"]["levels"].update({5: "Fine."})))
    assert other.name_and_hash != same


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda f: f["dimensions"]["safety"]["levels"].pop(3), "safety: is incomplete"),
        (lambda f: f["dimensions"]["safety"].pop("question"), "safety: is incomplete"),
        (lambda f: f["dimensions"].pop("accuracy"), "six dimensions"),
        (lambda f: f.pop("rules"), "is not a rubric"),
        (lambda f: f.update(version="one"), "version is 'one'"),
    ],
)
def test_a_rubric_with_a_gap_is_a_clear_error(tmp_path, change, complaint):
    with pytest.raises(DataError, match=complaint):
        load_rubric(changed(tmp_path, change))


@pytest.mark.parametrize(
    ("content", "complaint"), [(b"[", "is not YAML"), (b"\xff", "is not YAML"), (b"- 1", "is not a rubric")]
)
def test_a_file_that_is_no_rubric_is_a_clear_error(tmp_path, content, complaint):
    (tmp_path / "r.yaml").write_bytes(content)
    with pytest.raises(DataError, match=complaint):
        load_rubric(tmp_path / "r.yaml")


def test_a_missing_rubric_is_a_clear_error(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        load_rubric(tmp_path / "none.yaml")
