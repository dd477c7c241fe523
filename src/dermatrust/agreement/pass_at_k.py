"""Right in any, in most or in all of k runs: what repeated runs of a model say of a run of k."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import hypergeom

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.proportion import zero_or_one
from dermatrust.agreement.statistic import Statistic, rating_table

Rule = Literal["any", "majority", "all"]


def pass_at_k(k: int, rule: Rule = "any") -> Statistic:
    """Return how often k runs drawn from those there are would pass an item, averaged over items.

    Of all choices of k among an item's n runs, c of them right, a share of C(n - c, k) / C(n, k) holds no right one.
    Counting choices so makes the value unbiased, which 1 - (1 - c / n) ** k is not.

    Its "ratings" have shape (2, n): right runs of each item, and all its runs, as from `run_counts`.

    Args:
        k: Runs that are drawn, at least 1.
        rule: Which of them have to be right: "any" of them (pass@k), "all" (pass^k), or the "majority", more than half;
            half of an even k is no majority.

    Returns:
        A statistic over the items with at least k runs; the others do not count, so n says how many do. It raises a
        ValueError where an item has more right runs than runs, or no whole number of them.

    Raises:
        ValueError: `k` is below 1.

    Example:
        >>> [round(pass_at_k(2, rule)([[1, 3], [3, 3]]), 3) for rule in ("any", "all")]
        [0.833, 0.5]

    Reference:
        Chen et al. (2021), eq. 1, https://arxiv.org/abs/2107.03374 (pass@k); Yao et al. (2024),
        https://arxiv.org/abs/2406.12045 (pass^k).
    """
    least = _least(k, rule)

    def terms(ratings: Floats) -> Floats:
        right, runs = rating_table(ratings, 2)
        wrong = ~np.isnan(right + runs) & ((right < 0) | (right > runs) | (right % 1 != 0) | (runs % 1 != 0))
        if wrong.any():
            raise ValueError(f"{right[wrong][0]:g} of {runs[wrong][0]:g} runs are right; expected whole numbers")
        known = ~np.isnan(right) & (runs >= k)
        value = np.zeros_like(right)
        value[known] = hypergeom.sf(least - 1, runs[known], right[known], k)
        return np.stack([known, value], axis=1).astype(np.float64)

    return Statistic(terms, _mean)


def first_k(runs: ArrayLike, k: int, rule: Rule = "any") -> Floats:
    """Return which items the first k runs pass, as one study of k runs would have it, shape (items,).

    Args:
        runs: As for `run_counts`, at least k of them.
        k: Runs that count, at least 1.
        rule: As for `pass_at_k`.

    Returns:
        1 or 0; NaN for an item that lacks one of the first k runs.

    Raises:
        ValueError: The runs are no table of 0, 1 and NaN, or fewer than k.

    Example:
        >>> first_k([[1, 1, 0, 0], [0, 1, 0, 1]], 3, "majority").tolist()
        [1.0, 0.0]
    """
    table, least = _runs(runs), _least(k, rule)
    if table.shape[1] < k:
        raise ValueError(f"there are {table.shape[1]} runs; expected at least k = {k}")
    right = table[:, :k].sum(axis=1)
    return np.where(np.isnan(right), np.nan, right >= least)


def run_counts(runs: ArrayLike) -> Floats:
    """Return right runs and all runs of each item, shape (2, items).

    Args:
        runs: 1 where a run got an item right, 0 where not (an item that a run did not answer is not right), NaN where
            there was no run, shape (items, runs).

    Raises:
        ValueError: The runs are no table of 0, 1 and NaN.

    Example:
        >>> run_counts([[1, 0, 1], [0, 0, float("nan")]]).tolist()
        [[2.0, 0.0], [3.0, 2.0]]
    """
    table = _runs(runs)
    return np.stack([np.nansum(table, axis=1), (~np.isnan(table)).sum(axis=1).astype(np.float64)])


def _least(k: int, rule: Rule) -> int:
    """Return how many of k runs have to be right."""
    if k < 1:
        raise ValueError(f"k is {k}; it must be at least 1")
    return {"any": 1, "majority": k // 2 + 1, "all": k}[rule]


def _runs(runs: ArrayLike) -> Floats:
    table = zero_or_one(runs, "run")
    if table.ndim != 2:
        raise ValueError(f"runs of shape {table.shape}; expected (items, runs)")
    return table


def _mean(sums: Floats) -> Floats:
    return ratios(sums[..., 1], sums[..., 0])
