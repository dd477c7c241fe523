"""MedVAL by hand: reading levels, F1, and the filter of training data."""

import csv
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from dermatrust.errors import DataError
from dermatrust.protocols import Item, Played, Score, ScoreTable
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scorers.f1 import f1_of, macro_f1
from dermatrust.protocols.scorers.risk_levels import LEVELS, consistency, is_kept, read_level, safety

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
        ("3.0", "3"),
        ("3.5", ""),
        ("Error 1: a", ""),
        ("", ""),
    ],
)
def test_levels(text, level):
    assert read_level(text) == level


def test_grades_are_read_as_numbers_or_as_written_out():
    grades = [3, 3.0, "3", "3.0", "Level 3 (Moderate Risk)", "Level 3"]
    assert {MEDVAL.items(ROW | {"physician_risk_grade": grade})[0].target for grade in grades} == {"3"}


def test_a_row_without_a_grade_is_refused():
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
    levels = ((1, 4, 4), (1, 3, 4), (2, 4, 4), (1, 2, 4), (2, 3, 4), (3, 3, 3))
    kept = [one for one in levels if is_kept(*one)]
    assert kept == [(1, 4, 4), (1, 3, 4), (2, 4, 4)]  # one level off in one place: 1 - 2/54 = 0.963
    assert consistency(2, 3, 3) == pytest.approx(1 - 2 / 54)
    with pytest.raises(ValueError, match="expected 1 to 4"):
        consistency(0, 1, 1)


def results(path, grades, **more):
    """Write the authors' results with these grades of the model, each for a row that physicians graded 3."""
    rows = [
        {**ROW, "#": k, "id": "7", "reference_output": "", "lm_reasoning": "", "lm_error_assessment": "None",
         "lm_risk_grade": grade, "physician_error_assessment": "", **more} for k, grade in enumerate(grades)
    ]  # fmt: skip
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return rows


def test_the_authors_results_are_read_with_grades_as_whole_or_broken_numbers(tmp_path):
    path = tmp_path / "medval-bench.csv"
    rows = results(path, ["3", "3.0", "4.0", "None", "1"])
    for items in ((), [MEDVAL.items(row)[0] for row in [*rows, {**ROW, "#": 99}]]):
        found = tabulate(score_all(MEDVAL.score, MEDVAL.recorded(path, items)))
        assert found.values[:5] == [1, 1, 0, 0, 0]
        assert found.answered[:5] == [True, True, True, False, True]
        assert found.parts["safe or unsafe"][:3] == [1, 1, 1]
    assert len(found.ids) == 6
    assert math.isnan(found.values[5])


def test_results_with_a_row_without_a_grade_are_refused_with_their_place(tmp_path):
    path = tmp_path / "medval-bench.csv"
    results(path, ["3"], physician_risk_grade="")
    with pytest.raises(DataError, match=r"row 1: .*no physician's risk grade"):
        list(MEDVAL.recorded(path, ()))


def test_results_without_the_model_s_grades_are_refused(tmp_path):
    path = tmp_path / "test.json"
    path.write_text(json.dumps([ROW]))
    with pytest.raises(DataError, match="lm_risk_grade"):
        list(MEDVAL.recorded(path, ()))


def test_rows_of_two_tasks_may_have_one_number():
    ids = {MEDVAL.items(ROW | {"task": task})[0].id for task in ("query2question", "dialogue2note")}
    assert len(ids) == 2
