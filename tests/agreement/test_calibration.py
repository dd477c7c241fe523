import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from dermatrust.agreement.calibration import calibration_terms, expected_calibration_error, reliability_curve
from dermatrust.agreement.interval import estimate

NAN = math.nan
items = st.lists(
    st.tuples(st.floats(0, 1) | st.integers(0, 20).map(lambda k: k / 20), st.integers(0, 1)), min_size=1, max_size=30
)


def naive_error(probabilities, outcomes, n_bins):
    """The definition of Guo et al., bin by bin; bins hold their upper edge, the first one 0 as well."""
    total = 0.0
    for k in range(n_bins):
        inside = [i for i, p in enumerate(probabilities) if k / n_bins < p <= (k + 1) / n_bins or (k == 0 and p == 0)]
        if inside:
            stated = np.mean([probabilities[i] for i in inside])
            observed = np.mean([outcomes[i] for i in inside])
            total += len(inside) / len(probabilities) * abs(stated - observed)
    return total


def test_error_and_curve_by_hand():
    # Of four bins the first holds 0.1 and 0.25 (mean .175, share 1/2), the second 0.5 (share 0), the third nothing and
    # the last 0.8 and 1.0 (mean .9, share 1): 2/5 * .325 + 1/5 * .5 + 2/5 * .1 = .27. The last item lacks an outcome.
    probabilities, outcomes = [0.1, 0.25, 0.5, 0.8, 1.0, 0.3], [0, 1, 0, 1, 1, NAN]
    assert expected_calibration_error(4)([probabilities, outcomes]) == pytest.approx(0.27)
    curve = reliability_curve(probabilities, outcomes, n_bins=4)
    assert curve.mean_probabilities.tolist() == pytest.approx([0.175, 0.5, NAN, 0.9], nan_ok=True)
    assert curve.shares.tolist() == pytest.approx([0.5, 0.0, NAN, 1.0], nan_ok=True)
    assert curve.n.tolist() == [2, 1, 0, 2]


@pytest.mark.parametrize(("probability", "bin_number"), [(0.0, 0), (0.1, 0), (0.3, 2), (0.6, 5), (0.61, 6), (1.0, 9)])
def test_an_edge_belongs_to_the_bin_below_it(probability, bin_number):
    assert np.flatnonzero(reliability_curve([probability], [1]).n).tolist() == [bin_number]


@given(items, st.sampled_from([1, 5, 10, 20]))
def test_error_is_that_of_a_loop(rows, n_bins):
    probabilities, outcomes = zip(*rows, strict=True)
    found = expected_calibration_error(n_bins)([probabilities, outcomes])
    assert found == pytest.approx(naive_error(probabilities, outcomes, n_bins), abs=1e-12)
    assert 0 <= found <= 1


@given(items)
def test_curve_is_that_of_scikit_learn(rows):
    probabilities, outcomes = zip(*rows, strict=True)
    curve = reliability_curve([*probabilities, NAN, 0.5], [*outcomes, 1, NAN])
    shares, means = calibration_curve(outcomes, probabilities, n_bins=10)
    np.testing.assert_allclose(curve.shares[curve.n > 0], shares, atol=1e-12)
    np.testing.assert_allclose(curve.mean_probabilities[curve.n > 0], means, atol=1e-12)


def test_probabilities_that_come_true_have_no_error():
    assert expected_calibration_error()([[0, 0.5, 0.5, 1], [0, 0, 1, 1]]) == 0
    assert expected_calibration_error()([[1.0, 0.0], [0, 1]]) == 1


def test_without_items_nothing_is_defined():
    assert math.isnan(expected_calibration_error()([[0.5, NAN], [NAN, 1]]))
    assert math.isnan(expected_calibration_error()([[], []]))
    assert reliability_curve([], []).n.tolist() == [0] * 10


def test_stacked_sums_give_what_each_gives():
    rng = np.random.default_rng(0)
    statistic = expected_calibration_error(5)
    terms = statistic.terms(np.array([rng.random(40), rng.integers(0, 2, 40)]))
    assert (terms[:, 0] == terms[:, 1:6].sum(axis=1)).all()
    sums = rng.integers(0, 3, (3, 4, 40)) @ terms
    sums[0, 0] = 0
    expected = [[float(statistic.value(row)) for row in block] for block in sums]
    np.testing.assert_array_equal(statistic.value(sums), expected)
    assert math.isnan(expected[0][0])


def test_it_is_resampled_by_patient():
    rng = np.random.default_rng(1)
    ratings = np.array([rng.random(30), rng.integers(0, 2, 30)])
    found = estimate(expected_calibration_error(5), ratings, np.arange(30) // 3, rng=rng, n_resamples=200)
    assert (found.n, found.n_clusters, found.n_skipped) == (30, 10, 0)
    assert found.low < found.high


def test_statistics_of_as_many_bins_share_their_terms():
    assert expected_calibration_error(7).terms is expected_calibration_error(7).terms is calibration_terms(7)
    assert expected_calibration_error(7).terms is not expected_calibration_error(8).terms


@pytest.mark.parametrize(
    ("probabilities", "outcomes", "message"),
    [
        ([0.5, 1.2], [0, 1], r"probability is 1\.2; expected a number from 0 to 1"),
        ([-0.1], [NAN], r"probability is -0\.1"),
        ([0.5], [0.5], r"outcome is 0\.5; expected 0 or 1"),
        ([0.5], [0, 1], r"shape \(1,\) do not fit outcomes of shape \(2,\)"),
        ([[0.5]], [[1]], "expected"),
    ],
)
def test_what_is_no_probability_or_outcome_is_refused(probabilities, outcomes, message):
    with pytest.raises(ValueError, match=message):
        reliability_curve(probabilities, outcomes)


def test_there_is_at_least_one_bin():
    with pytest.raises(ValueError, match="n_bins is 0; it must be at least 1"):
        expected_calibration_error(0)
