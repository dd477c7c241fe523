import dataclasses
import math

import numpy as np
import pytest

from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.item import Played
from dermatrust.protocols.published.clinbench_hpb import split_options
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
