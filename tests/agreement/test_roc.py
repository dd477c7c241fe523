import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu
from sklearn import metrics

from dermatrust.agreement.roc import auroc, roc_curve, sensitivity_at, youden_point

NAN = math.nan
items = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), max_size=30)


def naive_delong(truth, scores):
    """The variance as DeLong et al. write it: two tables of who beats whom, item by item."""
    above = [s for t, s in zip(truth, scores, strict=True) if t == 1]
    below = [s for t, s in zip(truth, scores, strict=True) if t == 0]
    beats = np.array([[1.0 if a > b else 0.5 if a == b else 0.0 for b in below] for a in above])
    v10, v01 = beats.mean(axis=1), beats.mean(axis=0)
    return beats.mean(), math.sqrt(np.var(v10, ddof=1) / len(above) + np.var(v01, ddof=1) / len(below))


def test_area_and_interval_by_hand():
    # Positive .9, .7, .3; negative .5, .3. Pairs won: 2, 2, 1/2 of 2 -> area 4.5/6. Placements 1, 1, 1/4 (variance
    # .1875) and 2/3, 5/6 (variance 1/72): standard error sqrt(.1875/3 + 1/144) = .2635; .75 - 1.96 · .2635 = .2335.
    found = auroc([1, 1, 1, 0, 0, NAN, 1], [0.9, 0.7, 0.3, 0.5, 0.3, 0.1, NAN])
    assert found.value == 0.75
    assert found.low == pytest.approx(0.75 - 1.959964 * math.sqrt(0.0625 + 1 / 144))
    assert found.high == 1
    assert (found.n_positive, found.n_negative) == (3, 2)


@given(items)
def test_area_is_that_of_scikit_learn_and_of_mann_and_whitney(rows):
    truth, scores = [t for t, _ in rows], [s for _, s in rows]
    found = auroc(truth, scores)
    if len(set(truth)) < 2:
        assert math.isnan(found.value)
        assert math.isnan(found.low)
        return
    assert found.value == pytest.approx(metrics.roc_auc_score(truth, scores))
    above, below = ([s for t, s in rows if t == kind] for kind in (1, 0))
    u = mannwhitneyu(above, below, method="asymptotic").statistic
    assert found.value == pytest.approx(u / (len(above) * len(below)))


@given(items.filter(lambda rows: min(sum(t for t, _ in rows), sum(1 - t for t, _ in rows)) > 1))
def test_interval_is_that_of_delongs_own_formula(rows):
    truth, scores = [t for t, _ in rows], [s for _, s in rows]
    value, error = naive_delong(truth, scores)
    found = auroc(truth, scores)
    assert found.value == pytest.approx(value)
    if error < 1e-12:
        assert math.isnan(found.low)
    else:
        expected = max(0, value - 1.959964 * error), min(1, value + 1.959964 * error)
        assert (found.low, found.high) == pytest.approx(expected, abs=1e-6)


@given(items)
def test_scores_turned_round_turn_the_area_round(rows):
    truth, scores = [t for t, _ in rows], np.array([s for _, s in rows])
    assert auroc(truth, -scores).value == pytest.approx(1 - auroc(truth, scores).value, nan_ok=True)
    assert auroc(truth, np.exp(scores)) == pytest.approx(auroc(truth, scores), nan_ok=True) or not rows


@given(items.filter(lambda rows: len({t for t, _ in rows}) == 2))
def test_curve_is_that_of_scikit_learn(rows):
    truth, scores = [t for t, _ in rows], [s for _, s in rows]
    curve = roc_curve(truth, scores)
    alarms, hits, thresholds = metrics.roc_curve(truth, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.sensitivity, hits)
    np.testing.assert_allclose(1 - curve.specificity, alarms, atol=1e-12)
    np.testing.assert_allclose(curve.thresholds, thresholds)
    assert np.trapezoid(curve.sensitivity, 1 - curve.specificity) == pytest.approx(auroc(truth, scores).value)


@given(items.filter(lambda rows: len({t for t, _ in rows}) == 2), st.sampled_from([0, 0.5, 0.9, 1]))
def test_points_are_the_best_of_all_thresholds_and_do_what_they_say(rows, least):
    truth, scores = np.array(rows, dtype=float).T
    curve = roc_curve(truth, scores)
    at, best = sensitivity_at(curve, least), youden_point(curve)
    tried = [math.inf, *sorted(set(scores))]
    rates = [((scores >= t)[truth == 1].mean(), (scores < t)[truth == 0].mean()) for t in tried]
    assert at.sensitivity == pytest.approx(max(hit for hit, true_negative in rates if true_negative >= least))
    assert best.sensitivity + best.specificity == pytest.approx(max(map(sum, rates)))
    for point in (at, best):
        assert (scores >= point.threshold)[truth == 1].mean() == pytest.approx(point.sensitivity)
        assert (scores < point.threshold)[truth == 0].mean() == pytest.approx(point.specificity)


def test_a_perfect_score_has_no_interval_by_delong():
    found = auroc([1, 1, 0, 0], [4, 3, 2, 1])
    assert found.value == 1
    assert math.isnan(found.low)


def test_interval_covers_the_truth_about_as_often_as_it_says():
    rng, n_covered = np.random.default_rng(0), 0
    truth = np.repeat([1, 0], [40, 60])
    for _ in range(400):
        found = auroc(truth, rng.normal(truth, 1))
        n_covered += found.low <= 0.7602499 <= found.high  # the normal distribution function at 1 / sqrt(2)
    assert 0.92 <= n_covered / 400 <= 0.98


def test_one_kind_gives_no_points():
    curve = roc_curve([1, 1], [0.2, 0.3])
    assert np.isnan(curve.specificity).all()
    assert math.isnan(youden_point(curve).threshold)
    assert math.isnan(sensitivity_at(roc_curve([], []), 0.9).sensitivity)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: roc_curve([1], [1, 2]), r"truth of shape \(1,\) does not fit scores of shape \(2,\)"),
        (lambda: auroc([2], [1]), "truth is 2"),
        (lambda: auroc([1], [1], 0), "confidence is 0"),
        (lambda: sensitivity_at(roc_curve([1], [1]), 1.2), r"specificity is 1\.2"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
