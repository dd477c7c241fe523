"""Means of two samples without a common patient: hand-worked, against statsmodels, and by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from dermatrust.agreement.two_samples import sample_gap, sample_means

NAN = float("nan")


def two(first, second, *, clusters=(None, None), seed=0, n_resamples=4_000, **named):
    rngs = np.random.default_rng(seed).spawn(2)
    return [
        sample_means(values, range(len(values)) if own is None else own, rng=rng, n_resamples=n_resamples, **named)
        for values, own, rng in zip((first, second), clusters, rngs, strict=True)
    ]


def gap_of(first, second, **named):
    public, local = two(first, second, **named)
    return sample_gap(local, public)


def test_a_hand_worked_gap():
    # 3 of 4 right in public, 1 of 5 at the bedside: 0.2 - 0.75 = -0.55.
    gap = gap_of([1, 1, 1, 0], [0, 0, 0, 0, 1])
    assert gap.values == pytest.approx([-0.55])
    assert gap.low[0] < -0.55 < gap.high[0]


def test_every_outcome_of_two_patients_each():
    # Each sample has patients 0 and 1: a mean is 0, 1/2, 1 with chances 1/4, 1/2, 1/4; the difference is -1 with 1/16.
    public, local = two([0, 1], [0, 1], n_resamples=64_000)
    apart = local.draws - public.draws
    assert np.mean(apart == -1) == pytest.approx(1 / 16, abs=0.005)
    assert np.mean(apart == 0) == pytest.approx(3 / 8, abs=0.01)


def test_a_missing_answer_is_in_neither_sum_nor_count():
    gap = gap_of([1, NAN, 0, 1, 0], [1, 0, NAN])
    assert gap.values == pytest.approx([0.0])


@pytest.mark.parametrize(("hits", "n"), [((60, 34), (100, 90)), ((150, 110), (400, 300)), ((20, 45), (60, 80))])
def test_near_newcombe_where_patients_have_one_case(hits, n):
    first, second = (np.arange(size) < count for count, size in zip(hits, n, strict=True))
    gap = gap_of(first, second, n_resamples=20_000)
    low, high = confint_proportions_2indep(hits[1], n[1], hits[0], n[0], compare="diff", method="newcomb")
    assert (gap.low[0], gap.high[0]) == pytest.approx((low, high), abs=0.02)


@pytest.mark.parametrize(("hits", "n"), [((20, 12), (20, 30)), ((9, 0), (20, 25)), ((20, 0), (20, 25))])
def test_newcombe_itself_where_a_sample_is_all_right_or_all_wrong(hits, n):
    first, second = (np.arange(size) < count for count, size in zip(hits, n, strict=True))
    public, local = two(first, second)
    gap = sample_gap(local, public)
    low, high = confint_proportions_2indep(hits[1], n[1], hits[0], n[0], compare="diff", method="newcomb")
    bounds = [proportion_confint(count, size, method="wilson") for count, size in zip(hits, n, strict=True)]
    for found, bound, count, size in zip((public, local), bounds, hits, n, strict=True):
        if count in (0, size):
            assert (found.low[0], found.high[0]) == pytest.approx(bound)
    assert (gap.low[0], gap.high[0]) == pytest.approx((low, high), abs=0.05)  # the other half is resampled
    assert gap.high[0] - gap.low[0] > high - low - 0.03  # and expanded, for 20 to 30 patients


def test_patients_with_several_cases_widen_the_interval():
    hits = np.repeat([1, 0] * 15, 8)
    alone = gap_of(hits, hits)
    together = gap_of(hits, hits, clusters=(np.repeat(range(30), 8),) * 2)
    assert together.high[0] - together.low[0] > 2.3 * (alone.high[0] - alone.low[0])  # sqrt(8) = 2.8


def test_the_interval_holds_what_it_promises():
    rng = np.random.default_rng(6)
    held = 0
    for _ in range(400):
        luck = [rng.beta(2, 2, size) for size in (60, 45)]
        hits = [(rng.random((len(p), 3)) < p[:, None]).ravel() for p in luck]
        clusters = [np.repeat(range(len(p)), 3) for p in luck]
        gap = gap_of(*hits, clusters=clusters, seed=int(rng.integers(2**31)), n_resamples=300)
        held += gap.low[0] <= 0 <= gap.high[0]
    assert held >= 360  # 380 promised; with so few patients it is about 375 of 400, as of any percentile interval


@settings(max_examples=40, deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=30), st.lists(st.booleans(), min_size=2, max_size=30))
def test_the_gap_turns_round_with_the_samples_and_stays_in_range(first, second):
    public, local = two(np.array(first, float), np.array(second, float), n_resamples=200)
    there, back = sample_gap(local, public), sample_gap(public, local)
    assert there.values == pytest.approx(-back.values)
    assert there.low == pytest.approx(-back.high)
    for found in (public, local):
        assert found.low[0] <= found.means[0] + 1e-12
        assert found.high[0] >= found.means[0] - 1e-12
        assert found.low[0] < found.high[0]
    assert -1 <= there.low[0] <= there.high[0] <= 1


def test_a_mean_of_means_is_drawn_with_its_parts():
    values = np.array([[1, NAN], [0, NAN], [NAN, 1], [NAN, 1], [1, NAN], [NAN, 0]])
    found = sample_means(values, range(6), rng=np.random.default_rng(0), n_resamples=50, means_of=[(0, 1)])
    assert found.means == pytest.approx([2 / 3, 2 / 3, 2 / 3])
    known = ~np.isnan(found.draws).any(axis=1)
    assert found.draws[known, 2] == pytest.approx(found.draws[known, :2].mean(axis=1))
    assert found.n.tolist() == [3, 3, 3]


def test_one_patient_has_no_interval_and_nobody_no_value():
    alone, none = two([1, 0, 1], [NAN, NAN, NAN], clusters=("ppp", "abc"))
    gap = sample_gap(none, alone)
    assert alone.means[0] == pytest.approx(2 / 3)
    assert math.isnan(alone.low[0])
    assert math.isnan(none.means[0])
    assert math.isnan(gap.values[0])
    assert math.isnan(gap.low[0])


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="outside 0 to 1"):
        sample_means([2.0], ["a"], rng=np.random.default_rng(0))
    fine, shorter = two([1, 0], [1, 0])[0], two([1, 0], [1, 0], n_resamples=7)[0]
    with pytest.raises(ValueError, match="do not fit"):
        sample_gap(fine, shorter)


def test_a_mean_of_means_covers_though_one_of_them_rarely_varies():
    """Four of one kind, right with 0.9; 80 of another, with 0.75: resamples alone cover 0.825 in 65 of 100 studies."""
    rng = np.random.default_rng(0)
    covered = of_resamples = 0
    for seed in range(200):
        values = np.full((84, 2), NAN)
        values[:4, 0], values[4:, 1] = rng.random(4) < 0.9, rng.random(80) < 0.75
        found = sample_means(values, range(84), rng=np.random.default_rng(seed), n_resamples=300, means_of=[(0, 1)])
        covered += found.low[2] <= 0.825 <= found.high[2]
        low, high = np.nanquantile(found.draws[:, 2], [0.025, 0.975])
        of_resamples += low <= 0.825 <= high
    assert covered >= 190 > 150 > of_resamples


def test_the_gap_of_a_mean_of_means_knows_it_too():
    few = np.full((84, 2), NAN)
    few[:4, 0], few[4:, 1] = 1, np.arange(80) % 4 > 0
    many = np.array([[k % 2, NAN] if k < 100 else [NAN, k % 2] for k in range(200)])
    first, other = (
        sample_means(values, range(len(values)), rng=np.random.default_rng(k), n_resamples=500, means_of=[(0, 1)])
        for k, values in enumerate((many, few))
    )
    gap = sample_gap(other, first)
    assert gap.values[2] == pytest.approx(0.375)
    assert gap.values[2] - gap.low[2] > other.means[2] - other.low[2] > 0.24


def test_a_mean_of_means_knows_of_those_that_all_patients_have_alike():
    """Three patients, each with one of two items of either kind: Wilson's 3.84 / 6.84 of each half, combined."""
    values = [[1, NAN], [0, NAN], [NAN, 1], [NAN, 0]] * 3
    found = sample_means(values, np.arange(12) // 4, rng=np.random.default_rng(0), n_resamples=50, means_of=[[0, 1]])
    reach = 0.5 * 3.8415 / 6.8415
    assert found.high[:2] - 0.5 == pytest.approx([reach, reach], abs=1e-4)
    assert found.high[2] - 0.5 == pytest.approx(reach / math.sqrt(2), abs=1e-4)
    assert 0.5 - found.low[2] == pytest.approx(reach / math.sqrt(2), abs=1e-4)
