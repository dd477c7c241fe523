"""Gaps between parts of a sample: how wide one must be to say something, and whether it remains within the same label.

Example:
    >>> totals = np.array([[2.0, 6.0], [3.0, 4.0], [9.0, 0.0]])  # labels x levels
    >>> within_label(totals, np.array([[2.0, 3.0], [1.0, 1.0], [3.0, 0.0]])).tolist()  # (2 - 1 + 4 - 3) / 2
    [0.0, 1.0]
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtri, stdtrit

from dermatrust.agreement.bootstrap import Source, resample_weights
from dermatrust.agreement.clusters import Floats, Ints, ratios

LabelWeights = Literal["equal", "mantel-haenszel"]


@dataclass(frozen=True, slots=True)
class WithinLabel:
    """Gaps between levels within the same label.

    Attributes:
        gaps: Of each quantity, beside level 0, shape (quantities, levels); NaN where no label has both levels.
        draws: The same in every resample, shape (resamples, quantities, levels).
        counts: Items, shape (quantities, labels, levels).
    """

    gaps: Floats
    draws: Floats
    counts: Floats


def chance_gap(draws: Floats, values: Floats, n_clusters: Ints, confidence: float) -> float:
    """Return how far apart the most and the least of several values would be by chance alone.

    Args:
        draws: Resampled values, shape (resamples, values); NaN where one is not defined.
        values: Of the whole sample, shape (values,).
        n_clusters: Clusters behind each, shape (values,); at least two.
        confidence: Share of studies that stay below.

    Returns:
        A quantile of the range of what each draw differs from its own value; NaN where no resample has any. Resamples
        of few clusters differ too little: what they differ by is stretched as Student's t stretches a mean's. Without a
        difference it was exceeded, with a part of 10 beside two of 60 and a share of 0.7, in 10 of 100 simulations
        before that and in 6 since.

    Example:
        >>> draws = np.array([[1.0, 5.0], [2.0, 5.0], [0.0, 5.5]])
        >>> [round(chance_gap(draws, np.array([1.0, 5.0]), np.array([n, n]), 0.5), 2) for n in (10_000, 10)]
        [1.0, 1.1]

    Reference:
        Tukey's studentized range without the studentizing, by the bootstrap: Westfall & Young (1993), Resampling-Based
        Multiple Testing, ch. 2, ISBN 978-0471557616; the stretching: Hesterberg (2015), The American Statistician
        69(4):371-386, https://doi.org/10.1080/00031305.2015.1089789, section 4 (expanded percentile interval).
    """
    n, tail = np.maximum(n_clusters, 2), (1 + confidence) / 2
    moved = (draws - values) * np.sqrt(n / (n - 1)) * stdtrit(n - 1, tail) / ndtri(tail)
    ranges = np.ptp(moved, axis=1)
    known = ranges[~np.isnan(ranges)]
    return float(np.quantile(known, confidence)) if known.size else float("nan")


def with_unseen(draws: Floats, values: Floats, n_clusters: Ints, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return draws and values of shares for `chance_gap`, those that no resample varies as if they did.

    A small part without any difference is often all right. Its resamples then know no other value, and the gap that
    chance gives was exceeded in 18 of 100 simulated studies, with a part of 10 beside two of 60 and a share of 0.85,
    and not in 5.

    Args:
        draws: Resampled shares, shape (resamples, values).
        values: Of the whole sample, shape (values,).
        n_clusters: Clusters behind each.
        rng: Of the draws that are made up.

    Returns:
        For a share that is 0 or 1 the value has two hits and two misses added to its clusters, and its draws are
        binomial with it; the others are as they were.

    Example:
        >>> draws, rng = np.ones((200, 1)), np.random.default_rng(0)
        >>> drawn, value = with_unseen(draws, np.array([1.0]), np.array([10]), rng)
        >>> value.round(2).tolist(), bool(drawn.min() < 0.9)
        ([0.86], True)

    Reference:
        Agresti & Coull (1998), The American Statistician 52(2):119-126, https://doi.org/10.1080/00031305.1998.10480550
        (two and two). The use made of it is ours.
    """
    flat = (values == 0) | (values == 1)
    likely = (values * n_clusters + 2) / (n_clusters + 4)
    made_up = rng.binomial(n_clusters, likely, size=draws.shape) / np.maximum(n_clusters, 1)
    return np.where(flat, made_up, draws), np.where(flat, likely, values)


