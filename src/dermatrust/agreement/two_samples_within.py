"""How far the means of two samples are apart within the same label, such as the same disease."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from dermatrust.agreement.bootstrap import percentile_intervals, resample_weights
from dermatrust.agreement.clusters import Floats, Ints
from dermatrust.agreement.gaps import within_label
from dermatrust.agreement.proportion import wilson_interval


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSample:
    """Observations of one sample.

    Attributes:
        values: Shape (n, columns); NaN marks a missing one.
        labels: Of each item, shape (n,): texts; None where it is not known, which is no label of its own.
        clusters: Which cluster (patient) each belongs to, shape (n,): numbers or texts.
    """

    values: Floats
    labels: ArrayLike
    clusters: ArrayLike


@dataclass(frozen=True, slots=True, eq=False)
class WithinGap:
    """Means of one sample less those of another within the same label; arrays have shape (columns,).

    Attributes:
        values: Mean, over the labels that both have, of the difference of means; NaN without such a label.
        low: Lower end of the interval; NaN with fewer than two clusters in a sample.
        high: Upper end of the interval; NaN where `low` is.
        n_labels: Labels with an observation in both samples.
        n: Observations of these labels in the sample, and in the other, shape (2, columns).
    """

    values: Floats
    low: Floats
    high: Floats
    n_labels: Ints
    n: Ints


def within_gap(
    sample: LabelledSample, first: LabelledSample, *, rng: np.random.Generator, n_resamples: int = 10_000,
    confidence: float = 0.95,
) -> WithinGap:  # fmt: skip
    """Return how much higher the means of one sample are than those of another, label by label, each weighing the same.

    A dataset can be harder since other diseases are in it. What is left of a gap within the same diseases is not of
    that kind.

    Args:
        sample: Observations.
        first: Those of another sample that shares no cluster with it, with the same columns.
        rng: Source of the draws; each sample gets resamples of its own.
        n_resamples: How many resamples, at least 1.
        confidence: Nominal coverage of the percentile intervals, above 0 and below 1.

    Returns:
        Percentile intervals; a resample leaves out labels of which it drew no observation in one of the samples. Where
        all clusters of a label have the same mean in a sample, as one alone always has, no resample shows how far off
        that mean may be: Wilson's interval of as many items as there are clusters is then combined with the percentile
        interval, by the square root of the sum of the squared distances. Values are taken to lie between 0 and 1.

    Example:
        >>> near = LabelledSample(np.array([[1.0], [0.0], [1.0]]), ["acne", "acne", "wart"], [0, 1, 2])
        >>> far = LabelledSample(np.array([[0.0], [0.0], [1.0]]), ["acne", "wart", "scabies"], [0, 1, 2])
        >>> found = within_gap(far, near, rng=np.random.default_rng(0), n_resamples=50)
        >>> found.values.tolist(), found.n_labels.tolist(), found.n.tolist()  # acne 0 - 1/2, wart 0 - 1
        ([-0.75], [2], [[2], [3]])

    Reference:
        Direct standardization to equal weights: Fleiss, Levin & Paik (2003), Statistical Methods for Rates and
        Proportions, ch. 19, https://doi.org/10.1002/0471445428; resamples and combining of intervals as for
        `two_samples.sample_gap`, Wilson's interval as for `proportion.unvaried_interval`. The rest is ours.
    """
    sides = (first, sample)
    known = [{str(label) for label in np.asarray(side.labels, dtype=object) if label is not None} for side in sides]
    shared = {label: k for k, label in enumerate(sorted(known[0] & known[1]))}
    tables = [_cells(side, shared) for side in sides]
    totals, counts = (np.stack([table[part].sum(axis=0) for table in tables], axis=-1) for part in (0, 1))
    drawn = [_drawn(table, draws, n_resamples) for table, draws in zip(tables, rng.spawn(2), strict=True)]
    drawn_totals, drawn_counts = (np.stack([one[part] for one in drawn], axis=-1) for part in (0, 1))
    draws = within_label(drawn_totals, drawn_counts)[..., 1]
    low, high, _ = percentile_intervals(draws, confidence)
    if min(len(table[0]) for table in tables) < 2:
        low, high = np.full_like(low, np.nan), np.full_like(high, np.nan)
    both = np.greater(counts, 0).all(axis=-1)
    values = within_label(totals, counts)[:, 1]
    down, up = _unseen(tables, both, confidence)
    low = np.maximum(values - np.hypot(values - low, down), -1)
    high = np.minimum(values + np.hypot(high - values, up), 1)
    n = np.where(both[..., np.newaxis], counts, 0.0).sum(axis=1).astype(np.int64)
    n_labels: Ints = both.sum(axis=1)
    return WithinGap(values, low, high, n_labels, n.T[::-1])


def _unseen(tables: "list[_Cells]", both: NDArray[np.bool_], confidence: float) -> tuple[Floats, Floats]:
    """Return how far below and above the gap may be for what no resample varies, shape (columns,)."""
    n_labels = np.maximum(both.sum(axis=1), 1)
    down, up = np.zeros(len(both)), np.zeros(len(both))
    for sample, (sums, counts) in enumerate(tables):
        means = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
        lowest, highest = np.fmin.reduce(means, initial=np.inf), np.fmax.reduce(means, initial=-np.inf)
        flat = both & (highest - lowest < _SAME)
        n_clusters = np.where(flat, (counts > 0).sum(axis=0), 1)
        share = wilson_interval(np.zeros_like(n_clusters), n_clusters, confidence)[1]
        below = np.where(flat, share * lowest, 0.0) ** 2
        above = np.where(flat, share * (1 - lowest), 0.0) ** 2
        first, second = (below, above) if sample else (above, below)
        down += first.sum(axis=1)
        up += second.sum(axis=1)
    return np.sqrt(down) / n_labels, np.sqrt(up) / n_labels


_SAME = 1e-12
_Cells = tuple[NDArray[np.float64], NDArray[np.float64]]


def _cells(side: LabelledSample, shared: dict[str, int]) -> _Cells:
    """Return sums and counts of each column and shared label within clusters, shape (clusters, columns, labels)."""
    names, numbers = np.unique(np.asarray(side.clusters), return_inverse=True)
    places = np.array([shared.get(str(one), -1) if one is not None else -1 for one in np.asarray(side.labels, object)])
    kept = places >= 0
    shape = len(names), side.values.shape[1], len(shared)
    sums, counts = np.zeros(shape), np.zeros(shape)
    for column in range(shape[1]):
        values = side.values[:, column]
        there = kept & ~np.isnan(values)
        np.add.at(sums[:, column], (numbers[there], places[there]), values[there])
        np.add.at(counts[:, column], (numbers[there], places[there]), 1.0)
    return sums, counts


def _drawn(table: _Cells, rng: np.random.Generator, n_resamples: int) -> tuple[Floats, Floats]:
    """Return sums and counts in every resample, shape (resamples, columns, labels)."""
    sums, counts = (csr_array(part.reshape(len(part), -1)) for part in table)
    blocks = [(weights @ sums, weights @ counts) for _, weights in resample_weights(len(table[0]), n_resamples, rng)]
    first, second = (
        np.concatenate(parts).reshape(n_resamples, *table[0].shape[1:]) for parts in zip(*blocks, strict=True)
    )
    return first, second
