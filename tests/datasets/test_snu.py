import pytest

from dermatrust.datasets.snu import CLASSES, read_snu
from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon

FOLDER = "data/zero-shot-classification/snu-134-zero-shot"
SNU_LP = "data/downstream/SNU/images/epidermalcyst_11.jpg", "epidermal cyst", "train", "0"
"""The first row of meta/downstream/SNU-LP.csv of MAGEN-O-MAKE."""


@pytest.fixture
def source(unpack):
    """Write rows (name of the photograph, label, diag) as meta.csv, with those of the photographs that are there."""

    def write(*rows, columns=("image_path", "label", "diag"), table="meta.csv", there=()):
        paths = [
            {columns[0]: f"{FOLDER}/images/{row[0]}"} | dict(zip(columns[1:], row[1:], strict=False)) for row in rows
        ]
        return unpack({f"{FOLDER}/{table}": (columns, paths)}, [f"{FOLDER}/images/{name}" for name in there]) / FOLDER

    return write


def test_a_photograph_is_a_case_with_the_name_and_urgency_of_its_label(source):
    root = source(("eczemaherpeticum_0.jpg", 50, "eczema herpeticum"), there=["eczemaherpeticum_0.jpg"])
    imported = read_snu(root)
    (case,) = imported.cases
    assert (case.id, case.file_names) == ("eczemaherpeticum_0", ("images/eczemaherpeticum_0.jpg",))
    assert (case.label, case.urgency, case.urgency_from_lexicon) == ("eczema herpeticum", "emergent", True)
    assert dict(imported.images)["images/eczemaherpeticum_0.jpg"] == root / "images/eczemaherpeticum_0.jpg"
    assert (case.patient_id, case.split) == (None, None)
    assert imported.references[0].text == "Diagnosis: eczema herpeticum."


def test_what_is_no_such_folder_or_table_is_told_with_what_would_be(tmp_path):
    tables = "expected the folder that holds one of meta.csv, MAKE_SNU.csv, SNU-LP.csv."
    (table := tmp_path / "meta.csv").write_text("")
    for path, said in ((tmp_path / "none", "is not there"), (table, "is no folder")):
        with pytest.raises(DataError, match=f"{path}: {said}; {tables}"):
            read_snu(path)
    with pytest.raises(DataError, match=r"meta\.csv: is empty; expected the columns of SNU, label among them"):
        read_snu(tmp_path)
    table.write_text("path,kind\n")
    with pytest.raises(DataError, match=r"has no column label; expected the columns of SNU, label among them"):
        read_snu(tmp_path)
    table.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"meta\.csv line 1: cannot be read as CSV in UTF-8"):
        read_snu(tmp_path)


def test_nobody_takes_a_photograph_for_a_patient_and_nothing_leaves_without_stated_terms(source):
    imported = read_snu(source(("wart_1.jpg", 12, "wart")), missing_images="keep")
    assert any(remark.startswith("No patient is named: intervals are by photograph") for remark in imported.remarks)
    assert (imported.card.licence, imported.card.may_leave_machine) == ("not-stated", False)
    assert "Not stated" in imported.card.consent


def test_the_published_table_of_linear_probing_is_read_with_its_split_from_the_folder_above_its_images(unpack):
    columns = ["image_path", "diag", "split", "label"]
    tables = {"meta/downstream/SNU-LP.csv": (columns, [dict(zip(columns, SNU_LP, strict=True))])}
    root = unpack(tables, [SNU_LP[0]])
    (case,) = read_snu(root / "meta/downstream", image_root=root).cases
    assert (case.id, case.label, case.split) == ("epidermalcyst_11", "epidermal cyst", "train")


