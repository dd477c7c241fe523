"""Every model against every other, on the cases both have a score on."""

from itertools import combinations

import numpy as np

from dermatrust.agreement.clusters import ClusterSums, Floats, Ints, ratios, sum_clusters
from dermatrust.agreement.multiplicity import holm
from dermatrust.agreement.permutation import sign_flip_test
from dermatrust.bench.estimates import Draws, Means, Sixes, macro_mean
from dermatrust.bench.grid import N_DIMENSIONS, Grid
from dermatrust.bench.results import MACRO, MEASURES, PairedDifference
from dermatrust.records import DIMENSIONS

_PERMUTATIONS_PER_TEST = 40
"""Random sign patterns per test of a family: the smallest adjusted p-value is then 1/40, so that models which always
differ are told apart however many models there are."""


def paired_sums(grid: Grid, rows: Ints) -> Sixes:
    """Sum, within patients, the differences of every pair of models; columns are pairs x dimensions.

    A model with several narratives for a case counts with their mean. A case on which one of the two has no score on
    a dimension is missing from that dimension of that pair.
    """
    means = grid.case_means(rows).reshape(grid.n_cases, len(grid.authors), N_DIMENSIONS)
    first, second = _pairs(len(grid.authors))
    differences = (means[:, first] - means[:, second]).reshape(grid.n_cases, len(first) * N_DIMENSIONS)
    return Sixes(sum_clusters(differences, grid.cluster_of_case), np.full(len(first), grid.n_cases))


def paired_differences(
    grid: Grid, rater: str, pairs: Sixes, estimates: list[Means], draws: Draws
) -> list[PairedDifference]:
    """Test every paired difference of one rater and adjust the p-values within their two families."""
    p = _p_values(pairs.sums, draws)
    p_holm = np.hstack([holm(p[:, :N_DIMENSIONS]), holm(p[:, N_DIMENSIONS:])])
    first, second = _pairs(len(grid.authors))
    found: list[PairedDifference] = []
    for column, measure in enumerate(MEASURES):
        for pair, (scores, macro) in enumerate(estimates):
            difference = macro if measure == MACRO else scores[DIMENSIONS[column]]
            names = grid.authors[first[pair]], grid.authors[second[pair]]
            adjusted = float(p_holm[pair, column])
            found.append(PairedDifference(rater, measure, *names, difference, float(p[pair, column]), adjusted))
    return found


def _pairs(n_models: int) -> tuple[Ints, Ints]:
    pairs = np.array(list(combinations(range(n_models), 2)), dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _p_values(sums: ClusterSums, draws: Draws) -> Floats:
    """Return p-values, shape (pairs, measures).

    The macro difference is a sum over patients too: each patient adds the mean over dimensions of their sum divided
    by the dimension's number of cases, which flipping signs does not change. So one test serves all measures.
    """
    n_columns = sums.sums.shape[1]
    shares = ratios(sums.sums, np.broadcast_to(sums.counts.sum(axis=0), sums.sums.shape))
    macro = macro_mean(shares.reshape(len(shares), -1, N_DIMENSIONS))
    defined = ~np.isnan(macro)
    tested = ClusterSums(
        sums.clusters, np.hstack([sums.sums, np.where(defined, macro, 0.0)]), np.hstack([sums.counts, defined])
    )
    n_permutations = max(draws.n_resamples, _PERMUTATIONS_PER_TEST * n_columns)
    p = sign_flip_test(tested, rng=draws.permutation(), n_permutations=n_permutations).p
    return np.column_stack([p[:n_columns].reshape(-1, N_DIMENSIONS), p[n_columns:]])
