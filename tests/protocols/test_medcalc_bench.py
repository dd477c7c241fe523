"""MedCalc-Bench by hand: both readings of an answer, the authors' outputs, exemplars, and rounds of code."""

import json
import math

import numpy as np
import pytest

from dermatrust.errors import DataError
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.item import Played
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scorers.calculator_answers import released_decimal, released_duration, released_integer
from dermatrust.protocols.scorers.numbers import decimal_in, weeks_and_days_in
from dermatrust.protocols.scripted import play_item

BENCH = find_protocol("medcalc-bench")
RELEASED = BENCH.variant("released-code")


def item(calculator, answer, low="0", high="0", number=1):
    row = {**BENCH.examples[0].row, "Row Number": number, "Calculator ID": calculator, "Ground Truth Answer": answer}
    return BENCH.items({**row, "Lower Limit": low, "Upper Limit": high})[0]


RATE = item(3, "8.0", "7.6", "8.4")
SCORE = item(4, "3")
DATE = item(13, "09/03/2014")
WEEKS = item(69, "('17 weeks', '4 days')")


def values(one, reply):
    found = [protocol.score(one, Played(reply=reply)) for protocol in (BENCH, RELEASED)]
    return [score.value if score.answered else None for score in found]


@pytest.mark.parametrize(
    ("one", "reply", "expected"),
    [
        (RATE, '{"answer": "8.1 mL/min/1.73 m²"}', [1, 1]),  # the unit's own number is none
        (RATE, '{"answer": "8.1"}', [1, 1]),
        (RATE, '{"Answer": 8.4}', [1, 1]),  # limits are included
        (RATE, '{"answer": "8.41"}', [0, 0]),
        (RATE, "The answer is 8.1", [1, None]),  # no JSON
        (RATE, '{"answer": "X.XX"}', [None, None]),
        (RATE, '{"answer": "7 + 1.1"}', [1, 0]),  # worked out; the last number
        (RATE, '{"answer": "str(round((7 + 1.13), 2))"}', [0, 1]),
        (RATE, '{"answer": "str(sqrt(64) # root)"}', [0, 1]),
        (RATE, '{"answer": "str(__import__(1))"}', [0, None]),
        (RATE, '{"answer": "1"} so {"answer": "8"}', [1, 1]),  # the last
        (item(2, "0.08", "0.07", "0.09"), '{"answer": "between 5% and 8%"}', [1, 1]),
        (item(2, "1160", "1100", "1200"), '{"answer": "1,160"}', [1, 0]),
        (SCORE, '{"answer": "3 out of 9"}', [1, 1]),
        (SCORE, '{"answer": "1, 0, 1"}', [1, 1]),
        (SCORE, '{"answer": "1,0,1"}', [0, 1]),
        (SCORE, '{"answer": "2.5"}', [0, 0]),  # to the even number
        (SCORE, '{"answer": "3.4 points"}', [1, 1]),
        (SCORE, '{"answer": "03"}', [1, None]),  # an error to Python
        (SCORE, '{"answer": "none"}', [None, None]),
        (DATE, '{"answer": "9/3/2014"}', [1, 1]),
        (DATE, '{"answer": "on 09/03/2014"}', [1, None]),
        (DATE, '{"answer": "13/03/2014"}', [0, None]),
        (DATE, '{"answer": "03/09/2014"}', [0, 0]),
        (WEEKS, '{"answer": "(17, 4)"}', [1, 1]),
        (WEEKS, '{"answer": "17 weeks, 4 days"}', [1, 1]),
        (WEEKS, "{\"answer\": \"['17 weeks', '4 days']\"}", [1, 1]),
        (WEEKS, '{"answer": "17 weeks and 4 days"}', [1, 0]),
        (WEEKS, '{"answer": "17 weeks"}', [0, 0]),
        (WEEKS, '{"answer": "(17, 5)"}', [0, 0]),
    ],
)
def test_an_answer_by_default_and_as_released(one, reply, expected):
    assert values(one, reply) == expected


def test_formulas_lose_the_units_that_the_released_code_takes_out():
    assert released_decimal("str(60 kg / (1.5**2))") == pytest.approx(60 / 2.25)
    assert released_decimal("str((3 + 4)") == 7  # the bracket that lacks is added
    assert released_decimal("str(math.log(10))") is None  # without its g nothing is left of the logarithm
    assert released_decimal("str(min(3, 4) if 5 is odd else 9)") == 3
    assert released_decimal("str(max(3, 4))") is None  # it has min and no max
    assert released_integer("1, 2") == 2
    assert released_duration("soon") is None
    assert decimal_in("12 mL/min/1.73m^2") == 12
    assert weeks_and_days_in("2022, 17, 4") is None


