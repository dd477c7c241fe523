"""The area under the ROC curve, and points on it, with intervals from resampling whole clusters (patients)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from dermatrust.agreement.bootstrap import Source, percentile_intervals, resample_weights
from dermatrust.agreement.clusters import Floats, Ints, ratios
from dermatrust.agreement.interval import Estimate
from dermatrust.agreement.proportion import zero_or_one
from dermatrust.agreement.roc import Flags, auroc, known_items, roc_curve, sensitivity_at, youden_point


@dataclass(frozen=True, slots=True)
class ClusteredRoc:
    """What a score is worth, with percentile intervals over clusters where there are any.

    Attributes:
        area: Area under the ROC curve.
        sensitivity_at: Highest sensitivity at the specificity asked for; each resample chooses its own threshold.
        youden: Highest sensitivity plus specificity less 1, without an interval: none that we know holds the true value
            95 times of 100. Of studies of 300 simulated patients the percentile interval held it in 83 of 100, the
            bias-corrected one (Efron 1987, https://doi.org/10.1080/01621459.1987.10478410) in 91.
        specificity: The specificity asked for.
    """

    area: Estimate
    sensitivity_at: Estimate
    youden: Estimate
    specificity: float


def clustered_roc(
    truth: ArrayLike, scores: ArrayLike, clusters: ArrayLike, *, rng: Source, specificity: float = 0.9,
    n_resamples: int = 10_000, confidence: float = 0.95,
) -> ClusteredRoc:  # fmt: skip
    """Return the area and two figures of the ROC curve with intervals from the same resampled clusters.

    Args:
        truth: 1 for positive, 0 for negative, shape (n,); NaN where it is not known.
        scores: Higher for more likely positive, same shape; NaN where there is none. An item counts with both.
        clusters: Which cluster (patient) each item belongs to, shape (n,), numbers or texts.
        rng: Source of the draws. The same state gives the same intervals.
        specificity: At which sensitivity is asked for, from 0 to 1.
        n_resamples: How many resamples, at least 1.
        confidence: Nominal coverage, above 0 and below 1.

    Returns:
        Resamples without a positive or a negative item are left out and counted. With items from fewer than two
        clusters there is no interval. The two points are the best of many thresholds, so that their values lie somewhat
        too high for new items; Youden's index, which is freest to choose, most.

    Raises:
        ValueError: The shapes do not fit, a truth is neither 0 nor 1, or a number is out of its range.

    Example:
        >>> truth, scores, patients = [1, 1, 0, 0, 0], [0.9, 0.3, 0.5, 0.2, 0.1], ["a", "a", "b", "c", "d"]
        >>> found = clustered_roc(truth, scores, patients, rng=np.random.default_rng(0), n_resamples=500)
        >>> round(found.area.value, 3), found.area.high, found.area.n_clusters
        (0.833, 1.0, 4)

    Reference:
        Obuchowski (1997), Biometrics 53(2):567-578, https://doi.org/10.2307/2533958 (why clusters matter here); Field &
        Welsh (2007), J. R. Stat. Soc. B 69(3):369-390, https://doi.org/10.1111/j.1467-9868.2007.00593.x.
    """
    if n_resamples < 1:
        raise ValueError(f"n_resamples is {n_resamples}; it must be at least 1")
    truths, names = zero_or_one(truth, "truth"), np.asarray(clusters)
    if names.shape != truths.shape:
        raise ValueError(f"truth of shape {truths.shape} does not fit clusters of shape {names.shape}")
    positive, score = known_items(truth, scores)
    labels, numbers = np.unique(names, return_inverse=True)
    numbers = numbers[~np.isnan(truths + np.asarray(scores, dtype=np.float64))]
    n_clusters = np.unique(numbers).size
    curve = roc_curve(truth, scores)
    best = youden_point(curve)
    values = auroc(truth, scores).value, sensitivity_at(curve, specificity).sensitivity
    draws = np.full((n_resamples, 2), np.nan)
    if n_clusters > 1:
        above, below = _by_threshold(positive, score, numbers, labels.size)
        for start, weights in resample_weights(labels.size, n_resamples, rng):
            draws[start : start + len(weights)] = _figures(weights @ above, weights @ below, specificity)
    low, high, n_skipped = percentile_intervals(draws, confidence)
    area, at = (
        Estimate(value, float(low[k]), float(high[k]), score.size, n_clusters, int(n_skipped[k]))
        for k, value in enumerate(values)
    )
    youden = best.sensitivity + best.specificity - 1
    index = Estimate(youden, math.nan, math.nan, score.size, n_clusters, 0)
    return ClusteredRoc(area, at, index, specificity)


def _by_threshold(positive: Flags, score: Floats, numbers: Ints, n_clusters: int) -> tuple[csr_array, csr_array]:
    """Return how many positive, and how many negative, items each cluster has at each distinct score, highest first."""
    distinct, place = np.unique(-score, return_inverse=True)
    shape = n_clusters, distinct.size
    kinds = (positive, ~positive)
    first, second = (csr_array((np.ones(k.sum()), (numbers[k], place[k])), shape=shape) for k in kinds)
    return first, second


def _figures(positives: Floats, negatives: Floats, specificity: float) -> Floats:
    """Return area and sensitivity at a specificity of resamples, shape (resamples, 2).

    Args:
        positives: Weight of the positive items at each distinct score, highest first, shape (resamples, scores).
        negatives: The same of the negative items.
        specificity: The one asked for.
    """
    called, alarms = positives.cumsum(axis=1), negatives.cumsum(axis=1)
    n_positive, n_negative = called[:, -1:], alarms[:, -1:]
    # A positive item beats the negative ones of lower scores, and half of those of its own.
    beaten = (positives * (n_negative - alarms + negatives / 2)).sum(axis=1)
    area = ratios(beaten, (n_positive * n_negative)[:, 0])
    hit = ratios(called, np.broadcast_to(n_positive, called.shape))
    true_negative = 1 - ratios(alarms, np.broadcast_to(n_negative, alarms.shape))
    defined = (n_positive > 0) & (n_negative > 0)
    at = np.where(true_negative >= specificity - 1e-12, hit, 0.0).max(axis=1, initial=0.0)
    found = np.stack([area, at], axis=1)
    found[~defined[:, 0]] = math.nan
    return found
