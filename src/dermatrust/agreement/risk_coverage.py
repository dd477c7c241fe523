"""Selective prediction: how large errors are among the items a rater is most confident of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from dermatrust.agreement.bootstrap import Source, percentile_intervals, resample_weights
from dermatrust.agreement.clusters import Floats, Ints, ratios
from dermatrust.agreement.interval import Estimate


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """A risk-coverage curve, one point for each distinct confidence, highest first; arrays have shape (points,).

    Attributes:
        coverage: Share of the items with at least that confidence; the last is 1.
        risk: Their mean error; the last is the mean of all.
        area: Mean risk over all items, each with the coverage its confidence leads to: the lower, the better. NaN
            without items.
        n: Items.
    """

    coverage: Floats
    risk: Floats
    area: float
    n: int


def risk_coverage(confidence: ArrayLike, errors: ArrayLike) -> RiskCoverage:
    """Mean error among the most confident share of items, for every share, and the area under this curve.

    Items of the same confidence are taken together, since nothing tells which of them would be kept: the order of the
    items cannot matter. If confidence says nothing of the errors the curve is about flat, and the area about the mean
    error; the area reaches its least where confidence falls as errors rise.

    Args:
        confidence: Shape (n,), on any scale, higher for more confident; NaN marks a missing one.
        errors: The error of each item, 0 or 1 or a distance, shape (n,); NaN marks a missing one. An item counts with
            both.

    Returns:
        The curve. Without items it is empty and the area is NaN.

    Raises:
        ValueError: The shapes do not fit, or an error is infinite.

    Example:
        >>> curve = risk_coverage([0.9, 0.9, 0.5, 0.1], [0, 1, 1, 1])
        >>> curve.coverage.tolist(), curve.risk.round(3).tolist(), round(curve.area, 3)
        ([0.5, 0.75, 1.0], [0.5, 0.667, 0.75], 0.604)

    Reference:
        Geifman & El-Yaniv (2017), NeurIPS 30, section 2, https://arxiv.org/abs/1705.08500 (risk and coverage);
        Geifman, Uziel & El-Yaniv (2019), ICLR, https://arxiv.org/abs/1805.08206 (the area).
    """
    order, last = _order(confidence, errors)
    covered = (last + 1).astype(np.float64)
    risk: Floats = np.asarray(errors, dtype=np.float64)[order].cumsum()[last] / covered
    return RiskCoverage(covered / max(order.size, 1), risk, float(_areas(covered, risk)), order.size)


def risk_coverage_area(
    confidence: ArrayLike, errors: ArrayLike, clusters: ArrayLike, *, rng: Source,
    n_resamples: int = 10_000, interval_confidence: float = 0.95,
) -> Estimate:  # fmt: skip
    """Return the area under the risk-coverage curve with its percentile interval, resampling whole clusters.

    Args:
        confidence: As for `risk_coverage`, like `errors`.
        errors: The error of each item.
        clusters: Which cluster (patient) each item belongs to, shape (n,), numbers or texts.
        rng: Source of the draws. The same state gives the same interval.
        n_resamples: How many resamples, at least 1.
        interval_confidence: Nominal coverage of the interval, above 0 and below 1.

    Returns:
        The area, NaN without items. A resample without items is left out and counted; with items from fewer than two
        clusters there is no interval.

    Raises:
        ValueError: The shapes do not fit, an error is infinite, or a number is out of its range.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> found = risk_coverage_area([0.9, 0.5, 0.1], [0, 1, 1], ["a", "b", "c"], rng=rng)
        >>> round(found.value, 3), found.low, found.high
        (0.389, 0.0, 1.0)

    Reference:
        As for `risk_coverage`; Field & Welsh (2007), J. R. Stat. Soc. B 69(3):369-390,
        https://doi.org/10.1111/j.1467-9868.2007.00593.x (whole clusters).
    """
    if n_resamples < 1:
        raise ValueError(f"n_resamples is {n_resamples}; it must be at least 1")
    order, last = _order(confidence, errors)
    labels, numbers = np.unique(np.asarray(clusters), return_inverse=True)
    if numbers.shape != np.shape(errors):
        raise ValueError(f"errors of shape {np.shape(errors)} do not fit clusters of shape {numbers.shape}")
    ranked, owners = np.asarray(errors, dtype=np.float64)[order], numbers[order]
    level = np.repeat(np.arange(last.size), np.diff(last, prepend=-1))
    shape = labels.size, last.size
    counts, wrong = (csr_array((each, (owners, level)), shape=shape) for each in (np.ones(order.size), ranked))
    areas = np.full((n_resamples, 1), np.nan)
    n_clusters = np.unique(owners).size
    if n_clusters > 1:
        for start, weights in resample_weights(labels.size, n_resamples, rng):
            areas[start : start + len(weights), 0] = _areas(*_curves(weights @ counts, weights @ wrong))
    low, high, n_skipped = percentile_intervals(areas, interval_confidence)
    value = risk_coverage(confidence, errors).area
    return Estimate(value, float(low[0]), float(high[0]), order.size, n_clusters, int(n_skipped[0]))


def _order(confidence: ArrayLike, errors: ArrayLike) -> tuple[Ints, Ints]:
    """Return the items that count, the most confident first, and where among them each confidence is last."""
    trust, wrong = np.asarray(confidence, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    if trust.ndim != 1 or trust.shape != wrong.shape:
        raise ValueError(f"confidence of shape {trust.shape} does not fit errors of shape {wrong.shape}; expected (n,)")
    if np.isinf(wrong).any():
        raise ValueError("an error is infinite; expected numbers, or NaN where there is none")
    known = np.flatnonzero(~np.isnan(trust) & ~np.isnan(wrong))
    order = known[np.argsort(-trust[known], kind="stable")]
    ranked = trust[order]
    return order, np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)[: order.size])


def _curves(counts: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """Return weight covered and risk at each distinct confidence.

    Args:
        counts: Weight of the items of each distinct confidence, highest first, shape (..., points).
        errors: Their errors added up, each by its weight, same shape.
    """
    covered: Floats = counts.cumsum(axis=-1)
    return covered, ratios(errors.cumsum(axis=-1), covered)


def _areas(covered: Floats, risk: Floats) -> Floats:
    """Return the mean risk over the weight of each curve, shape (...); NaN where there is no weight."""
    gained = np.diff(covered, prepend=0.0)
    return ratios(np.where(gained > 0, gained * risk, 0.0).sum(axis=-1), gained.sum(axis=-1))
