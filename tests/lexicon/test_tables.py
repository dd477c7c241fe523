"""The packaged tables: what they must hold, and that every row can be checked by a reader."""

import csv
from collections import Counter, defaultdict

import pytest

from dermatrust.lexicon import load_lexicon
from dermatrust.lexicon.lexicon import PACKAGED
from dermatrust.lexicon.names import name_key
from dermatrust.lexicon.spelling import surface_forms, words_of

SKINCON = [
    "Vesicle", "Papule", "Macule", "Plaque", "Abscess", "Pustule", "Bulla", "Patch",
    "Nodule", "Ulcer", "Crust", "Erosion", "Excoriation", "Atrophy", "Exudate", "Purpura/Petechiae",
    "Fissure", "Induration", "Xerosis", "Telangiectasia", "Scale", "Scar", "Friable", "Sclerosis",
    "Pedunculated", "Exophytic/Fungating",
    "Warty/Papillomatous", "Dome-shaped", "Flat topped", "Brown", "Translucent", "White",
    "Purple", "Yellow", "Black", "Erythema", "Comedo", "Lichenification", "Blue", "Umbilicated",
    "Poikiloderma", "Salmon", "Wheal", "Acuminate", "Burrow", "Gray", "Pigmented", "Cyst",
]  # fmt: skip
EMERGENT = (
    "Stevens-Johnson syndrome", "toxic epidermal necrolysis", "DRESS", "AGEP", "erythroderma", "necrotizing fasciitis",
    "necrotising fasciitis", "pemphigus vulgaris", "bullous pemphigoid", "angioedema", "SSSS", "meningococcaemia",
    "purpura fulminans", "eczema herpeticum", "severe cellulitis",
)  # fmt: skip
TABLES = sorted(path.name for path in PACKAGED.glob("*.csv"))
SHADOWED = {"telangiectasia", "scar"}
"""Diagnoses whose name is also a finding: in running text the word is the finding."""


