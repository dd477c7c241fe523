import dataclasses
import json
import math

import numpy as np
import pytest

from dermatrust.clients import Reply
from dermatrust.errors import DataError
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.item import Played
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scorers.usage import cost_usd
from dermatrust.protocols.scripted import ScriptedAsk, play_item

BENCH = find_protocol("medagentsbench")
ROW = {"realidx": 3, "question": "Which?", "options": {"A": "this", "B": "that"}, "answer_idx": "B"}
(ITEM,) = BENCH.items(ROW)


def record(number, said, **more):
    row = {**ROW, "realidx": number, "predicted_answer": said, "time_elapsed": 2.0}
    return {**row, "token_usage": {"prompt_tokens": 1_000_000, "completion_tokens": 500_000}, **more}


def replay(path, rows, items=()):
    path.write_text(json.dumps(rows))
    return tabulate(score_all(BENCH.score, BENCH.recorded(path, items)))


def test_repeats_are_dropped_and_the_first_one_counts(tmp_path):
    table = replay(tmp_path / "gpt-4o-x.json", [record(1, "B"), record(1, "A"), record(2, "A")])
    assert table.ids == ["1", "2"]
    assert table.values == [1.0, 0.0]


def test_cost_is_tokens_by_price_or_the_stored_cost(tmp_path):
    rows = [record(1, "B"), record(2, "B", cost=0.25)]
    table = replay(tmp_path / "gpt-4o-mini-medqa-test_hard-zero_shot.json", rows)
    assert table.parts["usd"] == pytest.approx([0.15 + 0.5 * 0.6, 0.25])
    assert table.parts["seconds"] == [2.0, 2.0]


def test_the_longest_fitting_name_has_the_price():
    prices = {"gpt-4o": (1.0, 1.0), "gpt-4o-mini": (2.0, 2.0)}
    tokens = {"prompt_tokens": 1_000_000.0, "completion_tokens": 0.0}
    assert cost_usd("GPT-4o-mini-2024", tokens, prices) == 2.0
    assert cost_usd("gpt-4o", {"seconds": 1.0}, prices) is None


def test_a_record_without_an_answer_is_wrong_and_unanswered(tmp_path):
    table = replay(tmp_path / "x.json", [record(1, None), record(2, "")])
    assert table.values == [0.0, 0.0]
    assert table.answered == [False, False]
    assert "usd" not in table.parts  # a model of no known price


def test_items_without_a_record_are_missing(tmp_path):
    table = replay(tmp_path / "x.json", [record(9, "B")], [ITEM, dataclasses.replace(ITEM, id="9")])
    assert math.isnan(table.values[0])
    assert table.values[1] == 1.0


def test_the_extractor_is_asked_about_the_reply_under_a_schema():
    asked = []

    class Ask(ScriptedAsk):
        async def __call__(self, said, *, role="model", draw=0, **sampling):
            asked.append((role, said, draw, sampling))
            if role == "extractor":
                return Reply('{"answer_idx": "b"}' if draw == 2 else "…")
            return Reply("It is that.", prompt_tokens=10, completion_tokens=5, model_version="o3-mini-2025-01-31")

    import asyncio

    played = asyncio.run(BENCH.play(ITEM, Ask(BENCH, ITEM, "")))
    assert [role for role, *_ in asked] == ["model", "extractor", "extractor", "extractor"]
    assert asked[1][3]["schema"]["properties"]["answer_idx"]["enum"] == ["A", "B", "none"]
    score = BENCH.score(ITEM, played)
    assert score.value == 1.0
    assert score.parts["usd"] == pytest.approx((10 * 1.1 + 5 * 4.4) / 1e6)


def test_an_extractor_that_cannot_be_read_leaves_the_item_missing():
    deaf = dataclasses.replace(BENCH, stand_ins={"extractor": lambda item, turns: "hm"})
    assert math.isnan(play_item(deaf, ITEM, "Answer: B")[1].value)
    assert math.isnan(BENCH.score(ITEM, Played(reply="Answer: B")).value)  # nobody was asked


def test_an_extractor_that_finds_no_choice_makes_it_unanswered():
    silent = dataclasses.replace(BENCH, stand_ins={"extractor": lambda item, turns: '{"answer_idx": "none"}'})
    score = play_item(silent, ITEM, "I cannot say.")[1]
    assert (score.value, score.answered) == (0.0, False)


def test_the_letters_variant_needs_nobody_else():
    alone = BENCH.variant("letters")
    assert alone.roles == ()
    assert play_item(alone, ITEM, "Answer: B")[1].value == 1.0


def test_costs_are_averaged_over_items(tmp_path):
    table = replay(tmp_path / "o3-mini-x.json", [record(1, "B"), record(2, "A", cost=0.0)])
    found = BENCH.metrics["cost of an item (USD)"](table, np.random.default_rng(0))
    assert found.value == pytest.approx((1.1 + 2.2) / 2)


def test_a_record_may_lack_what_it_took_and_one_of_another_form_is_refused(tmp_path):
    rows = [record(1, "B", cost=None, time_elapsed=None), record(2, "B", token_usage=None), record(3, "b")]
    table = replay(tmp_path / "o3-mini-x.json", rows)
    assert table.values == [1.0, 1.0, 0.0]  # equality minds capitals
    assert [math.isnan(usd) for usd in table.parts["usd"]] == [False, True, False]
    for row in (record(1, "B", token_usage=[3]), record(1, "B", cost="much"), {**record(1, "B"), "options": 3}):
        with pytest.raises(DataError):
            replay(tmp_path / "o3-mini-x.json", [row])


@pytest.mark.parametrize(
    ("name", "usd"),
    [
        ("gpt-4o-medqa", 2.5 + 5), ("gpt-4o-mini-medqa", 0.15 + 0.3), ("o1-mini-mmlu", 1.1 + 2.2),
        ("o3-mini-x", 1.1 + 2.2), ("claude-3-5-sonnet-x", 3 + 7.5), ("claude-3-5-haiku-x", 0.8 + 2),
        ("QwQ-32B-Preview-x", 1.8), ("DeepSeek-R1-x", 10.5), ("DeepSeek-V3-x", 1.875),
    ],
)  # fmt: skip
def test_prices_are_those_of_the_table(tmp_path, name, usd):
    table = replay(tmp_path / f"{name}-test_hard-zero_shot.json", [record(1, "B")])
    assert table.parts["usd"] == [pytest.approx(usd)]
