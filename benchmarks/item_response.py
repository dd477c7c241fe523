"""Seconds that item response theory takes on 80 simulated models and 1,100 items, and how well it finds the truth.

`python benchmarks/item_response.py [SEEDS]`. Beside each rank correlation of difficulties stands that of an oracle,
which knows every ability and the distributions the items were drawn from: what 80 answers an item allow at best.
"""

import sys
import time

import numpy as np
from scipy.special import expit, log_expit
from scipy.stats import spearmanr

from dermatrust.agreement.clusters import Floats
from dermatrust.agreement.item_response import item_response

N_PERSONS, N_ITEMS, SLOPE_SPREAD = 80, 1100, 0.3


def oracle(abilities: Floats, answers: Floats, spread: float) -> Floats:
    """Return each item's expected difficulty given its answers and every ability, on a grid."""
    slopes, difficulties = np.meshgrid(np.exp(np.linspace(-1.2, 1.2, 41)), np.linspace(-4, 4, 81) * spread)
    odds = slopes.ravel()[:, np.newaxis] * (abilities - difficulties.ravel()[:, np.newaxis])
    logs = log_expit(odds) @ answers + log_expit(-odds) @ (1 - answers)
    prior = np.log(slopes.ravel()) ** 2 / SLOPE_SPREAD**2 + difficulties.ravel() ** 2 / spread**2
    logs -= prior[:, np.newaxis] / 2
    weights = np.exp(logs - logs.max(axis=0))
    return difficulties.ravel() @ weights / weights.sum(axis=0)


def round_of(seed: int, spread: float) -> tuple[float, ...]:
    """Return seconds and the rank correlations of abilities, difficulties and the oracle's difficulties."""
    rng = np.random.default_rng(seed)
    abilities, slopes = rng.normal(size=N_PERSONS), np.exp(rng.normal(0, SLOPE_SPREAD, N_ITEMS))
    difficulties = rng.normal(0, spread, N_ITEMS)
    chances = expit(slopes * (abilities[:, np.newaxis] - difficulties))
    answers = (rng.random(chances.shape) < chances).astype(float)
    started = time.perf_counter()
    fit = item_response(answers)
    seconds = time.perf_counter() - started
    assert fit.has_converged
    best = oracle(abilities, answers, spread)
    pairs = (fit.abilities, abilities), (fit.difficulties, difficulties), (best, difficulties)
    return seconds, *(spearmanr(*pair).statistic for pair in pairs)


if __name__ == "__main__":
    n_seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    print("difficulties   seconds        abilities          difficulties       oracle, difficulties   (median, range)")
    for spread in (1.0, 1.5, 2.0):
        rounds = np.array([round_of(seed, spread) for seed in range(n_seeds)]).T
        shown = [f"{np.median(one):.3f} ({one.min():.3f}-{one.max():.3f})" for one in rounds]
        print(f"N(0, {spread})    ", "  ".join(shown))
