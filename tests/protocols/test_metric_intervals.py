"""Intervals of metrics where scores leave resampling nothing to vary."""

import math

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from dermatrust.protocols import Item, Score, ScoreTable
from dermatrust.protocols.metrics import (
    all_right,
    f1_of_labels,
    mean_part,
    mean_score,
    pass_at,
    spread_in_groups,
)
from dermatrust.protocols.published.probmed import PROTOCOL as PROBMED
from dermatrust.protocols.scorers.seen_less import drop


def table_of(values, groups=None, *, said="A", **parts):
    table = ScoreTable()
    for k, value in enumerate(values):
        item = Item(id=str(k), question="", target="A", group=groups[k] if groups else "")
        table.add(item, Score(value=value, said=said, parts={name: part[k] for name, part in parts.items()}))
    return table


def estimated(metric, table):
    return metric(table, np.random.default_rng(0))


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_groups_that_are_all_alike_get_the_interval_of_so_many_groups(right):
    found = estimated(mean_score, table_of([right] * 8, [*"aabbccdd"]))
    low, high = proportion_confint(4 * right, 4, method="wilson")
    assert (found.value, found.n, found.n_clusters) == (right, 8, 4)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_single_items_keep_the_interval_of_so_many_items():
    found = estimated(mean_score, table_of([1.0] * 8))
    assert found.low == pytest.approx(proportion_confint(8, 8, method="wilson")[0])


def test_a_count_that_is_one_throughout_is_no_share():
    table = table_of([1.0] * 8, turns=[1.0] * 8, late=[0.0] * 8)
    turns, late = (estimated(mean_part(name, is_share=name == "late"), table) for name in ("turns", "late"))
    assert (turns.value, turns.n) == (1.0, 8)
    assert math.isnan(turns.low)
    assert math.isnan(turns.high)
    assert late.high == pytest.approx(proportion_confint(0, 8, method="wilson")[1])


@pytest.mark.parametrize(
    ("metric", "value"),
    [(spread_in_groups, 0.0), (f1_of_labels("macro"), 1.0), (pass_at(2), 1.0), (mean_part("x"), 0.5)],
)
def test_what_no_resample_changes_has_no_interval(metric, value):
    found = estimated(metric, table_of([1.0] * 8, [*"aabbccdd"], x=[0.5] * 8))
    assert found.value == pytest.approx(value)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_what_resamples_change_keeps_its_interval():
    table = table_of([1, 1, 1, 0, 0, 0, 1, 0], [*"aabbccdd"])
    for metric in (mean_score, spread_in_groups, pass_at(1), all_right):
        found = estimated(metric, table)
        assert found.low < found.value < found.high


def test_a_fall_of_accuracy_is_no_share():
    table = ScoreTable()
    for k in range(4):
        for level in ("L0", "L2"):
            item = Item(id=f"{k}{level}", question="", target="A", group=str(k), tags={"severity": level})
            table.add(item, Score(value=1.0, said="A"))
    found = estimated(drop, table)
    assert found.value == 0
    assert math.isnan(found.high)


def test_one_image_alone_does_not_get_the_interval_from_0_to_1():
    table = ScoreTable()
    for family, side, value in (
        ("condition", "gt", 1.0), ("condition", "hallu", 0.0), ("position", "gt", 1.0), ("position", "hallu", 1.0),
    ):  # fmt: skip
        tags = {"family": family, "image type": "x", "image": "i", "pair": "1", "side": side}
        item = Item(id=f"{family}/{side}", question="", target="yes", group=f"i/{family}", tags=tags)
        table.add(item, Score(value=value))
    found = estimated(PROBMED.metrics["overall"], table)
    assert found.value == 0.5
    assert math.isnan(found.low)
