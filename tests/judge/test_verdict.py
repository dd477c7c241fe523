import json

import pytest

from dermatrust.judge import read_verdict
from dermatrust.judge.verdict import LONGEST_REPLY
from dermatrust.records import DIMENSIONS, Dimension, Rating

NAMES = [d.value for d in DIMENSIONS]


def reply(**changed):
    return json.dumps(dict.fromkeys(NAMES, 4) | changed)


def test_zero_is_a_score():
    assert read_verdict(reply(safety=0)).scores[Dimension.SAFETY] == 0.0


def test_null_means_what_the_caller_says():
    text = reply(safety={"score": None, "reason": "No advice recorded."})
    assert read_verdict(text).unscored[Dimension.SAFETY].reason == "not a number"
    verdict = read_verdict(text, null_means="nothing to compare")
    assert verdict.unscored[Dimension.SAFETY].reason == "nothing to compare"
    assert "No advice recorded." in verdict.unscored[Dimension.SAFETY].raw


def test_the_raw_text_is_the_line_that_could_not_be_read():
    verdict = read_verdict("Accuracy: 4\nSafety: three-ish\nClinical Coverage: 8")
    assert verdict.unscored[Dimension.SAFETY].raw == "Safety: three-ish"
    assert verdict.unscored[Dimension.CLINICAL_COVERAGE].raw == "Clinical Coverage: 8"


def test_the_raw_text_of_a_doubled_field_shows_both_places():
    raw = read_verdict("Accuracy: 4\nSafety: 3\nAccuracy: 2").unscored[Dimension.ACCURACY].raw
    assert raw == "Accuracy: 4\nAccuracy: 2"


def test_a_duplicate_json_key_is_shown_as_it_was_written():
    verdict = read_verdict('{"accuracy": {"score": 1, "score": 5}}')
    assert verdict.unscored[Dimension.ACCURACY].raw == '"accuracy": {"score": 1, "score": 5}'


def test_a_long_unreadable_reply_is_kept_from_both_ends():
    raw = read_verdict("begin " + "word " * 5000 + "end").unscored[Dimension.ACCURACY].raw
    assert len(raw) < 2100
    assert raw.startswith("begin")
    assert raw.endswith("end")


def test_a_verdict_after_a_very_long_text_is_read():
    assert read_verdict("word " * LONGEST_REPLY + reply()).scores == dict.fromkeys(DIMENSIONS, 4.0)


def test_the_critique_joins_the_reasons():
    fields = {name: {"reason": f"About {name}.", "score": 4} for name in NAMES}
    critique = read_verdict(json.dumps(fields)).critique
    assert critique.splitlines()[0] == "Accuracy: About accuracy."
    assert len(critique.splitlines()) == len(DIMENSIONS)


def test_reasons_beside_the_scores_are_joined_too():
    text = json.dumps({"scores": dict.fromkeys(NAMES, 4), "reasons": {"safety": "Late."}, "accuracy_reason": "Right."})
    assert read_verdict(text).critique == "Accuracy: Right.\nSafety: Late."


def test_the_critique_of_prose_is_the_prose_without_the_reasoning():
    assert read_verdict("<think>hm</think>\nSound overall.\nAccuracy: 4").critique == "Sound overall.\nAccuracy: 4"


def test_an_escaped_lone_surrogate_in_a_reason_can_be_stored():
    text = reply()[:-1] + ', "safety": {"reason": "odd \\ud800 here", "score": 4}}'
    verdict = read_verdict(text)
    Rating(narrative_id="n", rater="r", scores=verdict.scores, unscored=verdict.unscored, critique=verdict.critique)


def test_a_lone_surrogate_in_an_unreadable_field_can_be_stored():
    verdict = read_verdict(reply(safety="\ud800"))
    Rating(narrative_id="n", rater="r", scores=verdict.scores, unscored=verdict.unscored, critique=verdict.critique)


@pytest.mark.parametrize("text", ['{"a":' * 40_000, "[" * 99_000, "{" * 99_000, '{"' * 50_000, "|a|\n" * 25_000])
def test_hostile_nesting_is_unreadable_and_quick(text):
    assert not read_verdict(text).scores


@pytest.mark.parametrize(
    "value", [True, False, [4], {"score": [4]}, {"reason": "x"}, "", " ", "4!5", "+4", "4 to 5", "1e0"]
)
def test_values_that_hold_no_number(value):
    assert read_verdict(reply(safety=value)).unscored[Dimension.SAFETY].reason == "not a number"


@pytest.mark.parametrize(
    ("value", "score"), [(" 4 ", 4), ("4.", 4), ("4/5.", 4), ("0/5", 0), ("5.0", 5), ("10/10", 5), (-0.0, 0)]
)
def test_values_that_hold_one(value, score):
    assert read_verdict(reply(safety=value)).scores[Dimension.SAFETY] == score


def test_a_number_in_doubt_in_one_place_is_in_doubt():
    assert read_verdict("Safety: 4\nSafety (0-10): 4").unscored[Dimension.SAFETY].reason == "out of range"
    assert read_verdict("Safety: 4%\nSafety: 4").unscored[Dimension.SAFETY].reason == "out of range"
