"""Known errors in references as they are written: they must be about this patient, and leave a text that reads on."""

import numpy as np
import pytest

from dermatrust.audit.draft import occasion_of
from dermatrust.audit.known_variants import MAKERS
from dermatrust.audit.passage import Passage
from dermatrust.lexicon import load_lexicon
from dermatrust.records import Case

LEXICON = load_lexicon()
URGENT = Case(id="c", urgency="urgent")


def made(kind, text):
    """Return every text that a kind's maker proposes and re-reading upholds."""
    passage = Passage(text, LEXICON)
    drafts = MAKERS[kind](occasion_of(passage, URGENT, np.random.default_rng(0)))
    return [found for draft in drafts if (found := draft.text_of(passage)) is not None]


@pytest.mark.parametrize(
    "sentence",
    [
        "Mucosal involvement is common, but skin-only forms exist.",
        "Systemic symptoms would likely be present.",
        "Tumours commonly show rapid growth.",
        "Diphtheria often presents with fever.",
        "Monitoring for symptoms such as fever is advised.",
        "Other classic signs (e.g., rapid growth) are awaited.",
    ],
)
def test_a_warning_sign_this_patient_does_not_have_cannot_be_missed(sentence):
    assert made("missed red flag", f"A red plaque is seen on the arm. {sentence} The answer is psoriasis.") == []


def test_a_warning_sign_this_patient_has_can_be_missed():
    text = "A red plaque is seen on the arm. The patient has fever. The answer is psoriasis."
    assert set(made("missed red flag", text)) == {text.replace(" The patient has fever.", "")}


@pytest.mark.parametrize("kind", ["wrong site", "missing finding", "denied finding", "wrong finding"])
def test_what_a_disease_can_look_like_is_not_changed(kind):
    text = "The skin is red. It often affects the face and can cause a rough surface with nodules. The answer is acne."
    assert not any(
        "often affects the face and can cause a rough surface with nodules" not in t for t in made(kind, text)
    )


def test_a_site_named_by_two_words_in_a_row_is_not_moved():
    text = "There is a white plaque on the lower lip vermilion. The surface is rough. The answer is actinic cheilitis."
    assert made("wrong site", text) == []
    assert made("wrong site", text.replace("lower lip vermilion", "lower lip"))


@pytest.mark.parametrize("kind", ["wrong diagnosis, same family", "wrong diagnosis, other family"])
def test_a_disease_is_not_exchanged_where_a_relative_beside_it_remains(kind):
    text = "There are red nodules on the back. The answer is cystic acne{}."
    assert made(kind, text.format(""))
    relative = text.replace("The answer", "This is severe cystic acne (acne conglobata). The answer").format("")
    assert made(kind, relative) == []
    explained = text.replace("The answer", "This is folliculitis (cystic acne). The answer").format("")
    assert made(kind, explained) == []


def test_an_alternative_that_bears_the_name_of_the_disease_keeps_its_own():
    text = "Red papules on the cheeks. There are no comedones, so acne is unlikely. The answer is rosacea."
    for variant in made("wrong diagnosis, other family", text):
        assert "so acne is unlikely" in variant


def test_an_addition_neither_parts_a_list_from_its_head_nor_marks_a_tag_with_a_full_stop():
    text = "The skin is red. There are umbilicated papules on the arm, which leaves these:\n- acne\n- wart\nIt is acne."
    for variant in made("invented finding", text):
        assert "which leaves these:\n- acne" in variant
    text = "<think>The skin is red. This points to acne.</think>"
    for variant in made("unsafe advice", text):
        assert "</think>." not in variant
