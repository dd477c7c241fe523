"""Known errors in references as they are written: they must be about this patient, and leave a text that reads on."""

import numpy as np
import pytest

from dermatrust.audit.draft import occasion_of
from dermatrust.audit.known_variants import MAKERS
from dermatrust.audit.passage import Passage
from dermatrust.audit.twins import twin_of
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


TWO_NAMES = (
    "There are itching red patches with fissures on the fingers. {} The surface is rough. The border is indistinct. "
    "The answer is hand eczema."
)


@pytest.mark.parametrize("kind", ["wrong diagnosis, same family", "wrong diagnosis, other family"])
@pytest.mark.parametrize(
    "sentence",
    [
        "The features do not support chronic hand eczema.",  # it would be set aside and concluded
        "Other diagnoses, such as chronic hand eczema, are less likely.",
    ],
)
def test_a_name_that_is_set_aside_somewhere_is_not_exchanged(kind, sentence):
    assert made(kind, TWO_NAMES.format(""))
    assert made(kind, TWO_NAMES.format(sentence)) == []


@pytest.mark.parametrize("kind", ["wrong diagnosis, same family", "wrong diagnosis, other family"])
def test_an_adjective_or_a_plural_of_the_disease_takes_no_other_name(kind):
    text = "There are itching red patches. The crusting speaks for an eczematous process. The answer is eczema."
    assert made(kind, text) == []
    assert made(kind, text.replace("an eczematous process", "eczema"))
    text = "There are rough patches. Actinic keratoses are common on the scalp. The answer is actinic keratosis."
    assert made(kind, text) == []
    is_alone = kind == "wrong diagnosis, same family"  # no disease of its branch is as pressing
    assert is_alone or made(kind, text.replace("keratoses are", "keratosis is"))


@pytest.mark.parametrize("kind", ["wrong diagnosis, same family", "wrong diagnosis, other family"])
def test_a_disease_called_by_two_names_in_a_sentence_is_not_exchanged_twice(kind):
    text = "There are itching red patches on the fingers. {} The answer is eczema."
    assert made(kind, text.format("It is eczema, specifically chronic hand eczema.")) == []
    assert made(kind, text.format("It is hand eczema (also known as eczema of the hands).")) == []
    for variant in made(kind, text.format("It points to **hand eczema (chronic hand eczema)**.")):
        assert "(" not in variant
        assert "eczema" not in variant


def test_a_long_clause_does_not_go_for_the_sake_of_one_finding():
    long = "It is the answer of the skin to months of scratching and rubbing, and it shows as lichenification of it."
    text = f"The skin is red. {long} The answer is eczema."
    for kind in ("missing finding", "denied finding"):
        assert all("months of scratching" in variant for variant in made(kind, text))


def test_the_steps_of_the_reasoning_keep_their_order():
    text = (
        "The skin is red. A plaque is seen on the knee. The surface is rough. The border is sharp. The scale is white. "
        "One starts wide, with the inflammatory group. Of its branches the papulosquamous one agrees best. "
        "No crust is seen. The shape is oval. Itching is reported. The answer is psoriasis."
    )
    passage, rng = Passage(text, LEXICON), np.random.default_rng(0)
    for _ in range(10):
        twin = twin_of("other order", passage, rng)
        assert twin is not None
        assert twin.index("One starts wide") < twin.index("Of its branches")
        assert text.index("One starts wide") == twin.index("One starts wide")


@pytest.mark.parametrize(
    ("sentence", "never"),
    [
        ("See a doctor about treatment.", "around treatment"),
        ("The patch is roughly circular.", "around circular"),
        ("The overall skin context matters.", "On the whole skin"),
        ("The plaque is brown.", "brownish"),
        ("In addition to scale there is crust.", "Besides to"),
    ],
)
def test_other_words_say_the_same_and_stay_english(sentence, never):
    text = f"The border is ill-defined. Raised lesions are seen. {sentence} The answer is psoriasis."
    twin = twin_of("other words", Passage(text, LEXICON), np.random.default_rng(0))
    assert twin is not None
    assert never.lower() not in twin.lower()


@pytest.mark.parametrize("kind", ["wrong diagnosis, same family", "wrong diagnosis, other family"])
def test_a_broad_disease_is_not_exchanged_where_a_special_one_beside_it_remains(kind):
    text = "There is a pearly papule on the nose. This is a skin cancer{}. The answer is skin cancer."
    assert made(kind, text.format(", particularly basal cell carcinoma")) == []


@pytest.mark.parametrize("kind", ["missing finding", "denied finding"])
def test_only_what_is_said_of_this_skin_goes_and_nothing_with_it(kind):
    of_another = "- **Impetigo** (contagious): it shows with crusting at the margins."
    several = "Features like dryness and papules align."
    unsaid = "There is no mention of scale or greasy patches."
    text = f"The border is sharp. There is erosion. {of_another} {several} {unsaid} The answer is psoriasis."
    found = made(kind, text)
    assert found
    for variant in found:
        assert of_another in variant
        assert unsaid in variant
        assert ("dryness" in variant) or ("papules" in variant)
