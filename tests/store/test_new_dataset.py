import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dermatrust.errors import DataError
from dermatrust.records import Case, ClinicalContext, DatasetCard, Narrative
from dermatrust.store import DatasetFolder, write_dataset
from dermatrust.store.new_dataset import image_name

CARD = DatasetCard(name="d", version="1", source="s", licence="MIT", consent="unknown")
CASES = [Case(id="c1", file_names=("images/a.jpg", "images/b.png")), Case(id="c2", label="Psoriasis")]
REFERENCE = Narrative(id="r1", case_id="c1", text="Psoriasis.", author="expert", stream="reference")


@pytest.fixture
def photos(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "Name of the patient"
    pixels = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    found = []
    for name in ("images/a.jpg", "images/b.png"):
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, exif=exif)
        found.append((name, path))
    return found


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_dataset_comes_back(tmp_path, photos):
    assert write_dataset(tmp_path / "new" / "d", CARD, iter(CASES), iter([REFERENCE]), iter(photos)) == 2
    dataset = DatasetFolder.open(tmp_path / "new" / "d")
    assert dataset.card == CARD
    assert list(dataset.iter_cases()) == CASES
    assert dataset.reference("c1") == REFERENCE
    assert list(dataset.missing_images()) == []
    assert names(dataset.path) == ["card.yaml", "images/a.jpg", "images/b.png", "metadata.jsonl", "references.jsonl"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["d"]


def test_images_are_upright_and_say_nothing_about_the_patient(tmp_path, photos):
    write_dataset(tmp_path / "d", CARD, CASES, images=photos)
    for name, source in photos:
        path = tmp_path / "d" / name
        assert b"patient" in source.read_bytes()
        assert b"patient" not in path.read_bytes()
        with Image.open(path) as image, Image.open(source) as before:
            assert image.size == (40, 60)
            assert image.format == before.format
            assert not image.getexif()
            turned = np.rot90(np.asarray(before), k=-1).astype(int)
            difference = np.abs(np.asarray(image.convert("RGB")).astype(int) - turned)
        assert difference.max() == 0 if name.endswith("png") else difference.mean() < 3


def test_images_may_come_later(tmp_path):
    write_dataset(tmp_path / "d", CARD, CASES)
    assert names(tmp_path / "d") == ["card.yaml", "metadata.jsonl"]
    assert len(list(DatasetFolder.open(tmp_path / "d").missing_images())) == 2


def test_an_empty_folder_is_used_and_a_full_one_refused(tmp_path):
    (tmp_path / "d").mkdir()
    write_dataset(tmp_path / "d", CARD, CASES)
    before = (tmp_path / "d" / "metadata.jsonl").read_bytes()
    with pytest.raises(DataError, match="exists and is not empty"):
        write_dataset(tmp_path / "d", CARD, [])
    assert (tmp_path / "d" / "metadata.jsonl").read_bytes() == before
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="exists and is not empty"):
        write_dataset(tmp_path / "file", CARD, [])
    with pytest.raises(DataError, match="cannot be made"):
        write_dataset(tmp_path / "file" / "d", CARD, [])


def broken_cases():
    yield CASES[0]
    raise RuntimeError("source gone")


@pytest.mark.parametrize(("arguments", "complaint"), [
    ({"cases": broken_cases()}, "source gone"),
    ({"cases": [*CASES, Case(id="c1")]}, "case c1: is there twice"),
    ({"references": [REFERENCE.model_copy(update={"case_id": "c9"})]}, "reference r1: is about case 'c9'"),
    ({"references": [REFERENCE.model_copy(update={"stream": "candidate"})]}, "stream is 'candidate'"),
    ({"references": [REFERENCE.model_copy(update={"text": " "})]}, "the reference has no text"),
    ({"images": [("images/z.jpg", "a")]}, r"image images/z\.jpg: belongs to no case"),
    ({"images": [("../a.jpg", "a")]}, "belongs to no case"),
    ({"images": [("images/a.jpg", "a"), ("images/a.jpg", "a")]}, "belongs to no case, or is there twice"),
    ({"images": [("images/a.jpg", "none")]}, r"image a\.jpg: the image .* is missing"),
    ({"cases": [Case(id="c", file_names=("a.heic",))], "images": [("a.heic", "a")]}, r"a name that ends in \.jpg"),
])  # fmt: skip
def test_whatever_fails_leaves_nothing_behind(tmp_path, photos, arguments, complaint):
    if "images" in arguments:
        where = {"a": photos[0][1], "none": tmp_path / "none"}
        arguments = arguments | {"images": [(name, where[source]) for name, source in arguments["images"]]}
    with pytest.raises((DataError, RuntimeError), match=complaint):
        write_dataset(tmp_path / "d", CARD, **({"cases": CASES} | arguments))
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_names_that_loaders_take_for_a_split_get_a_capital(tmp_path, photos):
    case = Case(id="c1", file_names=("test/patch-test-1.jpg", "images/contest.jpg"))
    images = [("test/patch-test-1.jpg", photos[0][1]), ("images/contest.jpg", photos[0][1])]
    write_dataset(tmp_path / "d", CARD, [case], images=images)
    assert next(DatasetFolder.open(tmp_path / "d").iter_cases()).file_names == (
        "Test/patch-Test-1.jpg",
        "images/contest.jpg",
    )
    assert not list(DatasetFolder.open(tmp_path / "d").missing_images())


@given(st.lists(st.sampled_from(["test", "val", "x", "-", "_", "/", " ", "7", ".jpg", "validation", "TRAIN", "eval"])))
def test_a_changed_name_differs_only_in_capitals_and_changes_no_more(parts):
    name = "".join(parts)
    changed = image_name(name)
    assert changed.lower() == name.lower()
    assert image_name(changed) == changed


def test_memory_grows_by_ids_and_not_by_texts(tmp_path):
    n_cases, text = 3_000, "x" * 5_000

    def cases():
        for i in range(n_cases):
            yield Case(id=f"c{i}", file_names=(f"images/{i}.jpg",), context=ClinicalContext(note=text))

    references = (
        Narrative(id=f"r{i}", case_id=f"c{i}", text=text, author="e", stream="reference") for i in range(n_cases)
    )
    tracemalloc.start()
    write_dataset(tmp_path / "d", CARD, cases(), references)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Two sets, of case ids and of image names, each at most about 250 bytes an entry; the texts would be 30 MB.
    assert peak < 2 * 250 * n_cases + 1_000_000


def test_a_folder_that_cannot_be_made_is_one_error_and_nothing_is_left(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    for name in ("link", "broken"):
        with pytest.raises(DataError, match=f"{name}: is a symbolic link"):
            write_dataset(tmp_path / name, CARD, [Case(id="c1")])
    with pytest.raises(DataError, match="cannot be made"):
        write_dataset(tmp_path / ("x" * 300), CARD, [Case(id="c1")])
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(DataError, match="cannot be made"):
        write_dataset(Path(), CARD, [Case(id="c1")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken", "empty", "here", "link"]
