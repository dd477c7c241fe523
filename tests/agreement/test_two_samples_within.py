"""Gaps within the same label: hand-worked, free of case mix, and with intervals that hold."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dermatrust.agreement.two_samples_within import LabelledSample, within_gap

NAN = float("nan")


def sample(hits, labels, clusters=None):
    values = np.array(hits, dtype=float).reshape(len(labels), -1)
    return LabelledSample(values, labels, range(len(labels)) if clusters is None else clusters)


def gap(second, first, n_resamples=500, seed=0):
    return within_gap(second, first, rng=np.random.default_rng(seed), n_resamples=n_resamples)


def test_a_hand_worked_gap():
    # acne: 1/2 against 1 = -1/2; wart: 1 against 0 = +1; scabies and tinea are in one of them only. Mean: +1/4.
    first = sample([1, 1, 0, 1], ["acne", "acne", "wart", "scabies"])
    second = sample([1, 0, 1, 0], ["acne", "acne", "wart", "tinea"])
    found = gap(second, first)
    assert found.values == pytest.approx([0.25])
    assert found.n_labels.tolist() == [2]
    assert found.n.tolist() == [[3], [3]]


def test_another_mix_of_the_same_diseases_is_no_gap():
    # Acne is always right and wart never, so that 0.9 against 0.1 says nothing of the dataset.
    first = sample([1] * 90 + [0] * 10, ["acne"] * 90 + ["wart"] * 10)
    second = sample([1] * 10 + [0] * 90, ["acne"] * 10 + ["wart"] * 90)
    found = gap(second, first)
    assert found.values == pytest.approx([0.0])
    # Ten that are alike may be off by z^2 / (10 + z^2) = 0.2775, ninety by 0.0409. Of two labels, sqrt(2) / 2 of that.
    assert (found.low[0], found.high[0]) == pytest.approx((-0.1962, 0.0289), abs=1e-4)


def test_one_patient_of_a_disease_is_no_certainty():
    first = sample([1, 0] * 20 + [0] * 12, ["acne"] * 40 + ["wart"] * 12)
    second = sample([1, 1], ["acne", "wart"])
    found = gap(second, first)
    assert found.values == pytest.approx([0.75])
    # Each of the two patients alone may be off by z^2 / (1 + z^2) = 0.793: no less than 0.793 sqrt(2) / 2 down.
    assert found.low[0] < 0.75 - 0.561
    assert found.high[0] == 1.0


@pytest.mark.parametrize("n", [1, 2, 5])
def test_an_interval_has_a_width_however_few_and_alike_the_patients_are(n):
    found = gap(sample([1] * n * 2, ["acne", "wart"] * n), sample([1, 0] * n, ["acne", "wart"] * n))
    assert found.low[0] < found.values[0] == 0.5 < found.high[0]
    swapped = gap(sample([1, 0] * n, ["acne", "wart"] * n), sample([1] * n * 2, ["acne", "wart"] * n))
    assert (swapped.low[0], swapped.high[0]) == pytest.approx((-found.high[0], -found.low[0]))


def test_columns_know_their_own_missing_observations_and_unknown_labels_count_nowhere():
    first = sample([[1, 1], [0, NAN], [1, 0]], ["acne", "wart", None])
    second = sample([[0, 0], [0, 1], [0, 0]], ["acne", "wart", None])
    found = gap(second, first)
    assert found.values == pytest.approx([-0.5, -1.0])
    assert found.n_labels.tolist() == [2, 1]


def test_nothing_shared_is_no_gap_and_one_patient_no_interval():
    assert math.isnan(gap(sample([1], ["acne"]), sample([1], ["wart"])).values[0])
    found = gap(sample([1, 0], ["acne", "acne"], ["p", "p"]), sample([1, 1], ["acne", "acne"]))
    assert found.values == pytest.approx([-0.5])
    assert math.isnan(found.low[0])


def test_intervals_are_those_of_a_difference_of_two_shares_where_there_is_one_label():
    rng = np.random.default_rng(1)
    first, second = rng.random(300) < 0.7, rng.random(200) < 0.5
    found = gap(sample(second, ["acne"] * 200), sample(first, ["acne"] * 300), n_resamples=8_000)
    error = math.sqrt(sum(x.mean() * (1 - x.mean()) / len(x) for x in (first, second)))
    apart = second.mean() - first.mean()
    assert (found.low[0], found.high[0]) == pytest.approx((apart - 1.96 * error, apart + 1.96 * error), abs=0.01)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), min_size=2, max_size=20), st.randoms())
def test_a_sample_beside_itself_has_no_gap_and_order_does_not_matter(items, chance):
    mixed = list(items)
    chance.shuffle(mixed)
    one, other = (sample([hit for hit, _ in some], [label for _, label in some]) for some in (items, mixed))
    assert gap(other, one, n_resamples=20).values == pytest.approx([0.0])
