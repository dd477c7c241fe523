import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from dermatrust.agreement import confusion_rates as rates
from dermatrust.agreement.confusion_rates import confusion_rates, confusion_terms
from dermatrust.agreement.interval import estimate
from dermatrust.agreement.proportion import proportion

NAN = math.nan
flags = st.sampled_from([0, 1, NAN])
items = st.lists(st.tuples(flags, flags, flags), max_size=25)
NAMES = ("sensitivity", "specificity", "ppv", "npv", "accuracy", "balanced_accuracy")


def test_rates_by_hand():
    # Five urgent: 3 found, 1 missed, 1 unanswered. Four routine: 1 alarm, 2 right, 1 unanswered. One has no truth, one
    # no call, and they do not count; what stands for the call of an unanswered item does not matter.
    truth = [1, 1, 1, 1, 1, 0, 0, 0, 0, NAN, 1]
    call = [1, 1, 1, 0, 1, 1, 0, 0, NAN, 1, NAN]
    answered = [1, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1]
    found = confusion_rates(truth, call, answered)
    counts = (found.true_positives, found.false_negatives, found.unanswered_positives)
    assert (*counts, found.false_positives, found.true_negatives, found.unanswered_negatives) == (3, 1, 1, 1, 2, 1)
    assert found.sensitivity == proportion(3, 5)
    assert found.specificity == proportion(2, 4)
    assert found.ppv == proportion(3, 4)
    assert found.npv == proportion(2, 3)
    assert found.accuracy == proportion(5, 9)
    assert found.n == 9
    assert found.balanced_accuracy.value == pytest.approx((3 / 5 + 2 / 4) / 2)
    half = math.hypot(0.6 - found.sensitivity.low, 0.5 - found.specificity.low) / 2
    assert found.balanced_accuracy.low == pytest.approx(0.55 - half)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=40))
def test_rates_are_those_of_scikit_learn(pairs):
    truth, call = zip(*pairs, strict=True)
    found = confusion_rates(truth, call)
    tn, fp, fn, tp = metrics.confusion_matrix(truth, call, labels=[0, 1]).ravel()
    assert (found.true_negatives, found.false_positives, found.false_negatives, found.true_positives) == (
        tn,
        fp,
        fn,
        tp,
    )
    theirs = {
        "sensitivity": metrics.recall_score(truth, call, zero_division=np.nan),
        "specificity": metrics.recall_score(truth, call, pos_label=0, zero_division=np.nan),
        "ppv": metrics.precision_score(truth, call, zero_division=np.nan),
        "npv": metrics.precision_score(truth, call, pos_label=0, zero_division=np.nan),
        "accuracy": metrics.accuracy_score(truth, call),
    }
    for name, value in theirs.items():
        assert getattr(found, name).value == pytest.approx(value, nan_ok=True)
    if len(set(truth)) == 2:
        assert found.balanced_accuracy.value == pytest.approx(metrics.balanced_accuracy_score(truth, call))


@given(items)
def test_statistics_are_the_rates_and_an_unanswered_item_is_a_wrong_one(rows):
    truth, call, answered = np.array(rows, dtype=float).reshape(-1, 3).T
    found = confusion_rates(truth, call, answered)
    for name in NAMES:
        assert getattr(rates, name)([truth, call, answered]) == pytest.approx(getattr(found, name).value, nan_ok=True)
    as_wrong = np.where(answered == 0, 1 - truth, call)
    wrong = confusion_rates(np.where(np.isnan(answered), NAN, truth), as_wrong)
    for name in ("sensitivity", "specificity", "accuracy"):
        assert astuple(getattr(wrong, name)) == pytest.approx(astuple(getattr(found, name)), nan_ok=True)
    for name in ("ppv", "npv"):
        assert not getattr(wrong, name).value > getattr(found, name).value + 1e-9


def test_without_a_kind_its_rates_are_undefined_not_zero():
    found = confusion_rates([1, 1], [1, 0])
    assert found.sensitivity.value == 0.5
    assert math.isnan(found.specificity.value)
    assert math.isnan(found.specificity.low)
    assert math.isnan(found.balanced_accuracy.value)
    assert math.isnan(confusion_rates([], []).accuracy.value)
    assert math.isnan(confusion_rates([1], [1], [0]).ppv.value)


def test_interval_of_balanced_accuracy_covers_the_truth():
    rng = np.random.default_rng(0)
    truth = np.repeat([1, 0], [40, 80])
    n_covered = 0
    for _ in range(400):
        call = np.where(truth == 1, rng.random(120) < 0.8, rng.random(120) < 0.3)
        found = confusion_rates(truth, call).balanced_accuracy
        n_covered += found.low <= 0.75 <= found.high
    assert 0.92 <= n_covered / 400 <= 0.98


def test_intervals_over_patients_are_wider_where_patients_repeat():
    rng = np.random.default_rng(1)
    patients = np.repeat(np.arange(60), 3)
    ratings = np.repeat([rng.integers(0, 2, 60), rng.integers(0, 2, 60)], 3, axis=1).astype(float)
    honest = estimate(rates.sensitivity, ratings, patients, rng=rng, n_resamples=800)
    naive = estimate(rates.sensitivity, ratings, rng=rng, n_resamples=800)
    assert (honest.high - honest.low) / (naive.high - naive.low) == pytest.approx(math.sqrt(3), abs=0.25)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[2], [1]], "truth is 2; expected 0 or 1"),
        ([[1], [0.5]], r"call is 0\.5"),
        ([[1], [1], [3]], "answered is 3"),
        ([[1], [1], [1], [1]], "ratings of 4 rows"),
    ],
)
def test_nonsense_is_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        confusion_terms(np.array(rows, dtype=float))
