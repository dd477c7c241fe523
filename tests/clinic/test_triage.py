import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.clinic.answer import Answer
from dermatrust.clinic.triage import score_triage
from dermatrust.clinic.urgency_truth import EMERGENT_SEEDS, TrueUrgency, level_rows, true_urgency
from dermatrust.clinic.urgency_words import URGENCIES
from dermatrust.lexicon import load_lexicon
from dermatrust.records import Case, DifferentialItem

levels = st.sampled_from(URGENCIES)


def answer(urgency=None, **fields):
    return Answer("c", "m", "image only", "all", text="said", urgency=urgency, **fields)


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


TABLE = {
    ("emergent", "emergent"): ("right", "right"), ("emergent", "urgent"): ("under", "right"),
    ("emergent", "routine"): ("under", "under"), ("urgent", "emergent"): ("over", "right"),
    ("urgent", "urgent"): ("right", "right"), ("urgent", "routine"): ("under", "under"),
    ("routine", "emergent"): ("over", "over"), ("routine", "urgent"): ("over", "over"),
    ("routine", "routine"): ("right", "right"),
}  # fmt: skip


@pytest.mark.parametrize(("pair", "outcomes"), TABLE.items())
def test_outcomes_on_three_levels_and_on_two(pair, outcomes):
    truth, said = pair
    score = score_triage(answer(said), Case(id="c", urgency=truth))
    assert (score.outcome(3), score.outcome(2)) == outcomes
    assert score.is_right == (outcomes[1] == "right")


@given(levels, levels)
def test_turning_truth_and_answer_round_turns_the_outcome_round(truth, said):
    forth = score_triage(answer(said), Case(id="c", urgency=truth)).outcome()
    back = score_triage(answer(truth), Case(id="c", urgency=said)).outcome()
    assert (forth, back) in (("right", "right"), ("under", "over"), ("over", "under"))


@given(levels, levels | st.none())
def test_an_abstention_is_unanswered_whatever_it_names(truth, said):
    score = score_triage(answer(said, cannot_tell=True), Case(id="c", urgency=truth))
    assert (score.said, score.outcome(), score.is_right, score.cannot_tell) == (None, "unanswered", False, True)


def test_silence_is_wrong_and_a_failure_is_missing():
    case = Case(id="c", urgency="urgent")
    assert score_triage(answer(), case).is_right is False
    failed = score_triage(answer("urgent", failure="timeout"), case)
    assert (failed.is_missing, failed.outcome(), failed.is_right) == (True, None, None)
    assert score_triage(answer("urgent"), Case(id="c")).is_right is None


def test_an_answer_about_another_case_is_refused():
    with pytest.raises(ValueError, match="about case c; expected d"):
        score_triage(answer(), Case(id="d"))