def rows(name):
    with open(PACKAGED / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


@pytest.mark.parametrize("name", TABLES)
def test_every_row_says_where_it_comes_from(name):
    assert rows(name)
    assert all(len(row["source"]) >= 4 for row in rows(name))


def test_findings_are_the_48_concepts_of_skincon():
    assert [row["name"] for row in rows("findings.csv")] == SKINCON
    assert len(set(SKINCON)) == 48


def test_there_are_at_least_250_diagnoses_with_unique_names():
    diagnoses = rows("diagnoses.csv")
    assert len(diagnoses) >= 250
    assert max(Counter(name_key(row["name"]) for row in diagnoses).values()) == 1


def test_no_name_of_a_diagnosis_means_two_diagnoses():
    claimed = defaultdict(set)
    for row in rows("diagnoses.csv"):
        for name in (row["name"], *filter(None, row["synonyms"].split("|"))):
            claimed[name_key(name)].add(row["id"])
    for row in rows("labels.csv"):
        claimed[name_key(row["label"])].add(row["diagnosis"])
    for row in rows("other_languages.csv"):
        for name in row["names"].split("|"):
            claimed[name_key(name)].add(row["diagnosis"])
    assert {key: ids for key, ids in claimed.items() if len(ids) > 1} == {}


def test_no_phrase_of_running_text_means_two_things():
    claimed = defaultdict(set)
    for name in TABLES:
        for row in rows(name):
            if name == "cues.csv":
                claimed[tuple(words_of(row["phrase"]))].add("cue")
            elif name == "other_languages.csv":
                for form in {form for phrase in row["names"].split("|") for form in surface_forms(phrase)}:
                    claimed[form].add(("diagnoses.csv", load_lexicon().diagnoses[row["diagnosis"]].name))
            elif "synonyms" in row:
                phrases = (row["name"], *filter(None, row["synonyms"].split("|")))
                for form in {form for phrase in phrases for form in surface_forms(phrase)}:
                    claimed[form].add((name, row["name"]))
    twice = {
        meaning[1] for meanings in claimed.values() if len(meanings) > 1 for meaning in meanings if meaning != "cue"
    }
    assert {name.lower() for name in twice} == SHADOWED


@pytest.mark.parametrize(("dataset", "n_labels"), [("pad-ufes-20", 6), ("fitzpatrick17k", 114), ("snu", 3)])
def test_every_label_of_the_dataset_resolves_to_the_diagnosis_it_is_given(dataset, n_labels):
    labels = [row for row in rows("labels.csv") if row["dataset"] == dataset]
    assert len(labels) == n_labels
    for row in labels:
        assert load_lexicon().diagnosis(row["label"]).id == row["diagnosis"], row


def test_all_23_categories_hold_diagnoses():
    categories = {row["name"] for row in rows("categories.csv")}
    assert len(categories) == 23
    assert {diagnosis.category for diagnosis in load_lexicon().diagnoses.values()} == categories


@pytest.mark.parametrize("name", EMERGENT)
def test_the_seed_list_is_emergent(name):
    assert load_lexicon().diagnosis(name).urgency == "emergent"


def test_every_urgency_still_needs_a_clinician():
    lexicon = load_lexicon()
    assert {row["urgency_status"] for row in rows("diagnoses.csv")} == {"needs clinician sign-off"}
    assert all(lexicon.needs_sign_off(diagnosis) for diagnosis in lexicon.diagnoses.values())


def test_malignant_diagnoses_are_at_least_urgent_and_stand_in_no_benign_family():
    for diagnosis in load_lexicon().diagnoses.values():
        if diagnosis.malignant:
            assert diagnosis.urgency != "routine", diagnosis.id
        assert diagnosis.malignant == (diagnosis.family[0] == "malignant neoplasm") or diagnosis.id == "pseudolymphoma"


def test_every_diagnosis_is_found_by_its_own_names_in_any_dress():
    lexicon = load_lexicon()
    for diagnosis in lexicon.diagnoses.values():
        for name in (diagnosis.name, *diagnosis.synonyms):
            for dressed in (name, name.upper(), name.replace(" ", "-"), f"{name} (left)", f"{name}12"):
                assert lexicon.diagnosis(dressed) == diagnosis, dressed


def test_every_diagnosis_is_found_in_running_text():
    lexicon = load_lexicon()
    for diagnosis in lexicon.diagnoses.values():
        text = f"The answer is {diagnosis.name}."
        concepts = [mention.concept for mention in lexicon.mentions(text)]
        expected = [] if diagnosis.name in SHADOWED else [diagnosis.concept]
        assert [concept for concept in concepts if concept.kind == "diagnosis"] == expected, text


def test_every_german_name_is_that_of_one_diagnosis_with_its_umlauts_or_without_and_in_running_text():
    lexicon, german = load_lexicon(), rows("other_languages.csv")
    assert {row["language"] for row in german} == {"de"}
    assert len({row["diagnosis"] for row in german}) == len(german) >= 400
    spelt_out = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
    for row in german:
        assert "ICD-10-GM 2024 (BfArM), " in row["source"]
        for name in row["names"].split("|"):
            for written in (name, name.upper().replace("ẞ", "SS"), name.translate(spelt_out)):
                assert lexicon.diagnosis(written).id == row["diagnosis"], written
            concepts = [mention.concept.id for mention in lexicon.mentions(f"Am ehesten {name}.")]
            assert concepts == [f"diagnosis/{row['diagnosis']}"], name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Schuppenflechte", "psoriasis"), ("Gürtelrose", "herpes zoster"), ("Kraetze", "scabies"),
        ("Basaliom", "basal cell carcinoma"), ("Weißfleckenkrankheit", "vitiligo"),
        ("Röschenflechte", "pityriasis rosea"),
        ("Knötchenflechte", "lichen planus"), ("Wundrose", "erysipelas"), ("Nesselsucht", "urticaria"),
        ("Leberfleck", "melanocytic nevus"), ("Feuermal", "port-wine stain"), ("Windpocken", "varicella"),
        ("atopisches Ekzem", "atopic dermatitis"), ("Neurodermitis", "neurodermatitis"),  # as English texts mean it
    ],
)  # fmt: skip
def test_german_names_by_hand(name, expected):
    assert load_lexicon().diagnosis(name).name == expected
