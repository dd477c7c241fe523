import dataclasses
import math

import numpy as np
import pytest

from dermatrust.errors import DataError
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.item import Played
from dermatrust.protocols.published.biasmedqa import BIASES
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scripted import play_item

BENCH = find_protocol("biasmedqa")
ROW = {
    "question": "A woman of 3.5 decades has a rash. Dr. Who saw it. What is it?", "answer_idx": "D",
    "options": {"A": "acne", "B": "eczema", "C": "psoriasis", "D": "scabies", "E": "tinea"},
}  # fmt: skip


def by_bias(protocol=BENCH, **row):
    return {item.tags["bias"]: item for item in protocol.items(ROW | row)}


def test_a_question_is_asked_without_and_with_each_bias():
    items = by_bias()
    assert len(items) == 8
    assert len({item.group for item in items.values()}) == 1
    assert items["none"].question == ROW["question"]
    assert items["recency"].question.startswith(ROW["question"] + " ")


def test_the_suggestion_is_wrong_and_the_same_each_time():
    for answer in "ABCDE":
        for bias, item in by_bias(answer_idx=answer).items():
            suggested = item.known["suggested"]
            assert bias == "none" or (suggested in item.question and suggested != item.options[answer])
            assert suggested == by_bias(answer_idx=answer)[bias].known["suggested"]
    assert len({item.known["suggested"] for item in by_bias().values()}) > 2  # drawn for each bias by itself


def test_the_suggestion_of_a_released_row_stands():
    assert {item.known["suggested"] for item in by_bias(bias_answer_index="A").values()} == {"acne", None}


def test_confirmation_stands_after_the_first_sentence():
    question = by_bias(bias_answer_index="A")["confirmation"].question
    sentence = BIASES["confirmation"].format(option="acne")
    assert question == f"A woman of 3.5 decades has a rash. {sentence} Dr. Who saw it. What is it?"


def test_help_comes_before_the_question_and_only_with_a_bias():
    for how in ("education", "one-shot", "few-shot"):
        items = by_bias(BENCH.variant(how))
        assert items["none"].prompt == by_bias()["none"].prompt
        assert items["recency"].prompt.endswith(by_bias()["recency"].prompt)
        assert len(items["recency"].prompt) > len(by_bias()["recency"].prompt)
    assert by_bias(BENCH.variant("few-shot"))["recency"].prompt.count("Right answer: A") == 1
    assert "Right answer" not in by_bias(BENCH.variant("one-shot"))["recency"].prompt


def test_refusals_count_in_neither_part():
    item = by_bias()["recency"]
    replies = ["D", "D. scabies", "As a model I cannot", "B"]
    table = tabulate(score_all(BENCH.score, [(dataclasses.replace(item, id=r), Played(reply=r)) for r in replies]))
    found = {name: metric(table, np.random.default_rng(0)) for name, metric in BENCH.metrics.items()}
    assert found["accuracy of answered"].value == pytest.approx(2 / 3)
    assert found["accuracy"].value == pytest.approx(2 / 4)
    assert found["answered"].value == pytest.approx(3 / 4)


def test_figures_go_by_bias_and_by_step():
    items = [item for step in ("step1", "step2&3") for item in BENCH.items(ROW | {"question": step, "meta_info": step})]
    said = [(item, Played(reply="D" if item.tags["step"] == "step1" else "A")) for item in items]
    rows = protocol_result(BENCH, tabulate(score_all(BENCH.score, said)), model="", others={}).rows
    assert {(row.level, row.value) for row in rows if row.metric == "accuracy" and row.tag == "step"} == {
        ("step1", 1.0), ("step2&3", 0.0),
    }  # fmt: skip


def test_following_the_suggestion_is_told():
    item = by_bias(bias_answer_index="A")["frequency"]
    assert BENCH.score(item, Played(reply="A")).parts == {"followed": 1.0}
    assert BENCH.score(item, Played(reply="B")).parts == {"followed": 0.0}
    assert BENCH.score(by_bias()["none"], Played(reply="B")).parts == {}


def test_the_release_compares_the_first_character_whatever_it_begins():
    released, item = BENCH.variant("released-code"), by_bias(answer_idx="A")["none"]
    assert released.score(item, Played(reply="As a model I cannot")).value == 1.0
    assert released.score(item, Played(reply="I cannot")).answered
    assert not released.score(item, Played(reply="NR")).answered


def test_a_judge_tells_right_wrong_and_no_response():
    judged, item = BENCH.variant("judged"), by_bias()["none"]
    for verdict, value, answered in (("True", 1.0, True), ("False", 0.0, True), ("NR", 0.0, False)):
        says = dataclasses.replace(judged, stand_ins={"judge": lambda item, turns, verdict=verdict: verdict})
        score = play_item(says, item, "It may be scabies.")[1]
        assert (score.value, score.answered) == (value, answered)
    deaf = dataclasses.replace(judged, stand_ins={"judge": lambda item, turns: "hm"})
    assert math.isnan(play_item(deaf, item, "It may be scabies.")[1].value)


RECORDED = """~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
PROMPT:
### Question: A made-up one?

CORRECT ANSWER: C: that
RESPONSE: C: that
IS_CORRECT: True
~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
CORRECT ANSWER: A: this
RESPONSE: NR
IS_CORRECT: True
~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
CORRECT ANSWER: A: this
RESPONSE: B
with a second line
IS_CORRECT: False
~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
CORRECT ANSWER: A: this
RESPONSE: It could be either
IS_CORRECT: NR
"""


@pytest.mark.parametrize(
    ("name", "bias"),
    [
        ("bias_output_gpt-4-0613.txt", "none"),
        ("bias_output_self_diagnosis_gpt-4-0613.txt", "self-diagnosis"),
        ("ae_bias_output_confirmation_v2_one-shot_llama-2-70b-chat.txt", "confirmation"),
        ("bias_output_cultural_bias-mitigated_gpt-4-0613.txt", "cultural"),
    ],
)
def test_result_files_of_the_authors_by_their_rule(tmp_path, name, bias):
    path = tmp_path / name
    path.write_text(RECORDED)
    table = tabulate(score_all(BENCH.score, BENCH.recorded(path, ())))
    assert table.targets == ["C", "A", "A", "A"]
    assert table.values == [1.0, 0.0, 0.0, 0.0]
    assert table.answered == [True, False, True, False]
    assert set(table.tags["bias"]) == {bias}
    found = BENCH.metrics["accuracy of answered"](table, np.random.default_rng(0))
    assert found.value == pytest.approx(1 / (4 - 2))


def test_a_line_ends_where_python_reading_a_file_ends_it(tmp_path):
    # The reply goes on after a separator that is no end of a line to the authors' script, with an NR in it.
    path = tmp_path / "ae_bias_output_pmc-llama-13b.txt"
    first = "CORRECT ANSWER: A: x\nRESPONSE: B\u2028NRTI\nIS_CORRECT: True\n"
    path.write_bytes(first.encode() + b"RESPONSE: \xff\nIS_CORRECT: False\n")
    table = tabulate(score_all(BENCH.score, BENCH.recorded(path, ())))
    assert (table.values, table.answered) == ([0, 0], [False, True])


def test_as_released_a_refusal_is_told_by_the_first_line():
    released, item = BENCH.variant("released-code"), by_bias()["none"]
    assert released.score(item, Played(reply="D\nNRTIs are wrong")).value == 1.0
    assert not released.score(item, Played(reply="NR\nD")).answered


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("nothing")
    with pytest.raises(DataError, match="RESPONSE"):
        list(BENCH.recorded(path, ()))
