"""How well a score tells positive items from negative ones: the ROC curve, its area, and points to operate at."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from dermatrust.agreement.clusters import Floats
from dermatrust.agreement.proportion import zero_or_one

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RocCurve:
    """What each threshold of a score gives, strictest first; arrays have shape (1 + distinct scores,).

    Attributes:
        thresholds: An item is called positive from this score on; the first is infinite: nothing is.
        sensitivity: Positive items called positive, of all positive ones; NaN without any.
        specificity: Negative items called negative, of all negative ones; NaN without any.
        n_positive: Positive items.
        n_negative: Negative items.
    """

    thresholds: Floats
    sensitivity: Floats
    specificity: Floats
    n_positive: int
    n_negative: int


@dataclass(frozen=True, slots=True)
class Auroc:
    """Area under the ROC curve with DeLong's interval.

    Attributes:
        value: How often a positive item scores higher than a negative one, ties counted one half; NaN unless there are
            both.
        low: Lower end of the interval; NaN with fewer than two items of a kind.
        high: Upper end of the interval; NaN where `low` is.
        n_positive: Positive items.
        n_negative: Negative items.
    """

    value: float
    low: float
    high: float
    n_positive: int
    n_negative: int


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """One threshold of a score and what it gives.

    Attributes:
        threshold: An item is called positive from this score on.
        sensitivity: There.
        specificity: There.
    """

    threshold: float
    sensitivity: float
    specificity: float


def roc_curve(truth: ArrayLike, scores: ArrayLike) -> RocCurve:
    """Return sensitivity and specificity at every threshold.

    Args:
        truth: 1 for positive, 0 for negative, shape (n,); NaN where it is not known.
        scores: Higher for more likely positive, on any scale, same shape; NaN where there is none. An item counts with
            both.

    Raises:
        ValueError: The shapes differ, or a truth is neither 0 nor 1.

    Example:
        >>> curve = roc_curve([1, 1, 0, 0], [0.9, 0.4, 0.4, 0.1])
        >>> curve.thresholds.tolist(), curve.sensitivity.tolist(), curve.specificity.tolist()
        ([inf, 0.9, 0.4, 0.1], [0.0, 0.5, 1.0, 1.0], [1.0, 1.0, 0.5, 0.0])

    Reference:
        Hanley & McNeil (1982), Radiology 143(1):29-36, https://doi.org/10.1148/radiology.143.1.7063747.
    """
    positive, score = known_items(truth, scores)
    distinct, place = np.unique(-score, return_inverse=True)
    called = [np.bincount(place[kind], minlength=distinct.size).cumsum() for kind in (positive, ~positive)]
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    hits, alarms = (np.concatenate([[0.0], count]) / (n or math.nan)
                    for count, n in zip(called, (n_positive, n_negative), strict=True))  # fmt: skip
    return RocCurve(np.concatenate([[math.inf], -distinct]), hits, 1 - alarms, n_positive, n_negative)


def auroc(truth: ArrayLike, scores: ArrayLike, confidence: float = 0.95) -> Auroc:
    """Return the area under the ROC curve with DeLong's interval, for items that are independent.

    Args:
        truth: As for `roc_curve`, like `scores`.
        scores: Higher for more likely positive.
        confidence: Nominal coverage, above 0 and below 1.

    Returns:
        The interval is the area less and plus so many standard errors, cut at 0 and 1. Where all positive items score
        higher than all negative ones the estimated standard error is 0 and the interval says nothing: its ends are NaN.
        Where several items are of one patient it is too narrow; `roc_resampling.clustered_roc` resamples patients.

    Raises:
        ValueError: The shapes differ, a truth is neither 0 nor 1, or `confidence` is not between 0 and 1.

    Example:
        >>> found = auroc([1, 1, 1, 0, 0], [0.9, 0.7, 0.3, 0.5, 0.3])
        >>> round(found.value, 3), round(found.low, 3), found.high
        (0.75, 0.234, 1.0)

    Reference:
        DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44(3):837-845, https://doi.org/10.2307/2531595; by midranks:
        Sun & Xu (2014), IEEE Signal Process. Lett. 21(11):1389-1393, https://doi.org/10.1109/LSP.2014.2337313.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; it must be above 0 and below 1")
    positive, score = known_items(truth, scores)
    above, below = score[positive], score[~positive]
    m, n = above.size, below.size
    if not m or not n:
        return Auroc(math.nan, math.nan, math.nan, m, n)
    # How much of the other kind each item beats: a positive one those below it, a negative one those above.
    won, lost = _share_below(above, below), 1 - _share_below(below, above)
    value = float(won.mean())
    low = high = math.nan
    if min(m, n) > 1:
        error = math.sqrt(won.var(ddof=1) / m + lost.var(ddof=1) / n)
        reach = float(ndtri((1 + confidence) / 2)) * error
        low, high = (max(0.0, value - reach), min(1.0, value + reach)) if error else (math.nan, math.nan)
    return Auroc(value, low, high, m, n)


