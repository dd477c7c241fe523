from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.narrate import is_refusal

TEXTS = Path(__file__).parent / "texts"
REFUSALS = (TEXTS / "refusals.txt").read_text(encoding="utf-8").splitlines()
NOT_REFUSALS = (TEXTS / "not_refusals.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("text", REFUSALS)
def test_a_reply_that_declines_is_a_refusal(text):
    assert is_refusal(text)


@pytest.mark.parametrize("text", NOT_REFUSALS)
def test_a_narrative_is_not_a_refusal(text):
    assert not is_refusal(text)


def test_there_are_enough_texts_of_both_kinds():
    assert len(REFUSALS) >= 25
    assert len(NOT_REFUSALS) >= 25


@pytest.mark.parametrize("text", ["", "   \n", "."])
def test_silence_is_empty_and_not_a_refusal(text):
    assert not is_refusal(text)


def test_a_disclaimer_before_a_long_narrative_is_not_a_refusal():
    assert not is_refusal(
        "I cannot provide a medical diagnosis. " + "Red plaques with silver scale on both knees. " * 30
    )


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_followed_by_a_closing_line_commits_to_a_disease(text):
    assert not is_refusal(f"{text}\nThe answer is psoriasis")


@given(st.sampled_from(REFUSALS), st.sampled_from(["{}", "{}\n", "  {}", "**{}**", "{} ", '"{}"']))
def test_dressing_does_not_hide_a_refusal(text, dressing):
    assert is_refusal(dressing.format(text))


@given(st.text())
def test_any_text_gets_an_answer(text):
    assert is_refusal(text) in (True, False)
