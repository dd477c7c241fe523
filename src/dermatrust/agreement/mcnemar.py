"""Do two paired yes-or-no answers differ in how often they are yes? McNemar's test, exact and mid-p."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr, gammaln

from dermatrust.agreement.clusters import Floats
from dermatrust.agreement.proportion import zero_or_one


@dataclass(frozen=True, slots=True)
class McNemar:
    """Paired answers counted, and how likely so uneven a split is if neither of the two is more often yes.

    Attributes:
        n_both: Items where both are yes.
        n_first_only: Items where only the first is.
        n_second_only: Items where only the second is.
        n_neither: Items where neither is.
        p_exact: Two-sided exact (binomial) p-value.
        p_mid: Two-sided mid-p-value.
    """

    n_both: int
    n_first_only: int
    n_second_only: int
    n_neither: int
    p_exact: float
    p_mid: float

    @property
    def n(self) -> int:
        """Items with both answers."""
        return self.n_both + self.n_first_only + self.n_second_only + self.n_neither

    @property
    def difference(self) -> float:
        """Share of yes of the first less that of the second; NaN without items."""
        return (self.n_first_only - self.n_second_only) / self.n if self.n else float("nan")


def mcnemar(first: ArrayLike, second: ArrayLike) -> McNemar:
    """Return the four counts of two paired columns of 0 and 1, with both p-values.

    Args:
        first: 0 or 1, shape (n,); NaN marks a missing one. Only items with both count.
        second: The same of the same items in the same order.

    Returns:
        Both p-values are 1 where no item differs, also without items. Items are taken to be independent: with several
        items of one patient use `permutation.sign_flip_test`, which with one item a patient gives `p_exact` again.

    Raises:
        ValueError: The shapes differ, or a number is neither 0 nor 1.

    Example:
        >>> found = mcnemar([1, 1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 0, 1, 0])
        >>> found.n_first_only, found.n_second_only, round(found.p_exact, 3), round(found.p_mid, 3)
        (5, 1, 0.219, 0.125)

    Reference:
        McNemar (1947), Psychometrika 12(2):153-157, https://doi.org/10.1007/BF02295996; the p-values as for
        `mcnemar_p_values`.
    """
    a, b = zero_or_one(first, "answer"), zero_or_one(second, "answer")
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"answers of shape {a.shape} do not fit answers of shape {b.shape}; expected (n,) twice")
    known = ~np.isnan(a + b)
    pattern = (2 * a[known] + b[known]).astype(np.int64)
    neither, second_only, first_only, both = np.bincount(pattern, minlength=4).tolist()
    exact, mid = mcnemar_p_values(first_only, second_only)
    return McNemar(both, first_only, second_only, neither, float(exact), float(mid))


def mcnemar_p_values(n_first_only: ArrayLike, n_second_only: ArrayLike) -> tuple[Floats, Floats]:
    """Return the two-sided exact and mid-p-values of McNemar's test from the discordant counts, in their shape.

    If neither side is more often yes, which of the two is the one that says yes is a coin's toss for each of the items
    on which they differ. The exact p-value is twice the smaller tail of that binomial distribution, at most 1: never
    too small, but too large on average since counts are whole numbers. The mid-p-value takes half the probability of
    the very count found off the tail; it is the one to prefer for small counts unless a guarantee is asked for.

    Args:
        n_first_only: Items where only the first is yes, whole numbers of at least 0.
        n_second_only: Items where only the second is.

    Raises:
        ValueError: A count is below 0.

    Example:
        >>> exact, mid = mcnemar_p_values([1, 2, 0], [5, 2, 0])
        >>> exact.round(3).tolist(), mid.round(3).tolist()
        ([0.219, 1.0, 1.0], [0.125, 0.812, 1.0])

    Reference:
        Fagerland, Lydersen & Laake (2013), BMC Med. Res. Methodol. 13:91, https://doi.org/10.1186/1471-2288-13-91,
        with their rule for equal counts (1 less half the probability of the count found).
    """
    b, c = np.broadcast_arrays(np.asarray(n_first_only, dtype=np.float64), np.asarray(n_second_only, dtype=np.float64))
    if (b < 0).any() or (c < 0).any():
        raise ValueError("a count of items is below 0")
    fewer, n = np.minimum(b, c), b + c
    exact = np.where(b == c, 1.0, 2 * bdtr(fewer, n.astype(np.int64), 0.5))
    found = np.exp(gammaln(n + 1) - gammaln(fewer + 1) - gammaln(n - fewer + 1) - n * np.log(2))
    mid = np.where(n == 0, 1.0, np.where(b == c, 1 - found / 2, np.maximum(exact - found, 0.0)))
    return exact, mid
