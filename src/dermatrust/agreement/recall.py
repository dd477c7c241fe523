"""How often items of each class are got right, and the mean over classes: balanced accuracy of any number of them."""

from collections.abc import Callable
from functools import cache

import numpy as np

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.proportion import zero_or_one
from dermatrust.agreement.statistic import Statistic, rating_table


def mean_recall(n_classes: int) -> Statistic:
    """Return the mean over classes of the share of their items that were got right, each class weighing the same.

    It is also called balanced accuracy; guessing the most frequent class, or one class by a coin, gives 1 / k with k
    classes, however unequal they are.

    Its "ratings" have shape (2, n): the number of each item's class, from 0, and 1 where it was got right, 0 where not
    (an item nobody answered is not right); NaN marks a missing one, and an item counts with both.

    Args:
        n_classes: How many classes there are, at least 1.

    Returns:
        A statistic over the classes that have items, in a resample over those that were drawn; NaN without any. It
        raises a ValueError for a class without a number below `n_classes`.

    Raises:
        ValueError: `n_classes` is below 1.

    Example:
        >>> mean_recall(2)([[0, 0, 0, 1], [1, 1, 1, 0]])
        0.5

    Reference:
        Brodersen et al. (2010), ICPR, https://doi.org/10.1109/ICPR.2010.764.
    """

    def value(sums: Floats) -> Floats:
        shares = _shares(sums)
        known = ~np.isnan(shares)
        return ratios(np.where(known, shares, 0.0).sum(axis=-1), known.sum(axis=-1).astype(np.float64))

    return Statistic(recall_terms(n_classes), value)


def class_recall(number: int, n_classes: int) -> Statistic:
    """Return the share of one class's items that were got right; "ratings" and errors as for `mean_recall`.

    Example:
        >>> class_recall(0, 2)([[0, 0, 1], [1, 0, 1]])
        0.5
    """
    if not 0 <= number < n_classes:
        raise ValueError(f"class {number} is none of {n_classes}; expected from 0 to {n_classes - 1}")
    return Statistic(recall_terms(n_classes), lambda sums: _shares(sums)[..., number])


@cache
def recall_terms(n_classes: int) -> Callable[[Floats], Floats]:
    """Return the function from (class, right), shape (2, n), to what each item adds; the same for as many classes.

    Its terms have shape (n, 1 + 2 * n_classes): 1, whether the item is of each class, whether it is and was got right.
    """
    if n_classes < 1:
        raise ValueError(f"n_classes is {n_classes}; it must be at least 1")

    def terms(ratings: Floats) -> Floats:
        number, right = rating_table(ratings, 2)
        zero_or_one(right, "right")
        wrong = ~np.isnan(number) & ~np.isin(number, np.arange(n_classes))
        if wrong.any():
            raise ValueError(f"class is {number[wrong][0]:g}; expected a whole number from 0 to {n_classes - 1}")
        known = ~np.isnan(number + right)
        own = (number[:, np.newaxis] == np.arange(n_classes)) & known[:, np.newaxis]
        return np.hstack([known[:, np.newaxis], own, own & (right == 1)[:, np.newaxis]]).astype(np.float64)

    return terms


def _shares(sums: Floats) -> Floats:
    counts, hits = np.split(sums[..., 1:], 2, axis=-1)
    return ratios(hits, counts)
