"""Is acting on a model better than treating everybody, or nobody? Net benefit and decision curves."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from dermatrust.agreement.bootstrap import Source, percentile_intervals, resample_weights
from dermatrust.agreement.clusters import Floats, ratios
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
    truths, act, steps = _checked(truth, acted, thresholds)
    act = act[:, np.newaxis] if act.ndim == 1 else act
    worth = np.where(truths[:, np.newaxis] == 1, 1.0, -_odds(steps))
    gained: Floats = np.where(act == 1, worth, act)  # 0 where one did not act, NaN where nobody knows
    return np.where(np.isnan(truths)[:, np.newaxis], np.nan, gained)


def decision_curve(
    truth: ArrayLike, probabilities: ArrayLike, thresholds: ArrayLike, clusters: ArrayLike, *, rng: Source,
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
    truths, _, steps = _checked(truth, np.where(np.isnan(stated), np.nan, 1.0), thresholds)
    order = np.argsort(steps)
    known = np.flatnonzero(~np.isnan(truths + stated))
    passed = np.searchsorted(steps[order], stated[known], side="right")  # how many thresholds would act on it
    n_columns = 1 + len(steps)
    columns = passed + n_columns * truths[known].astype(np.int64)

    def calls(sums: Floats) -> Floats:
        by_kind = sums.reshape(*sums.shape[:-1], 2, n_columns)
        passing = by_kind[..., ::-1].cumsum(axis=-1)[..., ::-1]
        acted = passing[..., 1:][..., np.argsort(order)]
        return np.stack([acted, np.broadcast_to(passing[..., :1], acted.shape)], axis=-2)

    shape = len(truths), 2 * n_columns
    terms = csr_array((np.ones(known.size), (known, columns)), shape=shape)
    return _curve(terms, calls, steps, clusters, rng, n_resamples, confidence)


def act_curve(
    truth: ArrayLike, acted: ArrayLike, thresholds: ArrayLike, clusters: ArrayLike, *, rng: Source,
    n_resamples: int = 10_000, confidence: float = 0.95,
) -> DecisionCurve:  # fmt: skip
    """Return the decision curve of acts; arguments as for `benefits` and `decision_curve`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> found = act_curve([1, 0, 0, 1], [1, 1, 0, 0], [0.2], range(4), rng=rng, n_resamples=50)
        >>> found.net_benefit.tolist(), found.treat_all.tolist(), found.gain.tolist()
        ([0.1875], [0.375], [-0.1875])
    """
    truths, act, steps = _checked(truth, acted, thresholds)
    act = act[:, np.newaxis] if act.ndim == 1 else act
    known = ~np.isnan(truths[:, np.newaxis] + act)
    kinds = [(known & (truths == kind)[:, np.newaxis]) for kind in (0, 1)]
    terms = np.stack([column for own in kinds for column in (own & (act == 1), own)], axis=1).astype(np.float64)

    def calls(sums: Floats) -> Floats:
        return sums.reshape(*sums.shape[:-1], 2, 2, act.shape[1])

    return _curve(csr_array(terms.reshape(len(terms), -1)), calls, steps, clusters, rng, n_resamples, confidence)


def _checked(truth: ArrayLike, acted: ArrayLike, thresholds: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return the arguments of `benefits` as numbers."""
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


def _curve(
    terms: csr_array, calls: Callable[[Floats], Floats], steps: Floats, clusters: ArrayLike, rng: Source,
    n_resamples: int, confidence: float,
) -> DecisionCurve:  # fmt: skip
    """Return the decision curve of counts: no threshold needs the items, only how many of them one acts on.

    Args:
        terms: What each item adds to some counts, shape (n, counts).
        calls: From sums of these, shape (..., counts), to how many negative items (first) and positive ones are acted
            on by the model (first), and by acting on all: shape (..., 2, 2, thresholds), or one for all thresholds.
        steps: As for `decision_curve`, like what follows.
        clusters: Of each item.
        rng: Source of the draws.
        n_resamples: How many resamples.
        confidence: Nominal coverage.
    """
    if n_resamples < 1:
        raise ValueError(f"n_resamples is {n_resamples}; it must be at least 1")
    names, numbers = np.unique(np.asarray(clusters), return_inverse=True)
    if numbers.shape != terms.shape[:1]:
        raise ValueError(f"truth of shape {terms.shape[:1]} does not fit clusters of shape {numbers.shape}")
    sums = csr_array((np.ones(numbers.size), (numbers, np.arange(numbers.size))), shape=(names.size, numbers.size))
    sums = sums @ terms
    counts = calls(sums.toarray())
    model, everyone = _net_benefits(counts.sum(axis=0), steps)
    draws = np.full((n_resamples, 2, steps.size), np.nan)
    items = counts[:, :, 1].sum(axis=1)
    several = np.broadcast_to((items > 0).sum(axis=0) > 1, steps.shape)
    for start, weights in resample_weights(names.size, n_resamples, rng):
        draws[start : start + len(weights)] = _net_benefits(calls(weights @ sums), steps)
    draws[..., ~several] = np.nan
    low, high, _ = percentile_intervals(draws[:, 0], confidence)
    gain_low, gain_high, _ = percentile_intervals(draws[:, 0] - np.maximum(draws[:, 1], 0.0), confidence)
    gain = model - np.maximum(everyone, 0.0)
    n, n_clusters = int(items.sum(axis=0).max(initial=0)), int((items > 0).sum(axis=0).max(initial=0))
    return DecisionCurve(steps, model, low, high, everyone, gain, gain_low, gain_high, n, n_clusters)


def _net_benefits(calls: Floats, steps: Floats) -> Floats:
    """Return net benefits of the model and of acting on all, shape (..., 2, thresholds); NaN without items."""
    negative, positive = calls[..., 0, :, :], calls[..., 1, :, :]
    return ratios(positive - _odds(steps) * negative, (negative + positive)[..., 1:, :])
