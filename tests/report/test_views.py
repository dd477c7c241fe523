import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.bench.results import Estimate
from dermatrust.bench.text import counted
from dermatrust.report import views

NAN = float("nan")


def test_an_estimate_shows_its_interval():
    assert views.estimate_text(Estimate(3.1418, 3.0199, 3.264, 391, 9)) == "3.14 [3.02, 3.26]"


def test_an_estimate_without_interval_shows_the_mean_and_says_why():
    lone = Estimate(3.0, NAN, NAN, 1, 0)
    assert views.estimate_text(lone) == "3.00"
    assert views.why_undefined(lone) == "no interval: fewer than two patients"


def test_an_undefined_mean_is_a_dash_with_a_reason_and_never_nan():
    assert views.estimate_text(Estimate(NAN, NAN, NAN, 0, 4)) == "–"
    assert views.why_undefined(Estimate(NAN, NAN, NAN, 0, 4)) == "no score"
    assert views.why_undefined(Estimate(NAN, NAN, NAN, 3, 1)) == "a dimension has no score"


def test_a_defined_estimate_needs_no_explanation():
    assert views.why_undefined(Estimate(3, 2, 4, 9, 0)) == ""


def test_equal_numbers_read_the_same_however_they_were_summed():
    value, noisy = 4.195, 4.195 - 9e-16
    assert value != noisy
    assert views.estimate_text(Estimate(value, noisy, value, 9, 0)) == "4.20 [4.20, 4.20]"
    assert views.plain_number(noisy) == "4.2"
    assert views.signed_text(-noisy) == "−4.20"


def test_a_difference_carries_signs():
    assert views.estimate_text(Estimate(-0.126, -0.3, 0.04, 9, 0), signed=True) == "−0.13 [−0.30, +0.04]"


@given(st.floats(-0.004999, 0.004999))
def test_a_difference_that_rounds_to_zero_has_no_sign(value):
    assert views.signed_text(value) == "0.00"


@given(st.floats(-5, 5))
def test_a_signed_number_reads_back_within_half_a_hundredth(value):
    text = views.signed_text(value).replace("−", "-")
    assert float(text) == pytest.approx(value, abs=0.0050001)


@given(st.floats(0, 1))
def test_a_p_value_is_never_printed_as_zero(p):
    text = views.p_text(p)
    assert text == "< 0.001" if p < 0.001 else float(text) == pytest.approx(p, abs=0.00051)


def test_counts_that_differ_over_a_row_are_shown_as_a_range():
    assert views.range_of_text(391, 391, 400) == "391 of 400"
    assert views.range_of_text(388, 391, 400) == "388–391 of 400"


def test_singular_and_plural():
    assert [counted(n, "case") for n in (0, 1, 1200)] == ["0 cases", "1 case", "1,200 cases"]


def test_every_function_takes_nan_without_printing_it():
    shown = [views.score_text(NAN), views.signed_text(NAN), views.p_text(NAN)]
    assert shown == ["–"] * 3
    assert not any("nan" in text for text in shown)


def test_skin_types_are_roman():
    assert [views.skin_type_text(n) for n in range(1, 7)] == ["I", "II", "III", "IV", "V", "VI"]
