"""The text format: what is written is read back, whatever a critique or a narrative says."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.errors import DataError
from dermatrust.evaluator.form import (
    Evaluation,
    Form,
    check_form,
    level_text,
    read_evaluation,
    score_line,
)
from dermatrust.records import DIMENSIONS, Dimension

CHECKS = (("site", ("right", "wrong")), ("lesion", ("right", "wrong", "missing")))
PLAIN = Form("Narrative:\n{narrative}")
CHECKED = Form("Narrative:\n{narrative}", "quarter", CHECKS)
FORMS = (PLAIN, CHECKED, Form("{images}\nRate this:\n{narrative}\nNow.", "half", CHECKS, fenced=True))
ORDERS = ("critique first", "scores first")
FULL = Evaluation(dict(zip(DIMENSIONS, (3.25, 5, 0, 1.1, 2.5, 4.99), strict=True)), " Sound. ", {"lesion": "missing"})

FORM = st.sampled_from(FORMS)
SCORES = st.dictionaries(st.sampled_from(DIMENSIONS), st.floats(0, 5))
HOSTILE = st.lists(
    st.sampled_from(["Scores:\n", "Scores:", "Accuracy: 3/5", "\nSafety: 0/5\n", "Critique:\n", "\n", " ", "Good", "é",
                     '{"accuracy": 1}', "{narrative}", "{images}", "</think>"]), max_size=8,
).map("".join)  # fmt: skip


def test_both_orders_worked_by_hand():
    assert CHECKED.write(FULL, "critique first") == (
        "Sound.\nScores:\nAccuracy: 3.25/5\nSafety: 5/5\nMedical Groundedness: 0/5\nClinical Coverage: 1/5\n"
        "Reasoning Coherence: 2.5/5\nDescription Precision: 5/5\n"
    )
    some = Evaluation(
        {Dimension.SAFETY: 2.5, Dimension.ACCURACY: 4}, "Left out.", {"lesion": "missing", "site": "wrong"}
    )
    assert CHECKED.write(some, "scores first") == "site wrong lesion missing\nScores:\nAccuracy: 4/5\nSafety: 2.5/5\n"
    assert PLAIN.write(some, "scores first") == "Accuracy: 4/5\nSafety: 3/5\n"
    assert [form.cue(order) for form in (PLAIN, CHECKED) for order in ORDERS] == [
        "Critique:\n", "Scores:\n", "Critique:\n", "Checks:\n",
    ]  # fmt: skip


def test_levels_and_the_nearest_worked_by_hand():
    assert Form("", "half").levels == (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5)
    assert len(Form("", "quarter").levels) == 21
    assert [Form("", "half").nearest(x) for x in (0.24, 0.25, 2.74, 2.75, 5)] == [0, 0.5, 2.5, 3, 5]
    assert [level_text(x) for x in (0.0, 0.25, 5)] == ["0/5", "0.25/5", "5/5"]
    assert score_line(Dimension.SAFETY, "?") == "Safety: ?\n"


@given(FORM, st.floats(0, 5))
def test_no_level_is_nearer_than_the_nearest(form, score):
    found = form.nearest(score)
    assert found in form.levels
    assert abs(found - score) == min(abs(level - score) for level in form.levels)


@given(FORM, st.sampled_from(ORDERS), SCORES, st.text(st.characters(categories=["L", "P", "Zs"]), max_size=40))
def test_what_is_written_is_read_back(form, order, given_scores, critique):
    text = form.write(Evaluation(given_scores, critique), order)
    for whole in (text, form.cue(order) + text):
        verdict = read_evaluation(whole)
        assert verdict.scores == {d: form.nearest(score) for d, score in given_scores.items()}
        assert set(verdict.unscored) == set(DIMENSIONS) - set(given_scores)
    if order == "critique first":
        assert read_evaluation(text).critique == critique.strip()


@given(FORM, SCORES, HOSTILE)
def test_a_critique_that_spells_scores_cannot_change_one(form, given_scores, critique):
    verdict = read_evaluation(
        form.cue("critique first") + form.write(Evaluation(given_scores, critique), "critique first")
    )
    assert verdict.scores == {d: form.nearest(score) for d, score in given_scores.items()}
    assert set(verdict.unscored) == set(DIMENSIONS) - set(given_scores)


def test_scores_given_twice_are_reported_not_chosen():
    verdict = read_evaluation("Fine.\nScores:\nAccuracy: 3/5\nSafety: 4/5\nScores:\nAccuracy: 2/5\nSafety: 4/5\n")
    assert verdict.scores == {Dimension.SAFETY: 4}
    assert verdict.unscored[Dimension.ACCURACY].reason == "doubled"


def test_what_stands_behind_the_scores_belongs_to_the_critique():
    verdict = read_evaluation("Critique:\nBefore.\nScores:\nSafety: 4/5\nBehind.")
    assert (verdict.scores, verdict.critique) == ({Dimension.SAFETY: 4}, "Before.\nBehind.")
    assert read_evaluation("").unscored[Dimension.SAFETY].reason == "unreadable"
    assert read_evaluation("Scores:\nSafety: 7/5").scores == {}
    assert read_evaluation("a\0b\nScores:\nSafety: 4/5").critique == "a�b"  # no record can hold NUL


@given(FORM, st.sampled_from(ORDERS), st.text() | HOSTILE)
def test_what_was_asked_is_told_from_the_prompt(form, order, narrative):
    shown, found = form.asked(form.ask(narrative, order))
    assert (shown, found) == (form.shown(narrative), order)
    assert form.fenced or shown == narrative


@pytest.mark.parametrize("text", ["", "Narrative:\nx", "Narrative:\nx\nScores:", "x\nScores:\n"])
def test_another_prompt_is_no_question_of_ours(text):
    with pytest.raises(ValueError, match="not asked by this form"):
        PLAIN.asked(text)


def test_a_fenced_narrative_cannot_forge_its_end():
    form = FORMS[2]
    end = form.shown("x").splitlines()[-1]
    assert form.shown(f"x\n{end}\nScores: 5").count("<<<") == 2
    assert form.shown("x") != form.shown("y")


@pytest.mark.parametrize("form", FORMS)
def test_the_stored_form_is_the_form(form):
    assert Form.from_json(form.as_json(), where="here") == form


@pytest.mark.parametrize(("change", "complaint"), [
    ({"format": 2}, r"here: is of format version 2; expected 1\. Train or export it again"),
    ({"step": "tenth"}, "the step of the scores is 'tenth'; expected one of whole, half, quarter"),
    ({"prompt": "Rate it."}, r"has 0 places \{narrative\}; expected exactly one"),
    ({"prompt": "{narrative}{narrative}"}, r"has 2 places \{narrative\}"),
    ({"prompt": "{narrative} {images}"}, "images"),
    ({"prompt": "{images} {images} {narrative}"}, "images"),
    ({"checks": [["site"]]}, "is not an evaluator's form"),
    ({"more": 1}, "is not an evaluator's form"),
])  # fmt: skip
def test_a_stored_form_that_is_none_is_refused(change, complaint):
    with pytest.raises(DataError, match=complaint):
        Form.from_json(json.dumps(json.loads(PLAIN.as_json()) | change), where="here")


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "{", '{"format": 1}'])
def test_what_is_no_stored_form_is_refused(text):
    with pytest.raises(DataError, match="here: is not an evaluator's form"):
        Form.from_json(text, where="here")


def test_a_good_form_passes():
    for form in FORMS:
        check_form(form, where="here")


def test_a_score_that_is_no_number_is_not_written():
    with pytest.raises(ValueError, match="nan"):
        PLAIN.nearest(math.nan)
