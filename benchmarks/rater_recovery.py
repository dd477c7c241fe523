"""How often the intervals of `dermatrust align` hold what is known of the atlas's simulated raters.

    python benchmarks/rater_recovery.py [--seeds 100] [--patients 100 ...] [--resamples 10000] [--population 2000]

Each seed draws patients from a large drawn population, whose true scores are those of the atlas's candidate narratives
with planted errors. The three raters of the atlas's panel rate every narrative; their scores are taken before they are
rounded, kept on the scale or left out, since what is known holds of these. The intervals over patients of what `align`
computes are then held against what follows from the raters' parameters: bias, RMSE, limits of agreement and drift of
each rater against the truth, ICC(2,1), ICC(3,1) and mean squared difference of the panel, each on the six dimensions.

"of" counts intervals (seeds x dimensions x raters), "worst" is the single dimension and rater with the fewest. With 100
seeds a worst of 88 to 90 is what chance alone makes of intervals that hold 95 of 100. Wanted: at least 93 of 100 for
each statistic by percentiles, which `align` uses; exits with 1 where one falls short.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dermatrust.agreement.clusters import Floats, Ints
from dermatrust.agreement.differences import difference_terms
from dermatrust.agreement.interval import Method, Question
from dermatrust.agreement.statistic import Statistic
from dermatrust.agreement.trend import slope
from dermatrust.align.compare import AS_GIVEN, WITHIN_AS_GIVEN, Bootstrap
from dermatrust.atlas import draw_facts
from dermatrust.atlas.planting import draw_candidate
from dermatrust.atlas.raters import PANEL, panel_agreement
from dermatrust.atlas.scoring import true_scores
from dermatrust.records import DIMENSIONS

N_CASES = 2000
N_CANDIDATES = 2
WANTED = 0.93
LIMIT = 1.96  # standard deviations of the limits of agreement
METHODS: tuple[Method, ...] = ("percentile", "bca")
# One session that does not end: the slope that `align` finds is then the drift.
RATERS = tuple(replace(rater, session=1_000_000) for rater in PANEL)
MEAN_SQUARED_DIFFERENCE = Statistic(difference_terms, lambda sums: sums[..., 3] / sums[..., 0])
PAIRS = ((0, 1), (0, 2), (1, 2))


@dataclass(frozen=True)
class Asked:
    """A statistic of some ratings, and what its interval should hold."""

    name: str
    known: float
    question: Question


def population(n_cases: int) -> list[Floats]:
    """Return the true scores of each drawn patient's narratives, shape (narratives, 6)."""
    patients: dict[str, list[list[float]]] = {}
    for number in range(n_cases):
        facts = draw_facts(0, "recovery", number)
        for k in range(N_CANDIDATES):
            _, errors, _ = draw_candidate(facts, np.random.default_rng([facts.seed, k]))
            patients.setdefault(facts.patient_id, []).append(list(true_scores(errors).values()))
    return [np.array(rows) for rows in patients.values()]


def ratings_of(truth: Floats, seed: int) -> Floats:
    """Return the raters' latent scores of narratives, shape (raters, narratives, 6)."""
    rows = [dict(zip(DIMENSIONS, map(float, row), strict=True)) for row in truth]
    rated = [[rater.latent(row, k, narrative_id=f"n{k}", seed=seed) for k, row in enumerate(rows)] for rater in RATERS]
    return np.array([[[scores[d] for d in DIMENSIONS] for scores in rater] for rater in rated])


