"""Means of many columns with intervals from resampled patients."""

import math

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from dermatrust.agreement.proportion import unvaried_interval
from dermatrust.clinic.estimator import Estimator

NAN = math.nan


def solved(*columns, cluster=None, lowest=0.0, n_resamples=500):
    cluster = np.arange(len(columns[0])) if cluster is None else np.asarray(cluster)
    estimator = Estimator(cluster, int(cluster.max()) + 1)
    places = [estimator.add(column, lowest=lowest) for column in columns]
    found = estimator.solve(np.random.default_rng(0), n_resamples=n_resamples)
    return [found[place] for place in places]


def test_the_mean_and_what_it_is_of():
    (found,) = solved([1.0, 0.0, 1.0, NAN], cluster=[0, 0, 1, 2])
    assert (found.value, found.n, found.n_clusters) == (pytest.approx(2 / 3), 3, 2)
    assert found.low < found.value < found.high


@pytest.mark.parametrize(("value", "hits"), [(0.0, 0), (1.0, 40)])
def test_a_share_of_none_or_all_has_wilsons_interval_and_not_one_without_width(value, hits):
    (found,) = solved([value] * 40)
    low, high = proportion_confint(hits, 40, method="wilson")
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_no_difference_in_any_case_leaves_room_for_one_on_either_side():
    (found,) = solved([0.0] * 40, lowest=-1.0)
    high = proportion_confint(0, 40, method="wilson")[1]
    assert (found.value, found.low, found.high) == (0.0, pytest.approx(-high), pytest.approx(high))


def test_what_does_not_vary_counts_patients_and_not_items():
    (found,) = solved([0.0] * 40, cluster=[k // 4 for k in range(40)])
    assert found.high == pytest.approx(proportion_confint(0, 10, method="wilson")[1])


def test_what_varies_keeps_its_resampled_interval():
    same, varied = solved([1.0] * 30, [1.0] * 29 + [0.0])
    assert same.low != varied.low
    assert varied.high == 1.0
    assert varied.low == pytest.approx(0.9, abs=0.05)


def test_one_patient_or_nothing_has_no_interval():
    one, nothing = solved([1.0, NAN, NAN], [NAN, NAN, NAN])
    assert (one.value, one.n) == (1.0, 1)
    assert all(math.isnan(x) for x in (one.low, one.high, nothing.value, nothing.low, nothing.high))
    assert solved([1.0, 1.0], cluster=[0, 0])[0].n_clusters == 1


def test_ends_lie_on_the_scale_and_draw_together_with_more_patients():
    for value in (0.0, 0.3, 1.0):
        low, high = unvaried_interval([value] * 3, [2, 20, 2000], lowest=0.0, highest=1.0)
        assert (low >= 0).all()
        assert (high <= 1).all()
        assert (np.diff(high - low) < 0).all()


def test_nine_in_ten_patients_are_within_their_interval_where_resampling_alone_fails():
    """At a true share of 1 % most samples of 40 hold no hit at all, and an interval without width never holds it."""
    rng = np.random.default_rng(3)
    samples = (rng.random((300, 40)) < 0.01).astype(float)
    held = sum(one.low <= 0.01 <= one.high for row in samples for one in solved(row, n_resamples=200))
    assert held >= 0.9 * 300