def sensitivity_at(curve: RocCurve, specificity: float) -> OperatingPoint:
    """Return the point of highest sensitivity among those of at least a given specificity.

    It is chosen on the very items it is measured on, so that new items will not quite reach it.

    Args:
        curve: The curve.
        specificity: From 0 to 1.

    Returns:
        Of several such points the strictest. NaN throughout where there are no positive or no negative items.

    Raises:
        ValueError: The specificity is not from 0 to 1.

    Example:
        >>> sensitivity_at(roc_curve([1, 1, 0, 0], [0.9, 0.4, 0.4, 0.1]), 0.9)
        OperatingPoint(threshold=0.9, sensitivity=0.5, specificity=1.0)

    Reference:
        Pepe (2003), The Statistical Evaluation of Medical Tests, section 4.3, ISBN 978-0198509844.
    """
    if not 0 <= specificity <= 1:
        raise ValueError(f"specificity is {specificity}; expected a number from 0 to 1")
    return _point(curve, np.where(curve.specificity >= specificity - 1e-12, curve.sensitivity, -1.0))


def youden_point(curve: RocCurve) -> OperatingPoint:
    """Return the point where sensitivity plus specificity is highest, of several the strictest; NaN as above.

    It takes a missed positive item to be as bad as a false alarm, each as a share of its kind, which a clinic may not.

    Example:
        >>> youden_point(roc_curve([1, 1, 0, 0], [0.9, 0.8, 0.4, 0.1]))
        OperatingPoint(threshold=0.8, sensitivity=1.0, specificity=1.0)

    Reference:
        Youden (1950), Cancer 3(1):32-35,
        https://doi.org/10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3.
    """
    return _point(curve, np.round(curve.sensitivity + curve.specificity, 12))


def known_items(truth: ArrayLike, scores: ArrayLike) -> tuple[Flags, Floats]:
    """Return which items are positive and their scores, of those with both; errors as for `roc_curve`."""
    truths, score = zero_or_one(truth, "truth"), np.asarray(scores, dtype=np.float64)
    if truths.ndim != 1 or truths.shape != score.shape:
        raise ValueError(f"truth of shape {truths.shape} does not fit scores of shape {score.shape}; expected (n,)")
    known = ~np.isnan(truths + score)
    return truths[known] == 1, score[known]


def _share_below(own: Floats, others: Floats) -> Floats:
    """Return for each of some scores how many of the others are below it, ties counted one half, as a share."""
    ranked = np.sort(others)
    places = np.searchsorted(ranked, own, side="left") + np.searchsorted(ranked, own, side="right")
    shares: Floats = places / (2 * ranked.size)
    return shares


def _point(curve: RocCurve, merit: Floats) -> OperatingPoint:
    if not curve.n_positive or not curve.n_negative:
        return OperatingPoint(math.nan, math.nan, math.nan)
    k = int(np.argmax(merit))
    return OperatingPoint(float(curve.thresholds[k]), float(curve.sensitivity[k]), float(curve.specificity[k]))
