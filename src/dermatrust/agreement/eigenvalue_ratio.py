"""Do items measure one thing? The first eigenvalue of their correlations over the second."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.proportion import zero_or_one


@dataclass(frozen=True, slots=True, eq=False)
class EigenvalueRatio:
    """How far the strongest common dimension of the items is ahead of the next.

    Attributes:
        ratio: First eigenvalue over the second; infinite where one dimension is all there is, NaN with fewer than two
            items that vary.
        first_share: First eigenvalue over the number of items: the share of all variation that is common to them.
        eigenvalues: All of them, largest first.
        n_items: Items that vary and took part; the others correlate with nothing.
        n_persons: Persons with an answer to any of them.
    """

    ratio: float
    first_share: float
    eigenvalues: Floats
    n_items: int
    n_persons: int


def eigenvalue_ratio(responses: ArrayLike) -> EigenvalueRatio:
    """Return the eigenvalues of the phi correlations of the items, and the ratio of the first two.

    Correlations are of the persons who have both answers; a pair with none, or where one of the two does not vary among
    those, counts as uncorrelated. There is no fixed limit: 3 and more is often read as one dimension. Items of very
    unequal difficulty correlate less, and with few persons chance makes the second eigenvalue large: compare with the
    ratio of answers drawn from a fitted model of one dimension.

    Args:
        responses: 1 for right, 0 for wrong, NaN for not known, shape (persons, items).

    Raises:
        ValueError: The responses are no table of 0, 1 and NaN.

    Example:
        >>> found = eigenvalue_ratio([[1, 1, 0], [1, 1, 1], [0, 0, 1], [0, 0, 0]])
        >>> round(found.ratio, 2), found.n_items
        (2.0, 3)

    Reference:
        Reckase (1979), J. Educ. Stat. 4(3):207-230, https://doi.org/10.3102/10769986004003207.
    """
    table = zero_or_one(responses, "response")
    if table.ndim != 2:
        raise ValueError(f"responses of shape {table.shape}; expected (persons, items)")
    known = ~np.isnan(table)
    varies = ((table == 1).any(axis=0)) & ((table == 0).any(axis=0))
    right, there = np.nan_to_num(table[:, varies]), known[:, varies].astype(np.float64)
    n_items, n_persons = int(varies.sum()), int((there > 0).any(axis=1).sum())
    values = np.linalg.eigvalsh(_phi(right, there))[::-1].astype(np.float64)
    if n_items < 2:
        return EigenvalueRatio(np.nan, np.nan, values, n_items, n_persons)
    second = values[1] if values[1] > 1e-9 * n_items else 0.0
    ratio = float(values[0] / second) if second else np.inf
    return EigenvalueRatio(ratio, float(values[0] / n_items), values, n_items, n_persons)


def _phi(right: Floats, there: Floats) -> Floats:
    """Return correlations of the columns over the rows where both are there, 1 on the diagonal."""
    n, both = there.T @ there, right.T @ right
    first = right.T @ there  # right answers to the row's item among persons who have the column's too
    second = first.T
    spread = first * (n - first) * second * (n - second)
    phi = np.nan_to_num(ratios(n * both - first * second, np.sqrt(spread)))
    np.fill_diagonal(phi, 1.0)
    return phi
