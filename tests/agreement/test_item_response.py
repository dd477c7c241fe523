import math

import girth
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm, spearmanr

from dermatrust.agreement.item_quadrature import ItemPriors
from dermatrust.agreement.item_response import item_response

NAN = math.nan
VAGUE = ItemPriors((1.0, 100.0), (0.0, 100.0))
tables = st.lists(st.lists(st.sampled_from([0.0, 1.0, NAN]), min_size=4, max_size=4), min_size=2, max_size=12).filter(
    lambda rows: not np.isnan(rows).all()
)


def simulated(rng, n_persons, n_items, spread=1.5):
    """Return abilities, discriminations, difficulties and answers."""
    abilities = rng.normal(size=n_persons)
    slopes = np.exp(rng.normal(0, 0.3, n_items))
    difficulties = rng.normal(0, spread, n_items)
    chances = expit(slopes * (abilities[:, np.newaxis] - difficulties))
    return abilities, slopes, difficulties, (rng.random((n_persons, n_items)) < chances).astype(float)


def test_one_item_by_hand():
    # Half of the persons are right. By symmetry the difficulty is 0, and the slope, of which one item says nothing,
    # stays at its prior mean of 1. E(ability | right) = E(ability * s(ability)) / (1/2) = 2 E(s'(ability)) (Stein).
    fit = item_response([[1], [0], [0], [1]], n_nodes=31)
    assert fit.difficulties == pytest.approx([0.0], abs=1e-9)
    assert fit.discriminations == pytest.approx([1.0], abs=1e-6)
    grid = np.linspace(-12, 12, 100_001)
    expected = 2 * np.trapezoid(expit(grid) * expit(-grid) * norm.pdf(grid), grid)
    assert fit.abilities == pytest.approx(np.array([1, -1, -1, 1]) * expected, abs=1e-6)
    assert fit.ability_errors == pytest.approx(np.full(4, math.sqrt(1 - expected**2)), abs=1e-6)  # E(ability^2) is 1
    assert fit.log_likelihood == pytest.approx(4 * math.log(0.5), abs=1e-9)
    assert (fit.n_answers, fit.has_converged) == (4, True)


@pytest.mark.parametrize("seed", [3, 4])
def test_without_priors_it_is_that_of_girth(seed):
    *_, answers = simulated(np.random.default_rng(seed), 500, 12, 1.0)
    fit = item_response(answers, VAGUE, n_nodes=21, tolerance=1e-7)
    finer = {"quadrature_bounds": (-8, 8), "quadrature_n": 161, "max_iteration": 100}
    theirs = girth.twopl_mml(answers.T.astype(int), finer)  # stops at changes of 0.001
    assert fit.discriminations == pytest.approx(theirs["Discrimination"], abs=0.005)
    assert fit.difficulties == pytest.approx(theirs["Difficulty"], abs=0.01)
    eap = girth.ability_eap(answers.T.astype(int), fit.difficulties, fit.discriminations, finer)
    assert fit.abilities == pytest.approx(eap, abs=0.001)


def test_it_is_the_maximum_found_directly():
    *_, answers = simulated(np.random.default_rng(1), 60, 5, 1.0)
    answers[0, 1] = answers[7, 4] = answers[9, 0] = NAN
    grid = np.linspace(-8, 8, 1601)
    logs_of_grid = np.log(norm.pdf(grid) * (grid[1] - grid[0]))

    def likelihood(items):
        odds = items[0, :, np.newaxis] * grid + items[1, :, np.newaxis]
        right, known = np.nan_to_num(answers), ~np.isnan(answers)
        logs = right @ odds - known @ np.logaddexp(0, odds) + logs_of_grid
        return np.log(np.exp(logs).sum(axis=1)).sum()

    def loss(flat):
        items = flat.reshape(2, 5)
        return -likelihood(items) + ((items[0] - 1) ** 2 / 0.5**2 + items[1] ** 2 / 3**2).sum() / 2

    best = minimize(loss, np.r_[np.ones(5), np.zeros(5)], tol=1e-10).x.reshape(2, 5)
    fit = item_response(answers, n_nodes=31, tolerance=1e-8)
    assert fit.discriminations == pytest.approx(best[0], abs=1e-4)
    assert -fit.discriminations * fit.difficulties == pytest.approx(best[1], abs=1e-4)
    assert fit.log_likelihood == pytest.approx(likelihood(best), abs=1e-5)


def test_eighty_models_and_a_thousand_items_are_recovered():
    abilities, slopes, difficulties, answers = simulated(np.random.default_rng(0), 80, 1100)
    fit = item_response(answers)
    assert fit.has_converged
    assert spearmanr(fit.abilities, abilities).statistic > 0.99
    assert spearmanr(fit.difficulties, difficulties).statistic > 0.97
    assert spearmanr(fit.discriminations, slopes).statistic > 0.6  # 80 answers say little of a slope


