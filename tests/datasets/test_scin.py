import pytest

from dermatrust.datasets.check_images import check_images
from dermatrust.datasets.scin import read_scin
from dermatrust.errors import DataError
from dermatrust.store import write_dataset

CASE_COLUMNS = [
    "case_id", "source", "release", "year", "age_group", "sex_at_birth", "fitzpatrick_skin_type",
    "race_ethnicity_asian", "race_ethnicity_white", "textures_raised_or_bumpy", "textures_flat",
    "textures_rough_or_flaky", "textures_fluid_filled", "body_parts_head_or_neck", "body_parts_arm",
    "condition_symptoms_bothersome_appearance", "condition_symptoms_bleeding", "condition_symptoms_increasing_size",
    "condition_symptoms_darkening", "condition_symptoms_itching", "condition_symptoms_burning",
    "condition_symptoms_pain", "condition_symptoms_no_relevant_experience", "other_symptoms_fever",
    "other_symptoms_chills", "other_symptoms_fatigue", "other_symptoms_joint_pain", "other_symptoms_mouth_sores",
    "other_symptoms_shortness_of_breath", "other_symptoms_no_relevant_symptoms", "related_category",
    "condition_duration", "image_1_path", "image_2_path", "image_3_path", "image_1_shot_type", "image_2_shot_type",
    "image_3_shot_type",
]  # fmt: skip
LABEL_COLUMNS = [
    "case_id", "dermatologist_gradable_for_skin_condition_1", "dermatologist_gradable_for_skin_condition_2",
    "dermatologist_gradable_for_skin_condition_3", "dermatologist_skin_condition_on_label_name",
    "dermatologist_skin_condition_confidence", "weighted_skin_condition_label",
    "dermatologist_gradable_for_fitzpatrick_skin_type_1", "dermatologist_gradable_for_fitzpatrick_skin_type_2",
    "dermatologist_gradable_for_fitzpatrick_skin_type_3", "dermatologist_fitzpatrick_skin_type_label_1",
    "dermatologist_fitzpatrick_skin_type_label_2", "dermatologist_fitzpatrick_skin_type_label_3",
    "gradable_for_monk_skin_tone_india", "gradable_for_monk_skin_tone_us", "monk_skin_tone_label_india",
    "monk_skin_tone_label_us",
]  # fmt: skip
CASE = {
    "case_id": "-3205742176803893704", "source": "SCIN", "release": "1.0.0", "year": "2023",
    "age_group": "AGE_18_TO_29", "sex_at_birth": "FEMALE", "fitzpatrick_skin_type": "FST3",
    "race_ethnicity_asian": "YES", "textures_raised_or_bumpy": "YES", "textures_rough_or_flaky": "YES",
    "body_parts_head_or_neck": "YES", "body_parts_arm": "YES", "condition_symptoms_itching": "YES",
    "other_symptoms_no_relevant_symptoms": "YES", "related_category": "RASH",
    "condition_duration": "ONE_TO_FOUR_WEEKS", "image_1_path": "dataset/images/1.png",
    "image_2_path": "dataset/images/2.png", "image_1_shot_type": "CLOSE_UP", "image_2_shot_type": "AT_DISTANCE",
}  # fmt: skip
LABELS = {
    "case_id": CASE["case_id"], "dermatologist_gradable_for_skin_condition_1": "DEFAULT_YES_IMAGE_QUALITY_SUFFICIENT",
    "dermatologist_skin_condition_on_label_name": "['Eczema', 'Psoriasis']",
    "dermatologist_skin_condition_confidence": "[4, 2]",
    "weighted_skin_condition_label": "{'Psoriasis': 0.33, 'Eczema': 0.67}",
    "dermatologist_fitzpatrick_skin_type_label_1": "FST2", "dermatologist_fitzpatrick_skin_type_label_2": "FST3",
    "monk_skin_tone_label_india": "4.0", "monk_skin_tone_label_us": "3.0",
}  # fmt: skip
IMAGES = ("dataset/images/1.png", "dataset/images/2.png")


@pytest.fixture
def source(unpack):
    def write(*pairs, images=()):
        cases = [CASE | case for case, _ in pairs]
        labels = [LABELS | {"case_id": case["case_id"]} | label for case, (_, label) in zip(cases, pairs, strict=True)]
        tables = {"dataset/scin_cases.csv": (CASE_COLUMNS, cases), "dataset/scin_labels.csv": (LABEL_COLUMNS, labels)}
        return unpack(tables, images) / "dataset"

    return write


def one(root):
    (case,) = read_scin(root, missing_images="keep").cases
    return case


def test_a_case_has_its_photographs_and_the_dermatologists_differential_the_heaviest_first(source):
    imported = read_scin(source(({}, {}), images=IMAGES))
    (case,), (facts,) = imported.cases, imported.references
    assert case.file_names == ("images/1.png", "images/2.png")
    assert [(item.diagnosis, item.weight) for item in case.differential] == [("Eczema", 0.67), ("Psoriasis", 0.33)]
    assert (case.label, case.urgency) == ("Eczema", "routine")
    assert case.urgency_from_lexicon
    assert "Weighted differential of up to three dermatologists: Eczema (0.67), Psoriasis (0.33)." in facts.text
    assert (imported.card.licence, imported.card.may_leave_machine) == ("SCIN-Data-Use", True)


def test_what_the_contributor_said_is_context_and_race_is_not_taken(source):
    case = one(source(({}, {})))
    assert (case.context.age, case.context.sex, case.context.site) == (None, "FEMALE", "head or neck, arm")
    assert case.context.history == {
        "age group": "18 to 29",
        "duration": "one to four weeks",
        "texture": "raised or bumpy, rough or flaky",
        "what the patient calls it": "rash",
        "skin type, self-reported": "Fitzpatrick 3",
    }
    assert "asian" not in case.to_line().lower()


