import pytest

from dermatrust.datasets.ddi import read_ddi
from dermatrust.datasets.exclusions import without_excluded
from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon

COLUMNS = ["", "DDI_ID", "DDI_file", "skin_tone", "malignant", "disease"]
ROW = {
    "": "0", "DDI_ID": "1", "DDI_file": "000001.png", "skin_tone": "56", "malignant": "True",
    "disease": "melanoma-in-situ",
}  # fmt: skip
# As others list the values of `disease`; six of the 78 are not known to us.
_DISEASES = """melanoma-in-situ melanoma-acral-lentiginous nodular-melanoma-(nm) melanoma basal-cell-carcinoma
basal-cell-carcinoma-superficial basal-cell-carcinoma-nodular squamous-cell-carcinoma-in-situ squamous-cell-carcinoma
squamous-cell-carcinoma-keratoacanthoma mycosis-fungoides subcutaneous-t-cell-lymphoma seborrheic-keratosis-irritated
seborrheic-keratosis melanocytic-nevi dysplastic-nevus foreign-body-granuloma blue-nevus verruca-vulgaris wart
acrochordon abrasions-ulcerations-and-physical-injuries epidermal-cyst acquired-digital-fibrokeratoma epidermal-nevus
trichilemmoma pyogenic-granuloma neurofibroma syringocystadenoma-papilliferum nevus-lipomatosus-superficialis
benign-keratosis inverted-follicular-keratosis onychomycosis dermatofibroma trichofolliculoma lymphocytic-infiltrations
prurigo-nodularis kaposi-sarcoma scar eccrine-poroma angioleiomyoma hematoma metastatic-carcinoma angioma folliculitis
atypical-spindle-cell-nevus-of-reed pigmented-spindle-cell-nevus-of-reed xanthogranuloma eczema-spongiotic-dermatitis
arteriovenous-hemangioma verruciform-xanthoma molluscum-contagiosum condyloma-accuminatum morphea neuroma
actinic-keratosis glomangioma cellular-neurothekeoma fibrous-papule graft-vs-host-disease lichenoid-keratosis
reactive-lymphoid-hyperplasia coccidioidomycosis leukemia-cutis sebaceous-carcinoma chondroid-syringoma tinea-pedis
solar-lentigo clear-cell-acanthoma abscess blastic-plasmacytoid-dendritic-cell-neoplasm
acral-melanotic-macule"""
DISEASES = tuple(_DISEASES.split())


@pytest.fixture
def source(unpack):
    def write(*rows, images=()):
        return unpack({"ddi_metadata.csv": (COLUMNS, [ROW | row for row in rows])}, images)

    return write


def test_a_row_is_a_case_whose_skin_tone_is_a_group_and_not_a_type(source):
    imported = read_ddi(source({}, images=["000001.png"]))
    (case,), (facts,) = imported.cases, imported.references
    assert (case.id, case.file_names, case.label) == ("000001", ("images/000001.png",), "melanoma-in-situ")
    assert (case.fitzpatrick, case.fitzpatrick_group, case.skin_group) == (None, "V-VI", "V-VI")
    assert (case.urgency, case.patient_id) == ("urgent", None)
    assert case.urgency_from_lexicon
    assert facts.text == "Diagnosis: melanoma-in-situ. Proven by histopathology. The lesion is malignant."
    assert (imported.card.licence, imported.card.may_leave_machine) == ("research-only", False)


def test_the_three_tones_are_the_three_groups(source):
    root = source(*({"DDI_file": f"{tone}.png", "skin_tone": tone} for tone in ("12", "34", "56")))
    cases = read_ddi(root, missing_images="keep").cases
    assert [case.skin_group for case in cases] == ["I-II", "III-IV", "V-VI"]


def test_what_is_not_recorded_is_missing(source):
    imported = read_ddi(source({"skin_tone": "", "malignant": ""}), missing_images="keep")
    assert imported.cases[0].skin_group is None
    assert "malignant" not in imported.references[0].text


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"skin_tone": "3"}, "line 2: skin_tone is '3'; expected one of 12, 34, 56"),
        ({"malignant": "maybe"}, "line 2: malignant is 'maybe'; expected one of True, False"),
        ({"disease": ""}, "line 2: disease is empty"),
    ],
)
def test_a_malformed_value_names_its_line(source, row, message):
    with pytest.raises(DataError, match=message):
        read_ddi(source(row), missing_images="keep")


def test_missing_photographs_stop_the_import(source):
    with pytest.raises(DataError, match=r"1 of 1 image is missing, the first is 000001.png"):
        read_ddi(source({}))


def test_a_photograph_that_is_there_twice_is_an_error(source):
    with pytest.raises(DataError, match=r"line 3: '000001.png' is there twice"):
        read_ddi(source({}, {}), missing_images="keep")


def test_the_file_list_of_selfclean_says_what_to_keep(source, tmp_path):
    (tmp_path / "DDI_cleaned_file_list.csv").write_text("file_name\nDDI/000002.png\n")
    imported = read_ddi(source({}, {"DDI_file": "000002.png"}), missing_images="keep")
    kept = without_excluded(imported, keep_only=tmp_path / "DDI_cleaned_file_list.csv")
    assert [case.id for case in kept.cases] == ["000002"]


def test_what_the_lexicon_knows_of_the_diseases():
    unknown = [disease for disease in DISEASES if load_lexicon().diagnosis(disease) is None]
    assert (len(DISEASES), len(unknown)) == (72, 12)
    assert "melanoma-in-situ" not in unknown