def test_errors_are_what_estimates_scatter_by():
    rng = np.random.default_rng(2)
    slopes, difficulties = np.exp(rng.normal(0, 0.3, 25)), np.linspace(-2, 2, 25)
    fits, held = [], []
    for _ in range(24):
        abilities = rng.normal(size=400)
        answers = rng.random((400, 25)) < expit(slopes * (abilities[:, np.newaxis] - difficulties))
        fits.append(item_response(answers, VAGUE, tolerance=1e-3))
        held.append(np.abs(fits[-1].abilities - abilities) < 1.96 * fits[-1].ability_errors)
    assert 0.94 < np.mean(held) < 0.96
    for found, errors in (("discriminations", "discrimination_errors"), ("difficulties", "difficulty_errors")):
        scatter = np.std([getattr(fit, found) for fit in fits], axis=0, ddof=1)
        ratios = scatter / np.mean([getattr(fit, errors) for fit in fits], axis=0)
        for part in (slice(0, 7), slice(7, 18), slice(18, 25)):  # easy, middling and hard ones
            assert 0.8 < ratios[part].mean() < 1.25  # above 1, for the scale that all share is taken for known


def test_items_that_the_able_get_wrong_are_flagged():
    rng = np.random.default_rng(5)
    abilities, _, _, answers = simulated(rng, 300, 60, 1.0)
    answers[:, 0] = rng.random(300) < expit(-1.5 * abilities)  # a wrong key
    answers[:, 1] = rng.random(300) < 0.5  # a coin
    fit = item_response(answers)
    assert np.flatnonzero(fit.low(0)).tolist()[0] == 0
    assert fit.discriminations.argsort()[:2].tolist() == [0, 1]
    assert fit.low()[:2].all()
    assert fit.low().sum() < 5
    assert np.flatnonzero(fit.low(0, confidence=0.975)).tolist() == [0]


def test_all_right_and_all_wrong_stay_finite():
    *_, answers = simulated(np.random.default_rng(6), 40, 20, 1.0)
    answers[:, 0], answers[:, 1], answers[0], answers[1] = 1, 0, 1, 0
    answers[:, :2] = [1, 0]
    fit = item_response(answers)
    assert fit.extreme.tolist() == [True, True] + [False] * 18
    assert fit.difficulties.argmin() == 0
    assert fit.difficulties.argmax() == 1
    assert fit.abilities.argmax() == 0
    assert fit.abilities.argmin() == 1
    for values in (fit.difficulties, fit.difficulty_errors, fit.abilities, fit.ability_errors):
        assert np.isfinite(values).all()


def test_who_and_what_has_no_answer_takes_no_part():
    *_, answers = simulated(np.random.default_rng(7), 30, 10, 1.0)
    wider = np.full((31, 11), NAN)
    wider[:30, :10] = answers
    fit, plain = item_response(wider), item_response(answers)
    assert math.isnan(fit.abilities[30])
    assert math.isnan(fit.difficulties[10])
    assert not fit.low()[10]
    assert not fit.extreme[10]
    assert fit.abilities[:30].tolist() == plain.abilities.tolist()
    assert fit.log_likelihood == plain.log_likelihood
    assert fit.n_answers == 300
    assert np.isnan(fit.probabilities()).sum() == 31 + 11 - 1


def test_probabilities_are_those_of_the_model():
    *_, answers = simulated(np.random.default_rng(8), 50, 30, 1.0)
    fit = item_response(answers)
    assert fit.probabilities().shape == (50, 30)
    odds = fit.discriminations[3] * (fit.abilities[2] - fit.difficulties[3])
    assert fit.probabilities()[2, 3] == pytest.approx(1 / (1 + math.exp(-odds)))
    assert fit.probabilities().mean() == pytest.approx(answers.mean(), abs=0.01)


@settings(max_examples=40)
@given(tables, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_wrong_mirrors_right(rows, random):
    answers = np.array(rows)
    persons, items = list(range(len(answers))), list(range(4))
    random.shuffle(persons)
    random.shuffle(items)
    fit = item_response(answers, tolerance=1e-7)
    assert fit.has_converged
    moved = item_response(answers[persons][:, items], tolerance=1e-7)
    assert moved.abilities == pytest.approx(fit.abilities[persons], abs=1e-4, nan_ok=True)
    assert moved.discriminations == pytest.approx(fit.discriminations[items], abs=1e-4, nan_ok=True)
    mirrored = item_response(1 - answers, tolerance=1e-7)
    assert mirrored.abilities == pytest.approx(-fit.abilities, abs=1e-4, nan_ok=True)
    assert mirrored.discriminations == pytest.approx(fit.discriminations, abs=1e-4, nan_ok=True)
    assert mirrored.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-3)


def test_it_says_so_where_it_stopped_early():
    *_, answers = simulated(np.random.default_rng(9), 50, 8, 1.0)
    fit = item_response(answers, max_steps=1)
    assert (fit.n_steps, fit.has_converged) == (1, False)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: item_response([1, 0]), r"responses of shape \(2,\)"),
        (lambda: item_response([[NAN, NAN]]), "at least one answer"),
        (lambda: item_response([[0.5]]), r"response is 0\.5"),
        (lambda: item_response([[1]], n_nodes=2), "n_nodes is 2"),
        (lambda: item_response([[1]], max_steps=0), "max_steps 0"),
        (lambda: item_response([[1]], tolerance=0.0), r"tolerance 0\.0"),
        (lambda: ItemPriors(slope=(1, 0)), r"prior of the slope is \(1, 0\)"),
        (lambda: ItemPriors(intercept=(NAN, 1)), r"prior of the intercept is \(nan, 1\)"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
