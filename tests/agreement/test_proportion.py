import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from dermatrust.agreement.proportion import proportion, share, wilson_interval, zero_or_one

counts = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_interval_worked_by_hand():
    # 2 of 4, z² = 4 (about 95.45 %): centre 4/8, half sqrt(4 (2·1/2 + 1)) / 8 = sqrt(8) / 8.
    low, high = wilson_interval(2, 4, math.erf(math.sqrt(2)))
    assert (float(low), float(high)) == pytest.approx((0.5 - math.sqrt(8) / 8, 0.5 + math.sqrt(8) / 8))


@given(counts, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_interval_is_that_of_statsmodels(count, confidence):
    n_hits, n = count
    found = proportion(n_hits, n, confidence)
    theirs = proportion_confint(n_hits, n, alpha=1 - confidence, method="wilson")
    assert (found.low, found.high) == pytest.approx(theirs, abs=1e-12)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.value == n_hits / n


@given(counts)
def test_hits_and_misses_mirror_each_other(count):
    n_hits, n = count
    low, high = wilson_interval(n_hits, n)
    mirrored_low, mirrored_high = wilson_interval(n - n_hits, n)
    assert (float(low), float(high)) == pytest.approx((1 - float(mirrored_high), 1 - float(mirrored_low)))


def test_many_at_once_are_each_by_itself():
    low, high = wilson_interval([[0, 3], [5, 0]], [[4, 3], [9, 0]])
    assert low.shape == high.shape == (2, 2)
    for k in np.ndindex(2, 2):
        one = proportion([[0, 3], [5, 0]][k[0]][k[1]], [[4, 3], [9, 0]][k[0]][k[1]])
        assert (low[k], high[k]) == pytest.approx((one.low, one.high), nan_ok=True)
    assert low[0, 0] == 0
    assert high[0, 1] == 1


def test_it_covers_the_truth_about_as_often_as_it_says():
    low, high = wilson_interval(np.random.default_rng(0).binomial(40, 0.15, 20_000), 40)
    assert 0.93 < ((low <= 0.15) & (high >= 0.15)).mean() < 0.97


def test_without_items_nothing_is_known():
    found = share([math.nan, math.nan])
    assert np.isnan([found.value, found.low, found.high]).all()
    assert (found.n_hits, found.n) == (0, 0)


def test_missing_flags_are_no_items():
    assert share([1, math.nan, 0, 1]) == proportion(2, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wilson_interval(3, 2), "3 hits of 2 items"),
        (lambda: wilson_interval(-1, 2), "-1 hits"),
        (lambda: wilson_interval(1, math.inf), "inf items"),
        (lambda: wilson_interval(1, 2, 1.0), r"confidence is 1\.0"),
        (lambda: share([0.5]), r"flag is 0\.5; expected 0 or 1"),
        (lambda: zero_or_one([2], "truth"), "truth is 2"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
