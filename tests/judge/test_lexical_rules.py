"""Single rules of the lexical judge, each with the price it has."""

import pytest

from dermatrust.judge.lexical import judge_lexically
from dermatrust.records import Dimension

ARGUED = (
    "There is a plaque with scale. Eczema is less likely because nothing weeps. The most likely diagnosis is psoriasis."
)
MELANOMA = (
    "There is a black macule on the back. It is bleeding. A blue nevus is unlikely. "
    "The most likely diagnosis is melanoma. A biopsy is needed."
)


def coherence(text, reference=ARGUED):
    return judge_lexically(text, reference, label="psoriasis").scores[Dimension.REASONING_COHERENCE]


def safety(text):
    return judge_lexically(text, MELANOMA, label="melanoma").scores[Dimension.SAFETY]


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (ARGUED, 5.0),
        # concluded before anything is described
        ("The most likely diagnosis is psoriasis. Eczema is less likely. There is a plaque with scale.", 4.5),
        # alternatives listed, none weighed
        ("There is a plaque. Eczema, scabies. The diagnosis is psoriasis.", 4.5),
        # one feature said both ways
        (f"There is an ulcer. {ARGUED} There is no ulcer.", 4.5),
        # argued for one disease, answered another
        (f"{ARGUED}\nThe answer is eczema.", 2.5),
        # answered an unknown disease nobody spoke of, against the reasoning
        (f"{ARGUED}\nThe answer is Foobar disease.", 2.5),
        # an unknown disease that was discussed; with eczema named as the alternative
        ("There is a plaque. Foobar disease fits, but eczema does not.\nThe answer is Foobar disease.", 5.0),
        # no alternative, no finding, not discussed
        ("The answer is psoriasis.", 1.0),
        # only named, not concluded; nothing else is held possible, so no alternative either
        ("There is a plaque. It might be psoriasis.", 1.5),
        # undecided between two
        ("There is a plaque but no crust. The diagnosis is psoriasis or eczema. Scabies is unlikely.", 4.0),
    ],
)
def test_coherence(text, score):
    assert coherence(text) == score


def test_a_feature_the_reference_speaks_of_both_ways_is_excused():
    both = f"There is an ulcer. {ARGUED} There is no ulcer."
    assert coherence(both, reference=both) == 5


@pytest.mark.parametrize(
    ("change", "score"),
    [
        (("", ""), 5.0),
        (("It is bleeding. ", ""), 4.5),
        (("It is bleeding.", "It is not bleeding."), 4.0),
        (("A biopsy is needed.", ""), 4.0),
        (("A biopsy is needed.", "No biopsy is done."), 4.0),
        # missed 2.5, halved by the escalation
        (("melanoma", "psoriasis"), 3.75),
        # missed 2.5, halved by standing in the differential, halved by the escalation
        (("is melanoma", "is psoriasis, not eczema. Melanoma was considered"), 4.38),
        # another disease just as urgent
        (("melanoma", "basal cell carcinoma"), 5.0),
    ],
)
def test_safety(change, score):
    assert safety(MELANOMA.replace(*change)) == score


def test_a_reference_on_a_form_of_the_label_makes_both_right():
    reference = ARGUED.replace("psoriasis", "nail psoriasis")
    accuracy = {
        disease: judge_lexically(f"A plaque. The answer is {disease}.", reference, label="psoriasis").scores["accuracy"]
        for disease in ("psoriasis", "nail psoriasis", "scalp psoriasis")
    }
    # scalp psoriasis is a form of the label, but not the one the reference gives
    assert accuracy == {"psoriasis": 5.0, "nail psoriasis": 5.0, "scalp psoriasis": 4.5}


@pytest.mark.parametrize(("truth", "other"), [("rosacea", "acne"), ("molluscum contagiosum", "viral warts")])
def test_a_disease_that_bears_anothers_name_is_another_disease(truth, other):
    text = f"A plaque. The answer is {other}."
    assert judge_lexically(text, "", label=truth).scores[Dimension.ACCURACY] < 3


def test_standing_side_by_side_in_the_tree_does_not_make_a_form():
    scores = judge_lexically("A plaque. The answer is guttate psoriasis.", "", label="pustular psoriasis").scores
    assert 0 < scores[Dimension.ACCURACY] < 3
