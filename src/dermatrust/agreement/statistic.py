"""A statistic as a function of sums over items: all that resampling whole patients needs to know of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.clusters import Floats


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number about ratings that follows from sums of what each item adds.

    Most measures of agreement are of this kind: a kappa follows from the counts of a table, a correlation from sums of
    products. A resample then only weighs the items' terms, and no item is looked at twice.

    Attributes:
        terms: From ratings, shape (raters, n), NaN where a rater gave none, to what each item adds, shape (n, terms).
            The first term is 1 for an item that counts and 0 for one that does not, whose other terms are 0 too.
            Statistics with the very same function share its sums.
        value: From sums of terms, shape (..., terms), to the statistic, shape (...); NaN where it is not defined.

    Example:
        >>> difference = Statistic(
        ...     terms=lambda ratings: np.stack([np.ones(ratings.shape[1]), ratings[0] - ratings[1]], axis=1),
        ...     value=lambda sums: sums[..., 1] / sums[..., 0],
        ... )
        >>> difference([[3.0, 4.0], [1.0, 4.0]])
        1.0
    """

    terms: Callable[[Floats], Floats]
    value: Callable[[Floats], Floats]

    def __call__(self, ratings: ArrayLike) -> float:
        """Return the statistic of ratings, shape (raters, n); NaN where it is not defined.

        Raises:
            ValueError: The ratings are no table of numbers, or not of the raters the statistic is about.
        """
        return float(self.value(self.terms(rating_table(ratings)).sum(axis=0)))


def rating_table(ratings: ArrayLike, n_raters: int | None = None) -> Floats:
    """Return ratings as a table, shape (raters, n).

    Args:
        ratings: Numbers; NaN marks a missing one.
        n_raters: How many raters there must be; any number of at least 2 where it is not given.

    Raises:
        ValueError: It has another shape, or holds an infinite number.
    """
    table = np.asarray(ratings, dtype=np.float64)
    wanted = "at least 2 raters" if n_raters is None else f"{n_raters} raters"
    if table.ndim != 2 or len(table) < 2 or (n_raters is not None and len(table) != n_raters):
        raise ValueError(f"ratings of shape {table.shape}; expected (raters, n) with {wanted}")
    if np.isinf(table).any():
        raise ValueError("a rating is infinite; expected numbers, or NaN where there is none")
    return table
