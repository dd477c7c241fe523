"""Is acting on a model better than treating everybody, or nobody? Net benefit and decision curves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.bootstrap import percentile_intervals, resampled_means
from dermatrust.agreement.clusters import Floats, sum_clusters
from dermatrust.agreement.proportion import zero_or_one


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


def benefits(truth: ArrayLike, acted: ArrayLike, thresholds: ArrayLike) -> Floats:
    """Return what each item adds to the net benefit, whose mean is the net benefit.

    Args:
        truth: 1 for positive, 0 for negative, shape (n,); NaN where it is not known.
        acted: Whether one acted on each item, 0 or 1, shape (n,), or (n, thresholds) where that depends on the
            threshold; NaN where that is missing.
        thresholds: Probabilities above 0 and below 1, shape (thresholds,).

    Returns:
        Shape (n, thresholds): 1 for acting on a positive item, the odds of the threshold below 0 for acting on a
        negative one, 0 for not acting, NaN where truth or act is missing.

    Raises:
        ValueError: The shapes do not fit, a number is neither 0 nor 1, or a threshold is out of its range.

    Example:
        >>> benefits([1, 0, 0, 1], [1, 1, 0, 0], [0.2]).ravel().tolist()
        [1.0, -0.25, 0.0, 0.0]

    Reference:
        Vickers & Elkin (2006), Med. Decis. Making 26(6):565-574, https://doi.org/10.1177/0272989X06295361.
    """
    truths, act = zero_or_one(truth, "truth"), zero_or_one(acted, "act")
    steps = np.asarray(thresholds, dtype=np.float64)
    if truths.ndim != 1 or steps.ndim != 1 or act.shape not in (truths.shape, (*truths.shape, *steps.shape)):
        raise ValueError(f"truth of shape {truths.shape}, acts of {act.shape}, thresholds of {steps.shape} do not fit")
    if not ((steps > 0) & (steps < 1)).all():
        raise ValueError("a threshold is not above 0 and below 1")
    act = act[:, np.newaxis] if act.ndim == 1 else act
    worth = np.where(truths[:, np.newaxis] == 1, 1.0, -steps / (1 - steps))
    gained: Floats = np.where(act == 1, worth, act)  # 0 where one did not act, NaN where nobody knows
    return np.where(np.isnan(truths)[:, np.newaxis], np.nan, gained)


def decision_curve(
    truth: ArrayLike, probabilities: ArrayLike, thresholds: ArrayLike, clusters: ArrayLike, *, rng: np.random.Generator,
    n_resamples: int = 10_000, confidence: float = 0.95,
) -> DecisionCurve:  # fmt: skip
    """Return the net benefit of acting from a probability on, beside acting on all and on none.

    Args:
        truth: 1 for positive, 0 for negative, shape (n,); NaN where it is not known.
        probabilities: Stated for each item, from 0 to 1, same shape; NaN where none is. An item counts with both. A
            probability equal to the threshold is acted on.
        thresholds: Probabilities above 0 and below 1, shape (thresholds,).
        clusters: Which cluster (patient) each item belongs to, shape (n,), numbers or texts.
        rng: Source of the draws. The same state gives the same intervals.
        n_resamples: How many resamples, at least 1.
        confidence: Nominal coverage of the pointwise intervals, above 0 and below 1.

    Returns:
        The curve; `act_curve` makes one of yes-or-no answers. Probabilities that are off (say, all doubled) are acted
        on as they stand: net benefit falls where calibration is bad, which no AUROC shows.

    Raises:
        ValueError: The shapes do not fit, a probability is outside 0 to 1, or as for `benefits`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> found = decision_curve([1, 0, 0, 1], [0.9, 0.3, 0.1, 0.6], [0.2, 0.5], range(4), rng=rng, n_resamples=50)
        >>> found.net_benefit.tolist(), found.treat_all.tolist(), found.gain.tolist()
        ([0.4375, 0.5], [0.375, 0.0], [0.0625, 0.5])

    Reference:
        Vickers & Elkin (2006), as for `benefits`; Vickers, van Calster & Steyerberg (2019), Diagn. Progn. Res. 3:18,
        https://doi.org/10.1186/s41512-019-0064-7 (how to read one).
    """
    stated, steps = np.asarray(probabilities, dtype=np.float64), np.asarray(thresholds, dtype=np.float64)
    if ((stated < 0) | (stated > 1)).any():
        raise ValueError("a probability is outside 0 to 1")
    known = np.isnan(stated)[:, np.newaxis]
    acted = np.where(known, np.nan, stated[:, np.newaxis] >= steps)
    return act_curve(truth, acted, steps, clusters, rng=rng, n_resamples=n_resamples, confidence=confidence)


def act_curve(
    truth: ArrayLike, acted: ArrayLike, thresholds: ArrayLike, clusters: ArrayLike, *, rng: np.random.Generator,
    n_resamples: int = 10_000, confidence: float = 0.95,
) -> DecisionCurve:  # fmt: skip
    """Return the decision curve of acts; arguments as for `benefits` and `decision_curve`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> found = act_curve([1, 0, 0, 1], [1, 1, 0, 0], [0.2], range(4), rng=rng, n_resamples=50)
        >>> found.net_benefit.tolist(), found.treat_all.tolist(), found.gain.tolist()
        ([0.1875], [0.375], [-0.1875])
    """
    own, steps = benefits(truth, acted, thresholds), np.asarray(thresholds, dtype=np.float64)
    everybody = np.where(np.isnan(own), np.nan, benefits(truth, np.ones(len(own)), steps))
    names, numbers = np.unique(np.asarray(clusters), return_inverse=True)
    sums = sum_clusters(np.hstack([own, everybody]), numbers)
    (draws,) = resampled_means([sums], names.size, rng=rng, n_resamples=n_resamples)
    model, everyone = np.split(sums.means, 2)
    drawn_model, drawn_everyone = np.split(draws, 2, axis=1)
    low, high, _ = percentile_intervals(drawn_model, confidence)
    gain_low, gain_high, _ = percentile_intervals(drawn_model - np.maximum(drawn_everyone, 0.0), confidence)
    gain = model - np.maximum(everyone, 0.0)
    n, n_clusters = int(sums.n.max(initial=0)), int(sums.n_clusters.max(initial=0))
    return DecisionCurve(steps, model, low, high, everyone, gain, gain_low, gain_high, n, n_clusters)
