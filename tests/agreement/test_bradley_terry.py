import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from dermatrust.agreement.bradley_terry import bradley_terry, win_table

INF = math.inf
tables = st.integers(2, 6).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 4), min_size=n, max_size=n), min_size=n, max_size=n)
)


def tournament(rng, n, games):
    abilities = rng.normal(size=n)
    wins = np.zeros((n, n))
    for a in range(n):
        for b in range(a):
            wins[a, b] = rng.binomial(games, expit(abilities[a] - abilities[b]))
            wins[b, a] = games - wins[a, b]
    return abilities, wins


def test_two_by_hand():
    # 3 : 1 is a lead of log 3. Its variance is 1 / (4 * 3/4 * 1/4) = 4/3, of which half the lead has a quarter.
    found = bradley_terry([[0, 3], [1, 0]])
    assert found.abilities == pytest.approx([math.log(3) / 2, -math.log(3) / 2])
    assert found.errors == pytest.approx([math.sqrt(1 / 3)] * 2)
    assert found.high[0] - found.low[0] == pytest.approx(2 * 1.959964 * math.sqrt(1 / 3))
    assert (found.tie_margin, found.n_comparisons, found.is_connected) == (0, 4, True)


def test_ties_by_hand():
    # Two equals, 1 win each and 2 ties: P(tie) = (m^2 - 1) / (m + 1)^2 = (m - 1) / (m + 1) = 1/2, so m = 3.
    found = bradley_terry([[0, 1], [1, 0]], [[0, 2], [2, 0]])
    assert found.abilities == pytest.approx([0, 0], abs=1e-9)
    assert found.tie_margin == pytest.approx(math.log(3), abs=1e-7)
    assert found.n_comparisons == 4


def test_it_is_the_logistic_regression_of_statsmodels():
    _, wins = tournament(np.random.default_rng(0), 8, 6)
    rows, counts = [], []
    effects = np.vstack([np.eye(7), -np.ones(7)])  # so that abilities add up to 0
    for a in range(8):
        for b in range(a):
            rows.append(effects[a] - effects[b])
            counts.append([wins[a, b], wins[b, a]])
    theirs = GLM(np.array(counts), np.array(rows), family=Binomial()).fit(tol=1e-12)
    found = bradley_terry(wins)
    assert found.abilities[:7] == pytest.approx(theirs.params, abs=1e-6)
    assert found.errors[:7] == pytest.approx(theirs.bse, rel=1e-5)
    assert found.low[:7] == pytest.approx(theirs.conf_int()[:, 0], abs=1e-5)


@pytest.mark.parametrize("virtual", [0.0, 0.7])
def test_with_ties_it_is_the_maximum_found_directly(virtual):
    rng = np.random.default_rng(1)
    _, wins = tournament(rng, 5, 8)
    tied = np.tril(rng.binomial(3, 0.5, (5, 5)), -1).astype(float)
    ties = tied + tied.T

    def loss(flat):
        logs, margin = (flat[:5] if virtual else flat[:5] - flat[:5].mean()), np.exp(flat[5])
        p = expit(logs[:, np.newaxis] - logs - margin)
        drawn = 1 - p - p.T
        fit = (wins * np.log(p)).sum() + (tied * np.log(drawn)).sum()
        return -fit - virtual * (np.log(expit(logs)) + np.log(expit(-logs))).sum()

    best = minimize(loss, np.zeros(6), tol=1e-12).x
    expected = best[:5] if virtual else best[:5] - best[:5].mean()
    found = bradley_terry(wins, ties, virtual=virtual)
    assert found.abilities == pytest.approx(expected, abs=1e-4)
    assert found.tie_margin == pytest.approx(math.exp(best[5]), abs=1e-4)
    assert found.has_converged


def test_with_ties_errors_are_those_of_the_curvature_found_by_differences():
    rng = np.random.default_rng(2)
    _, wins = tournament(rng, 4, 8)
    tied = np.tril(rng.binomial(5, 0.5, (4, 4)), -1).astype(float)
    found = bradley_terry(wins, tied + tied.T)
    effects = np.vstack([np.eye(3), -np.ones(3)])

    def loss(flat):
        logs = effects @ flat[:3]
        p = expit(logs[:, np.newaxis] - logs - flat[3])
        return -(wins * np.log(p)).sum() - (tied * np.log(1 - p - p.T)).sum()

    best, h = np.r_[found.abilities[:3], found.tie_margin], 1e-3
    moves = h * np.eye(4)
    curvature = [
        [
            (loss(best + a + b) - loss(best + a - b) - loss(best - a + b) + loss(best - a - b)) / (4 * h**2)
            for b in moves
        ]
        for a in moves
    ]
    assert found.errors[:3] == pytest.approx(np.sqrt(np.diag(np.linalg.inv(curvature)))[:3], rel=1e-4)


