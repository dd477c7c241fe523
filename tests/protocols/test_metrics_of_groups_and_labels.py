import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from dermatrust.protocols import Item, Score, ScoreTable
from dermatrust.protocols.metrics import f1_of_labels, mean_of_groups, spread_in_groups, weighted_precision

RNG = np.random.default_rng


def table(rows):
    """Return the table of (group, value, target, said, parts)."""
    found = ScoreTable()
    for k, (group, value, target, said, parts) in enumerate(rows):
        score = None if value is None else Score(value=value, answered=bool(said), said=said, parts=parts)
        found.add(Item(id=str(k), question="", target=target, group=group), score)
    return found


def grouped(*pairs):
    return table((group, value, "", "", {}) for group, value in pairs)


def test_a_group_counts_once_however_many_items_it_has():
    found = mean_of_groups(grouped(("a", 1.0), ("a", 0.0), ("a", 0.0), ("a", 0.0), ("b", 1.0)), RNG(0))
    assert found.value == pytest.approx((0.25 + 1) / 2)
    assert found.n == 2


def test_spread_is_the_populations():
    found = spread_in_groups(grouped(("a", 1.0), ("a", 0.0), ("b", 1.0), ("b", 1.0)), RNG(0))
    assert found.value == pytest.approx(0.25)


def test_a_group_with_a_missing_item_is_missing():
    assert mean_of_groups(grouped(("a", 1.0), ("a", None), ("b", 0.0)), RNG(0)).value == 0.0
    assert math.isnan(spread_in_groups(grouped(("a", None)), RNG(0)).value)


answers = st.sampled_from(["A", "B", "AB", "C"])


@given(st.lists(st.tuples(answers, st.one_of(answers, st.just(""))), min_size=1, max_size=20))
def test_weighted_scores_are_those_of_scikit_learn(pairs):
    rows = [("", float(target == said), target, said, {}) for target, said in pairs]
    true, said = [target for target, _ in pairs], [said or "none" for _, said in pairs]
    precision, _, f1, _ = precision_recall_fscore_support(true, said, average="weighted", zero_division=0.0)
    assert f1_of_labels("weighted")(table(rows), RNG(0)).value == pytest.approx(f1)
    assert weighted_precision(table(rows), RNG(0)).value == pytest.approx(precision)


def test_nothing_known_is_nan():
    found = weighted_precision(table([("", None, "A", "", {})]), RNG(0))
    assert math.isnan(found.value)
    assert found.n == 0


def test_no_answer_is_no_label_to_average_over():
    table = ScoreTable()
    for k, (target, said) in enumerate((("a", "a"), ("b", "b"), ("b", ""))):
        score = Score(value=float(target == said), said=said, answered=bool(said))
        table.add(Item(id=str(k), question="", target=target), score)
    found = f1_of_labels("macro")(table, np.random.default_rng(0))
    # F1 of a is 1, of b 2 * 1 / (2 + 1); nothing else is averaged over.
    assert found.value == pytest.approx((1 + 2 / 3) / 2)
