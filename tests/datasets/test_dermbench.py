import hashlib

import pytest

from dermatrust.datasets.dermbench import file_family, read_dermbench
from dermatrust.errors import DataError

TEXTS = {
    "Acne and Rosacea Photos/acne-cystic-1.jpg": "First.\r\n\n  Second, é. \n",
    "Acne and Rosacea Photos/acne-cystic-22.jpg": "Another.",
    "Eczema Photos/eczema-foot-3.jpg": "I can't assist with that.",
}


def test_every_row_becomes_a_case_and_its_text_a_reference_certified_as_released(release):
    imported = read_dermbench(release(TEXTS))
    case, reference = imported.cases[0], imported.references[0]
    assert (case.id, case.label, case.category, case.split) == (
        "dermbench_0001",
        "acne cystic",
        "Acne and Rosacea Photos",
        "test",
    )
    assert (reference.case_id, reference.stream) == (case.id, "reference")
    assert "as released by the authors" in reference.certificate.certified_by
    assert reference.certificate.source == "https://github.com/yuhos16/DermBench"
    assert len(imported.cases) == len(imported.references) == 3


def test_texts_are_kept_to_the_byte_even_those_about_a_refusal(release):
    imported = read_dermbench(release(TEXTS))
    assert [reference.text for reference in imported.references] == list(TEXTS.values())


def test_a_file_family_is_the_name_without_its_closing_number():
    names = ["a/acne-cystic-149.jpg", "b/Acne-Cystic-2.jpg", "05Atopic1006.jpg", "x_12.jpg", "007.jpg", "rosacea.jpg"]
    assert [file_family(n) for n in names] == ["acne-cystic", "acne-cystic", "05atopic", "x", "007", "rosacea"]


def test_urgency_is_the_lexicons_for_the_label(release):
    texts = {"Melanoma Skin Cancer Nevi and Moles/malignant-melanoma-1.jpg": "a", "Other/no-such-thing-1.jpg": "b"}
    cases = read_dermbench(release(texts)).cases
    assert [(case.urgency, case.urgency_from_lexicon) for case in cases] == [("urgent", True), (None, False)]


def test_a_changed_text_is_an_error_that_names_row_and_file(release):
    root = release(TEXTS)
    (root / "data/cot/Eczema Photos/eczema-foot-3.jpg.txt").write_text("edited")
    with pytest.raises(DataError, match=r"line 3: the text of dermbench_0003, .*eczema-foot-3.*SHA-256"):
        read_dermbench(root)


def test_a_missing_text_is_an_error_that_names_row_and_file(release):
    root = release(TEXTS)
    (root / "data/cot/Eczema Photos/eczema-foot-3.jpg.txt").unlink()
    with pytest.raises(DataError, match=r"line 3: the text of dermbench_0003, .*eczema-foot-3.*is missing"):
        read_dermbench(root)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "dermbench_0001"}, "line 2: 'dermbench_0001' is already the id of .* line 1"),
        ({"cot": "../../etc/passwd"}, "line 2: cot is '../../etc/passwd'"),
        ({"dermnet_image_path": "/etc/passwd"}, "line 2: dermnet_image_path is '/etc/passwd'"),
        ({"category": ""}, "line 2: category is ''"),
        ({"surprise": 1}, "line 2: has a field 'surprise'"),
    ],
)
def test_a_malformed_row_is_an_error_that_names_its_line(release, change, message):
    with pytest.raises(DataError, match=message):
        read_dermbench(release(TEXTS, dermbench_0002=change))


def test_a_folder_of_photographs_that_is_none_is_named(release, tmp_path):
    with pytest.raises(DataError, match=r"nowhere: there is no such folder"):
        read_dermbench(release(TEXTS), image_root=tmp_path / "nowhere", missing_images="skip")


def test_the_wrong_folder_is_a_clear_error(tmp_path):
    with pytest.raises(DataError, match=r"there is no data/manifest/dermbench_test.jsonl in it"):
        read_dermbench(tmp_path)


def test_a_text_that_is_not_utf8_is_one_clear_error(release):
    content = "A plaque, é.".encode("latin-1")
    root = release(
        {"A/a-1.jpg": "fine", "A/a-2.jpg": "x"}, dermbench_0002={"cot_sha256": hashlib.sha256(content).hexdigest()}
    )
    (root / "data/cot/A/a-2.jpg.txt").write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_dermbench(root)
    assert str(caught.value).endswith("line 2: data/cot/A/a-2.jpg.txt: byte 10 is 0xe9; expected UTF-8.")


def test_a_manifest_that_is_not_utf8_is_one_clear_error(release):
    root = release(TEXTS)
    manifest = root / "data/manifest/dermbench_test.jsonl"
    manifest.write_bytes(manifest.read_bytes().replace(b"DermNet test set", b"DermNet t\xe9st set", 1))
    with pytest.raises(DataError, match=r"dermbench_test.jsonl line 1: byte \d+ is 0xe9; expected UTF-8"):
        read_dermbench(root)


def test_a_text_that_holds_nul_is_an_error(release):
    root = release({"A/a-1.jpg": "nul \0 here"})
    with pytest.raises(DataError, match=r"a-1.jpg.txt: text is .*cannot be stored"):
        read_dermbench(root)


def test_without_images_the_texts_may_leave_the_machine_and_no_case_names_an_image(release):
    imported = read_dermbench(release(TEXTS))
    assert imported.card.may_leave_machine
    assert imported.card.licence == "CC-BY-NC-4.0"
    assert all(case.file_names == () for case in imported.cases)


def test_with_images_nothing_may_leave_the_machine(release, tmp_path, picture):
    root, images = release(TEXTS), tmp_path / "dermnet"
    for number, name in enumerate(TEXTS):
        (images / name).parent.mkdir(parents=True, exist_ok=True)
        picture(number).save(images / name)
    imported = read_dermbench(root, image_root=images)
    assert not imported.card.may_leave_machine
    assert "restricts the training and testing of AI" in imported.card.notes
    assert [name for name, _ in imported.images] == [f"images/{name}" for name in TEXTS]


@pytest.mark.parametrize(("missing", "n_cases", "n_images"), [("skip", 1, 1), ("keep", 3, 0)])
def test_missing_images_can_be_skipped_or_done_without(release, tmp_path, picture, missing, n_cases, n_images):
    root, images = release(TEXTS), tmp_path / "dermnet"
    (images / "Eczema Photos").mkdir(parents=True)
    picture(1).save(images / "Eczema Photos/eczema-foot-3.jpg")
    imported = read_dermbench(root, image_root=images, missing_images=missing)
    assert (len(imported.cases), len(imported.images)) == (n_cases, n_images)
    assert {r.case_id for r in imported.references} == {case.id for case in imported.cases}
    assert imported.card.may_leave_machine is (n_images == 0)
    with pytest.raises(DataError, match="2 of 3 images are missing, the first is Acne and Rosacea Photos/acne"):
        read_dermbench(root, image_root=images)
