"""The promise that Hugging Face's `imagefolder` loads a dataset folder as it is."""

import os

import pytest
from PIL import Image

from dermatrust.records import Case, ClinicalContext, DatasetCard, DifferentialItem, Narrative, Rating
from dermatrust.store import write_dataset, write_records

CARD = DatasetCard(name="d", version="1", source="s", licence="MIT", consent="unknown")


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load a dataset folder, offline, with a cache of this test's own."""
    for name in ("HF_DATASETS_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", os.fspath(tmp_path / "hf"))
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    return lambda path: datasets.load_dataset("imagefolder", data_dir=str(path), cache_dir=str(tmp_path / "cache"))


def photos(tmp_path, cases):
    Image.new("RGB", (12, 8), "red").save(tmp_path / "source.png")
    return [(name, tmp_path / "source.png") for case in cases for name in case.file_names]


def test_cases_of_many_shapes_load_with_all_their_images(tmp_path, load):
    cases = [
        Case(id="c1", file_names=("images/1.jpg", "images/2.png"), label="Psoriasis", fitzpatrick=3,
             context=ClinicalContext(age=50, symptoms={"itch": True}, history={"smoking": "never"})),
        Case(id="c2", file_names=("images/3.jpg",), split="test", urgency="urgent",
             context=ClinicalContext(sex="female", symptoms={"pain": False}, note="Since May.")),
        Case(id="c3", file_names=("more/4.jpg",),
             differential=tuple(DifferentialItem(diagnosis=d, weight=w) for d, w in (("Eczema", 0.5), ("Tinea", 1)))),
        Case(id="c4", file_names=("5.jpg",), patient_id="p", context=ClinicalContext(age=0.5)),
    ]  # fmt: skip
    reference = Narrative(id="r1", case_id="c1", text="Psoriasis.", author="expert", stream="reference")
    write_dataset(tmp_path / "d", CARD, cases, [reference], photos(tmp_path, cases))
    write_records(tmp_path / "d" / "narratives.jsonl", [Narrative.candidate(case_id="c1", author="m", text="x")])
    write_records(
        tmp_path / "d" / "ratings.jsonl", [Rating.all_unscored(narrative_id="n", rater="r", reason="missing")]
    )
    loaded = load(tmp_path / "d")
    assert list(loaded) == ["train"]
    rows = list(loaded["train"])
    assert [row["id"] for row in rows] == ["c1", "c2", "c3", "c4"]
    assert [[image.size for image in row["images"]] for row in rows] == [[(12, 8)] * n for n in (2, 1, 1, 1)]
    assert [row["label"] for row in rows] == ["Psoriasis", None, None, None]
    assert rows[0]["context"]["symptoms"] == {"itch": True, "pain": None}
    assert [row["context"] and row["context"]["age"] for row in rows] == [50.0, None, None, 0.5]
    assert rows[2]["differential"][1] == {"diagnosis": "Tinea", "weight": 1.0}
    assert rows[1]["split"] == "test"


def test_a_name_with_the_word_test_in_it_does_not_lose_the_rest(tmp_path, load):
    names = ["images/patch-test-1.jpg", "test/2.jpg", "images/val.jpg", "images/plain.jpg", "eval 3/train_4/x.jpg"]
    cases = [Case(id=f"c{i}", file_names=(name,), label=f"label {i}") for i, name in enumerate(names)]
    write_dataset(tmp_path / "d", CARD, cases, images=photos(tmp_path, cases))
    loaded = load(tmp_path / "d")
    assert list(loaded) == ["train"]
    assert [(row["label"], len(row["images"])) for row in loaded["train"]] == [(f"label {i}", 1) for i in range(5)]


def test_every_word_that_hugging_face_takes_for_a_split_is_known_to_us():
    data_files = pytest.importorskip("datasets.data_files")
    from dermatrust.store.new_dataset import image_name

    words = [word for group in data_files.SPLIT_KEYWORDS.values() for word in group]
    signs = [sign for sign in data_files.NON_WORDS_CHARS.replace("0-9", "07")]
    for word in words:
        for sign in signs:
            for name in (f"{word}{sign}x.jpg", f"a{sign}{word}{sign}x.jpg", f"{word}/x.jpg", f"a{sign}{word}/x.jpg"):
                assert word not in image_name(name).split("x.jpg")[0], name
