"""Is acting on a model better than treating everybody, or nobody? Net benefit and decision curves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.clusters import Floats, ratios, sum_clusters
from dermatrust.agreement.proportion import zero_or_one
from dermatrust.agreement.two_shares import weighted_difference


@dataclass(frozen=True, slots=True)
class DecisionCurve:
    """Net benefit at every threshold probability; arrays have shape (thresholds,).

    Attributes:
        thresholds: Probability from which one would act, which says how many false alarms one true case is worth.
        net_benefit: Of acting on the model, in true positives per item; NaN without items.
        low: Lower end of its interval; NaN with items from fewer than two clusters.
        high: Upper end of its interval; NaN where `low` is.
        treat_all: Net benefit of acting on every item. That of acting on none is 0.
        gain: Net benefit less that of the better of the two rules that need no model: above 0 the model helps.
        gain_low: Lower end of the interval of the gain.
        gain_high: Upper end of the interval of the gain.
        n: Items.
        n_clusters: Clusters they come from.
    """

    thresholds: Floats
    net_benefit: Floats
    low: Floats
    high: Floats
    treat_all: Floats
    gain: Floats
    gain_low: Floats
    gain_high: Floats
    n: int
    n_clusters: int


def decision_curve(
    truth: ArrayLike, probabilities: ArrayLike, thresholds: ArrayLike, clusters: ArrayLike, *, confidence: float = 0.95
) -> DecisionCurve:
    """Return the net benefit of acting from a probability on, beside acting on all and on none.

    Args:
        truth: 1 for positive, 0 for negative, shape (n,); NaN where it is not known.
        probabilities: Stated for each item, from 0 to 1, same shape; NaN where none is. An item counts with both. A
            probability equal to the threshold is acted on.
        thresholds: Probabilities above 0 and below 1, shape (thresholds,).
        clusters: Which cluster (patient) each item belongs to, shape (n,), numbers or texts.
        confidence: Nominal coverage of the pointwise intervals, above 0 and below 1.

    Returns:
        The curve; `act_curve` makes one of yes-or-no answers. Probabilities that are off (say, all doubled) are acted
        on as they stand: net benefit falls where calibration is bad, which no AUROC shows.

        Net benefit is a difference of two shares, and so are its gains over both rules: their intervals are those of
        `two_shares.weighted_difference`. Resampling would take a handful of missed cases for fewer than they may be.
        The gain is the smaller of the two gains, and the ends of its interval are the smaller of their ends.

    Raises:
        ValueError: The shapes do not fit, a probability is outside 0 to 1, a threshold is not above 0 and below 1, or a
            truth is neither 0 nor 1.

    Example:
        >>> found = decision_curve([1, 0, 0, 1], [0.9, 0.3, 0.1, 0.6], [0.2, 0.5], range(4))
        >>> found.net_benefit.tolist(), found.treat_all.tolist(), found.gain.tolist()
        ([0.4375, 0.5], [0.375, 0.0], [0.0625, 0.5])

    Reference:
        Vickers & Elkin (2006), Med. Decis. Making 26(6):565-574, https://doi.org/10.1177/0272989X06295361 (acting on a
        positive item adds 1, acting on a negative one takes off the odds of the threshold); Vickers, van Calster &
        Steyerberg (2019), Diagn. Progn. Res. 3:18, https://doi.org/10.1186/s41512-019-0064-7 (how to read one).
    """
    stated, steps = np.asarray(probabilities, dtype=np.float64), np.asarray(thresholds, dtype=np.float64)
    if ((stated < 0) | (stated > 1)).any():
        raise ValueError("a probability is outside 0 to 1")
    _checked(truth, np.where(np.isnan(stated), np.nan, 1.0), steps)
    column = stated[:, np.newaxis]
    return act_curve(truth, np.where(np.isnan(column), np.nan, column >= steps), steps, clusters, confidence=confidence)


def act_curve(
    truth: ArrayLike, acted: ArrayLike, thresholds: ArrayLike, clusters: ArrayLike, *, confidence: float = 0.95
) -> DecisionCurve:
    """Return the decision curve of acts: 0 or 1 for each item, shape (n,), or (n, thresholds); NaN where missing.

    All else is as for `decision_curve`.

    Example:
        >>> found = act_curve([1, 0, 0, 1], [1, 1, 0, 0], [0.2], range(4))
        >>> found.net_benefit.tolist(), found.treat_all.tolist(), found.gain.tolist()
        ([0.1875], [0.375], [-0.1875])
    """
    truths, act, steps = _checked(truth, acted, thresholds)
    numbers = np.unique(np.asarray(clusters), return_inverse=True)[1]
    if numbers.shape != truths.shape:
        raise ValueError(f"truth of shape {truths.shape} does not fit clusters of shape {numbers.shape}")
    act = np.broadcast_to(act[:, np.newaxis] if act.ndim == 1 else act, (len(truths), len(steps)))
    known = ~np.isnan(truths[:, np.newaxis] + act)
    found, missed, alarmed, spared = (
        sum_clusters(known & (truths == kind)[:, np.newaxis] & (act == done), numbers).sums
        for kind, done in ((1, 1), (1, 0), (0, 1), (0, 0))
    )
    items, odds = found + missed + alarmed + spared, _odds(steps)
    over_none = weighted_difference(found, alarmed, items, (1.0, odds), confidence)
    over_all = weighted_difference(spared, missed, items, (odds, 1.0), confidence)
    gain, gain_low, gain_high = (np.minimum(*ends) for ends in zip(over_none, over_all, strict=True))
    positive, negative = (ratios(one.sum(axis=0), items.sum(axis=0)) for one in (found + missed, alarmed + spared))
    n, n_clusters = int(items.sum(axis=0).max(initial=0)), int((items > 0).sum(axis=0).max(initial=0))
    everyone = positive - odds * negative
    return DecisionCurve(steps, *over_none, everyone, gain, gain_low, gain_high, n, n_clusters)


def _checked(truth: ArrayLike, acted: ArrayLike, thresholds: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return the arguments of `act_curve` as numbers."""
    truths, act = zero_or_one(truth, "truth"), zero_or_one(acted, "act")
    steps = np.asarray(thresholds, dtype=np.float64)
    if truths.ndim != 1 or steps.ndim != 1 or act.shape not in (truths.shape, (*truths.shape, *steps.shape)):
        raise ValueError(f"truth of shape {truths.shape}, acts of {act.shape}, thresholds of {steps.shape} do not fit")
    if not ((steps > 0) & (steps < 1)).all():
        raise ValueError("a threshold is not above 0 and below 1")
    return truths, act, steps


def _odds(thresholds: Floats) -> Floats:
    odds: Floats = thresholds / (1 - thresholds)
    return odds
