import pytest

from dermatrust.datasets.exclusions import without_excluded
from dermatrust.datasets.fitzpatrick17k import read_fitzpatrick17k
from dermatrust.errors import DataError

COLUMNS = [
    "md5hash", "fitzpatrick_scale", "fitzpatrick_centaur", "label", "nine_partition_label", "three_partition_label",
    "qc", "url", "url_alphanum",
]  # fmt: skip
ROW = {
    "md5hash": "5e82a45bc5d78bd24ae9202d194423f8", "fitzpatrick_scale": "3", "fitzpatrick_centaur": "2",
    "label": "drug induced pigmentary changes", "nine_partition_label": "inflammatory",
    "three_partition_label": "non-neoplastic", "url": "https://example.org/a.jpg", "url_alphanum": "a.jpg",
}  # fmt: skip


@pytest.fixture
def source(unpack):
    def write(*rows, images=()):
        return unpack({"fitzpatrick17k.csv": (COLUMNS, [ROW | row for row in rows])}, images)

    return write


def test_a_row_is_a_case_with_its_photograph_and_facts(source):
    root = source({}, images=[f"data/finalfitz17k/{ROW['md5hash']}.jpg"])
    imported = read_fitzpatrick17k(root)
    ((case,), (facts,)) = imported.cases, imported.references
    assert (case.id, case.fitzpatrick, case.skin_group) == (ROW["md5hash"], 3, "III-IV")
    assert (case.label, case.category, case.urgency) == ("drug induced pigmentary changes", "inflammatory", "routine")
    assert case.urgency_from_lexicon
    assert case.patient_id is None
    assert facts.text == "Diagnosis: drug induced pigmentary changes. It is non-neoplastic."
    assert [name for name, _ in imported.images] == [f"images/{ROW['md5hash']}.jpg"]


def test_a_skin_type_of_minus_1_is_missing_whatever_the_second_annotation_says(source):
    (case,) = read_fitzpatrick17k(source({"fitzpatrick_scale": "-1"}), missing_images="keep").cases
    assert (case.fitzpatrick, case.skin_group) == (None, None)


def test_a_label_that_the_release_calls_wrong_is_missing_and_counted(source):
    root = source({}, {"md5hash": "b", "qc": "3 Wrongly labelled"}, {"md5hash": "c", "qc": "1 Diagnostic"})
    imported = read_fitzpatrick17k(root, missing_images="keep")
    assert [case.label is None for case in imported.cases] == [False, True, False]
    assert imported.cases[1].urgency is imported.cases[1].category is None
    assert [fact.case_id for fact in imported.references] == [ROW["md5hash"], "c"]
    assert imported.remarks[0].startswith("1 label called wrong")


def test_the_annotations_alone_may_leave_this_machine_and_the_photographs_may_not(source):
    root = source({}, images=[f"{ROW['md5hash']}.jpg"])
    assert not read_fitzpatrick17k(root).card.may_leave_machine
    bare = read_fitzpatrick17k(root, missing_images="keep")
    assert bare.card.may_leave_machine
    assert (bare.card.licence, bare.images) == ("CC-BY-NC-SA-3.0", ())


def test_photographs_that_the_atlases_took_down_are_an_error_or_counted(source):
    root = source({}, {"md5hash": "b"}, images=["images/b.jpg"])
    with pytest.raises(DataError, match=rf"1 of 2 images are missing, the first is {ROW['md5hash']}\.jpg, looked for"):
        read_fitzpatrick17k(root)
    skipped = read_fitzpatrick17k(root, missing_images="skip")
    assert [case.id for case in skipped.cases] == [fact.case_id for fact in skipped.references] == ["b"]


def test_a_cleaned_list_says_what_to_keep(source, tmp_path):
    root = source({}, {"md5hash": "b"}, {"md5hash": "c"})
    (tmp_path / "c.csv").write_text("md5hash,label,partition\nb,acne,train\n")
    kept = without_excluded(read_fitzpatrick17k(root, missing_images="keep"), keep_only=tmp_path / "c.csv")
    assert [case.id for case in kept.cases] == ["b"]
    assert {x.id for x in kept.left_out} == {ROW["md5hash"], "c"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"fitzpatrick_scale": "7"}, "line 2: fitzpatrick_scale is '7'; expected a skin type from 1 to 6"),
        ({"label": ""}, "line 2: label is empty"),
        ({"md5hash": ""}, "line 2: md5hash is empty"),
    ],
)
def test_a_malformed_value_names_its_line(source, row, message):
    with pytest.raises(DataError, match=message):
        read_fitzpatrick17k(source(row), missing_images="keep")


def test_a_photograph_that_is_there_twice_is_an_error(source):
    with pytest.raises(DataError, match=r"line 3: .* is there twice"):
        read_fitzpatrick17k(source({}, {}), missing_images="keep")
