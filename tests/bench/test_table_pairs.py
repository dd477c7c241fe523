"""Paired differences and the places drawn from them."""

import itertools
import math

import numpy as np
import pytest

from dermatrust.agreement.clusters import sum_clusters
from dermatrust.agreement.multiplicity import holm
from dermatrust.agreement.permutation import sign_flip_test
from dermatrust.bench.ranks import rank_models
from dermatrust.bench.results import Estimate, PairedDifference, Rank
from dermatrust.bench.table import bench_table
from dermatrust.records import DIMENSIONS

ACCURACY = DIMENSIONS[0]
NAN = math.nan


def compared(first, second, value, p_holm):
    return PairedDifference("judge", "macro", first, second, Estimate(value, NAN, NAN, 9, 0), p_holm, p_holm)


@pytest.fixture(scope="module")
def table_of(columns_of):
    def build(rows, **options):
        return bench_table(columns_of(rows), **({"n_resamples": 200} | options))

    return build


def test_a_difference_rests_on_the_cases_both_have(answer, table_of):
    a = {"c1": 4, "c2": 3, "c3": 5, "c4": "unreadable"}
    b = {"c1": 1, "c2": 2, "c4": 0}
    rows = [row for name, scores in (("a", a), ("b", b)) for c, s in scores.items() for row in answer(name, c, s)]
    for pair in table_of(rows).differences:
        assert (pair.first, pair.second) == ("a", "b")
        assert (pair.difference.value, pair.difference.n, pair.difference.n_missing) == (2, 2, 2)
        assert pair.p == 0.5  # +3 and +1: two of four sign patterns reach 4


def test_a_model_with_two_narratives_for_a_case_counts_with_their_mean(answer, table_of):
    rows = [*answer("a", "c", 1, narrative_id="1"), *answer("a", "c", 4, narrative_id="2"), *answer("b", "c", 2)]
    difference = table_of(rows).differences[0].difference
    assert (difference.value, difference.n, difference.n_missing) == (0.5, 1, 0)


def test_the_narratives_of_a_patient_flip_together(answer, table_of):
    rows = [
        row
        for case in range(10)
        for author, score in (("a", 4), ("b", 3))
        for row in answer(author, f"c{case}", score, patient_id=f"p{case % 2}")
    ]
    assert {pair.p for pair in table_of(rows).differences} == {0.5}


def test_p_values_are_those_of_the_test_on_the_differences_and_holm_on_their_family(answer, table_of):
    rng = np.random.default_rng(0)
    scores = {author: rng.integers(0, 6, (9, 6)).astype(float) for author in "abc"}
    rows = [row for a, s in scores.items() for case in range(9) for row in answer(a, f"c{case}", s[case].tolist())]
    table = table_of(rows)
    pairs = list(itertools.combinations("abc", 2))
    difference = np.hstack([scores[x] - scores[y] for x, y in pairs])
    with_macro = np.hstack([difference, difference.reshape(9, 3, 6).mean(axis=2)])
    p = sign_flip_test(sum_clusters(with_macro, np.arange(9)), rng=rng).p  # exact: nothing is drawn
    six = p[:18].reshape(3, 6)
    for d, dimension in enumerate(DIMENSIONS):
        found = table.differences_of("judge", dimension)
        assert [(pair.first, pair.second) for pair in found] == pairs
        assert [pair.p for pair in found] == pytest.approx(six[:, d])
        assert [pair.p_holm for pair in found] == pytest.approx(holm(six)[:, d])
    macro = table.differences_of("judge", "macro")
    assert [pair.p for pair in macro] == pytest.approx(p[18:])
    assert [pair.p_holm for pair in macro] == pytest.approx(holm(p[18:]))
    assert [pair.difference.value for pair in macro] == pytest.approx(with_macro[:, 18:].mean(axis=0))


