import json

import pytest
from PIL import Image, ImageEnhance

from dermatrust.datasets.check import check_dataset
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Narrative, Rating
from dermatrust.store import write_records

A = {"id": "a", "file_names": ("images/a.png",), "label": "melanoma", "patient_id": "p1"}
B = {"id": "b", "file_names": ("images/b.png",), "label": "eczema", "patient_id": "p2"}


def kinds(folder, severity=None):
    return [f.kind for f in check_dataset(folder).findings if severity in (None, f.severity)]


def only(folder, kind):
    (finding,) = [f for f in check_dataset(folder).findings if f.kind == kind]
    return finding


def add_line(path, line):
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(line + "\n")


def test_a_sound_dataset_has_no_findings(dataset):
    report = check_dataset(dataset(A, B))
    assert (report.findings, report.is_sound, report.n_cases, report.n_images) == ((), True, 2, 2)


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(DataError, match="there is no such folder"):
        check_dataset(tmp_path / "nowhere")


def test_an_empty_folder_lacks_card_and_cases(tmp_path):
    assert kinds(tmp_path, "error") == ["card", "record", "record"]


def test_every_bad_record_is_reported_and_the_good_ones_are_still_checked(dataset):
    folder = dataset(A, B)
    add_line(folder / "metadata.jsonl", "{not json")
    add_line(folder / "metadata.jsonl", '{"id": "c", "age": 5}')
    add_line(folder / "metadata.jsonl", '{"id": "d", "file_names": ["images/d.png"]}')
    findings = [f for f in check_dataset(folder).findings if f.severity == "error"]
    assert [(f.kind, f.where.rpartition("/")[2]) for f in findings] == [
        ("record", "metadata.jsonl line 3"),
        ("record", "metadata.jsonl line 4"),
        ("missing image", "d.png"),
    ]


@pytest.mark.parametrize("line", ["\xff", "x" * 4_000_001], ids=["not UTF-8", "over 4 MB"])
def test_a_line_that_cannot_be_read_is_one_finding(dataset, line):
    folder = dataset(A)
    with (folder / "metadata.jsonl").open("a", encoding="latin-1") as file:
        file.write(line)
    assert kinds(folder, "error") == ["record"]


def test_a_repeated_case_id_names_both_lines(dataset):
    folder = dataset(A)
    add_line(folder / "metadata.jsonl", '{"id": "a"}')
    finding = only(folder, "duplicate record")
    assert finding.where.endswith("line 2")
    assert finding.what.endswith("line 1")


def test_missing_references_and_labels_are_warnings(dataset):
    folder = dataset({"id": "a"}, {"id": "b", "label": "eczema"}, references=False)
    assert only(folder, "missing reference").what == "2 of 2 cases without a reference: a, b"
    assert only(folder, "missing label").what == "1 of 2 cases without a label: a"
    assert check_dataset(folder).is_sound


def test_a_label_the_lexicon_does_not_know_is_a_warning(dataset):
    assert only(dataset(A | {"label": "gobbledygook"}, B), "unknown label").what.endswith("1 of 2 labels: gobbledygook")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ({"id": "n", "case_id": "zzz", "text": "t", "author": "m", "stream": "reference"}, "is about case 'zzz'"),
        ({"id": "n", "case_id": "a", "text": "t", "author": "m"}, "stream is 'candidate'"),
        ({"id": "n", "case_id": "a", "text": " ", "author": "m", "stream": "label"}, "the reference has no text"),
    ],
)
def test_a_reference_that_cannot_be_the_truth_is_an_error(dataset, line, what):
    folder = dataset(A)
    add_line(folder / "references.jsonl", json.dumps(line))
    assert what in only(folder, "record").what


def test_a_reference_that_replaces_another_is_a_warning(dataset):
    folder = dataset(A)
    add_line(folder / "references.jsonl", '{"id":"n","case_id":"a","text":"t","author":"m","stream":"reference"}')
    assert only(folder, "record").severity == "warning"


def test_narratives_and_ratings_must_be_about_something_that_is_there(dataset):
    folder = dataset(A)
    narrative = Narrative(id="n", case_id="a", text="", author="m")
    astray = Narrative(id="o", case_id="?", text="", author="m")
    write_records(folder / "narratives.jsonl", [narrative, narrative, astray])
    scores = dict.fromkeys(DIMENSIONS, 3)
    rating = Rating(narrative_id="n", rater="j", scores=scores)
    write_records(folder / "ratings.jsonl", [rating, rating, Rating(narrative_id="??", rater="j", scores=scores)])
    found = [(f.kind, f.where.rpartition("/")[2]) for f in check_dataset(folder).findings]
    assert found == [
        ("duplicate record", "narratives.jsonl line 2"),
        ("record", "narratives.jsonl line 3"),
        ("duplicate record", "ratings.jsonl line 2"),
        ("record", "ratings.jsonl line 3"),
    ]


def test_missing_and_unreadable_images_are_errors_each_by_name(dataset):
    folder = dataset(A, B)
    (folder / "images/a.png").unlink()
    (folder / "images/b.png").write_bytes((folder / "images/b.png").read_bytes()[:200])
    assert only(folder, "missing image").where == "images/a.png"
    assert only(folder, "unreadable image").where == "images/b.png"


def test_an_image_too_large_to_decode_is_an_error_and_does_not_stop_the_check(dataset):
    folder = dataset(A, B)
    Image.new("1", (20_000, 20_000)).save(folder / "images/a.png")
    assert "too large" in only(folder, "unreadable image").what
    assert check_dataset(folder).n_images == 1


