"""How unequal a model is: where it scores lowest and highest, and whether the diseases there explain it."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from dermatrust.agreement.bootstrap import percentile_intervals
from dermatrust.agreement.clusters import Floats, Ints
from dermatrust.agreement.gaps import chance_gap, within_label_gaps
from dermatrust.bench.estimates import Draws, Estimated
from dermatrust.bench.grid import N_DIMENSIONS, Grid
from dermatrust.bench.results import FACTORS, FEWEST, NOT_RECORDED, Estimate, Factor, ModelGap, WithinGap
from dermatrust.bench.subgroups import Subgroup

WITHIN: tuple[Factor, ...] = ("skin type", "site")
MOST_RESAMPLES = 2_000
"""Resamples of gaps within a category: there are many cells, and an interval needs no more."""


def model_gaps(
    grid: Grid, rater: str, groups: Sequence[Subgroup], estimated: Sequence[Estimated], confidence: float
) -> list[ModelGap]:
    """Return the widest gap of each model in every factor with two recorded levels of ten scored cases."""
    found: list[ModelGap] = []
    for factor in FACTORS:
        own = [(group, one, group.sixes.sums.n_clusters.reshape(-1, N_DIMENSIONS).min(axis=1))
               for group, one in zip(groups, estimated, strict=True)
               if group.factor == factor and group.level != NOT_RECORDED]  # fmt: skip
        for a, author in enumerate(grid.authors):
            parts = [(group.level, one.means[a][1], one.macro_draws[:, a], int(n[a])) for group, one, n in own]
            parts = [part for part in parts if part[1].n >= FEWEST and not math.isnan(part[1].value)]
            if len(parts) > 1:
                found.append(_widest(author, rater, factor, parts, confidence))
    return found


def within_gaps(grid: Grid, rater: str, rated: Ints, draws: Draws) -> list[WithinGap]:
    """Return the gaps of each model beside the largest level, within the same category of disease.

    A case counts where the model has all six scores; its value is their mean.
    """
    values = _case_values(grid, rated)
    return [row for factor in WITHIN for row in _within(grid, rater, factor, values, draws)]


def _case_values(grid: Grid, rated: Ints) -> Floats:
    """Return the mean of the six scores of each case and model, shape (cases, authors); NaN where one is missing."""
    values: Floats = grid.case_means(rated).reshape(grid.n_cases, -1, N_DIMENSIONS).mean(axis=2)
    return values


def _shown(names: tuple[str, ...], level: Ints) -> list[int]:
    return [k for k, name in enumerate(names) if name != NOT_RECORDED and (level == k).sum() >= FEWEST]


def _widest(
    author: str, rater: str, factor: Factor, parts: Sequence[tuple[str, Estimate, Floats, int]], confidence: float
) -> ModelGap:
    low, high = (chosen(parts, key=lambda part: part[1].value) for chosen in (min, max))
    ends = percentile_intervals((high[2] - low[2])[:, np.newaxis], confidence)
    width, n = high[1].value - low[1].value, low[1].n + high[1].n
    gap = Estimate(width, float(ends[0][0]), float(ends[1][0]), n, 0)
    draws, values = np.stack([part[2] for part in parts], axis=1), np.array([part[1].value for part in parts])
    chance = chance_gap(draws, values, np.array([part[3] for part in parts]), confidence)
    return ModelGap(low[0], high[0], low[1].value, high[1].value, gap, chance, author, rater, factor)


def _within(grid: Grid, rater: str, factor: Factor, values: Floats, draws: Draws) -> Iterator[WithinGap]:
    (names, level), (categories, category) = grid.levels[factor], grid.levels["category"]
    shown = _shown(names, level)
    is_known = np.array([name != NOT_RECORDED for name in categories])[category]
    chosen = np.flatnonzero(is_known & np.isin(level, shown))
    if len(shown) < 2 or not chosen.size:
        return
    found = within_label_gaps(
        values[chosen].T, category[chosen], np.searchsorted(shown, level[chosen]),
        grid.cluster_of_case[chosen].astype(np.int64), n_clusters=grid.n_clusters, rng=draws.bootstrap(),
        n_resamples=min(draws.n_resamples, MOST_RESAMPLES),
    )  # fmt: skip
    for a, author in enumerate(grid.authors):
        for k in range(1, len(shown)):
            counts = found.counts[a]
            both = (counts[:, 0] > 0) & (counts[:, k] > 0)
            n_level, n_beside = int(counts[both, k].sum()), int(counts[both, 0].sum())
            difference = None
            if min(n_level, n_beside) >= FEWEST:
                low, high, _ = percentile_intervals(found.draws[:, a, k : k + 1], draws.confidence)
                difference = Estimate(float(found.gaps[a, k]), float(low[0]), float(high[0]), n_level + n_beside, 0)
            yield WithinGap(
                author, rater, factor, names[shown[k]], names[shown[0]], int(both.sum()), n_level, n_beside, difference
            )
