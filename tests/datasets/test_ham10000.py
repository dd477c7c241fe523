import pytest

from dermatrust.datasets.ham10000 import DIAGNOSES, read_ham10000
from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon

COLUMNS = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"]
ROW = {
    "lesion_id": "HAM_0000118", "image_id": "ISIC_0027419", "dx": "mel", "dx_type": "histo", "age": "80.0",
    "sex": "male", "localization": "scalp",
}  # fmt: skip


@pytest.fixture
def source(unpack):
    def write(*rows, images=(), table="HAM10000_metadata.csv"):
        return unpack({table: (COLUMNS, [ROW | row for row in rows])}, images)

    return write


def test_the_images_of_a_lesion_are_one_case_in_the_tables_order(source):
    rows = ({}, {"lesion_id": "HAM_2", "image_id": "ISIC_9", "dx": "nv"}, {"image_id": "ISIC_0025030"})
    images = ("HAM10000_images_part_1/ISIC_0027419.jpg", "HAM10000_images_part_2/ISIC_0025030.jpg", "x/ISIC_9.jpg")
    imported = read_ham10000(source(*rows, images=images))
    first, second = imported.cases
    assert first.file_names == ("images/ISIC_0027419.jpg", "images/ISIC_0025030.jpg")
    assert (first.id, first.patient_id, second.patient_id) == ("HAM_0000118", "HAM_0000118", "HAM_2")
    assert (first.context.age, first.context.sex, first.context.site) == (80, "male", "scalp")
    assert (first.label, first.urgency, len(imported.images)) == ("mel", "urgent", 3)
    assert first.urgency_from_lexicon
    assert imported.references[0].text == "Diagnosis: mel. Confirmed by histopathology. Site: scalp."


def test_unknown_and_empty_are_missing(source):
    row = {"age": "", "sex": "unknown", "localization": "unknown", "dx_type": ""}
    imported = read_ham10000(source(row), missing_images="keep")
    context = imported.cases[0].context
    assert (context.age, context.sex, context.site) == (None, None, None)
    assert imported.references[0].text == "Diagnosis: mel."


def test_where_the_rows_of_a_lesion_disagree_the_value_is_missing(source):
    (case,) = read_ham10000(source({}, {"image_id": "b", "age": "75.0"}), missing_images="keep").cases
    assert (case.context.age, case.context.site) == (None, "scalp")


def test_how_it_was_confirmed_is_no_part_of_the_case_because_it_gives_away_malignancy(source):
    (case,) = read_ham10000(source({}), missing_images="keep").cases
    assert "histo" not in case.to_line()


@pytest.mark.parametrize("table", ["HAM10000_metadata", "HAM10000_metadata.tab"])
def test_the_archives_other_names_of_the_table_are_known(source, table):
    root = source({}, table=table)
    (root / table).write_text((root / table).read_text().replace(",", "\t"))
    assert read_ham10000(root, missing_images="keep").cases[0].id == "HAM_0000118"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (({"dx": "melanoma"},), "line 2: dx is 'melanoma'; expected one of akiec, bcc"),
        (({"dx_type": "guess"},), "line 2: dx_type is 'guess'"),
        (({"age": "old"},), "line 2: context.age is 'old'"),
        (({}, {}), "line 3: 'ISIC_0027419' is already the image of .*line 2"),
        (({}, {"image_id": "b", "dx": "nv"}), "line 3: the diagnosis is 'nv', but 'mel' in .*line 2"),
    ],
)
def test_a_malformed_table_is_an_error_that_names_the_line(source, rows, message):
    with pytest.raises(DataError, match=message):
        read_ham10000(source(*rows), missing_images="keep")


def test_groups_of_diseases_are_not_taken_for_one_disease_and_are_listed(source):
    unknown = {dx for dx in DIAGNOSES if load_lexicon().diagnosis(dx) is None}
    assert unknown == {"akiec", "bkl", "vasc"}
    imported = read_ham10000(source({"dx": "bkl"}), missing_images="keep")
    assert imported.cases[0].urgency is None
    assert any("'bkl' in 1 case" in remark for remark in imported.remarks)
