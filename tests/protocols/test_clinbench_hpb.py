import dataclasses
import json
import math
import pickle

import numpy as np
import pytest

from dermatrust.errors import DataError
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.item import Played
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.options_in_text import split_options
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scripted import ScriptedAsk, play_item

BENCH = find_protocol("clinbench-hpb")
ROW = {
    "question": "Which?",
    "options": "A. one\nB. two\nC. three\nD. four",
    "answer": "A",
    "answer_format": "SingleChoice",
}
ITEMS = BENCH.items(ROW)


def test_four_orders_end_with_the_printed_one():
    assert [item.target for item in ITEMS] == ["B", "C", "D", "A"]
    assert ITEMS[0].options == {"A": "four", "B": "one", "C": "two", "D": "three"}
    assert ITEMS[3].options == {"A": "one", "B": "two", "C": "three", "D": "four"}
    assert {item.options[item.target] for item in ITEMS} == {"one"}


def test_three_orders_where_there_is_no_d():
    assert [item.target for item in BENCH.items({**ROW, "options": "A. one\nB. two\nC. three"})] == ["B", "C", "A"]


def test_five_options_are_never_asked_in_the_printed_order():
    items = BENCH.items({**ROW, "options": "A. 1\nB. 2\nC. 3\nD. 4\nE. 5"})
    assert len(items) == 4
    assert all(item.options["A"] != "1" for item in items)


def test_the_first_letter_of_a_long_answer_is_the_answer():
    assert BENCH.items({**ROW, "answer": "B. two, since it is so"})[3].target == "B"


@pytest.mark.parametrize(
    "text", ["A. one\nB. E. coli\nC. three", "A.one\n B. E. coli\nC.three", "A. one B. E. coli C. three"]
)
def test_options_are_split_at_their_letters_in_order(text):
    assert split_options(text) == {"A": "one", "B": "E. coli", "C": "three"}


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("A.甲B.乙C.丙", {"A": "甲", "B": "乙", "C": "丙"}),
        ("A. 甲\nB. 乙；C. 丙\nD. 丁", {"A": "甲", "B": "乙", "C": "丙", "D": "丁"}),
        ("A. yes \n B. no \n C. maybe", {"A": "yes", "B": "no", "C": "maybe"}),
        ("A. HBV B. HCV C. factor V D. E. coli", {"A": "HBV", "B": "HCV", "C": "factor V", "D": "E. coli"}),
        ("A. Hepatitis A B. Hepatitis B C. none", {"A": "Hepatitis A", "B": "Hepatitis B", "C": "none"}),
        ("A、甲\nB、乙\nC、丙", {"A": "甲", "B": "乙", "C": "丙"}),
    ],
)
def test_options_in_the_forms_of_the_data(text, options):
    assert split_options(text) == options


def metric(name, replies):
    pairs = zip(ITEMS, replies, strict=True)
    table = tabulate(score_all(BENCH.score, ((item, Played(reply=reply)) for item, reply in pairs)))
    return BENCH.metrics[name](table, np.random.default_rng(0)).value


def test_all_any_mean_and_spread_by_hand():
    replies = ["Answer: B", "Answer: C", "Answer: A", "I cannot say"]
    assert metric("all right", replies) == 0.0
    assert metric("any right", replies) == 1.0
    assert metric("mean", replies) == 0.5
    assert metric("spread", replies) == 0.5


def said(reply, variant=None, item=ITEMS[0]):
    return (BENCH.variant(variant) if variant else BENCH).score(item, Played(reply=reply)).said


def test_letters_are_read_and_the_release_runs_words_together():
    assert said("Answer: B because it is") == "B"
    assert said("Answer: B because it is", "released-code") == "Bbecauseitis"
    assert said("Answer: A, C") == said("Answer: A, C", "released-code") == "AC"
    assert (
        said("<think>Answer: A</think>Answer: B") == said("<think>Answer: A</think>Answer: B", "released-code") == "B"
    )
    assert said("Answer：B") == "B"
    assert said("B") == said("B", "released-code") == ""


@pytest.mark.parametrize(
    ("reply", "letters"),
    [
        ("Answer: A. Or rather Answer: B", "A"),  # the pattern's first find
        ("**Answer:** C", "C"),
        ("Answer: C, A", "AC"),
        ("Answer: b", "B"),
        ("answer: a stone", ""),
        ("Answer: E", ""),  # no option
        ("The answer is D.", "D"),
        ("A and B are tempting.", ""),
    ],
)
def test_the_first_statement_is_the_answer(reply, letters):
    assert said(reply) == letters


