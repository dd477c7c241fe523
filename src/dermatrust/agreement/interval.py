"""Intervals of statistics by resampling whole clusters (patients): percentile and bias-corrected accelerated."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from dermatrust.agreement.bootstrap import Source, percentile_intervals, resample_weights
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
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; expected above 0 and below 1")
    numbers = _numbers([rating_table(ratings) for _, ratings in asked], clusters)
    questions = [Question(statistic, ratings, numbers) for statistic, ratings in asked]
    found = resample(questions, int(numbers.max(initial=-1)) + 1, rng=rng, n_resamples=n_resamples)
    return [found.estimate(k, confidence, method) for k in range(len(questions))]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A statistic asked of some ratings.

    Attributes:
        statistic: The statistic.
        ratings: Shape (raters, n); NaN marks a missing one. One and the same array is summed once for statistics of the
            same terms.
        clusters: Number of each item's cluster, shape (n,).
    """

    statistic: Statistic
    ratings: ArrayLike
    clusters: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Resamples:
    """Answers in the whole sample, and in every resample of its clusters.

    Attributes:
        questions: What was asked.
        sums: For each question its terms summed within clusters, shape (clusters, terms).
        draws: Shape (resamples, questions); NaN where a statistic is not defined.
    """

    questions: tuple[Question, ...]
    sums: tuple[Floats, ...]
    draws: Floats

    def value(self, k: int) -> float:
        """Return the answer to the k-th question in the whole sample."""
        return float(self.questions[k].statistic.value(self.sums[k].sum(axis=0)))

    def estimate(self, k: int, confidence: float = 0.95, method: Method = "percentile") -> Estimate:
        """Return the answer to the k-th question with its interval; see `estimates`."""
        value = self.questions[k].statistic.value
        total, counted = self.sums[k].sum(axis=0), self.sums[k][:, 0] > 0
        whole, n, n_clusters = float(value(total)), int(total[0]), int(counted.sum())
        if n_clusters < 2:
            return Estimate(whole, math.nan, math.nan, n, n_clusters, len(self.draws))
        known = self.draws[~np.isnan(self.draws[:, k]), k]
        tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
        if method == "bca":
            tails = _corrected(tails, whole, known, value(total - self.sums[k][counted]))
        low, high = np.quantile(known, tails) if known.size and not np.isnan(tails).any() else (math.nan, math.nan)
        return Estimate(whole, float(low), float(high), n, n_clusters, len(self.draws) - known.size)

    def mean(self, ks: Sequence[int], confidence: float = 0.95) -> Estimate:
        """Return the mean of the answers to some questions, such as the macro mean of six dimensions.

        Its n is the smallest of theirs. It is NaN where one of them is, since a mean of fewer is another quantity.
        """
        value = math.fsum(self.value(k) for k in ks) / len(ks)
        n = min(int(self.sums[k][:, 0].sum()) for k in ks)
        n_clusters = min(int(np.count_nonzero(self.sums[k][:, 0])) for k in ks)
        low, high, n_skipped = percentile_intervals(self.draws[:, list(ks)].mean(axis=1, keepdims=True), confidence)
        ends = (float(low[0]), float(high[0])) if n_clusters > 1 else (math.nan, math.nan)
        return Estimate(value, *ends, n, n_clusters, int(n_skipped[0]))


def resample(questions: Sequence[Question], n_clusters: int, *, rng: Source, n_resamples: int = 10_000) -> Resamples:
    """Answer questions in the whole sample and in resamples of its clusters, the same for all of them.

    Args:
        questions: May be about different items, as long as their clusters are numbered alike.
        n_clusters: Clusters of the whole sample, numbered from 0, and of each resample.
        rng: Source of the draws.
        n_resamples: How many resamples, at least 1.

    Raises:
        ValueError: `n_resamples` is below 1, or ratings and clusters do not fit each other.

    Example:
        >>> from dermatrust.agreement.differences import bias, mean_absolute_difference
        >>> asked = [Question(one, [[3, 4], [2, 5]], np.arange(2)) for one in (bias, mean_absolute_difference)]
        >>> found = resample(asked, 2, rng=np.random.default_rng(0), n_resamples=50)
        >>> found.value(0), found.mean([0, 1]).value
        (0.0, 0.5)
    """
    if n_resamples < 1:
        raise ValueError(f"n_resamples is {n_resamples}; expected at least 1")
    sums, places = _cluster_sums(questions, n_clusters)
    draws = np.full((n_resamples, len(questions)), np.nan, order="F")
    for start, weights in resample_weights(n_clusters, n_resamples, rng):
        totals = (sums.T @ weights.T).T  # so that resamples lie side by side in memory: values come twice as fast
        for k, (question, place) in enumerate(zip(questions, places, strict=True)):
            draws[start : start + len(weights), k] = question.statistic.value(totals[:, place])
    return Resamples(tuple(questions), tuple(sums[:, place] for place in places), draws)


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


def _cluster_sums(questions: Sequence[Question], n_clusters: int) -> tuple[Floats, list[slice]]:
    """Return terms summed within clusters, shape (clusters, all terms), and where those of each question are."""
    known: dict[tuple[object, int], slice] = {}
    blocks: list[Floats] = [np.zeros((n_clusters, 0))]
    n_columns = 0
    places = []
    for question in questions:
        key = question.statistic.terms, id(question.ratings)
        if key not in known:
            terms = question.statistic.terms(rating_table(question.ratings))
            if len(terms) != len(question.clusters):
                raise ValueError(f"ratings of {len(terms)} items do not fit {len(question.clusters)} clusters")
            order = np.argsort(question.clusters, kind="stable")
            present, starts = np.unique(question.clusters[order], return_index=True)
            block = np.zeros((n_clusters, terms.shape[1]))
            if len(starts):
                block[present] = np.add.reduceat(terms[order], starts)
            blocks.append(block)
            known[key] = slice(n_columns, n_columns := n_columns + terms.shape[1])
        places.append(known[key])
    return np.hstack(blocks), places


def _corrected(tails: Floats, value: float, resamples: Floats, left_out: Floats) -> Floats:
    """Return the tails of a BCa interval; NaN where all resamples are on one side of the value.

    Args:
        tails: Of the percentile interval.
        value: The statistic of the whole sample.
        resamples: Where it is defined.
        left_out: The statistic without each of the clusters; where it is defined without none of them nothing tells
            how its spread changes, and only the bias is corrected.
    """
    if not resamples.size:
        return np.full(2, np.nan)
    below = (np.sum(resamples < value) + 0.5 * np.sum(resamples == value)) / resamples.size
    bias = ndtri(below)
    known = left_out[~np.isnan(left_out)]
    from_mean = known.mean() - known if known.size else known
    spread = np.sum(from_mean**2) ** 1.5
    acceleration = np.sum(from_mean**3) / (6 * spread) if spread > 0 else 0.0
    moved = bias + ndtri(tails)
    corrected: Floats = ndtr(bias + moved / (1 - acceleration * moved)) if np.isfinite(bias) else np.full(2, np.nan)
    return corrected
