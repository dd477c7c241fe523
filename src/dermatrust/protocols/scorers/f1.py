"""F1 of answers that are classes: of one class, and the plain mean over all of them."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.interval import Estimate, estimate
from dermatrust.agreement.statistic import Statistic
from dermatrust.protocols.metrics import N_RESAMPLES
from dermatrust.protocols.table import Metric, ScoreTable

Fold = Callable[[str], str]
"""From an answer or a target to its class."""


def as_it_is(label: str) -> str:
    """Return the label itself as its class."""
    return label


def macro_f1(classes: Sequence[str], fold: Fold = as_it_is) -> Metric:
    """Return the metric that is the plain mean of F1 over classes; those that nobody named or meant do not count.

    Args:
        classes: All classes.
        fold: From an answer to its class. What is no class, silence too, is a miss of the right one.

    Example:
        >>> from dermatrust.protocols import Item, Score
        >>> table = ScoreTable()
        >>> for target, said in [("a", "a"), ("a", "b"), ("b", "b"), ("b", "")]:
        ...     table.add(Item(id=target + said, question="", target=target), Score(value=0.0, said=said))
        >>> found = macro_f1("ab")(table, np.random.default_rng(0))  # a: 2/3, b: 2/4
        >>> round(found.value, 3), found.n
        (0.583, 4)
    """

    def value(sums: Floats) -> Floats:
        each = _f1(sums, len(classes))
        is_there = ~np.isnan(each)
        return ratios(np.where(is_there, each, 0.0).sum(axis=-1), is_there.sum(axis=-1).astype(np.float64))

    return _metric(classes, fold, value)


def f1_of(one: str, classes: Sequence[str], fold: Fold = as_it_is) -> Metric:
    """Return the metric that is the F1 of one class; NaN where nobody named or meant it."""
    return _metric(classes, fold, lambda sums: _f1(sums, len(classes))[..., list(classes).index(one)])


def _metric(classes: Sequence[str], fold: Fold, value: Callable[[Floats], Floats]) -> Metric:
    codes = {name: float(number) for number, name in enumerate(classes)}
    statistic = Statistic(lambda ratings: _terms(ratings, len(classes)), value)

    def metric(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        known = table.is_known
        if not known.any():
            return Estimate(math.nan, math.nan, math.nan, 0, 0, 0)
        coded = [
            [
                codes.get(fold(label), -1.0) if is_known else np.nan
                for label, is_known in zip(column, known, strict=True)
            ]
            for column in (table.targets, table.said)
        ]
        return estimate(statistic, coded, table.groups, rng=rng, n_resamples=N_RESAMPLES)

    return metric


def _terms(ratings: Floats, n_classes: int) -> Floats:
    """Return for each item 1, and for each class whether it is hit, meant and named."""
    numbers = np.arange(n_classes)
    meant, named = (np.equal.outer(row, numbers) for row in ratings)
    rows: Floats = np.column_stack([np.ones(ratings.shape[1]), meant & named, meant, named]).astype(np.float64)
    rows[np.isnan(ratings).any(axis=0)] = 0
    return rows


def _f1(sums: Floats, n_classes: int) -> Floats:
    hits, meant, named = (sums[..., 1 + k * n_classes : 1 + (k + 1) * n_classes] for k in range(3))
    return ratios(2 * hits, meant + named)
