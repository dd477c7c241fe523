import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.evaluator.reading import ScoreChance, read_chances
from dermatrust.records import DIMENSIONS, Dimension

SAFETY = Dimension.SAFETY


def token(text, **chances):
    """One entry of the log-probabilities; alternatives are text to probability."""
    top = [{"token": other, "logprob": math.log(p)} for other, p in chances.get("top", {}).items()]
    return {"token": text, "logprob": -0.1, "top_logprobs": top}


def chance(*tokens, text=None):
    spoken = "".join(one["token"] for one in tokens)
    return read_chances(spoken if text is None else text, tokens).get(SAFETY)


@pytest.mark.parametrize("given", ["4", "4/5", " 4", " 4/5\n"])
def test_a_token_that_begins_the_number(given):
    # .6 on 4, .2 on 2, .2 on words: 4 weighs .75 of the scores, the mean is .75 x 4 + .25 x 2.
    found = chance(token("Safety:"), token(given, top={given: 0.6, " 2": 0.2, "The": 0.2}))
    assert (found.score, found.probability, found.expected) == (4.0, 0.75, 3.5)
    assert dict(found.chances) == pytest.approx({2.0: 0.25, 4.0: 0.75})


def test_equal_scores_in_other_spellings_count_together():
    assert chance(token("Safety:"), token(" 4", top={" 4": 0.3, "4": 0.3, "4/5": 0.2, "2": 0.2})).probability == 0.8


def test_quarter_points_in_one_token():
    found = chance(token("Safety: "), token("3.25/5", top={"3.25/5": 0.5, "3.5/5": 0.5}))
    assert found == ScoreChance(3.25, 0.5, 3.375, ((3.25, 0.5), (3.5, 0.5)))


@pytest.mark.parametrize("rest", [".25/5", ".0/5", "0"])
def test_a_number_that_goes_on_in_the_next_token_is_not_read(rest):
    assert chance(token("Safety: "), token("3", top={"3": 0.9, "4": 0.1}), token(rest)) is None


def test_a_token_with_the_blank_and_colon_before_the_number():
    assert chance(token("Safety"), token(": 4", top={": 4": 0.5, ": 5": 0.5, "5": 0.1})).expected == pytest.approx(
        (4 * 0.5 + 5 * 0.5 + 5 * 0.1) / 1.1
    )


def test_what_is_no_score_does_not_count():
    top = {"4": 0.5, "9": 0.2, "10": 0.1, "-1": 0.1, "four": 0.05, "5.001": 0.05}
    assert chance(token("Safety: "), token("4", top=top)) == ScoreChance(4.0, 1.0, 4.0, ((4.0, 1.0),))


def test_json_verdicts():
    before, after = '{"safety": {"reason": "no harm, 3 steps", "score": ', '}, "accuracy": 2}'
    tokens = [token(before), token("4", top={"4": 0.5, "3": 0.5}), token(after)]
    text = "".join(one["token"] for one in tokens)
    json.loads(text)
    assert read_chances(text, tokens) == {SAFETY: ScoreChance(4.0, 0.5, 3.5, ((3.0, 0.5), (4.0, 0.5)))}


def test_the_last_line_counts_since_scores_stand_behind_the_critique():
    critique = [token("Safety: "), token("1", top={"1": 1.0}), token(" warning is missing.\nScores:\n")]
    assert chance(*critique, token("Safety: "), token("4", top={"4": 1.0})).score == 4.0


def test_bold_names_and_bullets():
    assert chance(token("- **Safety**: "), token("4", top={"4": 1.0})).score == 4.0


@pytest.mark.parametrize(
    "logprobs",
    [
        None, [], [{"token": "Safety: 4"}], [{"token": "Safety: 4", "top_logprobs": None}], [{}], ["Safety: 4"], [None],
        [{"token": "Safety: 4", "top_logprobs": [{"token": "Safety: 4"}]}],
        [{"token": "Safety: 4", "top_logprobs": [{"token": "Safety: 4", "logprob": "high"}]}],
        [{"token": "Safety: 4", "top_logprobs": [{"token": "Safety: 4", "logprob": math.nan}]}],
        [{"token": "Safety: 4", "top_logprobs": [{"token": "Safety: 4", "logprob": -math.inf}]}],
        [{"token": "Safety: 3", "top_logprobs": [{"token": "Safety: 3", "logprob": 0.0}]}],
    ],
)  # fmt: skip
def test_without_usable_log_probabilities_nothing_is_made_up(logprobs):
    assert read_chances("Safety: 4", logprobs) == {}


def test_a_given_score_that_is_not_among_its_alternatives_has_no_chance():
    assert chance(token("Safety: "), token("4", top={"3": 0.5, "5": 0.5})) is None


def test_letters_that_tokens_cut_in_pieces_do_not_spoil_the_scores():
    tokens = [token("Na"), token("\ufffd"), token("\ufffd"), token("ve.\nSafety: "), token("4", top={"4": 1.0})]
    assert chance(*tokens, text="Naïve.\nSafety: 4").score == 4.0


levels = st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])


@given(st.dictionaries(levels, st.floats(1e-6, 1.0), min_size=1), st.data())
def test_the_expected_value_is_the_weighted_mean_of_every_dimension(weights, data):
    given_score = data.draw(st.sampled_from(sorted(weights)))
    total = math.fsum(weights.values())
    top = {f"{score:g}/5": weight / total for score, weight in weights.items()}
    tokens = []
    for dimension in DIMENSIONS:
        tokens += [token(f"{dimension.title}: "), token(f"{given_score:g}/5", top=top), token("\n")]
    found = read_chances("".join(one["token"] for one in tokens), tokens)
    assert list(found) == list(DIMENSIONS)
    for one in found.values():
        assert one.probability == pytest.approx(weights[given_score] / total, abs=1e-5)
        assert one.expected == pytest.approx(sum(s * w for s, w in weights.items()) / total, abs=1e-5)


LEVELS = [0.25 * k for k in range(21)]


@given(st.lists(st.tuples(st.sampled_from(LEVELS), st.floats(1e-6, 1)), min_size=1, unique_by=lambda one: one[0]))
def test_the_interval_is_that_of_the_cumulated_chances(weighed):
    total = math.fsum(weight for _, weight in weighed)
    chances = tuple((score, weight / total) for score, weight in sorted(weighed))
    found = ScoreChance(chances[0][0], chances[0][1], 0.0, chances)
    low, high = found.interval(0.9)
    below = math.fsum(chance for score, chance in chances if score < low)
    above = math.fsum(chance for score, chance in chances if score > high)
    assert low <= high
    assert max(below, above) <= 0.05 + 1e-8
    assert below + dict(chances)[low] > 0.05
    assert above + dict(chances)[high] > 0.05
    drawn = np.repeat([score for score, _ in chances], [round(1e6 * chance) for _, chance in chances])
    assert found.spread == pytest.approx(drawn.std(), abs=2e-3)


def test_an_interval_of_a_hand_worked_distribution():
    # Cumulated: .04, .10, .50, .95, 1. More than 5 % is passed at 2 from below, and at 4 from above (.05 is at 5).
    chances = ((1.0, 0.04), (2.0, 0.06), (3.0, 0.4), (4.0, 0.45), (5.0, 0.05))
    assert ScoreChance(4.0, 0.45, 3.41, chances).interval(0.9) == (2.0, 4.0)