def test_the_spread_is_the_root_of_p_q_over_n():
    table = tabulate(score_all(BENCH.score, [(item(4, "3", number=k), Played(reply=str(k))) for k in (3, 4, 5, 6)]))
    found = BENCH.metrics["std of accuracy"](table, np.random.default_rng(0))
    assert found.value == pytest.approx(math.sqrt(0.25 * 0.75 / 4))


@pytest.mark.parametrize("protocol", [BENCH, RELEASED], ids=["plain", "released-code"])
def test_the_authors_outputs_are_read_and_errors_of_theirs_are_no_answers(tmp_path, protocol):
    items = [item(3, "8.0", "7.6", "8.4", 1), item(4, "1", number=2), item(69, "(17, 4)", number=3),
             item(13, "09/03/2014", number=4), item(4, "1", number=5), item(4, "1", number=6)]  # fmt: skip
    said = ["8.1", "invalid syntax (<string>, line 1)", "(17, 4)", "09/03/2014", "N/A"]
    rows = [{"Row Number": k, "Calculator ID": "x", "LLM Answer": one, "Result": ""} for k, one in enumerate(said, 1)]
    path = tmp_path / "OpenAI_gpt-4_zero_shot.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    table = tabulate(score_all(protocol.score, protocol.recorded(path, items)))
    assert table.values[:5] == [1, 0, 1, 1, 0]
    assert table.answered[:5] == [True, False, True, True, False]
    assert not table.is_known[5]
    with pytest.raises(DataError, match="holds no limits"):
        list(protocol.recorded(path, ()))


def test_each_calculator_has_its_own_solved_example(tmp_path):
    row = {**BENCH.examples[0].row, "Calculator ID": "4"}
    data = tmp_path / "test_data.json"
    data.write_text(json.dumps([row]))
    solved = {
        "4": {"Patient Note": "Another made-up patient.", "Response": {"step_by_step_thinking": "s", "answer": "2"}}
    }
    beside = tmp_path / "one_shot_finalized_explanation.json"
    beside.write_text(json.dumps(solved))
    one_shot = BENCH.variant("one-shot")
    (one,) = iter_items(one_shot, data)
    assert "Another made-up patient." in one.prompt
    assert '{"step_by_step_thinking": "s", "answer": "2"}' in one.prompt
    assert one.prompt.index("Another") < one.prompt.index("A made-up patient.")
    beside.write_text("{}")
    with pytest.raises(DataError, match="no solved example"):
        list(iter_items(one_shot, data))


def code(replies, one=SCORE):
    return play_item(BENCH.variant("code"), one, replies)


def test_a_model_computes_by_code_and_answers():
    played, score = code(["```python\nx = 1 + 2\nprint(x)\n```", "<answer> 3 <\\answer>"])
    assert "It printed:\n\n3\n" in played.turns[1].text
    assert (played.ending, played.reply, score.value) == ("answer", "3", 1)
    assert code("<answer>(17 weeks, 4 days)</answer>", WEEKS)[1].value == 1
    assert code("<answer> 4 </answer>")[1].value == 0


def test_code_that_fails_is_told_of_and_may_be_written_again():
    first = "```python\nimport os\nprint(os)\n```"
    played, score = code([first, "no code", "```python\nx = 1\n```", "```python\nprint(3)\n```", "<answer>3</answer>"])
    told = [turn.text for turn in played.turns if turn.role == "user"]
    assert "ModuleNotFoundError" in told[0]
    assert "holds no code" in told[1]
    assert "holds no print()" in told[2]
    assert score.value == 1


def test_a_model_that_never_answers_has_twenty_rounds_and_one_that_asks_for_input_none_more():
    played, score = code("```python\nprint(1)\n```")
    assert (played.ending, sum(turn.role == "assistant" for turn in played.turns)) == ("round limit", 20)
    assert (score.value, score.answered) == (0, False)
    played, score = code("```python\nprint(input('age?'))\n```")
    assert (played.ending, len(played.turns), score.answered) == ("asked for input", 1, False)