def test_numbers_alone_are_named_by_the_list_of_134_and_the_import_says_so(source):
    rows = (
        ("subungalhematoma_3.jpg", 32),
        ("confluentreticulatedpapillomatosis_1.jpg", "56.0"),
        ("onycholysis_2.jpg", 131),
    )
    imported = read_snu(source(*rows, columns=("filename", "label"), table="MAKE_SNU.csv"), missing_images="keep")
    assert [c.label for c in imported.cases] == [
        "subungual hematoma", "confluent and reticulated papillomatosis", "onycholysis",
    ]  # fmt: skip
    assert "3 of 3 labels are numbers only: named by the list of 134." in imported.remarks


def test_names_of_ones_own_need_no_number_of_the_list(source):
    cases = read_snu(source(("a.jpg", 0, "melanoma"), ("b.jpg", 1, "nevus")), missing_images="keep").cases
    assert [case.label for case in cases] == ["melanoma", "nevus"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            (("keloid_1.jpg", 3),),
            "line 2: label 3 is 'condyloma' in the list of 134, but the file is called after 'keloid'",
        ),
        ((("a.jpg", 134),), "line 2: label is '134'; expected a number from 0 to 133"),
        ((("a.jpg", "wart"),), "line 2: label is 'wart'"),
        ((("a.jpg", ""),), "line 2: label is ''"),
        (
            (("a.jpg", 1, "nevus"), ("b.jpg", 1, "wart")),
            "line 3: label 1 is 'wart', but the number 1 goes with 'nev",
        ),
        (
            (("a.jpg", 1, "nevus"), ("b.jpg", 2, "nevus")),
            "line 3: label 2 is 'nevus', but the name nevus goes with ",
        ),
        ((("a.jpg", 1, "nevus"), ("a.jpg", 1, "nevus")), "line 3: 'a' is there twice"),
    ],
)
def test_a_table_that_counts_by_another_list_or_contradicts_itself_is_an_error_that_names_the_line(
    source, rows, message
):
    with pytest.raises(DataError, match=message):
        read_snu(source(*rows), missing_images="keep")


def test_a_table_without_photographs_is_an_error(source):
    root = source(("a.jpg", 1, "nevus"), columns=("picture", "label", "diag"))
    with pytest.raises(DataError, match=r"line 2: names no photograph; expected its path in the column image_path"):
        read_snu(root)


def test_a_folder_without_any_of_the_tables_is_told_which_they_are(tmp_path):
    with pytest.raises(DataError, match=r"holds none of meta.csv, MAKE_SNU.csv, SNU-LP.csv"):
        read_snu(tmp_path)


def test_missing_photographs_stop_the_import_or_are_left_out(source):
    root = source(("wart_1.jpg", 12, "wart"), ("wart_2.jpg", 12, "wart"), there=["wart_2.jpg"])
    with pytest.raises(DataError, match=r"1 of 2 images are missing, the first is wart_1.jpg"):
        read_snu(root)
    assert [case.id for case in read_snu(root, missing_images="skip").cases] == ["wart_2"]


def test_the_list_has_134_names_and_what_the_lexicon_does_not_know_is_listed_with_what_is_near(source):
    assert len(set(CLASSES)) == len(CLASSES) == 134
    unknown = [name for name in CLASSES if load_lexicon().diagnosis(name) is None]
    assert unknown == ["poikiloderma", "nail dystrophy", "abnormal"]
    remarks = read_snu(source(("abnormal_1.jpg", 130), ("naildystrophy_1.jpg", 52)), missing_images="keep").remarks
    assert any("does not know 2 of 2 labels" in remark for remark in remarks)
    assert any("'nail dystrophy' in 1 case; spelt like" in remark for remark in remarks)


def test_the_list_is_in_the_order_of_the_rows_published_with_it():
    """Rows of SNU-LP.csv, which has a number and a name."""
    published = {
        0: "epidermal cyst", 1: "paronychia", 41: "idiopathic guttate hypomelanosis", 76: "organoid nevus",
        84: "pityriasis alba", 99: "impetigo", 104: "urticaria", 125: "insect bite", 131: "onycholysis",
    }  # fmt: skip
    assert {number: CLASSES[number] for number in published} == published
