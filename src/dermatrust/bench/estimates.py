"""Means of six dimensions and their macro mean, with intervals that share their resampled patients."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.bootstrap import percentile_intervals, resampled_means
from dermatrust.agreement.clusters import ClusterSums, Floats, Ints
from dermatrust.bench.results import Estimate
from dermatrust.records import DIMENSIONS, Dimension

_RESAMPLES_BYTES = 128_000_000
"""Resampled means held at once; more columns than fit are done in turns, on the same resampled patients."""

Means = tuple[dict[Dimension, Estimate], Estimate]
"""Six means and their macro mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimated:
    """What is known of one block.

    Attributes:
        means: Of each model.
        macro_draws: The macro mean of each model in every resample, shape (resamples, models).
    """

    means: list[Means]
    macro_draws: Floats


@dataclass(frozen=True, slots=True)
class Draws:
    """Where every random number of the table comes from."""

    seed: int
    n_resamples: int
    confidence: float

    def bootstrap(self) -> np.random.Generator:
        """Return the source of the resampled patients: the same ones every time."""
        return np.random.default_rng([self.seed, 0])

    def permutation(self) -> np.random.Generator:
        """Return the source of the sign patterns: the same ones every time."""
        return np.random.default_rng([self.seed, 1])


@dataclass(frozen=True, slots=True)
class Sixes:
    """Sums of several models (or pairs of models) on the six dimensions: columns are models x dimensions.

    Attributes:
        sums: Sums within patients.
        n_expected: How many observations each model should have on each dimension, shape (models,).
    """

    sums: ClusterSums
    n_expected: Ints


def macro_mean(means: ArrayLike) -> Floats:
    """Mean over the last axis, the six dimensions, each with equal weight; NaN if any of them is.

    Example:
        >>> macro_mean([3.134, 4.085, 3.520, 3.987, 4.023, 4.483]).round(3).tolist()
        3.872

    Reference:
        Shen et al. (2025), https://arxiv.org/abs/2511.09195, the average column of its benchmark table.
    """
    result: Floats = np.mean(np.asarray(means, dtype=np.float64), axis=-1)
    return result


def estimate_sixes(blocks: Sequence[Sixes], n_clusters: int, draws: Draws) -> list[Estimated]:
    """Return, for every block, the means of each of its models with intervals."""
    results: list[Estimated] = []
    for turn in _turns(blocks, draws.n_resamples):
        results += _estimate_turn(turn, n_clusters, draws)
    return results


def _estimate_turn(blocks: Sequence[Sixes], n_clusters: int, draws: Draws) -> list[Estimated]:
    resamples = resampled_means(
        [block.sums for block in blocks], n_clusters, rng=draws.bootstrap(), n_resamples=draws.n_resamples
    )
    return [_means(block, own, draws.confidence) for block, own in zip(blocks, resamples, strict=True)]


def _turns(blocks: Sequence[Sixes], n_resamples: int) -> Iterator[list[Sixes]]:
    """Yield the blocks in portions whose resampled means fit into memory together."""
    turn: list[Sixes] = []
    size = 0
    for block in blocks:
        block_size = 8 * n_resamples * block.sums.sums.shape[1]
        if turn and size + block_size > _RESAMPLES_BYTES:
            yield turn
            turn, size = [], 0
        turn.append(block)
        size += block_size
    if turn:
        yield turn


def _means(block: Sixes, resamples: Floats, confidence: float) -> Estimated:
    shape = (-1, len(DIMENSIONS))
    values = block.sums.means.reshape(shape)
    n = block.sums.n.reshape(shape)
    low, high, _ = percentile_intervals(resamples, confidence)
    macro_draws = macro_mean(resamples.reshape(len(resamples), *shape))
    macro_low, macro_high, _ = percentile_intervals(macro_draws, confidence)
    macro = macro_mean(values)
    results: list[Means] = []
    for i, expected in enumerate(block.n_expected):
        scores = {
            dimension: _estimate(values[i, d], low.reshape(shape)[i, d], high.reshape(shape)[i, d], n[i, d], expected)
            for d, dimension in enumerate(DIMENSIONS)
        }
        results.append((scores, _estimate(macro[i], macro_low[i], macro_high[i], n[i].min(), expected)))
    return Estimated(results, macro_draws)


def _estimate(value: float, low: float, high: float, n: int, n_expected: int) -> Estimate:
    return Estimate(float(value), float(low), float(high), int(n), int(n_expected - n))
