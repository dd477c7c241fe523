import pytest

from dermatrust.clinic.urgency_truth import EMERGENT_SEEDS, TrueUrgency, level_rows, true_urgency
from dermatrust.clinic.urgency_words import URGENCIES
from dermatrust.lexicon import load_lexicon
from dermatrust.records import Case, DifferentialItem


def differential(*pairs):
    return tuple(DifferentialItem(diagnosis=name, weight=weight) for name, weight in pairs)


@pytest.mark.parametrize("name", EMERGENT_SEEDS)
def test_every_disease_of_the_seed_list_is_emergent_and_waits_for_a_clinician(name):
    found = load_lexicon().diagnosis(name)
    assert found is not None
    assert found.urgency == "emergent"
    assert load_lexicon().needs_sign_off(found)
    assert found.source


@pytest.mark.parametrize(
    ("said", "level"),
    [("SJS", "emergent"), ("SJS/TEN", "emergent"), ("DRESS", "emergent"), ("AGEP", "emergent"), ("SSSS", "emergent"),
     ("melanoma", "urgent"), ("squamous cell carcinoma", "urgent"), ("psoriasis", "routine"), ("acne", "routine")],
)  # fmt: skip
def test_a_label_has_the_level_of_its_row(said, level):
    assert true_urgency(Case(id="c", label=said)) == TrueUrgency(level, "label", needs_sign_off=True)


def test_the_case_comes_before_its_label_and_that_before_the_differential():
    own = Case(id="c", urgency="routine", label="melanoma")
    assert true_urgency(own) == TrueUrgency("routine", "case")
    imported = Case(id="c", urgency="urgent", urgency_from_lexicon=True, label="melanoma")
    assert true_urgency(imported) == TrueUrgency("urgent", "label", needs_sign_off=True)
    labelled = Case(id="c", label="psoriasis", differential=differential(("melanoma", 1.0)))
    assert true_urgency(labelled).level == "routine"
    weighted = Case(id="c", differential=differential(("melanoma", 0.2), ("psoriasis", 0.6)))
    assert true_urgency(weighted) == TrueUrgency("routine", "differential", needs_sign_off=True)
    even = Case(id="c", differential=differential(("psoriasis", 0.5), ("melanoma", 0.5)))
    assert true_urgency(even).level == "urgent"


def test_what_the_lexicon_does_not_know_has_no_level_and_is_named():
    assert true_urgency(Case(id="c")) == TrueUrgency(None, "none")
    assert true_urgency(Case(id="c", label="grumbling leg")).unknown == "grumbling leg"
    unlike = Case(id="c", differential=differential(("grumbling leg", 0.8), ("melanoma", 0.2)))
    assert true_urgency(unlike) == TrueUrgency(None, "differential", unknown="grumbling leg")


def test_all_rows_are_listed_once_the_most_pressing_first():
    rows = list(level_rows())
    assert sorted(found.id for _, found, _ in rows) == sorted(load_lexicon().diagnoses)
    order = [URGENCIES.index(level) for level, _, _ in rows]
    assert order == sorted(order)
