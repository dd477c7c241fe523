"""What people say of a sample, led back to all answers."""

import math

import numpy as np
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from dermatrust.clinic.filled_sheets import KeyItem
from dermatrust.clinic.people_shares import shares_by_rater
from dermatrust.clinic.people_text import people_csv, shares_text

NAN = math.nan


def item(number, *, model="m", case=None, weight=1.0):
    about = (f"case-{case or number}", model, "image only", "all")
    return KeyItem(f"s{number}", f"c{case or number}", about, ("acne",), (1,), {"exact": 0.0, "synonym": 0.0}, weight)


def test_an_answer_counts_for_as_many_as_it_stands_for():
    # of 10 answers that are right first 1 was drawn, of 2 that are not named 2
    key = [item(1, weight=10), item(2), item(3), item(4, model="other", weight=7)]
    one, other = shares_by_rater(key, {"ann": np.array([1.0, 0, 4, 3])}, n_resamples=50)
    assert [hit.value for hit in one.hits] == pytest.approx([10 / 12, 10 / 12, 11 / 12])
    assert [hit.value for hit in other.hits] == [0, 1, 1]
    assert (one.model, one.n, one.n_missing, one.hits[0].n_clusters) == ("m", 3, 0, 3)
    assert (other.model, other.n) == ("other", 1)
    assert math.isnan(other.hits[1].low)


def test_what_a_person_left_open_counts_for_nothing_and_is_counted():
    key = [item(1, weight=10), item(2, weight=5), item(3, weight=5)]
    (found,) = shares_by_rater(key, {"ann": np.array([NAN, 1, 0])}, n_resamples=50)
    assert (found.n, found.n_missing, found.hits[0].value) == (2, 1, 0.5)
    (nothing,) = shares_by_rater(key, {"ann": np.full(3, NAN)}, n_resamples=50)
    assert (nothing.n, nothing.n_missing) == (0, 3)
    assert math.isnan(nothing.hits[0].value)


def test_the_share_is_the_weighted_mean_of_statsmodels_and_about_as_wide():
    rng = np.random.default_rng(1)
    weights, ranks = rng.integers(1, 9, 300).astype(float), rng.integers(0, 6, 300).astype(float)
    key = [item(k + 1, weight=float(weight)) for k, weight in enumerate(weights)]
    (found,) = shares_by_rater(key, {"ann": ranks})
    hit = (ranks > 0) & (ranks <= 3)
    known = DescrStatsW(hit.astype(float), weights=weights)
    assert found.hits[1].value == pytest.approx(known.mean)
    error = np.sqrt((weights**2 * (hit - known.mean) ** 2).sum()) / weights.sum()  # the linearised ratio
    assert found.hits[1].high - found.hits[1].low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_equal_weights_are_the_plain_share_whatever_they_are():
    ranks = np.array([1.0, 0, 2, 0, 1])
    for weight in (1.0, 40.0):
        key = [item(k, weight=weight) for k in range(1, 6)]
        (found,) = shares_by_rater(key, {"ann": ranks}, n_resamples=50)
        assert [hit.value for hit in found.hits] == [0.4, 0.6, 0.6]


def test_answers_about_one_case_stand_or_fall_together():
    ranks = np.array([float(k % 20 < 10) for k in range(200)])
    apart = shares_by_rater([item(k + 1) for k in range(200)], {"a": ranks})[0].hits[0]
    together = shares_by_rater([item(k + 1, case=f"p{k // 10}") for k in range(200)], {"a": ranks})[0].hits[0]
    assert apart.value == together.value == 0.5
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_a_sample_that_is_all_right_still_has_a_width():
    (found,) = shares_by_rater([item(k) for k in range(1, 11)], {"ann": np.ones(10)}, n_resamples=50)
    assert 0.6 < found.hits[0].low < found.hits[0].high == 1


def test_text_and_csv_say_what_the_shares_are_of():
    shares = shares_by_rater([item(1, weight=3), item(2)], {"ann": np.array([1.0, NAN])}, n_resamples=20)
    text = shares_text(shares)
    assert "1 of 2" in text
    assert "a share of all answers is lower" in text
    lines = people_csv((), shares).splitlines()
    assert lines[1] == "ann,,top-1,1,1,,,,,,,,1,m,image only,all,1.0"
