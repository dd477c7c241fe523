"""What is measured of triage, all of it a function of one table: true level down, level said across."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dermatrust.agreement import confusion_rates
from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.statistic import Statistic, rating_table
from dermatrust.agreement.weighted_kappa import weighted_kappa
from dermatrust.clinic.urgency_words import URGENCIES

NO_LEVEL = len(URGENCIES)
"""The number of "named no level" among the levels said; the true levels are numbered from 0, most pressing first."""
_N = len(URGENCIES)
_Value = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class TriageMeasure:
    """One figure of triage.

    Attributes:
        statistic: Of ratings, shape (2, cases): number of the true level, and of the level said.
        items: From sums of the statistic's terms to how many cases it is a share of; and then, of a mean of
            shares, of each of these.
    """

    statistic: Statistic
    items: tuple[_Value, ...]


def level_terms(ratings: Floats) -> Floats:
    """Return what each case adds: 1, and a 1 in one cell of the table of three true levels by three said and none.

    Args:
        ratings: Shape (2, n): true level 0 to 2, level said 0 to 3; NaN where truth or reply is missing.

    Returns:
        Shape (n, 13); all 0 where either is missing.
    """
    truth, said = rating_table(ratings, 2)
    known = np.flatnonzero(~np.isnan(truth + said))
    terms = np.zeros((truth.size, 1 + _N * (_N + 1)))
    terms[known, 0] = 1
    terms[known, 1 + (_N + 1) * truth[known].astype(np.int64) + said[known].astype(np.int64)] = 1
    return terms


def level_table(sums: Floats) -> Floats:
    """Return sums of terms, shape (..., 13), as tables of true level by level said, shape (..., 3, 4)."""
    return sums[..., 1:].reshape(*sums.shape[:-1], _N, _N + 1)


def two_levels(sums: Floats) -> Floats:
    """Return sums as those of `confusion_rates`: emergent or urgent is positive, shape (..., 7)."""
    table = level_table(sums)
    pressing, routine = table[..., :-1, :].sum(axis=-2), table[..., -1, :]
    parts = [sums[..., 0]]
    for row in (pressing, routine):
        parts += [row[..., : _N - 1].sum(axis=-1), row[..., _N - 1], row[..., _N]]
    return np.stack(parts, axis=-1)


def _two(statistic: Statistic, *shares: list[int]) -> TriageMeasure:
    def counter(columns: list[int]) -> _Value:
        return lambda sums: two_levels(sums)[..., columns].sum(axis=-1)

    value = Statistic(level_terms, lambda sums: statistic.value(two_levels(sums)))
    return TriageMeasure(value, tuple(map(counter, shares)))


def _share(cells: Callable[[Floats], Floats]) -> TriageMeasure:
    return TriageMeasure(
        Statistic(level_terms, lambda sums: ratios(cells(level_table(sums)), sums[..., 0])),
        (lambda sums: sums[..., 0],),
    )


def _recall(level: int) -> TriageMeasure:
    def value(sums: Floats) -> Floats:
        row = level_table(sums)[..., level, :]
        return ratios(row[..., level], row.sum(axis=-1))

    return TriageMeasure(Statistic(level_terms, value), (lambda sums: level_table(sums)[..., level, :].sum(axis=-1),))


def _answered(sums: Floats) -> Floats:
    """Return sums as those of two raters on three levels, without what was not answered."""
    table = level_table(sums)[..., :_N]
    return np.concatenate([table.sum(axis=(-2, -1))[..., np.newaxis], table.reshape(*table.shape[:-2], -1)], axis=-1)


def _kappa() -> TriageMeasure:
    value = weighted_kappa(range(_N)).value
    return TriageMeasure(
        Statistic(level_terms, lambda sums: value(_answered(sums))), (lambda sums: _answered(sums)[..., 0],)
    )


_UNDER, _OVER = np.triu(np.ones((_N, _N)), 1), np.tril(np.ones((_N, _N)), -1)

TWO_LEVELS = {
    "sensitivity": _two(confusion_rates.sensitivity, [1, 2, 3]),
    "specificity": _two(confusion_rates.specificity, [4, 5, 6]),
    "ppv": _two(confusion_rates.ppv, [1, 4]),
    "npv": _two(confusion_rates.npv, [2, 5]),
    "accuracy": _two(confusion_rates.accuracy, [0]),
    "balanced accuracy": _two(confusion_rates.balanced_accuracy, [0], [1, 2, 3], [4, 5, 6]),
    "unanswered": _share(lambda table: table[..., _N].sum(axis=-1)),
}
"""Emergent or urgent against routine. What is not answered is wrong, but in the predictive values, which it is not in.
Accuracy and "unanswered" are shares of all cases with a reply."""
THREE_LEVELS = {
    "right": _share(lambda table: np.trace(table[..., :_N], axis1=-2, axis2=-1)),
    "under-triage": _share(lambda table: (table[..., :_N] * _UNDER).sum(axis=(-2, -1))),
    "over-triage": _share(lambda table: (table[..., :_N] * _OVER).sum(axis=(-2, -1))),
    "kappa": _kappa(),
    **{f"recall {level}": _recall(number) for number, level in enumerate(URGENCIES)},
}
"""The three levels apart. Right, under-triage, over-triage and "unanswered" add up to 1; kappa (quadratic) is of cases
with an answer alone."""


def triage_measures(n_levels: int) -> dict[str, TriageMeasure]:
    """Return the measures of a study with two or three levels.

    Example:
        >>> [name for name in triage_measures(2)][:2], len(triage_measures(3))
        (['sensitivity', 'specificity'], 14)
    """
    return TWO_LEVELS if n_levels == 2 else TWO_LEVELS | THREE_LEVELS