def asked_of(truth: Floats, ratings: Floats, clusters: Ints, variances: Floats) -> Iterator[Asked]:
    """Yield everything that is asked of one seed, in an order that is the same for all."""
    n = len(truth)
    places = np.arange(n)
    for d, dimension in enumerate(DIMENSIONS):
        for r, rater in enumerate(RATERS):
            off = np.array([rater.offset(dimension, int(place)) for place in places])
            spread = np.sqrt(rater.noise**2 + off.var())
            known = {
                "bias": off.mean(),
                "RMSE": np.sqrt(np.mean(off**2) + rater.noise**2),
                "lower limit": off.mean() - LIMIT * spread,
                "upper limit": off.mean() + LIMIT * spread,
            }
            pair = np.stack([ratings[r, :, d], truth[:, d]])
            for name, value in known.items():
                yield Asked(name, float(value), Question(AS_GIVEN[name], pair, clusters))
            ordered = np.stack([places / 100, pair[0] - pair[1]])
            yield Asked("drift", rater.drift, Question(slope, ordered, clusters))
        agreement = panel_agreement(RATERS, dimension, true_variance=float(variances[d]), n=n)
        table = np.ascontiguousarray(ratings[:, :, d])
        yield Asked("ICC(2,1)", agreement.icc_2_1, Question(WITHIN_AS_GIVEN["ICC(2,1)"], table, clusters))
        yield Asked("ICC(3,1)", agreement.icc_3_1, Question(WITHIN_AS_GIVEN["ICC(3,1)"], table, clusters))
        flat = np.hstack([table[list(pair)] for pair in PAIRS])
        question = Question(MEAN_SQUARED_DIFFERENCE, flat, np.tile(clusters, len(PAIRS)))
        yield Asked("mean squared difference", agreement.mean_squared_difference, question)


def held_of(
    seed: int, patients: list[Floats], n_patients: int, n_resamples: int, variances: Floats
) -> Iterator[tuple[str, Method, int, bool]]:
    """Yield (statistic, method, number of the question, whether its interval holds what is known) for one seed."""
    chosen = np.random.default_rng(seed).integers(len(patients), size=n_patients)
    truth = np.vstack([patients[k] for k in chosen])
    clusters = np.repeat(np.arange(n_patients), [len(patients[k]) for k in chosen])
    asked = list(asked_of(truth, ratings_of(truth, seed), clusters, variances))
    answers = Bootstrap(seed, n_resamples).answer([one.question for one in asked], n_patients)
    for method in METHODS:
        for k, one in enumerate(asked):
            found = answers.estimate(k, method=method)
            yield one.name, method, k, found.low <= one.known <= found.high


def print_coverage(options: argparse.Namespace, n_patients: int, patients: list[Floats]) -> bool:
    """Print the share of intervals that hold what is known, and return whether all percentile intervals suffice."""
    variances = np.vstack(patients).var(axis=0)
    held: dict[tuple[str, Method], dict[int, list[bool]]] = {}
    begun = time.perf_counter()
    for seed in range(options.seeds):
        for name, method, k, holds in held_of(seed, patients, n_patients, options.resamples, variances):
            held.setdefault((name, method), {}).setdefault(k, []).append(holds)
    print(f"{options.seeds} seeds of {n_patients} patients, {time.perf_counter() - begun:.0f} s; of 100 intervals hold")
    print(f"{'':<26}{'of':>6}{'percentile':>12}{'worst':>8}{'BCa':>8}{'worst':>8}")
    suffices = True
    for name in dict.fromkeys(name for name, _ in held):
        line = f"{name:<26}{options.seeds * len(held[name, METHODS[0]]):>6}"
        for method, width in zip(METHODS, (12, 8), strict=True):
            each = [100 * float(np.mean(found)) for found in held[name, method].values()]
            line += f"{np.mean(each):>{width}.1f}{min(each):>8.1f}"
            suffices &= method != "percentile" or bool(np.mean(each) >= 100 * WANTED)
        print(line)
    print(f"at least {100 * WANTED:g} of 100 by percentiles: {'yes' if suffices else 'no'}\n", flush=True)
    return suffices


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--patients", type=int, nargs="+", default=[100])
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--population", type=int, default=N_CASES, help="Cases that patients are drawn from.")
    options = parser.parse_args()
    patients = population(options.population)
    n_narratives = sum(map(len, patients))
    print(f"population: {len(patients)} drawn patients, {n_narratives} narratives (synthetic)\n")
    suffices = [print_coverage(options, n, patients) for n in options.patients]
    sys.exit(0 if all(suffices) else 1)


if __name__ == "__main__":
    main()