@settings(max_examples=60, deadline=None)
@given(tables, st.randoms(use_true_random=False))
def test_wins_are_as_many_as_abilities_foretell(rows, random):
    wins = np.array(rows, dtype=float)
    np.fill_diagonal(wins, 0)
    found = bradley_terry(wins)
    main = np.isfinite(found.abilities)
    games = (wins + wins.T)[np.ix_(main, main)]
    chances = expit(found.abilities[main][:, np.newaxis] - found.abilities[main])
    if found.has_converged:
        assert (games * chances).sum(axis=1) == pytest.approx(wins[np.ix_(main, main)].sum(axis=1), abs=1e-4)
    assert found.abilities[main].sum() == pytest.approx(0, abs=1e-9)
    order = list(range(len(wins)))
    random.shuffle(order)
    moved = bradley_terry(wins[np.ix_(order, order)])
    if found.is_connected:
        assert moved.abilities == pytest.approx(found.abilities[order], abs=1e-4)


def test_who_never_lost_has_no_number():
    # 1 and 2 beat each other; 0 beat 1 and was not beaten; 3 lost to 0 alone, and 4 to 2; 5 met nobody.
    found = bradley_terry(win_table([1, 2, 2, 0, 0, 2], [2, 1, 1, 1, 3, 4], 6))
    assert found.abilities[[0, 4]].tolist() == [INF, -INF]
    assert np.isnan(found.abilities[[3, 5]]).all()  # 3 is below 0, which says nothing of how it compares with 1 and 2
    assert found.abilities[2] - found.abilities[1] == pytest.approx(math.log(2))
    assert np.isfinite(found.errors).tolist() == [False, True, True, False, False, False]
    assert np.isnan(found.low[[0, 3, 4, 5]]).all()
    assert found.groups[1] == found.groups[2]
    assert len(set(found.groups)) == 5
    assert not found.is_connected


def test_through_others_counts():
    # 0 beat 1, who beat the pair of 2 and 3.
    assert bradley_terry(win_table([0, 1, 2, 3], [1, 2, 3, 2], 4)).abilities[:2].tolist() == [INF, INF]


def test_virtual_games_make_all_numbers():
    always = np.triu(np.ones((5, 5)), 1)
    assert bradley_terry(always).abilities.tolist() == [0, -INF, -INF, -INF, -INF]
    found = bradley_terry(always, virtual=0.5)
    assert found.is_connected
    assert found.abilities.tolist() == sorted(found.abilities, reverse=True)
    assert found.abilities[0] == pytest.approx(-found.abilities[4], abs=1e-6)


def test_a_tie_compares_both_ways_and_may_be_halved():
    ties = [[0, 1], [1, 0]]
    assert bradley_terry([[0, 3], [0, 0]], ties).is_connected
    halved = bradley_terry([[0, 2], [0, 0]], [[0, 2], [2, 0]], tie_rule="half")
    assert halved.abilities == pytest.approx(bradley_terry([[0, 3], [1, 0]]).abilities)
    assert (halved.tie_margin, halved.n_comparisons) == (0, 4)


def test_one_alone_and_nobody_met():
    found = bradley_terry([[0]])
    assert (found.abilities.tolist(), found.n_comparisons) == ([0], 0)
    assert math.isnan(found.errors[0])
    assert np.isnan(bradley_terry(np.zeros((3, 3))).abilities).tolist() == [False, True, True]


def test_it_says_so_where_it_stopped_early():
    _, wins = tournament(np.random.default_rng(3), 6, 5)
    assert not bradley_terry(wins, max_steps=2).has_converged


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bradley_terry([[0, 1]]), r"wins of shape \(1, 2\)"),
        (lambda: bradley_terry([[0, 1], [1, 0]], [[0]]), r"ties of shape \(1, 1\)"),
        (lambda: bradley_terry([[0, -1], [1, 0]]), "wins hold what is no number of at least 0"),
        (lambda: bradley_terry([[1, 1], [1, 0]]), "somebody against himself"),
        (lambda: bradley_terry([[0, 1], [1, 0]], [[0, 1], [0, 0]]), "ties are not symmetric"),
        (lambda: bradley_terry([[0, 1], [1, 0]], virtual=-1), "virtual is -1"),
        (lambda: bradley_terry([[0, 1], [1, 0]], confidence=1), "confidence 1"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