def test_a_symptom_is_absent_only_where_none_was_ticked(source):
    case = one(source(({}, {})))
    assert case.context.symptoms["itching"] is True
    assert "pain" not in case.context.symptoms  # itching was ticked: pain may have been overlooked
    assert case.context.symptoms["fever"] is False
    both = one(source(({"condition_symptoms_no_relevant_experience": "YES"}, {})))
    assert "pain" not in both.context.symptoms  # itching and none at all: they do not go together
    silent = one(source(({"condition_symptoms_itching": "", "other_symptoms_no_relevant_symptoms": ""}, {})))
    assert silent.context.symptoms == {}


@pytest.mark.parametrize(
    ("labels", "skin_type"),
    [
        ({}, 2),  # of two the lower
        ({"dermatologist_fitzpatrick_skin_type_label_3": "FST6"}, 3),  # the median of three
        ({"dermatologist_fitzpatrick_skin_type_label_1": "", "dermatologist_fitzpatrick_skin_type_label_2": ""}, None),
    ],
)
def test_the_skin_type_is_the_median_of_the_dermatologists(source, labels, skin_type):
    assert one(source(({}, labels))).fitzpatrick == skin_type


def test_the_monk_tone_is_from_the_united_states_or_where_there_is_none_from_india(source):
    assert one(source(({}, {}))).monk == 3
    assert one(source(({}, {"monk_skin_tone_label_us": ""}))).monk == 4
    assert one(source(({}, {"monk_skin_tone_label_us": "", "monk_skin_tone_label_india": ""}))).monk is None


def test_what_is_unknown_or_unspecified_is_missing(source):
    unknown = {
        "age_group": "AGE_UNKNOWN", "sex_at_birth": "OTHER_OR_UNSPECIFIED", "fitzpatrick_skin_type": "NONE_IDENTIFIED",
        "condition_duration": "UNKNOWN", "related_category": "",
    }  # fmt: skip
    case = one(source((unknown, {})))
    assert case.context.sex is None
    assert case.context.history.keys() == {"texture"}


def test_a_case_nobody_could_label_and_one_with_a_tie_have_no_label_and_are_counted(source):
    pairs = [
        ({"case_id": "1"}, {"weighted_skin_condition_label": "{}"}),
        ({"case_id": "2"}, {"weighted_skin_condition_label": "{'Acne': 0.5, 'Rosacea': 0.5}"}),
        ({"case_id": "3"}, {"weighted_skin_condition_label": "{'Acne': 1.0}"}),
    ]
    imported = read_scin(source(*pairs), missing_images="keep")
    assert [case.label for case in imported.cases] == [None, None, "Acne"]
    assert [len(case.differential) for case in imported.cases] == [0, 2, 1]
    assert [fact.case_id for fact in imported.references] == ["3"]
    assert "1 case that no dermatologist labelled." in imported.remarks
    assert any("1 case with two conditions at the top" in remark for remark in imported.remarks)
    assert any("differ on 3 of 3 Monk skin tones" in remark for remark in imported.remarks)


def test_unknown_conditions_of_a_differential_are_listed(source):
    root = source(({}, {"weighted_skin_condition_label": "{'SCC/SCCIS': 0.6, 'Eczema': 0.4}"}))
    assert any("'SCC/SCCIS' in 1 case" in remark for remark in read_scin(root, missing_images="keep").remarks)


@pytest.mark.parametrize(
    ("case", "labels", "message"),
    [
        ({}, {"weighted_skin_condition_label": "{'Acne': 2}"}, "scin_labels.csv line 2: weighted_skin_condition_label"),
        ({}, {"weighted_skin_condition_label": "Acne"}, "line 2: weighted_skin_condition_label is 'Acne'"),
        ({}, {"weighted_skin_condition_label": "__import__('os')"}, "line 2: weighted_skin_condition_label"),
        ({}, {"case_id": "other"}, "scin_cases.csv line 2: case -3205742176803893704 is not in scin_labels.csv"),
        ({}, {"dermatologist_fitzpatrick_skin_type_label_1": "FST7"}, "skin_type_label_1 is 'FST7'"),
        ({}, {"monk_skin_tone_label_us": "11"}, "monk is '11'"),
        ({"case_id": ""}, {}, "line 2: case_id is empty"),
    ],
)
def test_a_malformed_value_names_file_and_line(source, case, labels, message):
    with pytest.raises(DataError, match=message):
        read_scin(source((case, labels)), missing_images="keep")


def test_missing_photographs_are_an_error_or_only_those_that_are_there_are_kept(source):
    root = source(({}, {}), images=IMAGES[1:])
    with pytest.raises(DataError, match=r"1 of 2 images are missing, the first is 1.png"):
        read_scin(root)
    assert read_scin(root, missing_images="skip").cases[0].file_names == ("images/2.png",)


def test_the_known_duplicates_are_found_by_the_check(source, tmp_path):
    pairs = [({"case_id": "1"}, {}), ({"case_id": "2", "image_1_path": "x/3.png", "image_2_path": ""}, {})]
    root = source(*pairs, images=IMAGES)
    (root / "images/3.png").write_bytes((root / "images/1.png").read_bytes())
    imported = read_scin(root)
    write_dataset(tmp_path / "set", imported.card, imported.cases, imported.references, imported.images)
    checked = check_images(tmp_path / "set", imported.cases)
    assert checked.linked_cases == (("1", "2"),)
