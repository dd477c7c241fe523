import pytest

from dermatrust.datasets.derm7pt import read_derm7pt
from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon

COLUMNS = [
    "case_num", "diagnosis", "seven_point_score", "pigment_network", "streaks", "pigmentation",
    "regression_structures", "dots_and_globules", "blue_whitish_veil", "vascular_structures",
    "level_of_diagnostic_difficulty", "elevation", "location", "sex", "management", "clinic", "derm", "case_id",
    "notes",
]  # fmt: skip
ROW = {
    "case_num": "1", "diagnosis": "melanoma (in situ)", "seven_point_score": "5", "pigment_network": "atypical",
    "streaks": "absent", "pigmentation": "diffuse irregular", "regression_structures": "absent",
    "dots_and_globules": "irregular", "blue_whitish_veil": "present", "vascular_structures": "absent",
    "level_of_diagnostic_difficulty": "high", "elevation": "flat", "location": "back", "sex": "female",
    "management": "excision", "clinic": "NEL/NEL025.JPG", "derm": "NEL/Nel026.jpg",
}  # fmt: skip
DIAGNOSES = (
    "basal cell carcinoma", "blue nevus", "clark nevus", "combined nevus", "congenital nevus", "dermal nevus",
    "dermatofibroma", "lentigo", "melanoma", "melanoma (in situ)", "melanoma (less than 0.76 mm)",
    "melanoma (0.76 to 1.5 mm)", "melanoma (more than 1.5 mm)", "melanoma metastasis", "melanosis", "miscellaneous",
    "recurrent nevus", "reed or spitz nevus", "seborrheic keratosis", "vascular lesion",
)  # fmt: skip


@pytest.fixture
def source(unpack):
    def write(*rows, images=(), splits=None):
        tables = {"release_v0/meta/meta.csv": (COLUMNS, [ROW | row for row in rows])}
        for split, numbers in (splits or {}).items():
            tables[f"release_v0/meta/{split}_indexes.csv"] = (["indexes"], [{"indexes": n} for n in numbers])
        return unpack(tables, images) / "release_v0"

    return write


def test_a_lesion_is_a_case_with_its_clinical_image_first(source):
    root = source({}, images=["release_v0/images/NEL/Nel025.jpg", "release_v0/images/NEL/Nel026.jpg"])
    imported = read_derm7pt(root)
    (case,) = imported.cases
    assert case.file_names == ("images/NEL/NEL025.JPG", "images/NEL/Nel026.jpg")
    assert dict(imported.images)["images/NEL/NEL025.JPG"].name == "Nel025.jpg"  # the table's case is not the files'
    assert (case.id, case.patient_id, case.label, case.urgency) == ("1", "1", "melanoma (in situ)", "urgent")
    assert case.urgency_from_lexicon
    assert (case.context.sex, case.context.site, case.context.history) == ("female", "back", {"elevation": "flat"})


def test_the_criteria_are_concepts_and_what_follows_from_the_diagnosis_is_left_out(source):
    (case,) = read_derm7pt(source({"vascular_structures": ""}), missing_images="keep").cases
    assert case.concepts == {
        "pigment network": True, "pigment network: atypical": True, "streaks": False,
        "pigmentation": True, "pigmentation: diffuse irregular": True, "regression structures": False,
        "dots and globules": True, "dots and globules: irregular": True, "blue whitish veil": True,
    }  # fmt: skip
    assert "excision" not in case.to_line()
    assert "high" not in case.to_line()


def test_the_splits_are_the_sources(source):
    rows = [{"case_num": str(n)} for n in range(1, 5)]
    root = source(*rows, splits={"train": [1, 3], "valid": [0], "test": []})
    cases = read_derm7pt(root, missing_images="keep").cases
    assert [case.split for case in cases] == ["valid", "train", None, "train"]


def test_a_release_without_indexes_has_no_splits_and_says_so(source):
    imported = read_derm7pt(source({}), missing_images="keep")
    assert imported.cases[0].split is None
    assert imported.remarks[0].startswith("No *_indexes.csv beside")


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({"train": [0], "test": [0]}, r"test_indexes.csv line 2: 0 is already in .*train_indexes.csv line 2"),
        ({"train": [1]}, r"train_indexes.csv line 2: indexes is '1'; expected a number from 0 to 0"),
        ({"train": ["x"]}, r"train_indexes.csv line 2: indexes is 'x'"),
    ],
)
def test_indexes_that_cannot_be_are_errors(source, splits, message):
    with pytest.raises(DataError, match=message):
        read_derm7pt(source({}, splits=splits), missing_images="keep")


def test_the_folder_of_the_table_will_do_and_a_lesion_is_there_once(source):
    root = source({}, {})
    with pytest.raises(DataError, match=r"line 3: case_num 1 is there twice"):
        read_derm7pt(root / "meta", missing_images="keep")


def test_one_of_two_images_can_be_missing(source):
    root = source({}, images=["release_v0/images/NEL/Nel026.jpg"])
    with pytest.raises(DataError, match=r"1 of 2 images are missing, the first is NEL/NEL025.JPG"):
        read_derm7pt(root)
    assert read_derm7pt(root, missing_images="skip").cases[0].file_names == ("images/NEL/Nel026.jpg",)


def test_what_the_lexicon_knows_of_the_published_diagnoses():
    unknown = [name for name in DIAGNOSES if load_lexicon().diagnosis(name) is None]
    assert unknown == ["combined nevus", "melanosis", "miscellaneous", "reed or spitz nevus"]
