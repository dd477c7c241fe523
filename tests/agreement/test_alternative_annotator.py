import itertools
import math
import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from dermatrust.agreement.alternative_annotator import alternative_annotator_test

NAN = math.nan
rating = st.integers(0, 5).map(float) | st.just(NAN)
tables = st.integers(3, 5).flatmap(lambda k: st.lists(st.lists(rating, min_size=k, max_size=k), min_size=1, max_size=8))


def naive_wins(panel, judge, rater, metric):
    """Pairs (judge wins, rater wins) of the rater's items, as the paper words it."""
    wins = []
    for i in range(panel.shape[1]):
        others = [panel[k, i] for k in range(len(panel)) if k != rater and not math.isnan(panel[k, i])]
        if math.isnan(panel[rater, i]) or math.isnan(judge[i]) or not others:
            continue
        if metric == "rmse":
            of_judge, of_rater = (
                -math.sqrt(np.mean([(x - o) ** 2 for o in others])) for x in (judge[i], panel[rater, i])
            )
        else:
            of_judge, of_rater = (np.mean([x == o for o in others]) for x in (judge[i], panel[rater, i]))
        wins.append((of_judge >= of_rater, of_rater >= of_judge))
    return np.array(wins, dtype=float).reshape(-1, 2)


def noisy_panel(seed, n_raters=4, n=80, missing=0.0):
    """Raters that are the truth with noise, on a scale of 0 to 5, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 6, n)
    panel = np.clip(truth + rng.integers(-1, 2, (n_raters, n)), 0, 5).astype(float)
    panel[rng.random(panel.shape) < missing] = NAN
    return panel, truth.astype(float)


def test_two_raters_by_hand():
    # Against rater 1 (2, 4, 1, 3), rater 0 (2, 3, 2, 3) is 0, 1, 1, 0 away and the judge (1, 4, 2, -) 1, 0, 1: on the
    # three items the judge rated, the rater, the judge, and both win. Against rater 0 the judge is 1, 1, 0 away and
    # rater 1 0, 1, 1: the rater, both, the judge.
    found = alternative_annotator_test([[2, 3, 2, 3], [2, 4, 1, 3]], [1, 4, 2, NAN])
    assert [(r.rater, r.n, r.test) for r in found.raters] == [(0, 3, "wilcoxon"), (1, 3, "wilcoxon")]
    assert [(r.rho_judge, r.rho_human) for r in found.raters] == [(pytest.approx(2 / 3), pytest.approx(2 / 3))] * 2
    # Differences 1, -1, 0 less epsilon are .8, -1.2, -.2 with ranks 2, 3, 1: the ranks above 0 add up to 2. Of the 8
    # patterns of signs, 3 have a sum of at most 2 (0, 1 and 2): p = 3/8. Adjusted: times 3/2, as both are equal.
    assert [r.p for r in found.raters] == pytest.approx([3 / 8] * 2)
    assert [r.p_adjusted for r in found.raters] == pytest.approx([9 / 16] * 2)
    assert (found.winning_rate, found.passes) == (0.0, False)
    assert found.advantage_probability == pytest.approx(2 / 3)


def test_metrics_differ():
    # The others say 0 and 5. The judge's 5 is right once, the rater's 2 never, but nearer: root 25/2 against root 13/2.
    panel, judge = [[2.0], [0.0], [5.0]], [5.0]
    nearer = alternative_annotator_test(panel, judge).raters[0]
    equal = alternative_annotator_test(panel, judge, metric="accuracy").raters[0]
    assert (nearer.rho_judge, nearer.rho_human) == (0.0, 1.0)
    assert (equal.rho_judge, equal.rho_human) == (1.0, 0.0)


@pytest.mark.parametrize("metric", ["rmse", "accuracy"])
@pytest.mark.parametrize("epsilon", [0.0, 0.2])
def test_p_values_are_those_of_scipy_and_statsmodels(metric, epsilon):
    panel, truth = noisy_panel(0, missing=0.2)
    judge = np.where(np.random.default_rng(1).random(80) < 0.7, truth, panel[0])
    found = alternative_annotator_test(panel, judge, metric=metric, epsilon=epsilon, q=0.1)
    wins = [naive_wins(panel, judge, j, metric) for j in range(4)]
    p = [stats.ttest_1samp(w[:, 1] - w[:, 0], epsilon, alternative="less").pvalue for w in wins]
    rejected, adjusted, _, _ = multipletests(p, alpha=0.1, method="fdr_by")
    assert [r.n for r in found.raters] == [len(w) for w in wins]
    assert [r.test for r in found.raters] == ["t"] * 4
    np.testing.assert_allclose([r.p for r in found.raters], p)
    np.testing.assert_allclose([r.p_adjusted for r in found.raters], adjusted)
    assert [r.is_rejected for r in found.raters] == rejected.tolist()
    assert found.winning_rate == rejected.mean()


@pytest.mark.parametrize("metric", ["rmse", "accuracy"])
@given(tables)
def test_shares_are_those_of_a_loop(metric, rows):
    panel, judge = np.array(rows).T[1:], np.array(rows).T[0]
    found = alternative_annotator_test(panel, judge, metric=metric)
    for rater in found.raters:
        wins = naive_wins(panel, judge, rater.rater, metric)
        expected = wins.mean(axis=0) if len(wins) else (NAN, NAN)
        assert rater.n == len(wins)
        assert (rater.rho_judge, rater.rho_human) == pytest.approx(tuple(expected), nan_ok=True)
        assert rater.n == 0 or rater.rho_judge + rater.rho_human >= 1


@pytest.mark.parametrize(("n", "test"), [(29, "wilcoxon"), (30, "t")])
def test_fewer_than_thirty_items_use_wilcoxons_test(n, test):
    panel, truth = noisy_panel(2, n=n)
    for rater in alternative_annotator_test(panel, truth).raters:
        wins = naive_wins(panel, truth, rater.rater, "rmse")
        shifted = wins[:, 1] - wins[:, 0] - 0.2
        expected = stats.ttest_1samp(shifted, 0, alternative="less").pvalue if test == "t" else signed_rank_p(shifted)
        assert (rater.test, rater.p) == (test, pytest.approx(expected))


def signed_rank_p(shifted):
    """Count sums of ranks one value after another: every pattern of signs is as likely as another."""
    ranks = stats.rankdata(abs(shifted.round(9)))
    shares = {0.0: 1.0}
    for rank in ranks:
        after = Counter()
        for total, share in shares.items():
            after[total] += share / 2
            after[total + rank] += share / 2
        shares = after
    return sum(share for total, share in shares.items() if total <= ranks[shifted > 0].sum() + 1e-9)


@pytest.mark.parametrize("n", [14, 20, 29])
def test_ties_are_exact_from_fourteen_items_on(n):
    """SciPy takes the sum of ranks for normal there, and was up to a tenth off where it matters."""
    wins = np.resize([-1.0, 0.0, -1.0, 1.0, 0.0], n)
    panel, judge = [[2.0] * n, [0.0] * n], 2 + wins
    exact = signed_rank_p(wins - 0.2)
    assert alternative_annotator_test(panel, judge).raters[0].p == pytest.approx(exact, rel=1e-9)
    assert stats.wilcoxon(wins - 0.2, alternative="less", method="approx").pvalue != pytest.approx(exact, rel=1e-3)


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1, max_size=9), st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]))
def test_wilcoxons_test_of_few_items_is_that_of_every_pattern_of_signs(wins, epsilon):
    # The rater is 2 away from the other; a judge 3, 2 or 1 away from it loses, ties or wins: 1, 0 or -1.
    panel, judge = [[2.0] * len(wins), [0.0] * len(wins)], [2 + win for win in wins]
    found = alternative_annotator_test(panel, judge, epsilon=epsilon).raters[0]
    shifted = np.array(wins) - epsilon
    shifted = shifted[shifted != 0]
    ranks = stats.rankdata(abs(shifted))
    sums = [sum(rank for rank, positive in zip(ranks, signs, strict=True) if positive)
            for signs in itertools.product((False, True), repeat=len(ranks))]  # fmt: skip
    assert found.p == pytest.approx(np.mean(np.array(sums) <= ranks[shifted > 0].sum() + 1e-9))


def test_thirteen_items_take_no_time():
    panel, truth = noisy_panel(3, n=13)
    start = time.process_time()
    for _ in range(20):
        alternative_annotator_test(panel, truth)
    assert time.process_time() - start < 1


def test_the_consensus_passes_and_chance_fails():
    panel, truth = noisy_panel(3)
    consensus = alternative_annotator_test(panel, panel.mean(axis=0))
    assert consensus.passes
    assert consensus.winning_rate == 1
    assert consensus.advantage_probability > 0.8
    chance = alternative_annotator_test(panel, np.random.default_rng(4).permutation(truth))
    assert not chance.passes
    assert chance.winning_rate == 0
    assert chance.advantage_probability < 0.5


def test_half_of_the_raters_are_enough():
    """Two raters that are one and two that are noise: the judge is like the first two."""
    rng = np.random.default_rng(5)
    good = rng.integers(0, 6, 60).astype(float)
    panel = np.array([good, good, rng.permutation(good), rng.permutation(good)])
    judge = np.where(np.arange(60) < 45, good, 5 - good)  # as good as the noise, worse than the first two
    found = alternative_annotator_test(panel, judge, metric="accuracy", epsilon=0.0)
    assert [r.is_rejected for r in found.raters] == [False, False, True, True]
    assert (found.winning_rate, found.passes) == (0.5, True)


@pytest.mark.parametrize("n", [6, 40])
def test_a_difference_that_is_the_same_on_all_items(n):
    panel = np.array([[1.0] * n, [1.0] * n, [1.0] * n])
    tied, worse = alternative_annotator_test(panel, [1.0] * n), alternative_annotator_test(panel, [2.0] * n)
    assert tied.passes
    assert tied.raters[0].p == (0.0 if n >= 30 else pytest.approx(2.0**-n))
    assert [r.p for r in worse.raters] == [1.0] * 3
    assert not worse.passes
    without_allowance = alternative_annotator_test(panel, [1.0] * n, epsilon=0.0)
    assert [r.p for r in without_allowance.raters] == [1.0] * 3


def test_distances_that_differ_by_rounding_only_are_ties():
    # The mean of the others, 0, 0.2 and 0.7, is midway between judge and rater, so both are as far from them; added up
    # in floating point the two differ by 6e-17.
    found = alternative_annotator_test([[0.4], [0.0], [0.2], [0.7]], [0.2]).raters[0]
    assert (found.rho_judge, found.rho_human) == (1.0, 1.0)
    assert alternative_annotator_test([[0.41], [0.0], [0.2], [0.7]], [0.2]).raters[0].rho_human == 0.0


def test_a_rater_without_items_is_left_out_of_the_shares():
    panel, truth = noisy_panel(6, n_raters=3)
    with_idle = alternative_annotator_test(np.vstack([panel, np.full(80, NAN)]), truth)
    alone = alternative_annotator_test(panel, truth)
    assert with_idle.raters[:3] == alone.raters
    assert with_idle.winning_rate == alone.winning_rate
    assert with_idle.advantage_probability == alone.advantage_probability
    idle = with_idle.raters[3]
    assert (idle.n, idle.test, idle.is_rejected) == (0, "none", False)
    assert all(math.isnan(x) for x in (idle.rho_judge, idle.rho_human, idle.p, idle.p_adjusted))


def test_without_items_nothing_is_decided():
    found = alternative_annotator_test([[1.0, NAN], [NAN, 1.0]], [1.0, 1.0])
    assert math.isnan(found.winning_rate)
    assert math.isnan(found.advantage_probability)
    assert not found.passes


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ratings": [[1, 2]]}, "at least 2 raters"),
        ({"judge": [1]}, r"judge of shape \(1,\) does not fit ratings of shape \(2, 2\)"),
        ({"metric": "kappa"}, "metric is 'kappa'; expected 'rmse' or 'accuracy'"),
        ({"epsilon": 1.5}, r"epsilon is 1\.5"),
        ({"q": 0.0}, r"q 0\.0"),
    ],
)
def test_what_makes_no_sense_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        alternative_annotator_test(**({"ratings": [[1, 2], [1, 2]], "judge": [1, 2]} | given))
