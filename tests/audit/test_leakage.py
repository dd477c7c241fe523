"""Planted leaks: each way of sharing is found, and two strangers share nothing."""

import pytest
from PIL import Image

from dermatrust.audit.leakage import audit_leakage
from dermatrust.errors import DataError
from dermatrust.records import Case, DatasetCard, Narrative
from dermatrust.store.folder import DatasetFolder, write_dataset

WORDS = [f"word{k}" for k in range(400)]


def text_of(start, n=60):
    return " ".join(WORDS[start : start + n])


def picture(path, seed, *, quality=None):
    image = Image.effect_noise((8, 8), 100 + seed).resize((96, 96), Image.Resampling.BICUBIC)
    image.save(path) if quality is None else image.convert("L").save(path, quality=quality)
    return path


def dataset(tmp_path, name, rows, images=()):
    """Write a folder; a row is (id, text, fields of the case)."""
    cases = [Case(id=ident, **fields) for ident, _, fields in rows]
    references = [
        Narrative(id=f"{ident}:r", case_id=ident, author="a", stream="reference", text=text)
        for ident, text, _ in rows
        if text
    ]
    card = DatasetCard(name=name, version="1", source="t", licence="private", consent="none")
    write_dataset(tmp_path / name, card, cases, references, images)
    return DatasetFolder.open(tmp_path / name)


def ways(audit):
    return [(leak.way, leak.a, leak.b) for leak in audit.leaks]


def test_strangers_share_nothing(tmp_path):
    rows = [
        ("a", text_of(0), {"patient_id": "p", "split": "x"}),
        ("b", text_of(100), {"patient_id": "q", "split": "y"}),
    ]
    audit = audit_leakage(dataset(tmp_path, "one", rows))
    assert ways(audit) == []
    assert audit.n_compared == {
        "same file": 0, "near picture": 0, "patient": 2, "file family": 0, "copied text": 2, "shared words": 2,
    }  # fmt: skip


@pytest.mark.parametrize(("field", "way"), [("patient_id", "patient"), ("file_family", "file family")])
def test_an_id_on_two_sides_is_told_once_with_how_many_cases_hold_it(tmp_path, field, way):
    rows = [(f"c{k}", "", {field: "same", "split": "train" if k < 3 else "test"}) for k in range(5)]
    (leak,) = audit_leakage(dataset(tmp_path, "one", rows)).leaks
    assert (leak.way, leak.shared, leak.strength) == (way, "same", "3 and 2 cases")


def test_the_same_id_within_one_split_is_no_leak(tmp_path):
    rows = [("a", "", {"patient_id": "p", "split": "x"}), ("b", "", {"patient_id": "p", "split": "x"})]
    rows.append(("c", "", {"patient_id": "q", "split": "y"}))
    assert audit_leakage(dataset(tmp_path, "one", rows)).leaks == ()


def test_a_copied_text_is_told_from_a_passage_and_a_passage_from_a_phrase(tmp_path):
    rows = [
        ("a", text_of(0), {"split": "x"}),
        ("copy", f"{text_of(0)} more", {"split": "y"}),
        ("passage", f"{text_of(0, 20)} {text_of(200)}", {"split": "y"}),
        ("phrase", f"{text_of(40, 13)} {text_of(300)}", {"split": "y"}),
    ]
    folder = dataset(tmp_path, "one", rows)
    assert ways(audit_leakage(folder)) == [("copied text", "a", "copy"), ("shared words", "a", "passage")]
    every = audit_leakage(folder, min_containment=0.0)
    assert ("shared words", "a", "phrase") in ways(every)
    shared = {leak.b: leak.shared for leak in every.leaks}
    assert shared["phrase"] == text_of(40, 13)


def test_twelve_shared_words_are_not_enough(tmp_path):
    rows = [("a", text_of(0), {"split": "x"}), ("b", f"{text_of(0, 12)} {text_of(200)}", {"split": "y"})]
    assert audit_leakage(dataset(tmp_path, "one", rows), min_containment=0.0).leaks == ()


def test_a_phrase_in_many_texts_is_stock(tmp_path):
    rows = [(f"c{k}", f"{text_of(0, 20)} {text_of(30 + 60 * k)}", {"split": f"s{k % 2}"}) for k in range(6)]
    assert audit_leakage(dataset(tmp_path, "one", rows), min_containment=0.0).leaks == ()


def test_a_candidate_that_repeats_a_reference_of_the_other_side_is_found(tmp_path):
    one = dataset(tmp_path, "one", [("a", text_of(0), {})])
    other = dataset(tmp_path, "two", [("b", text_of(200), {})])
    candidate = Narrative.candidate(case_id="b", author="m", text=text_of(0))
    (other.path / "narratives.jsonl").write_text(candidate.model_dump_json() + "\n")
    assert ways(audit_leakage(one, other)) == [("copied text", "a", "b")]


def test_the_same_file_and_the_same_picture_are_found_across_datasets(tmp_path):
    names = [("a", 1), ("b", 2)]
    first = [(f"images/{name}.png", picture(tmp_path / f"{name}.png", seed)) for name, seed in names]
    again = Image.open(first[0][1]).resize((80, 80))
    again.save(tmp_path / "smaller.png")
    one = dataset(tmp_path, "one", [(n, "", {"file_names": (f"images/{n}.png",)}) for n, _ in names], first)
    rows = [("near", "", {"file_names": ("images/near.png",)}), ("same", "", {"file_names": ("images/same.png",)})]
    images = [("images/near.png", tmp_path / "smaller.png"), ("images/same.png", first[1][1])]
    other = dataset(tmp_path, "two", rows, images)
    assert ways(audit_leakage(one, other)) == [("same file", "b", "same"), ("near picture", "a", "near")]


def test_images_that_cannot_be_read_are_told(tmp_path):
    rows = [("a", "", {"file_names": ("images/a.png",), "split": "x"}), ("b", "", {"split": "y"})]
    folder = dataset(tmp_path, "one", rows, [("images/a.png", picture(tmp_path / "a.png", 1))])
    (folder.path / "images" / "a.png").unlink()
    assert audit_leakage(folder).remarks[0].startswith("1 of 1 images could not be read")


def test_nothing_to_compare_is_one_clear_error(tmp_path):
    folder = dataset(tmp_path, "one", [("a", "", {"split": "x"})])
    with pytest.raises(DataError, match="has only the split x; expected two splits"):
        audit_leakage(folder)
    with pytest.raises(DataError, match="has no splits; expected two splits"):
        audit_leakage(dataset(tmp_path, "none", [("a", "", {})]))
    with pytest.raises(DataError, match="compared with itself"):
        audit_leakage(folder, DatasetFolder.open(folder.path))


def test_cases_in_no_split_are_counted(tmp_path):
    rows = [("a", "", {"split": "x"}), ("b", "", {"split": "y"}), ("c", "", {})]
    assert audit_leakage(dataset(tmp_path, "one", rows)).remarks == ("1 case in no split, not compared.",)
