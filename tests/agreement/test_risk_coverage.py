import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_curve

from dermatrust.agreement.bootstrap import resample_weights
from dermatrust.agreement.risk_coverage import risk_coverage, risk_coverage_area

NAN = math.nan
items = st.lists(
    st.tuples(st.integers(0, 5).map(float) | st.just(NAN), st.integers(0, 10).map(lambda k: k / 2) | st.just(NAN)),
    max_size=20,
)


def naive_area(confidence, errors):
    """The definition of Geifman et al.: the mean, over items, of the mean error of all at least as confident."""
    known = [(c, e) for c, e in zip(confidence, errors, strict=True) if not (math.isnan(c) or math.isnan(e))]
    return np.mean([np.mean([e for c, e in known if c >= own]) for own, _ in known]) if known else NAN


def test_curve_by_hand():
    # By falling confidence: .9 with error 1, then .5 twice with 0 and 3, then .1 with 0; one item lacks an error.
    # Covered 1/4, 3/4, 1 with mean errors 1, 4/3, 1; the area is (1 + 4/3 + 4/3 + 1) / 4 = 7/6.
    curve = risk_coverage([0.5, 0.1, 0.9, 0.7, 0.5], [0, 0, 1, NAN, 3])
    assert curve.coverage.tolist() == [0.25, 0.75, 1.0]
    assert curve.risk.tolist() == pytest.approx([1, 4 / 3, 1])
    assert curve.area == pytest.approx(7 / 6)
    assert curve.n == 4


@given(items, st.randoms(use_true_random=False))
def test_area_is_that_of_a_loop_whatever_the_order_of_items(rows, random):
    shuffled = random.sample(rows, len(rows))
    found, again = risk_coverage(*columns(rows)), risk_coverage(*columns(shuffled))
    assert found.area == pytest.approx(naive_area(*columns(rows)), nan_ok=True)
    assert again.area == pytest.approx(found.area, nan_ok=True)
    np.testing.assert_array_equal(again.risk, found.risk)


def test_risk_of_wrong_or_right_is_scikit_learns_precision():
    rng = np.random.default_rng(0)
    confidence, wrong = rng.integers(0, 30, 200) / 30, rng.integers(0, 2, 200)
    precision, _, thresholds = precision_recall_curve(1 - wrong, confidence)
    curve = risk_coverage(confidence, wrong)
    np.testing.assert_allclose(curve.risk, 1 - precision[:-1][::-1])
    np.testing.assert_allclose(curve.coverage, [(confidence >= t).mean() for t in thresholds[::-1]])


@given(st.lists(st.integers(0, 3), min_size=1, max_size=15), st.floats(0, 5))
def test_a_constant_error_gives_a_constant_curve(confidence, error):
    curve = risk_coverage(confidence, [error] * len(confidence))
    np.testing.assert_allclose(curve.risk, error)
    assert curve.area == pytest.approx(error)


def test_confidence_that_falls_as_errors_rise_has_the_least_area():
    errors = np.arange(6.0)
    best, worst = risk_coverage(-errors, errors).area, risk_coverage(errors, errors).area
    rng = np.random.default_rng(2)
    areas = [risk_coverage(rng.permutation(6), errors).area for _ in range(50)]
    assert best < errors.mean() < worst
    assert best <= min(areas) < max(areas) <= worst


def test_without_items_the_curve_is_empty():
    curve = risk_coverage([NAN, 1.0], [1.0, NAN])
    assert curve.coverage.shape == curve.risk.shape == (0,)
    assert math.isnan(curve.area)
    found = risk_coverage_area([NAN, 1.0], [1.0, NAN], ["a", "b"], rng=np.random.default_rng(0), n_resamples=9)
    assert math.isnan(found.value)
    assert math.isnan(found.low)
    assert (found.n, found.n_clusters, found.n_skipped) == (0, 0, 9)


def test_interval_is_of_the_areas_of_repeated_patients():
    """Each resample written out item by item."""
    rng = np.random.default_rng(3)
    confidence, errors, patients = rng.integers(0, 6, 25).astype(float), rng.random(25), rng.integers(0, 8, 25)
    confidence[4] = errors[9] = NAN
    areas = []
    for _, weights in resample_weights(8, 60, np.random.default_rng(4)):
        for weight in weights:
            rows = np.repeat(np.arange(25), weight[patients].astype(int))
            areas.append(naive_area(confidence[rows], errors[rows]))
    expected = np.quantile(areas, [0.05, 0.95])
    asked = {"rng": np.random.default_rng(4), "n_resamples": 60, "interval_confidence": 0.9}
    found = risk_coverage_area(confidence, errors, patients, **asked)
    assert (found.low, found.high) == pytest.approx(tuple(expected))
    assert found.value == risk_coverage(confidence, errors).area
    assert (found.n, found.n_clusters, found.n_skipped) == (23, 8, 0)


def test_one_patient_gives_no_interval_and_a_resample_without_items_is_left_out():
    one = risk_coverage_area([1, 2], [0.5, 1], ["a", "a"], rng=np.random.default_rng(0), n_resamples=9)
    assert one.value == pytest.approx(0.875)
    assert math.isnan(one.low)
    found = risk_coverage_area(
        [1, 2, NAN, NAN], [0.5, 1, 1, 1], [0, 1, 2, 3], rng=np.random.default_rng(0), n_resamples=400
    )
    assert 0 < found.n_skipped < 100  # about 400 / 16 draw neither of the two patients with items
    assert (found.low, found.high) == (0.5, 1.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"confidence": [1.0]}, r"confidence of shape \(1,\) does not fit errors of shape \(2,\)"),
        ({"errors": [1.0, math.inf]}, "an error is infinite"),
        ({"clusters": [0]}, r"errors of shape \(2,\) do not fit clusters of shape \(1,\)"),
        ({"n_resamples": 0}, "n_resamples is 0"),
        ({"interval_confidence": 1.0}, r"confidence is 1\.0"),
    ],
)
def test_what_does_not_fit_is_refused(given, message):
    asked = {"confidence": [1.0, 2.0], "errors": [0.0, 1.0], "clusters": [0, 1]} | given
    with pytest.raises(ValueError, match=message):
        risk_coverage_area(**asked, rng=np.random.default_rng(0))


def columns(rows):
    return [c for c, _ in rows], [e for _, e in rows]