def within_label(totals: Floats, counts: Floats, weights: LabelWeights = "equal") -> Floats:
    """Return how much higher the means of each level are than those of the first, within the same label.

    Args:
        totals: Sums of a quantity, shape (..., labels, levels).
        counts: How many were added up, same shape.
        weights: What a label weighs: "equal" for all the same, "mantel-haenszel" for m n / (m + n) with m items at the
            level and n at the first, which makes the most of few items where the gap is alike in all labels.

    Returns:
        Shape (..., levels): the mean, over the labels with both levels, of the difference of means. NaN where no label
        has both; 0 for the first level.

    Reference:
        Greenland & Robins (1985), Biometrics 41(1):55-68, https://doi.org/10.2307/2530643 (Mantel-Haenszel weights of a
        difference).
    """
    means = ratios(totals, counts)
    apart = means - means[..., :1]
    known = ~np.isnan(apart)
    weighed = known.astype(np.float64)
    if weights == "mantel-haenszel":
        weighed = np.where(known, ratios(counts * counts[..., :1], counts + counts[..., :1]), 0.0)
    return ratios((np.where(known, apart, 0.0) * weighed).sum(axis=-2), weighed.sum(axis=-2))


def within_label_gaps(
    values: Floats, labels: Ints, levels: Ints, clusters: Ints, *, n_clusters: int, rng: Source,
    n_resamples: int, weights: LabelWeights = "equal",
) -> WithinLabel:  # fmt: skip
    """Return the gaps of several quantities between levels within the same label, resampling clusters.

    Args:
        values: Shape (quantities, items); NaN where one is missing.
        labels: Number of each item's label, from 0, shape (items,).
        levels: Number of each item's level, from 0, shape (items,).
        clusters: Number of each item's cluster (patient), from 0, shape (items,).
        n_clusters: Clusters of the whole sample.
        rng: Source of the resampled clusters.
        n_resamples: How many resamples.
        weights: What a label weighs, as for `within_label`.
    """
    shape = int(labels.max(initial=-1)) + 1, int(levels.max(initial=-1)) + 1
    cells, size = labels * shape[1] + levels, shape[0] * shape[1]
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    totals, counts = (
        np.stack([np.bincount(cells, row, size) for row in rows]).astype(np.float64).reshape(-1, *shape)
        for rows in (filled, known)
    )
    terms = list(_terms(np.vstack([filled, known]), labels, levels, clusters))
    blocks = _blocks(terms, (len(values), *shape), n_clusters, rng, n_resamples)
    drawn = (within_label(sums, n, weights) for sums, n in blocks)
    return WithinLabel(within_label(totals, counts, weights), np.concatenate(list(drawn)), counts)


def _terms(rows: Floats, labels: Ints, levels: Ints, clusters: Ints) -> Iterator[tuple[int, Ints, Floats]]:
    """Yield a label, the clusters that have it, and each row's sums at each level, shape (rows x levels, clusters)."""
    n_levels = int(levels.max(initial=-1)) + 1
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        numbers, place = np.unique(clusters[own], return_inverse=True)
        cells, size = levels[own] * numbers.size + place, n_levels * numbers.size
        yield int(label), numbers, np.vstack([np.bincount(cells, row[own], size).reshape(n_levels, -1) for row in rows])


def _blocks(
    terms: Sequence[tuple[int, Ints, Floats]], shape: tuple[int, int, int], n_clusters: int, rng: Source,
    n_resamples: int,
) -> Iterator[Floats]:  # fmt: skip
    """Yield resampled sums and counts, shape (2, resamples, quantities, labels, levels)."""
    n_quantities, n_labels, n_levels = shape
    for _, weights in resample_weights(n_clusters, n_resamples, rng):
        totals = np.zeros((2, n_quantities, n_labels, n_levels, len(weights)))
        for label, numbers, sums in terms:
            totals[:, :, label] = (sums @ weights.T[numbers]).reshape(2, n_quantities, n_levels, -1)
        yield np.moveaxis(totals, -1, 1)
