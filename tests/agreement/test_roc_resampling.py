import math

import numpy as np
import pytest

from dermatrust.agreement.bootstrap import resample_weights
from dermatrust.agreement.roc import auroc, roc_curve, sensitivity_at, youden_point
from dermatrust.agreement.roc_resampling import clustered_roc

NAN = math.nan


def test_each_resample_is_the_curve_of_the_items_drawn(monkeypatch):
    """Written out item by item, in one block of resamples or in many."""
    rng = np.random.default_rng(3)
    truth, scores = rng.integers(0, 2, 30).astype(float), rng.integers(0, 8, 30) / 8
    patients = rng.integers(0, 9, 30)
    truth[4], scores[7] = NAN, NAN
    figures = []
    for _, weights in resample_weights(9, 80, np.random.default_rng(4)):
        for weight in weights:
            rows = np.repeat(np.arange(30), weight[patients].astype(int))
            curve = roc_curve(truth[rows], scores[rows])
            area, at = auroc(truth[rows], scores[rows]).value, sensitivity_at(curve, 0.8).sensitivity
            figures.append((area, at))
    expected = np.quantile(np.array(figures), [0.05, 0.95], axis=0).T
    for n_bytes in (4_000_000, 8 * 9 * 7):
        monkeypatch.setattr("dermatrust.agreement.bootstrap._BLOCK_BYTES", n_bytes)
        asked = {"rng": np.random.default_rng(4), "n_resamples": 80, "confidence": 0.9, "specificity": 0.8}
        found = clustered_roc(truth, scores, patients, **asked)
        for one, ends in zip((found.area, found.sensitivity_at), expected, strict=True):
            assert (one.low, one.high) == pytest.approx(tuple(ends))
            assert (one.n, one.n_clusters, one.n_skipped) == (28, 9, 0)
        assert found.area.value == auroc(truth, scores).value
        best = youden_point(roc_curve(truth, scores))
        assert found.youden.value == best.sensitivity + best.specificity - 1
        assert math.isnan(found.youden.low)
        assert math.isnan(found.youden.high)


def test_with_one_item_a_patient_the_interval_is_about_delongs():
    rng = np.random.default_rng(1)
    truth = np.repeat([1, 0], [150, 250])
    scores = rng.normal(truth, 1)
    theirs = auroc(truth, scores)
    found = clustered_roc(truth, scores, np.arange(400), rng=rng, n_resamples=2000).area
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_alike_items_of_one_patient_widen_the_interval():
    rng = np.random.default_rng(2)
    patients = np.repeat(np.arange(100), 3)
    truth = np.repeat(rng.integers(0, 2, 100), 3)
    scores = np.repeat(rng.normal(0, 1, 100), 3) + truth
    honest = clustered_roc(truth, scores, patients, rng=rng, n_resamples=800).area
    naive = auroc(truth, scores)
    assert (honest.high - honest.low) / (naive.high - naive.low) == pytest.approx(math.sqrt(3), abs=0.25)


def test_a_resample_without_a_kind_is_left_out_and_one_patient_has_no_interval():
    patients = ["a", "b", "c"]
    found = clustered_roc([1, 0, 0], [0.9, 0.1, 0.2], patients, rng=np.random.default_rng(0), n_resamples=900)
    assert found.area.n_skipped / 900 == pytest.approx((8 + 1) / 27, abs=0.05)  # never "a", or always
    assert (found.area.low, found.area.high) == (1, 1)
    one = clustered_roc([1, 0], [0.9, 0.1], ["a", "a"], rng=np.random.default_rng(0), n_resamples=9)
    assert one.area.value == 1
    assert math.isnan(one.area.low)
    none = clustered_roc([NAN], [0.5], ["a"], rng=np.random.default_rng(0), n_resamples=9)
    assert math.isnan(none.area.value)
    assert none.area.n == 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"clusters": [0]}, r"truth of shape \(2,\) does not fit clusters of shape \(1,\)"),
        ({"n_resamples": 0}, "n_resamples is 0"),
        ({"specificity": -1}, "specificity is -1"),
        ({"confidence": 1.0}, r"confidence is 1\.0"),
    ],
)
def test_nonsense_is_refused(given, message):
    asked = {"truth": [1, 0], "scores": [1, 0], "clusters": [0, 1]} | given
    with pytest.raises(ValueError, match=message):
        clustered_roc(**asked, rng=np.random.default_rng(0))