def test_with_unequal_patients_and_holes_p_is_that_of_flipping_names_in_the_scores_themselves(answer, table_of):
    rng = np.random.default_rng(5)
    patient = np.array([0, 0, 0, 1, 2, 2, 3, 4])
    scores = rng.integers(0, 6, (2, 8, 6)).astype(float)
    scores[0, 1:3, 0] = scores[1, 5, :3] = scores[0, 7, 5] = NAN
    rows = [
        row
        for author, own in zip("ab", scores, strict=True)
        for case in range(8)
        for row in answer(
            author, f"c{case}", ["doubled" if s != s else s for s in own[case]], patient_id=str(patient[case])
        )
    ]
    reached = []
    for flips in itertools.product((False, True), repeat=5):
        swapped = np.where(np.array(flips)[patient][:, np.newaxis], scores[::-1], scores)
        means = np.nanmean(swapped[0] - swapped[1], axis=0)
        reached.append([*np.abs(means), abs(means.mean())])
    expected = (np.array(reached) >= np.array(reached[0]) - 1e-9).mean(axis=0)
    table = table_of(rows)
    assert [pair.p for pair in table.differences] == pytest.approx(expected)


def test_the_interval_of_a_difference_is_narrower_than_the_models_own_where_cases_are_hard_for_both(answer, table_of):
    rng = np.random.default_rng(1)
    rows = []
    for case, level in enumerate(rng.uniform(1, 4, 40)):
        rows += answer("a", f"c{case}", level)
        rows += answer("b", f"c{case}", level + 0.2 + rng.normal(0, 0.01))
    table = table_of(rows)
    difference, own = table.differences_of("judge", ACCURACY)[0].difference, table.rows[0].scores[ACCURACY]
    assert difference.high < -0.19
    assert difference.high - difference.low < (own.high - own.low) / 20


def test_models_that_share_no_case_are_not_separated(answer, table_of):
    table = table_of([row for a, n in (("a", 5), ("b", 0)) for c in range(20) for row in answer(a, f"{a}{c}", n)])
    assert math.isnan(table.differences_of("judge", "macro")[0].p)
    assert [row.ranks["macro"].text for row in table.rows] == ["1=", "1="]


def test_equal_models_are_tied_and_a_worse_one_comes_third(answer, table_of):
    rows = [row for a, n in (("a", 4), ("b", 4), ("c", 3)) for c in range(30) for row in answer(a, f"c{c}", n)]
    assert [row.ranks["macro"].text for row in table_of(rows).rows] == ["1=", "1=", "3"]


def test_a_single_model_is_first_and_not_tied(answer, table_of):
    table = table_of(answer("m", "c", 3))
    assert table.differences == ()
    assert table.rows[0].ranks["macro"] == Rank(1, tied=False)


def test_with_many_models_the_number_of_sign_patterns_still_allows_a_verdict(answer, table_of):
    rows = [row for m in range(12) for c in range(20) for row in answer(f"m{m:02}", f"c{c}", m / 4)]
    places = [row.ranks[ACCURACY].place for row in table_of(rows, n_resamples=50).rows]
    assert places == list(range(1, 13))


def test_same_place_without_a_tie_when_two_models_differ_significantly():
    # "b" is beaten by "a" alone and "d" by "b" alone: one better model each, and yet b is better than d.
    means = {"a": 5.0, "b": 4.0, "d": 3.0}
    ranks = rank_models(means, [compared("a", "b", 1, 0.01), compared("a", "d", 2, 0.06), compared("b", "d", 1, 0.01)])
    assert ranks == {"a": Rank(1, False), "b": Rank(2, False), "d": Rank(2, False)}


def test_a_significant_difference_counts_for_whoever_is_ahead():
    assert rank_models({"a": 1.0, "b": 2.0}, [compared("a", "b", -1, 0.049)])["a"].place == 2
    assert rank_models({"a": 1.0, "b": 2.0}, [compared("a", "b", -1, 0.05)])["a"] == Rank(1, tied=True)
    assert rank_models({"a": NAN, "b": 2.0}, [compared("a", "b", NAN, NAN)]) == {
        "a": Rank(None, False),
        "b": Rank(1, False),
    }
