import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.agreement.bootstrap import KeptDraws
from dermatrust.clinic.abstention import stated_confidence

NAN = math.nan
answers = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, NAN]), st.sampled_from([0.1, 0.5, 0.9, NAN]), st.booleans(), st.booleans()),
    min_size=1, max_size=30,
)  # fmt: skip


def confidence_of(right, stated, answered=None, abstained=None, patients=None, **options):
    right = np.asarray(right, dtype=float)
    answered = np.ones(len(right), bool) if answered is None else np.asarray(answered, bool)
    abstained = np.zeros(len(right), bool) if abstained is None else np.asarray(abstained, bool)
    patients = np.arange(len(right)) if patients is None else np.asarray(patients)
    options = {"draws": KeptDraws(0), "n_resamples": 100} | options
    return stated_confidence(right, np.asarray(stated, dtype=float), answered, abstained, patients, **options)


def test_every_count_by_hand():
    # Right at .9, wrong at .8, right without a number, silent, cannot tell (its number does not count), missing.
    right, stated = [1, 0, 1, 0, 0, NAN], [0.9, 0.8, NAN, NAN, 0.7, 0.6]
    found = confidence_of(right, stated, [1, 1, 1, 0, 1, 1], [0, 0, 0, 0, 1, 0])
    assert (found.n, found.n_abstained, found.n_silent, found.n_without) == (5, 1, 1, 1)
    assert found.coverage.value == pytest.approx(3 / 5)
    assert found.accuracy_answered.value == pytest.approx(2 / 3)
    assert found.accuracy_all.value == pytest.approx(2 / 5)
    assert found.stated == pytest.approx(0.85)
    assert found.excess.value == pytest.approx(0.35)
    assert found.ece == pytest.approx((0.1 + 0.8) / 2)
    assert found.area.value == pytest.approx((0 + 1 / 2) / 2)
    assert found.area_by_chance == 0.5
    assert sum(n for _, _, n in found.bins) == 2


@given(answers)
def test_counts_add_up_and_covering_less_never_lowers_accuracy_of_the_answered(rows):
    right, stated, answered, abstained = zip(*rows, strict=True)
    right = [0.0 if r == 1 and (not a or c) else r for r, a, c in zip(right, answered, abstained, strict=True)]
    found = confidence_of(right, stated, answered, abstained, n_resamples=5)
    if found is None:
        return
    n_said = round(found.coverage.value * found.n)
    assert found.n == n_said + found.n_abstained + found.n_silent
    assert found.accuracy_all.value <= found.accuracy_answered.value + 1e-12
    assert found.accuracy_all.value == pytest.approx(found.accuracy_answered.value * found.coverage.value)


def test_sure_where_right_has_a_smaller_area_than_chance_and_the_reverse_a_larger():
    right = np.repeat([1, 0], [30, 20])
    assert confidence_of(right, right * 0.5 + 0.2).area.value < 0.4 * 0.6
    assert confidence_of(right, 0.7 - right * 0.5).area.value > 0.4


def test_calibrated_confidence_has_no_excess_and_overconfidence_shows():
    rng = np.random.default_rng(0)
    stated = rng.uniform(0.2, 0.8, 4000)
    right = (rng.random(4000) < stated).astype(float)
    honest, sure = confidence_of(right, stated), confidence_of(right, stated + 0.15)
    assert honest.excess.low < 0 < honest.excess.high
    assert honest.ece < 0.03
    assert sure.excess.low > 0.12
    assert sure.ece == pytest.approx(0.15, abs=0.03)


def test_the_curve_covers_what_is_not_answered_too():
    right = np.repeat([1.0, 0.0], [30, 20])
    found = confidence_of(right, np.linspace(1, 0, 50), np.arange(50) < 40)
    assert found.risk_at[0][0] == pytest.approx(10 / 50)
    assert found.risk_at[-1] == pytest.approx((40 / 50, 10 / 40))


def test_intervals_are_over_patients():
    rng = np.random.default_rng(1)
    right, patients = np.repeat(rng.integers(0, 2, 60), 4), np.repeat(np.arange(60), 4)
    alone = confidence_of(right, np.full(240, 0.5), n_resamples=500).accuracy_all
    repeated = confidence_of(right, np.full(240, 0.5), patients=patients, n_resamples=500).accuracy_all
    assert (repeated.high - repeated.low) / (alone.high - alone.low) == pytest.approx(2, abs=0.3)


def test_nobody_who_states_a_number_is_none():
    assert confidence_of([1, 0], [NAN, NAN]) is None
    assert confidence_of([0], [0.5], abstained=[True]) is None
    assert confidence_of([NAN], [0.5]) is None


@pytest.mark.parametrize("is_right", [0.0, 1.0])
def test_what_no_resample_varies_has_wilsons_interval(is_right):
    """Nine patients alike: up to z^2 / (9 + z^2) = 0.2992 of all patients may be otherwise."""
    found = confidence_of([is_right] * 9, [0.8] * 9)
    share = 0.2992
    ends = (0.0, share) if is_right == 0 else (1 - share, 1.0)
    for one in (found.accuracy_answered, found.accuracy_all):
        assert (one.value, one.low, one.high) == pytest.approx((is_right, *ends), abs=1e-4)
    assert (found.coverage.low, found.coverage.high) == pytest.approx((1 - share, 1.0), abs=1e-4)
    assert (found.area.low, found.area.high) == pytest.approx((1 - ends[1], 1 - ends[0]), abs=1e-4)
    apart = 0.8 - is_right
    assert (found.excess.low, found.excess.high) == pytest.approx(
        (apart - share * (apart + 1), apart + share * (1 - apart)), abs=1e-4
    )
