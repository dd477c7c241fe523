import pytest

from dermatrust.datasets.pad_sentences import DIAGNOSES, label_text
from dermatrust.datasets.pad_ufes_20 import read_pad_ufes_20
from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon

FULL = {
    "patient_id": "PAT_46", "lesion_id": "881", "smoke": "False", "background_father": "POMERANIA", "age": "55",
    "gender": "FEMALE", "fitspatrick": "3.0", "region": "NECK", "diameter_1": "6.0", "diameter_2": "5.5",
    "diagnostic": "BCC", "itch": "True", "grew": "UNK", "hurt": "False", "bleed": "True", "biopsed": "True",
}  # fmt: skip


def read(root, missing_images="keep"):
    return read_pad_ufes_20(root, missing_images=missing_images)


def test_a_row_becomes_a_case_and_what_it_records_a_reference(pad):
    imported = read(pad(FULL))
    (case,), (reference,) = imported.cases, imported.references
    assert (case.id, case.patient_id, case.label, case.fitzpatrick) == ("PAT_46_881", "PAT_46", "BCC", 3)
    assert (case.context.age, case.context.sex, case.context.site) == (55, "FEMALE", "NECK")
    assert case.context.symptoms == {"itch": True, "hurt": False, "bleed": True}  # UNK and empty are missing
    assert case.context.history == {
        "smoke": "False",
        "background_father": "POMERANIA",
        "diameter_1_mm": "6.0",
        "diameter_2_mm": "5.5",
    }
    assert reference.text == (
        "Diagnosis: basal cell carcinoma. The diagnosis was proven by biopsy. Site: neck. Size: 6 by 5.5 mm. "
        "The lesion itches and has bled. The lesion does not hurt."
    )
    assert (reference.stream, reference.certificate) == ("label", None)


def test_what_is_missing_stays_missing(pad):
    (case,) = read(pad({"diagnostic": "NEV", "biopsed": "", "elevation": "UNK"})).cases
    assert (case.fitzpatrick, case.context.sex, case.context.age, case.context.site) == (None, None, None, None)
    assert (case.context.symptoms, case.context.history) == ({}, {})


def test_the_reference_invents_nothing_where_little_is_recorded(pad):
    (reference,) = read(pad({"diagnostic": "NEV", "biopsed": "False"})).references
    assert reference.text == "Diagnosis: melanocytic nevus. No biopsy was taken."
    assert label_text("MEL") == "Diagnosis: melanoma."
    assert label_text("MEL", diameters_mm=("8.0",)) == "Diagnosis: melanoma. Size: 8 mm."


def test_the_biopsy_is_not_in_the_context_because_it_gives_away_malignancy(pad):
    (case,) = read(pad(FULL)).cases
    assert "biops" not in case.to_line()


def test_the_lexicon_knows_every_diagnosis_by_code_and_by_name():
    for code, name in DIAGNOSES.items():
        by_name = load_lexicon().diagnosis(name)
        assert by_name is not None
        assert load_lexicon().diagnosis(code) == by_name
    assert load_lexicon().diagnosis("MEL").urgency == "urgent"


def test_the_urgency_is_marked_as_the_lexicons_since_the_source_records_none(pad):
    (case,) = read(pad({"diagnostic": "MEL"})).cases
    assert (case.urgency, case.urgency_from_lexicon) == ("urgent", True)


def test_a_lesion_number_shared_by_two_patients_is_two_cases_and_is_said(pad):
    imported = read(pad({"patient_id": "PAT_1"}, {"patient_id": "PAT_2", "diagnostic": "NEV"}))
    assert [case.id for case in imported.cases] == ["PAT_1_10", "PAT_2_10"]
    assert any("1 of 1 lesion numbers stand for lesions of more than one patient" in r for r in imported.remarks)


