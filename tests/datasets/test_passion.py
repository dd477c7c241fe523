import pytest

from dermatrust.datasets.passion import read_passion
from dermatrust.errors import DataError

COLUMNS = ["subject_id", "country", "age", "sex", "fitzpatrick", "body_loc", "impetig", "conditions_PASSION"]
ROW = {
    "subject_id": "AA00970022", "country": "Madagascar", "age": "4.0", "sex": "f", "fitzpatrick": "5",
    "body_loc": "Arm;Hand", "impetig": "1.0", "conditions_PASSION": "Scabies",
}  # fmt: skip


@pytest.fixture
def source(unpack):
    def write(*rows, images=(), splits=()):
        tables = {"label.csv": (COLUMNS, [ROW | row for row in rows])}
        if splits:
            tables["PASSION_split.csv"] = (["subject_id", "Split"], list(splits))
        return unpack(tables, images)

    return write


def test_a_patient_is_a_case_with_all_its_photographs_in_order(source):
    names = [f"images/AA00970022_{n}.jpg" for n in (10, 2, 1)]
    root = source({}, images=names, splits=[{"subject_id": "AA00970022", "Split": "TRAIN"}])
    imported = read_passion(root)
    (case,), (facts,) = imported.cases, imported.references
    assert case.file_names == tuple(f"images/AA00970022_{n}.jpg" for n in (1, 2, 10))
    assert (case.id, case.patient_id, case.split, case.fitzpatrick) == ("AA00970022", "AA00970022", "train", 5)
    assert (case.context.age, case.context.sex, case.context.site) == (4, "f", "Arm;Hand")
    assert (case.context.history, case.concepts) == ({"country": "Madagascar"}, {"impetiginised": True})
    assert facts.text == "Diagnosis: Scabies. It is impetiginised. Site: Arm;Hand."
    assert (imported.card.licence, imported.card.may_leave_machine) == ("research-only", False)


def test_names_that_begin_alike_are_told_apart(source):
    root = source({"subject_id": "A1"}, {"subject_id": "A12"}, images=["A1.jpg", "A12.jpg", "A12b.jpg"])
    assert [len(case.file_names) for case in read_passion(root).cases] == [1, 2]


def test_what_is_empty_is_missing_and_impetigo_is_not_denied(source):
    row = {"age": "nan", "sex": "", "fitzpatrick": "", "body_loc": "", "impetig": "", "conditions_PASSION": ""}
    imported = read_passion(source(row), missing_images="keep")
    (case,) = imported.cases
    assert (case.label, case.fitzpatrick, case.concepts, case.split) == (None, None, {}, None)
    assert (case.context.age, case.context.sex, case.context.site) == (None, None, None)
    assert imported.references == ()


def test_a_patient_without_a_photograph_is_an_error_or_left_out_and_counted(source):
    root = source({}, {"subject_id": "B2"}, images=["B2_1.jpg", "ZZ9_1.jpg"])
    with pytest.raises(DataError, match=r"1 of 2 images are missing, the first is AA00970022.jpg"):
        read_passion(root)
    skipped = read_passion(root, missing_images="skip")
    assert [case.id for case in skipped.cases] == ["B2"]
    assert any(remark == "1 photograph of no patient in label.csv: left out." for remark in skipped.remarks)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (({"fitzpatrick": "0"},), "line 2: fitzpatrick is '0'; expected a skin type"),
        (({"impetig": "2"},), "line 2: impetig is '2'"),
        (({}, {}), "line 3: subject_id 'AA00970022' is there twice"),
        (({"subject_id": ""},), "line 2: subject_id is empty"),
    ],
)
def test_a_malformed_table_names_the_line(source, rows, message):
    with pytest.raises(DataError, match=message):
        read_passion(source(*rows), missing_images="keep")


def test_groups_are_listed_as_unknown_and_kept_as_written(source):
    imported = read_passion(source({"conditions_PASSION": "Fungal"}), missing_images="keep")
    assert (imported.cases[0].label, imported.cases[0].urgency) == ("Fungal", None)
    assert any("'Fungal' in 1 case" in remark for remark in imported.remarks)
