"""Is a model the surer of itself the worse it does? MedQ-Deg's "AI Dunning-Kruger" effect, in and between models."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.answer_entropy import shift_terms
from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.interval import Estimate, estimates
from dermatrust.agreement.statistic import Statistic, rating_table


@dataclass(frozen=True, slots=True)
class DunningKruger:
    """How accuracy and calibration shift change from an easy condition to a hard one.

    Attributes:
        fall: Accuracy in the easy condition less that in the hard one.
        rise: Calibration shift in the hard condition less that in the easy one.
    """

    fall: Estimate
    rise: Estimate

    @property
    def holds(self) -> bool:
        """Whether the model does worse in the hard condition and is at least as much too sure, chance left aside."""
        return self.fall.value > 0 and self.rise.value >= 0

    @property
    def is_sure(self) -> bool:
        """Whether it holds and neither interval reaches below 0."""
        return self.holds and self.fall.low > 0 and self.rise.low >= 0


def dunning_kruger(
    ratings: ArrayLike, clusters: ArrayLike | None = None, *, rng: np.random.Generator, n_resamples: int = 10_000,
    confidence: float = 0.95,
) -> DunningKruger:  # fmt: skip
    """Return whether a model that does worse is no less sure of itself, with intervals.

    The effect is that accuracy falls, Acc(easy) > Acc(hard), and the calibration shift does not, shift(easy) <=
    shift(hard). The shift is confidence less accuracy: a fall of accuracy alone raises it, and the second condition
    fails only where confidence falls by more than accuracy does.

    Args:
        ratings: Shape (3, n): confidence and right as for `answer_entropy.shift_terms`, and 0 for the easy condition
            (images as they are), 1 for the hard one (degraded).
        clusters: What is resampled, as for `interval.estimates`: the same image in both conditions is one cluster.
        rng: Source of the draws.
        n_resamples: How many resamples, at least 1.
        confidence: Nominal coverage, above 0 and below 1.

    Raises:
        ValueError: The ratings have another shape, or a number is out of its range.

    Example:
        >>> stated, right, condition = [1.0, 0.8, 1.0, 0.6], [1, 1, 1, 0], [0, 0, 1, 1]
        >>> found = dunning_kruger([stated, right, condition], rng=np.random.default_rng(0), n_resamples=50)
        >>> found.fall.value, round(found.rise.value, 2), found.holds
        (0.5, 0.4, True)

    Reference:
        MedQ-Deg, https://arxiv.org/abs/2603.07769. The intervals are ours.
    """
    table = rating_table(ratings, 3)
    fall, rise = estimates(
        [(_FALL, table), (_RISE, table)], clusters, rng=rng, n_resamples=n_resamples, confidence=confidence
    )
    return DunningKruger(fall, rise)


@dataclass(frozen=True, slots=True)
class PairsOfModels:
    """In how many pairs of models the less accurate one is at least as much too sure of itself.

    Attributes:
        n_holds: Pairs in which it is.
        n: Pairs of models that differ in accuracy.
    """

    n_holds: int
    n: int

    @property
    def share(self) -> float:
        """The one over the other; NaN without pairs. One half is what unrelated numbers would give."""
        return self.n_holds / self.n if self.n else float("nan")


def between_models(accuracies: ArrayLike, shifts: ArrayLike) -> PairsOfModels:
    """Return in how many pairs of models the rule of `dunning_kruger` holds from the better to the worse one.

    How MedQ-Deg compares models has not been found published; this puts its rule to pairs. Accuracy is part of the
    shift, so that models of equal confidence fulfil it in every pair.

    Args:
        accuracies: Of each model, shape (models,); a model with NaN is left out.
        shifts: Calibration shift of each, same shape.

    Raises:
        ValueError: The shapes differ.

    Example:
        >>> between_models([0.6, 0.5, 0.3], [0.1, 0.2, 0.15]).share
        0.6666666666666666
    """
    accuracy, shift = np.asarray(accuracies, dtype=np.float64), np.asarray(shifts, dtype=np.float64)
    if accuracy.ndim != 1 or accuracy.shape != shift.shape:
        raise ValueError(f"accuracies of shape {accuracy.shape} do not fit shifts of shape {shift.shape}")
    better = accuracy[:, np.newaxis] > accuracy
    comparable = better & ~np.isnan(shift[:, np.newaxis] + shift)
    return PairsOfModels(int((comparable & (shift[:, np.newaxis] <= shift)).sum()), int(comparable.sum()))


def _terms(ratings: Floats) -> Floats:
    """Return what each item adds, shape (n, 7): 1, then count, confidence and right in each of the two conditions."""
    table = rating_table(ratings, 3)
    condition = table[2]
    wrong = ~np.isnan(condition) & ~np.isin(condition, (0, 1))
    if wrong.any():
        raise ValueError(f"condition is {condition[wrong][0]:g}; expected 0 for easy or 1 for hard")
    sums = shift_terms(table[:2])
    easy, hard = (sums * (condition == k)[:, np.newaxis] for k in (0, 1))
    return np.hstack([easy[:, :1] + hard[:, :1], easy, hard])


def _fall(sums: Floats) -> Floats:
    easy, hard = sums[..., 1:4], sums[..., 4:7]
    return ratios(easy[..., 2], easy[..., 0]) - ratios(hard[..., 2], hard[..., 0])


def _rise(sums: Floats) -> Floats:
    easy, hard = (ratios(part[..., 1] - part[..., 2], part[..., 0]) for part in (sums[..., 1:4], sums[..., 4:7]))
    return hard - easy


_FALL, _RISE = Statistic(_terms, _fall), Statistic(_terms, _rise)
