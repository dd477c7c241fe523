"""Looking diagnoses up by name, and how near two of them are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.lexicon import load_lexicon
from dermatrust.lexicon.names import NameIndex

SAME = [
    ("Bowen's disease", "bowen-disease"),
    ("Bowens disease", "bowen-disease"),
    ("BOWEN DISEASE", "bowen-disease"),
    ("bowen’s", "bowen-disease"),
    ("Haemangiomas", "hemangioma"),
    ("leucoplakia", "leukoplakia"),
    ("seborrhoeic keratoses", "seborrheic-keratosis"),
    ("Glomus tumour", "glomus-tumor"),
    ("scleroedema", "scleredema"),
    ("Basal cell carcinoma (BCC)", "basal-cell-carcinoma"),
    ("carcinoma, basal cell", "basal-cell-carcinoma"),
    ("basal cell carcinoma pigmented", "pigmented-basal-cell-carcinoma"),
    ("PerioralDermEye", "perioral-dermatitis"),
    ("07RosaceaFulFAce", "rosacea"),
    ("acne closed comedo", "closed-comedonal-acne"),
    ("acne-closed-comedo-16", "closed-comedonal-acne"),
    ("SebDerm", "seborrheic-dermatitis"),
    ("Psoriasis Chronic Plaque", "plaque-psoriasis"),
    ("left face rosacea", "rosacea"),
    ("herpes type 1 recurrent", "recurrent-herpes-simplex"),
    ("Sjögren syndrome", "sjogren-syndrome"),
    ("ACK", "actinic-keratosis"),
    ("tinea hand dorsum", "tinea-manuum"),
    ("cafe-au-lait macule", "cafe-au-lait-macule"),
    ("eczema vulva", "vulvar-eczema"),
]
UNKNOWN = [
    "",
    " ",
    "---",
    "VascularFace0120",
    "IMG006",
    "melanoma mimic",
    "patch testing",
    "trauma",
    "face",
    "left",
    "12",
    "()",
]


@pytest.mark.parametrize(("name", "expected"), SAME)
def test_a_name_is_found_however_it_is_written(name, expected):
    assert load_lexicon().diagnosis(name).id == expected


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_names_no_single_disease_is_not_guessed(name):
    assert load_lexicon().diagnosis(name) is None


def test_names_with_the_same_words_in_another_order_are_told_apart():
    lexicon = load_lexicon()
    assert lexicon.diagnosis("nail psoriasis").id == "nail-psoriasis"
    assert lexicon.diagnosis("subungual melanoma").id == "subungual-melanoma"
    assert lexicon.diagnosis("melanoma").id == "melanoma"


@given(st.text(max_size=60))
def test_any_text_can_be_asked_for(name):
    load_lexicon().diagnosis(name)


def kinship(a, b):
    lexicon = load_lexicon()
    return lexicon.kinship(lexicon.diagnosis(a), lexicon.diagnosis(b))


def test_kinship_of_hand_worked_pairs():
    # paths: inflammatory/papulosquamous/psoriasis (3 groups) for both -> 2*3 / (4 + 4)
    assert kinship("guttate psoriasis", "plaque psoriasis") == 0.75
    # lichen planus: inflammatory/papulosquamous/lichenoid; two groups shared -> 2*2 / (4 + 4)
    assert kinship("plaque psoriasis", "lichen planus") == 0.5
    # seborrheic keratosis: benign neoplasm/keratinocytic; nothing shared
    assert kinship("plaque psoriasis", "seborrheic keratosis") == 0.0
    # SCC: malignant neoplasm/keratinocytic/squamous (3), melanoma: malignant neoplasm/melanocytic (2) -> 2*1 / (4 + 3)
    assert kinship("SCC", "melanoma") == pytest.approx(2 / 7)
    assert kinship("nodular melanoma", "nevus") == 0.0


DIAGNOSES = st.sampled_from(sorted(load_lexicon().diagnoses))


@given(DIAGNOSES, DIAGNOSES)
def test_kinship_is_symmetric_and_one_only_for_the_same(a, b):
    lexicon = load_lexicon()
    first, second = lexicon.diagnoses[a], lexicon.diagnoses[b]
    nearness = lexicon.kinship(first, second)
    assert nearness == lexicon.kinship(second, first)
    assert (nearness == 1.0) == (a == b)
    assert (nearness == 0.0) == (a != b and first.family[0] != second.family[0])


def test_two_diseases_of_the_same_words_are_told_apart_by_their_order_only():
    index = NameIndex(["acute"])
    assert index.add("herpes pemphigus", "a") is None
    assert index.add("pemphigus herpes", "b") is None
    assert index.add("mixed herpes pemphigus", "c") is None
    assert (index.find("herpes pemphigus"), index.find("acute pemphigus herpes")) == ("a", "b")
    assert index.find("pemphigus mixed herpes") == "c"
    assert index.find("pemphigus, acute herpes") == "b"
    assert index.add("mixed pemphigus herpes", "d") is None
    assert index.find("pemphigus mixed herpes") is None
    assert index.add("Herpes-Pemphigus", "e") == "a"
