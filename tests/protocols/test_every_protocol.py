"""One contract for all protocols, ours and those of other packages, and for each of their variants."""

import dataclasses
import json
import math
import random
import re

import numpy as np
import pytest

from dermatrust.protocols import Item, Score, ScoreTable
from dermatrust.protocols.find import all_protocols
from dermatrust.protocols.item import Played
from dermatrust.protocols.read_recorded import read_recorded
from dermatrust.protocols.scored import Scored, score_all, write_scored
from dermatrust.protocols.scripted import ScriptedAsk, play_item

PROTOCOLS = [
    pytest.param(
        protocol if variant is None else protocol.variant(variant), id=f"{name}{f'-{variant}' if variant else ''}"
    )
    for name, protocol in all_protocols().items()
    for variant in (None, *protocol.variants)
]
FACTS = {"Paper", "Data", "Measures", "Not for", "Deviates", "Verified"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
class TestEveryProtocol:
    def test_it_says_what_it_is(self, protocol):
        assert set(protocol.facts) == FACTS
        assert "http" in protocol.facts["Paper"]
        assert protocol.version >= 1
        assert protocol.source.revision is None or re.fullmatch("[0-9a-f]{40}", protocol.source.revision)
        assert protocol.examples
        assert protocol.metrics
        assert set(protocol.stand_ins) == set(protocol.roles)

    def test_rows_map_to_known_targets(self, protocol):
        for example in protocol.examples:
            items = protocol.items(example.row)
            targets = example.target if isinstance(example.target, tuple) and len(items) > 1 else (example.target,)
            assert tuple(item.target for item in items) == targets
            assert len({item.id for item in items}) == len(items)

    def test_the_gold_reply_scores_full(self, protocol):
        for item in example_items(protocol):
            _, score = play_item(protocol, item, protocol.gold_reply(item))
            assert score.value == pytest.approx(protocol.best)
            assert score.answered

    def test_the_wrong_reply_does_not(self, protocol):
        for example in protocol.examples:
            for item in protocol.items(example.row)[:1]:
                _, score = play_item(protocol, item, example.wrong_reply)
                assert score.value == pytest.approx(example.wrong_value)
                assert score.value < protocol.best

    def test_silence_is_wrong(self, protocol):
        for example in protocol.examples:
            for item in protocol.items(example.row):
                _, score = play_item(protocol, item, "")
                assert score.value == pytest.approx(example.silent_value)
                assert not score.answered

    def test_the_prompt_does_not_depend_on_the_answer(self, protocol):
        for example in protocol.examples:
            items, others = (protocol.items(row) for row in (example.row, {**example.row, **example.other}))
            assert [item.target for item in items] != [item.target for item in others]
            assert [asked_first(protocol, item) for item in items] == [asked_first(protocol, item) for item in others]

    def test_a_model_is_asked_something(self, protocol):
        for item in example_items(protocol):
            assert item.question.strip()
            assert not re.search(r"\{(question|options)\}", item.prompt)

    def test_the_order_of_items_does_not_matter(self, protocol):
        scored = [scored_item(protocol, item, k) for k, item in enumerate(example_items(protocol))]
        shuffled = random.Random(3).sample(scored, len(scored))  # an order
        for metric in protocol.metrics.values():
            found = [metric(table_of(ones), np.random.default_rng(0)).value for ones in (scored, shuffled)]
            assert found[0] == pytest.approx(found[1], nan_ok=True)

    def test_metrics_stay_defined_or_nan_when_everything_is_missing(self, protocol):
        table = ScoreTable()
        for item in example_items(protocol):
            table.add(item, None)
        for metric in protocol.metrics.values():
            found = metric(table, np.random.default_rng(0))
            assert math.isnan(found.value)
            assert found.n == 0

    def test_what_was_recorded_is_scored_again_without_a_model(self, protocol, tmp_path):
        scored = [scored_item(protocol, item, k) for k, item in enumerate(example_items(protocol))]
        write_scored(tmp_path / "scored.jsonl", scored)
        items = [one.item for one in scored]
        again = list(score_all(protocol.score, read_recorded(tmp_path / "scored.jsonl", items)))
        assert [one.score for one in again] == [one.score for one in scored]
        assert all(json.loads(line) for line in (tmp_path / "scored.jsonl").read_text().splitlines())


def example_items(protocol) -> list[Item]:
    """Return the items of all examples, with ids of their own."""
    items = [item for example in protocol.examples for item in protocol.items(example.row)]
    assert len({item.id for item in items}) == len(items)
    return items


def scored_item(protocol, item: Item, k: int) -> Scored:
    """Return an item with a gold reply or silence, by turns."""
    played, score = play_item(protocol, item, protocol.gold_reply(item) if k % 2 == 0 else "")
    return Scored(item, played, score)


def table_of(scored) -> ScoreTable:
    table = ScoreTable()
    for one in scored:
        table.add(one.item, one.score)
    return table


def asked_first(protocol, item: Item):
    """Return what the model under test is asked first."""
    import asyncio

    ask = ScriptedAsk(protocol, item, "")
    asyncio.run(protocol.play(item, ask))
    return next((turns for role, turns in ask.asked if role == "model"), None)


def test_a_judged_item_is_missing_where_its_judge_says_nothing_readable():
    for protocol in all_protocols().values():
        if "judge" not in protocol.roles:
            continue
        deaf = dataclasses.replace(protocol, stand_ins={**protocol.stand_ins, "judge": lambda item, turns: "…"})
        for item in example_items(deaf):
            played, score = play_item(deaf, item, deaf.gold_reply(item))
            assert isinstance(played, Played)
            assert isinstance(score, Score)
            assert math.isnan(score.value), f"{protocol.name} scores {score.value} on an unreadable verdict"