def test_camera_notes_are_a_warning(dataset, picture):
    folder = dataset(A, B)
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    picture(5).save(folder / "images/a.png", exif=exif)
    assert only(folder, "camera notes").what.startswith("1 image with a camera")


def test_files_that_belong_to_no_case_are_a_warning(dataset):
    folder = dataset(A)
    (folder / "images/stray.png").touch()
    assert only(folder, "unused image").what == "1 file of no case: images/stray.png"


def test_the_same_file_twice_is_a_duplicate_and_not_also_a_near_duplicate(dataset):
    folder = dataset(A, B, pictures={"images/b.png": "images/a.png"})
    finding = only(folder, "duplicate image")
    assert (finding.severity, finding.where) == ("warning", "images/a.png")
    assert finding.what == "the same file as images/b.png"
    assert kinds(folder) == ["duplicate image"]


def test_one_image_named_by_two_cases_is_a_duplicate(dataset):
    finding = only(dataset(A, B | {"file_names": A["file_names"]}), "duplicate image")
    assert finding.what == "2 cases name it: a, b"


def test_a_changed_copy_is_a_near_duplicate(dataset, picture):
    original = picture(7)
    copies = {"images/a.png": original, "images/b.png": ImageEnhance.Brightness(original.resize((70, 60))).enhance(0.9)}
    finding = only(dataset(A, B, pictures=copies), "near-duplicate image")
    assert (finding.severity, finding.where) == ("warning", "images/a.png")
    assert "images/b.png" in finding.what


def test_near_duplicates_within_one_case_are_expected(dataset, picture):
    names = ("images/1.png", "images/2.png")
    case = A | {"file_names": names}
    assert kinds(dataset(case, pictures={names[0]: picture(7), names[1]: picture(7).resize((70, 60))})) == []


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        ({"patient_id": "p"}, {"patient_id": "p"}, "patient 'p' is in the splits test and train"),
        ({"file_family": "f"}, {"file_family": "f"}, "file family 'f' is in the splits test and train"),
    ],
)
def test_what_two_splits_share_is_an_error(dataset, one, other, what):
    folder = dataset(A | {"split": "train"} | one, B | {"split": "test"} | other)
    assert only(folder, "split leakage").what == what
    assert not check_dataset(folder).is_sound


@pytest.mark.parametrize("changed", [True, False], ids=["near", "same"])
def test_a_picture_in_two_splits_is_an_error(dataset, picture, changed):
    copies = {"images/a.png": picture(7), "images/b.png": picture(7).resize((70, 60)) if changed else picture(7)}
    cases = A | {"split": "train"}, B | {"split": "test"}
    assert "cases a (train) and b (test)" in only(dataset(*cases, pictures=copies), "split leakage").what


def test_cases_outside_every_split_are_a_warning(dataset):
    assert only(dataset(A | {"split": "train"}, B), "missing split").what == "1 of 2 cases in no split: b"


@pytest.mark.parametrize("licence", ["private", "research-only", "not-stated"])
def test_a_card_that_lets_out_what_its_licence_keeps_in_is_a_warning(dataset, licence):
    folder = dataset(A)
    card = f"name: x\nversion: 1\nsource: y\nlicence: {licence}\nconsent: not recorded\nmay_leave_machine: true\n"
    (folder / "card.yaml").write_text(card)
    assert kinds(folder, "warning") == ["licence", "consent"]
    (folder / "card.yaml").write_text(card.replace(licence, "mine"))
    assert kinds(folder, "error") == ["card"]


def test_texts_that_may_identify_somebody_are_warnings_until_the_card_says_somebody_has_looked(dataset):
    folder = dataset(A | {"context": {"note": "Mrs Smith, 3 May 2021"}})
    findings = [finding for finding in check_dataset(folder).findings if finding.kind == "identifier"]
    assert [finding.what for finding in findings] == [
        "its note holds what looks like a name after a title, at character 1",
        "its note holds what looks like a date, at character 12",
    ]
    assert findings[0].where.endswith("metadata.jsonl line 1")
    reviewed = (folder / "card.yaml").read_text().replace("identifiers_reviewed: false", "identifiers_reviewed: true")
    (folder / "card.yaml").write_text(reviewed)
    assert "identifier" not in kinds(folder, "warning")


def test_a_finding_prints_as_one_line_with_what_to_do(dataset):
    folder = dataset(A)
    (folder / "images/a.png").unlink()
    assert str(only(folder, "missing image")).startswith("error: images/a.png: ")
    assert str(only(folder, "missing image")).endswith("or remove the image from its case.")


def test_a_revised_reference_is_no_doubled_one(dataset):
    """What appends one says what it was made from, or who certified it; a table with two rows for a case does not."""

    def warnings(*references):
        folder = dataset(A, references=False, name=f"set {len(references)} {references[0]}"[:12])
        for k, more in enumerate(references):
            line = {"id": f"r{k}", "case_id": "a", "text": "A plaque.", "author": "m", "stream": "reference"} | more
            add_line(folder / "references.jsonl", json.dumps(line))
        return [f.what for f in check_dataset(folder).findings if f.where.endswith("references.jsonl")]

    certificate = {"certificate": {"certified_by": "Dr A", "source": "the workbench"}}
    made_from = {"parent": "a:reasoning"}
    assert warnings({}, made_from, made_from, certificate) == []
    assert warnings({}, {}) == ["1 reference followed by another for the same case, which is no revision"]
    assert warnings(certificate, made_from) == ["1 certified reference followed by one nobody certified"]
