"""Intervals of statistics by resampling whole clusters (patients): percentile and bias-corrected accelerated."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from dermatrust.agreement.bootstrap import resample_weights
from dermatrust.agreement.clusters import Floats, Ints
from dermatrust.agreement.statistic import Statistic, rating_table

Method = Literal["percentile", "bca"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A statistic with its interval.

    Attributes:
        value: The statistic; NaN where it is not defined.
        low: Lower end of the interval; NaN with items from fewer than two clusters.
        high: Upper end of the interval; NaN where `low` is.
        n: Items that count.
        n_clusters: Clusters with at least one of them.
        n_skipped: Resamples left out of the interval, since the statistic is not defined in them.
    """

    value: float
    low: float
    high: float
    n: int
    n_clusters: int
    n_skipped: int


def estimate(
    statistic: Statistic, ratings: ArrayLike, clusters: ArrayLike | None = None, *, rng: np.random.Generator,
    n_resamples: int = 10_000, confidence: float = 0.95, method: Method = "percentile",
) -> Estimate:  # fmt: skip
    """Return a statistic with its interval; arguments and errors as for `estimates`.

    Example:
        >>> from dermatrust.agreement.differences import bias
        >>> found = estimate(bias, [[3, 4, 2], [2, 4, 4]], rng=np.random.default_rng(0))
        >>> round(found.value, 2), found.low, found.high, found.n
        (-0.33, -2.0, 1.0, 3)
    """
    (found,) = estimates(
        [(statistic, ratings)], clusters, rng=rng, n_resamples=n_resamples, confidence=confidence, method=method
    )
    return found


def estimates(
    asked: Sequence[tuple[Statistic, ArrayLike]], clusters: ArrayLike | None = None, *, rng: np.random.Generator,
    n_resamples: int = 10_000, confidence: float = 0.95, method: Method = "percentile",
) -> list[Estimate]:  # fmt: skip
    """Return statistics with their intervals, all from the same resampled clusters.

    Args:
        asked: Statistics, each with the ratings it is of, shape (raters, n) and n the same throughout; NaN marks a
            missing rating. Ratings that are one and the same array are summed once for statistics of the same terms.
        clusters: Which cluster (patient) each item belongs to, shape (n,), numbers or texts; each item is a cluster of
            its own where none are given.
        rng: Source of the draws. The same state gives the same intervals.
        n_resamples: How many resamples, at least 1.
        confidence: Nominal coverage, above 0 and below 1.
        method: "percentile", or "bca", which corrects it for bias and for a spread that changes with the value.

    Returns:
        One estimate for each statistic, in their order.

    Raises:
        ValueError: The shapes do not fit, or a number is out of its range.

    Reference:
        Efron & Tibshirani (1993), An Introduction to the Bootstrap, ch. 13 and eqs 14.9 to 14.15 (BCa),
        https://doi.org/10.1201/9780429246593; Field & Welsh (2007), J. R. Stat. Soc. B 69(3):369-390,
        https://doi.org/10.1111/j.1467-9868.2007.00593.x (whole clusters).
    """
    if n_resamples < 1 or not 0 < confidence < 1:
        wanted = "at least 1 resample, and a confidence above 0 and below 1"
        raise ValueError(f"n_resamples is {n_resamples} and confidence {confidence}; expected {wanted}")
    tables = [rating_table(ratings) for _, ratings in asked]
    numbers = _numbers(tables, clusters)
    sums, places = _cluster_sums([(s, id(r), t) for (s, r), t in zip(asked, tables, strict=True)], numbers)
    resamples = np.full((n_resamples, len(asked)), np.nan)
    for start, weights in resample_weights(len(sums), n_resamples, rng):
        totals = weights @ sums
        for k, ((statistic, _), place) in enumerate(zip(asked, places, strict=True)):
            resamples[start : start + len(weights), k] = statistic.value(totals[:, place])
    return [
        _estimate(statistic, sums[:, place], resamples[:, k], confidence, method)
        for k, ((statistic, _), place) in enumerate(zip(asked, places, strict=True))
    ]


def _numbers(tables: Sequence[Floats], clusters: ArrayLike | None) -> Ints:
    """Return the number of each item's cluster, from 0 on."""
    sizes = {table.shape[1] for table in tables}
    given = None if clusters is None else np.asarray(clusters)
    if len(sizes) > 1 or (given is not None and sizes and given.shape != (*sizes,)):
        shape = "" if given is None else f" and clusters of shape {given.shape}"
        raise ValueError(f"ratings of {sorted(sizes)} items{shape} do not fit each other")
    if given is None:
        return np.arange(max(sizes, default=0))
    numbers: Ints = np.unique(given, return_inverse=True)[1].astype(np.int64)
    return numbers


def _cluster_sums(asked: Sequence[tuple[Statistic, int, Floats]], numbers: Ints) -> tuple[Floats, list[slice]]:
    """Return terms summed within clusters, shape (clusters, all terms), and where those of each statistic are."""
    known: dict[tuple[object, int], slice] = {}
    blocks: list[Floats] = []
    n_columns = 0
    order = np.argsort(numbers, kind="stable")
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    for statistic, which, table in asked:
        if (statistic.terms, which) not in known:
            terms = statistic.terms(table)
            blocks.append(np.add.reduceat(terms[order], starts) if len(starts) else terms)
            known[statistic.terms, which] = slice(n_columns, n_columns := n_columns + terms.shape[1])
    return np.hstack(blocks) if blocks else np.zeros((len(starts), 0)), [known[s.terms, w] for s, w, _ in asked]


def _estimate(statistic: Statistic, sums: Floats, resamples: Floats, confidence: float, method: Method) -> Estimate:
    """Return a statistic of cluster sums with its interval."""
    total = sums.sum(axis=0)
    value, counted = float(statistic.value(total)), sums[:, 0] > 0
    n_clusters = int(counted.sum())
    if n_clusters < 2:
        return Estimate(value, math.nan, math.nan, int(total[0]), n_clusters, len(resamples))
    known = resamples[~np.isnan(resamples)]
    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    if method == "bca":
        tails = _corrected(tails, value, known, statistic.value(total - sums[counted]))
    low, high = np.quantile(known, tails) if known.size and not np.isnan(tails).any() else (math.nan, math.nan)
    return Estimate(value, float(low), float(high), int(total[0]), n_clusters, len(resamples) - known.size)


def _corrected(tails: Floats, value: float, resamples: Floats, left_out: Floats) -> Floats:
    """Return the tails of a BCa interval; NaN where all resamples are on one side of the value.

    Args:
        tails: Of the percentile interval.
        value: The statistic of the whole sample.
        resamples: Where it is defined.
        left_out: The statistic without each of the clusters.
    """
    if not resamples.size:
        return np.full(2, np.nan)
    below = (np.sum(resamples < value) + 0.5 * np.sum(resamples == value)) / resamples.size
    bias = ndtri(below)
    from_mean = np.nanmean(left_out) - left_out[~np.isnan(left_out)]
    spread = np.sum(from_mean**2) ** 1.5
    acceleration = np.sum(from_mean**3) / (6 * spread) if spread > 0 else 0.0
    moved = bias + ndtri(tails)
    corrected: Floats = ndtr(bias + moved / (1 - acceleration * moved)) if np.isfinite(bias) else np.full(2, np.nan)
    return corrected
