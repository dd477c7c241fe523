"""Numbers, dates, durations and boxes in replies; arithmetic that runs nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.errors import DataError
from dermatrust.protocols.published import medcalc_bench
from dermatrust.protocols.scorers.boxes import first_box, in_pixels, intersection_over_union
from dermatrust.protocols.scorers.numbers import (
    date_in,
    decimal_in,
    integer_in,
    numbers_in,
    stated_answer,
    weeks_and_days_in,
    work_out,
)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ('{"step_by_step_thinking": "answer: 3", "answer": "4.5"}', "4.5"),
        ("Answer: 4.5", "4.5"),
        ("The answer is 4.5.", "4.5"),
        ("answer: 1\nanswer: 2", "2"),
        ("**Answer:** 30 mg", "30 mg"),
        ("thirty", "thirty"),
        ("", ""),
    ],
)
def test_the_answer_is_what_is_stated_last(reply, answer):
    assert stated_answer(reply) == answer


@pytest.mark.parametrize(
    ("formula", "value"),
    [("(140-40)*70/(72*2)", 7000 / 144), ("2^3", 8.0), ("-3 + 4", 1.0), ("1e2", 100.0), ("6 ÷ 4", 1.5)],
)
def test_arithmetic_is_worked_out(formula, value):
    assert work_out(formula) == pytest.approx(value)


@pytest.mark.parametrize(
    "formula",
    [
        "__import__('os').system('true')", "open('x')", "a + 1", "1/0", "9**9**9**9", "(-8)**0.5", "True", "'3'", "",
        "lambda: 1", "[1][0]", "1" * 300, "((((" * 60, "1 if 2 else 3", "10**100000",
    ],
)  # fmt: skip
def test_nothing_else_is_and_nothing_is_run(formula):
    assert work_out(formula) is None


@given(st.text(max_size=60))
def test_no_text_makes_arithmetic_raise(text):
    for value in (work_out(text), decimal_in(text)):
        assert value is None or isinstance(value, float)
    assert integer_in(text) is None or isinstance(integer_in(text), int)


@given(st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3)))
def test_a_number_is_found_as_it_was_written(number):
    assert numbers_in(f"It comes to {number:,.3f} mg.") == [pytest.approx(number)]


@pytest.mark.parametrize(
    ("text", "number"),
    [("3 out of 9", 3), ("1, 1, 2", 3), ("-1", -1), ("about 5.6", 6), ("1,160", 1160), ("none", None)],
)  # fmt: skip
def test_integers(text, number):
    assert integer_in(text) == number


def test_a_percentage_is_a_share_and_a_number_stays():
    assert decimal_in("12.5 %") == pytest.approx(0.125)
    assert decimal_in("from 1 to 12.5") == pytest.approx(12.5)


def test_dates_and_durations():
    assert date_in("on 09/03/2014, not 9/4/2014") == (2014, 9, 4)
    assert date_in("2014-09-03") is None
    assert weeks_and_days_in("('17 weeks', '4 days')") == (17, 4)
    assert weeks_and_days_in("17") is None


@pytest.mark.parametrize(
    "reply",
    ["(1,2),(3,4)", "x [1, 2, 3, 4] y", "(1.0, 2.0, 3.0, 4.0)", "<box>1 2 3 4</box>", "[9,9,9,9] then (1,2),(3,4)"],
)
def test_boxes_are_found_in_every_form_by_the_order_of_forms(reply):
    assert first_box(reply) == (1, 2, 3, 4)


def test_no_box():
    assert first_box("I see (1,2) and [3,4,5]") is None


boxes = st.tuples(*[st.floats(0, 100, allow_nan=False)] * 4)


@given(boxes, boxes)
def test_overlap_is_a_share_and_symmetric(one, other):
    overlap = intersection_over_union(one, other)
    assert 0 <= overlap <= 1 + 1e-9
    assert overlap == pytest.approx(intersection_over_union(other, one))


@given(boxes)
def test_a_box_overlaps_itself_whole_unless_it_has_no_area(box):
    area = abs(box[2] - box[0]) * abs(box[3] - box[1])
    if area > 1e-6:
        assert intersection_over_union(box, box) == pytest.approx(1)


def test_hand_worked_overlaps():
    assert intersection_over_union((0, 0, 2, 2), (1, 1, 3, 3)) == pytest.approx(1 / 7)
    assert intersection_over_union((0, 0, 1, 1), (1, 0, 2, 1)) == 0
    assert intersection_over_union((0, 0, 0, 5), (0, 0, 0, 5)) == 0
    assert intersection_over_union((2, 2, 0, 0), (0, 0, 2, 2)) == pytest.approx(1)


def test_conventions():
    assert in_pixels((500, 250, 1000, 500), "per mille", (336, 100)) == (168, 25, 336, 50)
    assert in_pixels((250, 500, 500, 1000), "per mille, y first", (336, 100)) == (168, 25, 336, 50)
    assert not any(map(math.isnan, in_pixels((1, 2, 3, 4), "pixels", (1, 1))))


def test_a_calculator_whose_answer_is_of_another_kind_is_no_row():
    row = medcalc_bench.PROTOCOL.examples[2].row  # a date
    with pytest.raises(DataError, match="calculator 2 cannot come to '09/03/2014'"):
        medcalc_bench.PROTOCOL.items({**row, "Calculator ID": 2})
