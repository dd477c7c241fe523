"""A critique that was written, and the scores that were read in one pass beside it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.clients import Reply
from dermatrust.evaluator.form import read_evaluation
from dermatrust.evaluator.reading import read_chances
from dermatrust.evaluator.replies import critique_reply
from dermatrust.records import Dimension


def reply(*tokens, finish_reason="stop", alternatives=None):
    entries = [{"token": t, "logprob": -0.1, "top_logprobs": (alternatives or {}).get(t, [])} for t in tokens]
    return Reply("".join(tokens), finish_reason, None, len(tokens), entries, model_version="v1")


LIKELY = [{"token": " 4/5\n", "logprob": math.log(0.75)}, {"token": " 2/5\n", "logprob": math.log(0.25)}]
WRITTEN = reply("Site:", " said", " face", ".\n", "Scores:\n", "Safety:", " 1/5\n")
CHECKED = reply("site", " wrong", "\nScores:\nSafety:", " 4/5\n", alternatives={" 4/5\n": LIKELY})
PLAIN = reply("Safety:", " 4/5\n", alternatives={" 4/5\n": LIKELY})


@pytest.mark.parametrize("scores", [CHECKED, PLAIN])
def test_the_critique_keeps_its_words_and_gets_the_scores_of_the_pass(scores):
    found = critique_reply(WRITTEN, scores)
    assert found.text == "Site: said face.\nScores:\nSafety: 4/5\n"
    assert found.text == "".join(entry["token"] for entry in found.logprobs)
    assert (found.finish_reason, found.completion_tokens) == ("stop", 7 + len(scores.logprobs))
    assert found.model_version == "v1"
    chance = read_chances(found.text, found.logprobs)[Dimension.SAFETY]
    assert (chance.score, chance.probability, chance.expected) == (4.0, pytest.approx(0.75), pytest.approx(3.5))


def test_a_critique_that_broke_off_still_has_scores():
    found = critique_reply(reply("Site:", " said", finish_reason="length"), CHECKED)
    assert found.text == "Site: said\nScores:\nSafety: 4/5\n"
    assert found.finish_reason == "length"
    assert critique_reply(reply(), PLAIN).text == "Scores:\nSafety: 4/5\n"


def test_a_token_that_runs_into_the_scores_is_left_out():
    written = reply("Sound.", "\nScores:\n", "Safety: 1/5\n")
    assert critique_reply(written, PLAIN).text == "Sound.\nScores:\nSafety: 4/5\n"


@given(st.lists(st.sampled_from(["Scores:", "\n", "Scores:\n", "Safety:", " 1/5\n", "a"]), max_size=8))
def test_whatever_was_written_the_scores_are_read(tokens):
    verdict = read_evaluation(critique_reply(reply(*tokens), CHECKED).text)
    assert verdict.scores == {Dimension.SAFETY: 4.0}
