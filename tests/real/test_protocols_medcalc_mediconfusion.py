"""MedCalc-Bench and MediConfusion on their own files: counts, own answers, and what a coin scores."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from dermatrust.protocols import Played, ScoreTable
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.result import protocol_result

DATA = Path(__file__).parents[3] / "shared/data/protocols"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the protocols' data are not beside this repository")


@pytest.mark.parametrize("variant", [None, "released-code", "code"])
def test_every_calculation_s_own_answer_is_right(variant):
    protocol = find_protocol("medcalc-bench")
    protocol = protocol.variant(variant) if variant else protocol
    items = list(iter_items(protocol, DATA / "medcalc/test_data.csv"))
    assert len(items) == 1047
    assert len({item.known["calculator"] for item in items}) == 55
    assert Counter(item.tags["output"] for item in items) == {"decimal": 627, "integer": 380, "date": 40}
    expected = {"lab": 327, "risk": 240, "physical": 240, "severity": 80, "diagnosis": 60, "date": 60, "dosage": 40}
    assert Counter(item.tags["category"] for item in items) == expected
    table = ScoreTable()
    for item in items:
        reply = item.target if variant == "code" else protocol.gold_reply(item)
        table.add(item, protocol.score(item, Played(reply=reply)))
    (accuracy, *_) = protocol_result(protocol, table, model="own answers", others={}).rows
    assert (accuracy.metric, accuracy.value, accuracy.n) == ("accuracy", 1.0, 1047)


def test_limits_are_those_of_the_file():
    items = iter_items(find_protocol("medcalc-bench"), DATA / "medcalc/test_data.csv")
    decimals = [item for item in items if item.tags["output"] == "decimal"]
    assert len(decimals) == 627
    assert sum(Decimal(item.known["low"]) != Decimal(item.target) * Decimal("0.95") for item in decimals) == 45


def test_a_coin_scores_25_and_50():
    protocol = find_protocol("mediconfusion")
    items = list(iter_items(protocol, DATA / "mediconfusion/dataset.json"))
    assert len(items) == 2 * 176
    assert len({image for item in items for image in item.images}) == 228
    assert Counter(a.target + b.target for a, b in zip(items[::2], items[1::2], strict=True)) == {"AB": 88, "BA": 88}
    both = np.array([[[letter == item.target for letter in "AB"] for item in pair]
                     for pair in zip(items[::2], items[1::2], strict=True)], dtype=float)  # fmt: skip
    chances = both.mean(axis=2)  # of a coin, for each image
    assert chances.mean() == 0.5
    assert chances.prod(axis=1).mean() == 0.25
    levels = Counter(one for item in items for one in item.tags["category"].split("; "))
    assert levels["Cerebral"] == 79


def test_a_model_that_always_says_the_first_letter_never_tells_a_pair_apart():
    protocol = find_protocol("mediconfusion")
    table = ScoreTable()
    for item in iter_items(protocol, DATA / "mediconfusion/dataset.json"):
        table.add(item, protocol.score(item, Played(reply="A")))
    rows = {row.metric: row.value for row in protocol_result(protocol, table, model="A", others={}).rows if not row.tag}
    assert (rows["set accuracy"], rows["individual accuracy"], rows["confusion"], rows["invalid"]) == (0, 0.5, 1, 0)