def test_the_released_pattern_keeps_order_and_case_and_drops_two_signs_after_its_heading():
    def released(reply):
        return said(reply, "released-code")

    assert released("Answer: C, A") == "CA"
    assert released("answer: b") == "b"
    assert released("Answer: A. Or rather Answer: B") == "A"
    assert released('Answer: "B"') == "B"
    assert released("**Answer:** C") == released("Answer：C") == ""
    assert released("Answer: A\n## Final Response\n\nAnswer: B") == "B"
    assert released("Answer: A\n## Final Response\nAnswer: B") == ""  # its "A" is one of the two
    assert released("Answer: A</think>Answer: B</think>Answer: C") == "B"


def test_rows_that_stand_twice_are_two_questions(tmp_path):
    path = tmp_path / "cnqa.json"
    path.write_text(json.dumps([ROW, ROW, ROW | {"question": "Other?"}]))
    items = list(iter_items(BENCH, path))
    assert len({item.id for item in items}) == len(items) == 12
    assert len({item.group for item in items}) == 3
    assert items[4].id == f"{items[0].group} (2) order 1"


def pickled(path, content):
    path.write_bytes(pickle.dumps(content))
    return path


def test_released_pickles_are_replayed(tmp_path):
    replies = ["Answer: B", "Answer: C", "Answer: D", ["Answer: A", "thoughts"], "Answer: C", "error", None]
    content = [replies, [["B"], ["C"], ["D"], ["A"], ["C"], ["A"], ["B"]], [4, 3]]
    path = pickled(tmp_path / "m_cnqa_repeat1_cycle4.pkl", content)
    table = tabulate(score_all(BENCH.score, BENCH.recorded(path, ())))
    assert table.values == [1, 1, 1, 1, 1, 0, 0]
    found = {name: one(table, np.random.default_rng(0)).value for name, one in BENCH.metrics.items()}
    assert (found["all right"], found["any right"]) == (0.5, 1.0)
    assert found["mean"] == pytest.approx((1 + 1 / 3) / 2)
    assert found["spread"] == pytest.approx(np.std([1, 0, 0]) / 2)


class Harmful:
    def __reduce__(self):
        return exec, ("print('run')",)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ([[], [], []] * 2, "holds something else"),
        ([["Answer: A"], [["A"]], [4]], "1 replies to 1 right answers of questions asked 4 times"),
        ([Harmful(), [], []], "builtins.exec"),
    ],
)
def test_other_pickles_are_refused_and_never_run(tmp_path, capsys, content, match):
    with pytest.raises(DataError, match=match):
        list(BENCH.recorded(pickled(tmp_path / "x.pkl", content), ()))
    assert capsys.readouterr().out == ""
    (tmp_path / "x.pkl").write_text("no pickle")
    with pytest.raises(DataError, match="cannot be read"):
        list(BENCH.recorded(tmp_path / "x.pkl", ()))


def test_repeats_are_draws_at_a_temperature():
    several = BENCH.variant("repeat-4")
    items = several.items(ROW)
    assert len(items) == 16
    assert len({item.group for item in items}) == 1
    asked = []

    class Ask(ScriptedAsk):
        async def __call__(self, said, *, role="model", draw=0, **sampling):
            asked.append((draw, sampling))
            return await super().__call__(said, role=role, draw=draw)

    import asyncio

    for item in items[:4]:
        asyncio.run(several.play(item, Ask(several, item, "")))
    assert asked == [(k, {"temperature": 0.6}) for k in range(4)]


def test_an_extractor_reads_only_what_states_no_letters():
    extracted = BENCH.variant("extracted")

    def score(reply, verdict):
        says = dataclasses.replace(extracted, stand_ins={"extractor": lambda item, turns: verdict})
        return play_item(says, ITEMS[0], reply)[1]

    assert score("B. one", "B").value == 1.0
    assert score("B. one", "Output: B").value == 1.0
    assert score("Answer: B", "C").value == 1.0
    assert not score("Who knows", "NA").answered
    assert math.isnan(score("Who knows", "hm").value)
