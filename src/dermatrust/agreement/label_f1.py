"""F1 of each label, and its micro, macro and weighted means over labels."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dermatrust.agreement.clusters import Floats, Ints, ratios
from dermatrust.agreement.proportion import zero_or_one
from dermatrust.agreement.statistic import Statistic, rating_table

Average = Literal["micro", "macro", "weighted"]


@dataclass(frozen=True, slots=True, eq=False)
class LabelScores:
    """Precision, recall and F1 of every label; every array has shape (n_labels,).

    Attributes:
        precision: Items that have the label among those said to have it; NaN where it was never said.
        recall: Items said to have the label among those that have it; NaN where none has it.
        f1: Harmonic mean of the two: 0 where it was said and never true, or true and never said; NaN where neither.
        n_true: Items that have the label.
        n_said: Items said to have it.
        n: Items with an answer to compare, of all labels.
    """

    precision: Floats
    recall: Floats
    f1: Floats
    n_true: Ints
    n_said: Ints
    n: int

    @property
    def undefined(self) -> Ints:
        """Labels that no item has and that were never said, which have no F1."""
        return np.flatnonzero(self.n_true + self.n_said == 0)


def label_scores(ratings: ArrayLike, n_labels: int) -> LabelScores:
    """Return precision, recall and F1 of every label; arguments and errors as for `label_f1`.

    Example:
        >>> label_scores([[0, 0, 1], [0, 1, 1]], 3).f1.round(3).tolist()
        [0.667, 0.667, nan]
    """
    sums = label_terms(n_labels)(rating_table(ratings)).sum(axis=0)
    true, said, hits = np.split(sums[1:], 3)
    n_true, n_said = true.astype(np.int64), said.astype(np.int64)
    f1 = ratios(2 * hits, true + said)
    return LabelScores(ratios(hits, said), ratios(hits, true), f1, n_true, n_said, int(sums[0]))


def label_f1(n_labels: int, average: Average = "macro", *, undefined: float = float("nan")) -> Statistic:
    """Return the mean over labels of how well each was told, for one label an item or for several.

    Its "ratings" have shape (2, n) where an item has one label: the number of the true label, from 0, and of the one
    said; a number of -1 is no label, such as no answer. They have shape (2 * n_labels, n) where it can have several:
    for each label 1 where the item has it and 0 where not, then for each label the same of what was said. NaN marks a
    missing one, and an item with any does not count.

    Args:
        n_labels: How many labels there are, at least 1.
        average: "micro" pools all labels' counts (with one label an item, all answered, that is the share right);
            "macro" weighs labels alike; "weighted" by how many items have them.
        undefined: F1 of a label that no item has and that was never said. NaN leaves it out of the macro mean, in a
            resample too; scikit-learn takes 0, which lowers the mean of small samples.

    Returns:
        A statistic, NaN where no label has an F1. It raises a ValueError for a label without a number below `n_labels`.

    Raises:
        ValueError: `n_labels` is below 1.

    Example:
        >>> round(label_f1(3)([[0, 0, 1], [0, 1, 1]]), 3)
        0.667

    Reference:
        Sokolova & Lapalme (2009), Inf. Process. Manag. 45(4):427-437, https://doi.org/10.1016/j.ipm.2009.03.002. The
        macro value is the mean of the labels' F1, not the F1 of mean precision and recall: Opitz & Burst (2019),
        https://arxiv.org/abs/1911.03347.
    """

    def value(sums: Floats) -> Floats:
        true, said, hits = np.split(sums[..., 1:], 3, axis=-1)
        if average == "micro":
            return ratios(2 * hits.sum(axis=-1), (true + said).sum(axis=-1))
        f1 = np.where(true + said > 0, ratios(2 * hits, true + said), undefined)
        weights = np.where(np.isnan(f1), 0.0, true if average == "weighted" else 1.0)
        return ratios((np.nan_to_num(f1) * weights).sum(axis=-1), weights.sum(axis=-1))

    return Statistic(label_terms(n_labels), value)


@cache
def label_terms(n_labels: int) -> Callable[[Floats], Floats]:
    """Return the function from ratings, as for `label_f1`, to what each item adds; the same for as many labels.

    Its terms have shape (n, 1 + 3 * n_labels): 1, whether the item has each label, was said to have it, and both.
    """
    if n_labels < 1:
        raise ValueError(f"n_labels is {n_labels}; it must be at least 1")

    def terms(ratings: Floats) -> Floats:
        table = rating_table(ratings)
        known = np.all(~np.isnan(table), axis=0)
        if len(table) == 2 and n_labels > 1:
            true, said = (_one_of(row, n_labels) for row in table)
        elif len(table) == 2 * n_labels:
            true, said = (_flags(half) for half in np.split(table, 2))
        else:
            raise ValueError(f"ratings of {len(table)} rows; expected 2, or {2 * n_labels} for {n_labels} labels")
        counted = [row & known[:, np.newaxis] for row in (true, said, true & said)]
        return np.hstack([known[:, np.newaxis], *counted]).astype(np.float64)

    return terms


def _one_of(numbers: Floats, n_labels: int) -> NDArray[np.bool_]:
    wrong = ~np.isnan(numbers) & ~np.isin(numbers, np.arange(-1, n_labels))
    if wrong.any():
        raise ValueError(f"label is {numbers[wrong][0]:g}; expected a whole number from -1 to {n_labels - 1}")
    own: NDArray[np.bool_] = numbers[:, np.newaxis] == np.arange(n_labels)
    return own


def _flags(rows: Floats) -> NDArray[np.bool_]:
    own: NDArray[np.bool_] = zero_or_one(rows, "label").T == 1
    return own