def test_several_images_of_a_lesion_are_one_case(pad):
    root = pad({"img_id": "a.png"}, {"img_id": "b.png"}, {"img_id": "c.png", "lesion_id": "11"})
    (root / "imgs_part_1/imgs_part_1").mkdir(parents=True)
    (root / "imgs_part_3").mkdir()
    for name in ("imgs_part_1/imgs_part_1/a.png", "imgs_part_3/b.png", "imgs_part_3/c.png"):
        (root / name).touch()
    imported = read(root, "error")
    assert [case.file_names for case in imported.cases] == [("images/a.png", "images/b.png"), ("images/c.png",)]
    assert dict(imported.images)["images/b.png"] == root / "imgs_part_3/b.png"


def test_where_rows_of_a_lesion_disagree_the_value_is_missing(pad):
    (case,) = read(pad({"region": "ARM", "age": "50"}, {"region": "FACE", "age": "50"})).cases
    assert (case.context.site, case.context.age) == (None, 50)


def test_two_diagnoses_of_one_lesion_are_an_error_that_names_both_lines(pad):
    root = pad({"diagnostic": "BCC"}, {"diagnostic": "NEV"})
    with pytest.raises(DataError, match=r"line 3: the diagnosis is 'NEV', but 'BCC' in .*line 2"):
        read(root)


def test_missing_images_stop_the_import_unless_asked_otherwise(pad):
    root = pad({"img_id": "a.png"}, {"img_id": "b.png"}, {"img_id": "c.png", "lesion_id": "11"})
    (root / "images").mkdir()
    (root / "images/b.png").touch()
    with pytest.raises(
        DataError, match=r"2 of 3 images are missing, the first is a.png, looked for in .*--missing-images skip"
    ):
        read(root, "error")
    skipped = read(root, "skip")
    assert [case.file_names for case in skipped.cases] == [("images/b.png",)]
    assert [reference.case_id for reference in skipped.references] == ["PAT_1_10"]
    assert any("2 of 3 images missing: left out 1 of 2 cases" in remark for remark in skipped.remarks)
    kept = read(root, "keep")
    assert [case.file_names for case in kept.cases] == [(), ()]
    assert kept.images == ()


def test_images_can_lie_elsewhere(pad, tmp_path):
    root, elsewhere = pad({"img_id": "a.png"}), tmp_path / "elsewhere/deep"
    elsewhere.mkdir(parents=True)
    (elsewhere / "a.png").touch()
    assert read_pad_ufes_20(root, image_root=tmp_path / "elsewhere").images == (("images/a.png", elsewhere / "a.png"),)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"diagnostic": "XYZ"}, "diagnostic is 'XYZ'; expected one of ACK"),
        ({"fitspatrick": "7.0"}, "fitspatrick is '7.0'"),
        ({"itch": "maybe"}, "itch is 'maybe'"),
        ({"age": "old"}, "context.age is 'old'"),
        ({"age": "200"}, "context.age is '200'"),
        ({"diameter_1": "wide"}, "diameter_1 is 'wide'"),
        ({"patient_id": ""}, "patient_id is empty"),
        ({"region": "a,b"}, "has not as many fields as the header"),
        ({"img_id": "../a.png"}, "not a path inside the dataset folder"),
    ],
)
def test_a_malformed_value_is_an_error_that_names_its_line(pad, row, message):
    with pytest.raises(DataError, match=message) as caught:
        read(pad(row))
    assert "metadata.csv line 2" in str(caught.value)


def test_malformed_files_are_clear_errors(pad, tmp_path):
    with pytest.raises(DataError, match=r"there is no metadata.csv in it"):
        read(tmp_path)
    with pytest.raises(DataError, match=r"has no column age, .*region"):
        read(pad({}, columns=("patient_id", "lesion_id", "diagnostic", "img_id")))
    with pytest.raises(DataError, match=r"line 3: 'a.png' is already the image of .*line 2"):
        read(pad({"img_id": "a.png"}, {"img_id": "a.png"}))
    root = pad({})
    (root / "metadata.csv").write_bytes((root / "metadata.csv").read_bytes() + b"\xff\xfe")
    with pytest.raises(DataError, match="cannot be read as CSV in UTF-8"):
        read(root)
