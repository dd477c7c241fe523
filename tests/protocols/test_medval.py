"""MedVAL by hand: reading levels, F1, and the filter of training data."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from dermatrust.protocols import Item, Played, Score, ScoreTable
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.published.medval import LEVELS, consistency, read_level, safety
from dermatrust.protocols.scorers.f1 import f1_of, macro_f1

MEDVAL = find_protocol("medval")
ROW = MEDVAL.examples[0].row


def table(pairs):
    found = ScoreTable()
    for number, (target, said) in enumerate(pairs):
        found.add(Item(id=str(number), question="", target=target), Score(value=float(target == said), said=said))
    return found


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("None\n\nRisk level: 1", "1"),
        ("**Risk Level:** 2", "2"),
        ("Level 4 (High Risk)", "4"),
        ("The risk level is 3.", "3"),
        ("Risk level: 1 at first, but then Risk level: 4", "4"),
        ("Risk level: 2.5", ""),
        ("Risk level: 40", ""),
        (" 2 ", "2"),
        ("Error 1: a", ""),
        ("", ""),
    ],
)
def test_levels(text, level):
    assert read_level(text) == level


def test_grades_are_read_as_numbers_or_as_written_out():
    grades = [3, "3", "Level 3 (Moderate Risk)"]
    assert {MEDVAL.items(ROW | {"physician_risk_grade": grade})[0].target for grade in grades} == {"3"}


def test_a_row_without_a_grade_is_refused():
    from dermatrust.errors import DataError

    with pytest.raises(DataError, match="no physician's risk grade"):
        MEDVAL.items(ROW | {"physician_risk_grade": None})


def test_a_wrong_level_on_the_right_side_is_half_right():
    (item,) = MEDVAL.items(ROW)
    found = MEDVAL.score(item, Played(reply="Risk level: 4"))
    assert (found.value, found.parts["safe or unsafe"]) == (0, 1)
    assert [safety(level) for level in LEVELS] == ["safe", "safe", "unsafe", "unsafe"]


def test_f1_of_a_hand_worked_table():
    # unsafe: 1 hit of 2 meant and 2 named -> 2*1/4; safe: 1 hit, 2 meant, 1 named (one was silent) -> 2/3
    pairs = [("4", "3"), ("3", "1"), ("1", "3"), ("2", "2")]
    found = f1_of("unsafe", ("safe", "unsafe"), safety)(table(pairs), np.random.default_rng(0))
    assert (found.value, found.n) == (0.5, 4)
    pairs = [("4", "3"), ("3", ""), ("1", "2")]
    both = macro_f1(("safe", "unsafe"), safety)(table(pairs), np.random.default_rng(0))
    assert both.value == pytest.approx((2 / 3 + 1) / 2)
    assert both.low <= both.value <= both.high


@given(st.lists(st.tuples(st.sampled_from(LEVELS), st.sampled_from(LEVELS)), min_size=1, max_size=30))
def test_f1_is_scikit_learns(pairs):
    found = macro_f1(LEVELS)(table(pairs), np.random.default_rng(0))
    targets, said = zip(*pairs, strict=True)
    assert found.value == pytest.approx(f1_score(targets, said, average="macro", zero_division=0))


def test_missing_items_do_not_count_and_an_absent_class_has_no_f1():
    found = table([("1", "1"), ("2", "1")])
    found.add(Item(id="x", question="", target="2"), None)
    assert macro_f1(LEVELS)(found, np.random.default_rng(0)).n == 2
    assert math.isnan(f1_of("4", LEVELS)(found, np.random.default_rng(0)).value)


def test_the_training_filter_by_hand():
    assert consistency(1, 3, 3) == 1
    # c = 1/3, a = 2/3, d = 1: (1/9 + 1/9 + 4/9) / 6 = 1/9
    assert consistency(2, 3, 4) == pytest.approx(8 / 9)
    # c = 1, a = 0, d = 1: (1 + 1 + 4) / 6
    assert consistency(4, 1, 4) == pytest.approx(0)
    kept = [levels for levels in ((1, 4, 4), (1, 3, 4), (2, 4, 4)) if consistency(*levels) >= 0.95]
    assert kept == [(1, 4, 4), (1, 3, 4), (2, 4, 4)]  # one level off in one place: 1 - 2/54 = 0.963
    assert consistency(2, 3, 3) == pytest.approx(1 - 2 / 54)
    with pytest.raises(ValueError, match="expected 1 to 4"):
        consistency(0, 1, 1)
