"""Yes-or-no calls against the truth: sensitivity, specificity, predictive values, accuracy, balanced accuracy."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.proportion import Proportion, proportion, zero_or_one
from dermatrust.agreement.statistic import Statistic, rating_table


@dataclass(frozen=True, slots=True)
class ConfusionRates:
    """The table of truth and call, and every rate with Wilson's interval; a rate without items is NaN.

    An item without an answer is wrong whatever its truth: it is in the denominators of sensitivity, specificity and
    accuracy. It is in neither predictive value, since these ask what a call that was made is worth.

    Attributes:
        true_positives: Positive items called positive.
        false_negatives: Positive items called negative.
        unanswered_positives: Positive items without an answer.
        false_positives: Negative items called positive.
        true_negatives: Negative items called negative.
        unanswered_negatives: Negative items without an answer.
        sensitivity: Positive items called positive, of all positive ones.
        specificity: Negative items called negative, of all negative ones.
        ppv: Positive predictive value: positive items among those called positive.
        npv: Negative predictive value: negative items among those called negative.
        accuracy: Items called what they are, of all.
        balanced_accuracy: Mean of sensitivity and specificity; `n` counts the items of both.
    """

    true_positives: int
    false_negatives: int
    unanswered_positives: int
    false_positives: int
    true_negatives: int
    unanswered_negatives: int
    sensitivity: Proportion
    specificity: Proportion
    ppv: Proportion
    npv: Proportion
    accuracy: Proportion
    balanced_accuracy: Proportion

    @property
    def n(self) -> int:
        """Items with a known truth, answered or not."""
        return self.accuracy.n


def confusion_rates(
    truth: ArrayLike, call: ArrayLike, answered: ArrayLike | None = None, *, confidence: float = 0.95
) -> ConfusionRates:
    """Return how calls compare with the truth; every rate with Wilson's interval.

    Args:
        truth: 1 for positive, 0 for negative, shape (n,); NaN where it is not known.
        call: What was called, 1 or 0, same shape; NaN where it is missing. Such items do not count at all.
        answered: 0 where an item was not answered, whose call then does not matter, and 1 where it was, same shape. All
            were answered where none are given.
        confidence: Nominal coverage, above 0 and below 1.

    Returns:
        The interval of balanced accuracy combines those of its two halves, which are of different items, by the square
        root of the sum of squared distances from their shares to their ends.

    Raises:
        ValueError: The shapes differ, or a number is neither 0 nor 1.

    Example:
        >>> found = confusion_rates([1, 1, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0, 1], [1, 1, 0, 1, 1, 1, 1])
        >>> found.sensitivity.value, found.ppv.value, round(found.balanced_accuracy.value, 3)
        (0.5, 0.6666666666666666, 0.583)

    Reference:
        Altman & Bland (1994), BMJ 308:1552, https://doi.org/10.1136/bmj.308.6943.1552, and BMJ 309:102,
        https://doi.org/10.1136/bmj.309.6947.102; Brodersen et al. (2010), ICPR, https://doi.org/10.1109/ICPR.2010.764
        (balanced accuracy); Zou & Donner (2008), Stat. Med. 27(10):1693-1702, https://doi.org/10.1002/sim.3095 (its
        interval).
    """
    rows = [truth, call] if answered is None else [truth, call, answered]
    tp, fn, up, fp, tn, un = (int(x) for x in confusion_terms(np.array(rows, dtype=np.float64)).sum(axis=0)[1:])
    sensitivity, specificity = proportion(tp, tp + fn + up, confidence), proportion(tn, fp + tn + un, confidence)
    return ConfusionRates(
        tp, fn, up, fp, tn, un, sensitivity, specificity,
        ppv=proportion(tp, tp + fp, confidence), npv=proportion(tn, tn + fn, confidence),
        accuracy=proportion(tp + tn, tp + fn + up + fp + tn + un, confidence),
        balanced_accuracy=_mean_of_two(sensitivity, specificity),
    )  # fmt: skip


def confusion_terms(ratings: Floats) -> Floats:
    """Return what each item adds to the table of truth and call.

    Args:
        ratings: Shape (2, n), truth and call, or (3, n) with whether it was answered, as for `confusion_rates`.

    Returns:
        Shape (n, 7): 1, and a 1 in one of true positive, false negative, unanswered positive, false positive, true
        negative, unanswered negative. All 0 where truth or call is missing.

    Raises:
        ValueError: The ratings have another shape, or one is neither 0 nor 1.
    """
    table = rating_table(ratings)
    if len(table) > 3:
        raise ValueError(f"ratings of {len(table)} rows; expected truth, call, and whether it was answered")
    truth, call = zero_or_one(table[0], "truth"), zero_or_one(table[1], "call")
    answered = zero_or_one(table[2], "answered") if len(table) == 3 else np.ones_like(truth)
    known = ~np.isnan(truth + answered) & (~np.isnan(call) | (answered == 0))
    silent = answered == 0
    kinds = [known]
    for positive in (truth == 1, truth == 0):
        said = known & positive & ~silent
        kinds += [said & (call == 1), said & (call == 0), known & positive & silent]
    return np.stack(kinds, axis=1).astype(np.float64)


def _mean_of_two(a: Proportion, b: Proportion) -> Proportion:
    """Return the mean of two shares of different items, with its interval."""
    value = (a.value + b.value) / 2
    low = value - math.hypot(a.value - a.low, b.value - b.low) / 2
    high = value + math.hypot(a.high - a.value, b.high - b.value) / 2
    return Proportion(value, low, high, a.n_hits + b.n_hits, a.n + b.n)


def _rate(hits: tuple[int, ...], items: tuple[int, ...]) -> Callable[[Floats], Floats]:
    return lambda sums: ratios(sums[..., hits].sum(axis=-1), sums[..., items].sum(axis=-1))


_SENSITIVITY, _SPECIFICITY = _rate((1,), (1, 2, 3)), _rate((5,), (4, 5, 6))

sensitivity = Statistic(confusion_terms, _SENSITIVITY)
"""`ConfusionRates.sensitivity`, of ratings as for `confusion_terms`; for intervals over patients. Likewise the others.

Example:
    >>> sensitivity([[1, 1, 0], [1, 0, 0]])
    0.5
"""

specificity = Statistic(confusion_terms, _SPECIFICITY)
"""Negative items called negative, of all negative ones."""

ppv = Statistic(confusion_terms, _rate((1,), (1, 4)))
"""Positive items among those called positive."""

npv = Statistic(confusion_terms, _rate((5,), (2, 5)))
"""Negative items among those called negative."""

accuracy = Statistic(confusion_terms, _rate((1, 5), (0,)))
"""Items called what they are."""

balanced_accuracy = Statistic(confusion_terms, lambda sums: (_SENSITIVITY(sums) + _SPECIFICITY(sums)) / 2)
"""Mean of sensitivity and specificity; NaN where one of them is."""
