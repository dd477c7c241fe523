"""The match ladder: what is exact, what a synonym, what kin, and what is left undecided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.clinic.ladder import RUNGS, diagnosis_said, exact_key, match_names
from dermatrust.lexicon import load_lexicon

LEXICON = load_lexicon()
DIAGNOSES = sorted(LEXICON.diagnoses.values(), key=lambda d: d.id)
ONE = st.sampled_from(DIAGNOSES)


@pytest.mark.parametrize(
    ("said", "truth", "rung"),
    [
        ("Psoriasis", "psoriasis", "exact"),
        ("the psoriasis", "Psoriasis.", "exact"),
        ("haemangiomas", "Hemangioma", "exact"),
        ("Basal cell carcinoma (BCC)", "basal-cell carcinoma", "exact"),
        ("seborrhoeic keratoses", "seborrheic keratosis", "exact"),
        ("IgA vasculitis", "IGA VASCULITIS", "exact"),
        ("BCC", "basal cell carcinoma", "synonym"),
        ("psoriasis vulgaris", "plaque psoriasis", "synonym"),
        ("sebaceous nevus", "Naevus, sebaceous", "synonym"),
        ("squamous cell carcinoma", "SCC", "synonym"),
        ("large plaque psoriasis on the elbow", "psoriasis vulgaris", "synonym"),
        ("guttate psoriasis", "psoriasis", "family"),
        ("psoriasis", "guttate psoriasis", "family"),
        ("eczema", "atopic dermatitis", "family"),
        ("nodular basal cell carcinoma", "basal cell carcinoma", "family"),
        ("melanoma", "melanocytic nevus", ""),
        ("skin cancer", "basal cell carcinoma", ""),
        ("rosacea", "acne", ""),
        ("psoriasis-like rash", "psoriasis", ""),
        ("malignant blue nevus", "blue nevus", ""),
        ("foobaritis", "psoriasis", ""),
    ],
)
def test_the_first_rung_that_holds(said, truth, rung):
    match = match_names(said, truth)
    held = [one for one in RUNGS if getattr(match, one)]
    assert (held[0] if held else "") == rung


def test_kinship_is_the_graded_credit():
    # three shared groups of three on both paths: 2*3 / (4+4); two of three: 2*2 / 8; one of two and three: 2*1 / 7
    assert match_names("guttate psoriasis", "psoriasis").kinship == 0.75
    assert match_names("eczema", "atopic dermatitis").kinship == 0.5
    assert match_names("skin cancer", "basal cell carcinoma").kinship == pytest.approx(2 / 7)
    assert match_names("foobaritis", "psoriasis").kinship == 0.0


def test_an_unknown_truth_leaves_all_but_the_exact_rung_undecided():
    assert match_names("Foobaritis!", "the foobaritis") == (True, None, None, None)
    assert match_names("psoriasis", "foobaritis") == (False, None, None, None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Early-stage nodular melanoma with ulceration", "nodular-melanoma"),
        ("Infected atopic dermatitis", "atopic-dermatitis"),
        ("carcinoma arising in seborrheic keratosis", None),
        ("pseudo psoriasis", None),
        ("psoriasis eczema overlap", None),
        ("no melanoma", None),
        ("metastatic melanoma of the lung", "metastatic-melanoma"),
    ],
)
def test_what_a_model_adds_to_a_name_is_no_guess(name, expected):
    found = diagnosis_said(name, LEXICON)
    assert (found.id if found else None) == expected


@given(ONE, ONE)
def test_a_hit_on_a_rung_is_a_hit_on_the_next_and_kinship_is_symmetric(said, truth):
    match = match_names(said.name, truth.name)
    assert match.exact <= match.synonym <= match.family
    assert match.kinship == match_names(truth.name, said.name).kinship
    assert match.family == match_names(truth.name, said.name).family
    assert match.synonym == (match.kinship == 1.0)


@given(ONE, st.data(), ONE)
def test_another_name_of_what_is_said_changes_nothing_above_exact(said, data, truth):
    names = (said.name, *said.synonyms)
    one, other = data.draw(st.sampled_from(names)), data.draw(st.sampled_from(names))
    assert match_names(one, truth.name)[1:] == match_names(other, truth.name)[1:]


@given(ONE)
def test_case_plural_and_punctuation_do_not_matter(said):
    for written in (said.name.upper(), f" {said.name}.", f"the {said.name}", f"({said.name})"):
        assert exact_key(written) == exact_key(said.name)


@pytest.mark.parametrize(
    ("said", "truth"),
    [
        ("condyloma lata", "condyloma acuminata"),
        ("psoriasiform dermatitis", "psoriasis"),
        ("psoriasiform dermatitis", "eczema"),
        ("anagen effluvium", "telogen effluvium"),
        ("erythroplakia", "leukoplakia"),
        ("vulvodynia", "vulvitis"),
        ("brachioradial pruritus", "notalgia paresthetica"),
    ],
)
def test_names_that_are_near_and_mean_another_disease(said, truth):
    assert not match_names(said, truth).synonym
