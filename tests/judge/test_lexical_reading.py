"""What the lexical judge takes a text to conclude, claim and ask for."""

import pytest

from dermatrust.judge.lexical_profile import read_profile
from dermatrust.lexicon import load_lexicon


def read(text):
    return read_profile(text, load_lexicon())


@pytest.mark.parametrize(
    ("text", "concluded"),
    [
        ("A plaque. The answer is psoriasis.", "psoriasis"),
        ("A plaque. **The final answer is:** {Psoriasis}", "psoriasis"),
        ("A plaque. The **answer** is psoriasis. Eczema was considered.", "psoriasis"),
        ("The answer is psoriasis with secondary impetigo.", "psoriasis"),
        ("The answer is psoriasis, eczema.", "psoriasis or eczema"),
        ("The answer is psoriasis and eczema.", "psoriasis or eczema"),
        ("The answer is psoriasis.\nThe answer is eczema.", "psoriasis or eczema"),
        ("The most likely diagnosis is psoriasis. Eczema is less likely.", "psoriasis"),
        ("The most likely diagnosis is psoriasis; a biopsy would rule out melanoma.", "psoriasis"),
        (
            "This appears to be keratoacanthoma, which needs a biopsy to rule out squamous cell carcinoma.",
            "keratoacanthoma",
        ),
        ("Psoriasis is the most likely diagnosis.", "psoriasis"),
        ("Therefore psoriasis is unlikely, and the diagnosis is eczema.", "eczema"),
        ("Thus psoriasis is **less** likely, and the diagnosis is eczema.", "eczema"),
        ("I conclude that it is contact dermatitis or psoriasis.", "contact dermatitis or psoriasis"),
        ("I conclude that it is eczema, psoriasis, or scabies.", "eczema or psoriasis or scabies"),
        ("It might be psoriasis. It might be scabies.", "psoriasis or scabies"),
        ("The most likely diagnosis is psoriasis. It suggests little else.", "psoriasis"),
        ("History of psoriasis. There is a plaque.", ""),
        ("There is a plaque.", ""),
        ("The answer is Foobar disease.", "Foobar disease"),
    ],
)
def test_conclusion(text, concluded):
    assert read(text).conclusion.name == concluded


def test_the_reasoning_is_read_apart_from_the_closing_line():
    profile = read("It is most consistent with psoriasis.\nThe answer is eczema.")
    assert (profile.favoured.name, profile.conclusion.name) == ("psoriasis", "eczema")


@pytest.mark.parametrize(
    ("text", "escalates"),
    [
        ("A biopsy is needed.", True),
        ("See a dermatologist.", True),
        ("No biopsy is done.", False),
        ("Follow-up in a year.", False),
        ("There is a plaque that bleeds.", False),
    ],
)
def test_escalation(text, escalates):
    assert read(text).advice.escalates is escalates


def test_claims_absences_and_what_is_both():
    profile = read("A plaque, possibly a crust. There is no scale. There are vesicles. There are no vesicles.")
    assert {c.name: s for c, s in profile.claims.items()} == {"Plaque": 1.0, "Crust": 0.5}
    assert {c.name for c in profile.denied} == {"Scale"}
    assert {c.name for c in profile.torn} == {"Vesicle"}


def test_a_disease_name_claims_no_finding():
    assert not read("The diagnosis is plaque psoriasis.").claims


def test_the_past_is_no_claim():
    profile = read("History of vesicles and of psoriasis.")
    assert not profile.claims
    assert not profile.named


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("a plaque of 2.5 cm", (25.0,)),
        ("a macule, 4-6 mm across", (4.0, 6.0)),
        ("a nodule of 1,5 x 2 cm", (15.0, 20.0)),
        ("a patch with 3 vesicles", ()),
    ],
)
def test_sizes_in_millimetres(text, sizes):
    assert read(text).sizes_mm == sizes


@pytest.mark.parametrize("text", ["", "   ", "The weather is fine.", "I'm sorry, but I can't help with that."])
def test_silence(text):
    assert read(text).is_silent


def test_letters_that_grow_in_lower_case_do_not_shift_places():
    # one more character in lower case for every İ: the closing line would seem to begin after the disease
    text = "İ" * 30 + " The answer is psoriasis."
    assert read(text).conclusion.name == "psoriasis"
