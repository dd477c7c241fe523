"""May a judge stand in for a rater? The alternative-annotator test: it should agree with the others as well."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import comb, stdtr

from dermatrust.agreement.clusters import Floats
from dermatrust.agreement.consensus import panel_means
from dermatrust.agreement.multiplicity import benjamini_yekutieli
from dermatrust.agreement.statistic import rating_table

Metric = Literal["rmse", "accuracy"]
_FEWEST_FOR_T = 30
"""Items from which the authors trust the t-test's assumption of normality."""
_HALF = 0.5
"""Winning rate from which the judge passes."""
_TIE = 1e-9
"""Two scores closer than this are equal: the same distances were added up in another order."""


@dataclass(frozen=True, slots=True)
class RaterComparison:
    """The judge against one rater, both compared with all other raters.

    Attributes:
        rater: Index of the rater left out.
        n: Items that this rater, the judge and at least one other rated.
        rho_judge: Share of them on which the judge agrees with the others at least as well as the rater does.
        rho_human: Share on which the rater agrees with them at least as well as the judge does. Ties are in both.
        p: One-sided p-value of `rho_human` - `rho_judge` being below epsilon.
        p_adjusted: The same, adjusted for testing every rater.
        is_rejected: Whether the judge is as good as this rater but for epsilon: it "wins".
        test: "t"; "wilcoxon" with fewer than 30 items; "none" without any, with NaN for the numbers.
    """

    rater: int
    n: int
    rho_judge: float
    rho_human: float
    p: float
    p_adjusted: float
    is_rejected: bool
    test: Literal["t", "wilcoxon", "none"]


@dataclass(frozen=True, slots=True)
class AlternativeAnnotator:
    """The outcome of an alternative-annotator test.

    Attributes:
        raters: The comparison with each rater, in order.
        winning_rate: Share of the raters with items against whom the judge wins; NaN where there are none.
        advantage_probability: Mean of their `rho_judge`: the chance that the judge is at least as good as a rater
            drawn at random. It compares judges.
        passes: Whether the winning rate is at least one half.
    """

    raters: tuple[RaterComparison, ...]
    winning_rate: float
    advantage_probability: float
    passes: bool


def alternative_annotator_test(
    ratings: ArrayLike, judge: ArrayLike, *, metric: Metric = "rmse", epsilon: float = 0.2, q: float = 0.05
) -> AlternativeAnnotator:
    """Test whether a judge may replace the raters of a panel.

    Each rater in turn is left out. On every item of the rater's, the rater and the judge are scored by their agreement
    with the others. The hypothesis that the judge is worse, share of wins of the rater - epsilon >= that of the
    judge, is tested by a one-sided paired t-test and rejected by the procedure of Benjamini and Yekutieli over raters.

    The tests take items for independent. Where patients have several, p-values are too small: give one item a patient.

    Args:
        ratings: Of the human raters, shape (raters, n); NaN marks a missing one.
        judge: Of the judge, shape (n,); NaN marks a missing one.
        metric: How a score agrees with the others': "rmse", minus the root of the mean squared distance from them, or
            "accuracy", the share of them that are equal.
        epsilon: How much worse the judge may be for being cheaper; its authors take 0.2 with experts, 0.15 with
            skilled raters and 0.1 with crowd workers.
        q: False discovery rate over raters.

    Returns:
        The comparison with each rater and the verdict. A rater without items is in none of the shares. At least three
        raters are better than two, with whom there is no consensus to be near to.

        With fewer than 30 items Wilcoxon's signed-rank test replaces the t-test, as its authors advise. It is one of
        the median difference of wins, not of the shares shown, and ties alone are evidence for the judge: six can
        suffice to pass. Where the difference is the same on all items the t-test has no spread to go by: p is 0 if it
        is below epsilon, else 1.

    Raises:
        ValueError: There are fewer than two raters, the shapes do not fit, the metric is unknown, epsilon is not from
            0 to 1, or q is not between 0 and 1.

    Example:
        >>> panel = [[1, 2, 3, 4, 5, 5], [1, 2, 4, 4, 5, 4], [2, 2, 3, 4, 5, 5]]
        >>> found = alternative_annotator_test(panel, [1, 2, 3, 4, 5, 5])
        >>> [(rater.n, round(rater.rho_judge, 2), round(rater.rho_human, 2)) for rater in found.raters]
        [(6, 1.0, 1.0), (6, 1.0, 0.67), (6, 1.0, 0.83)]

    Reference:
        Calderon, Reichart & Dror (2025), ACL, pp. 16051-16081, section 3, https://arxiv.org/abs/2501.10970, and their
        code, https://github.com/nitaytech/AltTest, which skips raters with fewer than 30 items.
    """
    panel, judged = rating_table(ratings), np.asarray(judge, dtype=np.float64)
    _check(panel, judged, metric, epsilon, q)
    differences = [_win_differences(panel, judged, rater, metric) for rater in range(len(panel))]
    p_values = [_p_value(difference, epsilon) for difference in differences]
    adjusted = benjamini_yekutieli(p_values)
    raters = tuple(
        RaterComparison(k, d.size, *_rhos(d), p_values[k], float(adjusted[k]), bool(adjusted[k] <= q), _test(d.size))
        for k, d in enumerate(differences)
    )
    tested = [rater for rater in raters if rater.n]
    rate = math.fsum(r.is_rejected for r in tested) / len(tested) if tested else math.nan
    advantage = math.fsum(r.rho_judge for r in tested) / len(tested) if tested else math.nan
    return AlternativeAnnotator(raters, rate, advantage, rate >= _HALF)


def can_pass(n_items: ArrayLike, *, q: float = 0.05) -> bool:
    """Return whether any judge could pass the test with so few items.

    With n items no p-value is below 2^-n, that of a judge which wins on every one of them. Where even these leave the
    judge below one half after adjusting, not passing says nothing of it.

    Args:
        n_items: How many items each rater shares with the judge and the others, or patients where items of one patient
            are alike; a rater with 0 is in none of the shares.
        q: False discovery rate over raters.

    Example:
        >>> can_pass([4, 4, 4]), can_pass([6, 6, 6])
        (False, True)
    """
    n = np.asarray(n_items, dtype=np.float64)
    smallest = benjamini_yekutieli(0.5 ** n[n > 0])
    return smallest.size > 0 and bool(np.mean(smallest <= q) >= _HALF)


def _check(panel: Floats, judge: Floats, metric: str, epsilon: float, q: float) -> None:
    if judge.shape != panel.shape[1:]:
        raise ValueError(f"judge of shape {judge.shape} does not fit ratings of shape {panel.shape}")
    if metric not in {"rmse", "accuracy"}:
        raise ValueError(f"metric is {metric!r}; expected 'rmse' or 'accuracy'")
    if not (0 <= epsilon <= 1 and 0 < q < 1):
        raise ValueError(f"epsilon is {epsilon} and q {q}; expected 0 to 1, and above 0 and below 1")


def _win_differences(panel: Floats, judge: Floats, rater: int, metric: Metric) -> Floats:
    """Return, for the items of a rater, 1 where only the rater wins, -1 where only the judge does, 0 for a tie."""
    others = np.delete(panel, rater, axis=0)
    lead = _agreement(panel[rater], others, metric) - _agreement(judge, others, metric)
    lead = lead[~np.isnan(lead)]
    return np.where(np.abs(lead) <= _TIE, 0.0, np.sign(lead))


def _agreement(scores: Floats, others: Floats, metric: Metric) -> Floats:
    """Return how well each score agrees with the others' of its item; NaN where it or all of them are missing."""
    distances = scores - others
    if metric == "rmse":
        return -np.sqrt(panel_means(distances**2))
    return panel_means(np.where(np.isnan(distances), np.nan, distances == 0))


def _rhos(differences: Floats) -> tuple[float, float]:
    """Return the shares of items on which the judge, and the rater, are at least as good."""
    if not differences.size:
        return math.nan, math.nan
    return float(np.mean(differences <= 0)), float(np.mean(differences >= 0))


def _test(n: int) -> Literal["t", "wilcoxon", "none"]:
    return "t" if n >= _FEWEST_FOR_T else "wilcoxon" if n else "none"


def _p_value(differences: Floats, epsilon: float) -> float:
    """Return the p-value of the differences being at least epsilon, against their being less."""
    test, shifted = _test(differences.size), differences - epsilon
    if test == "none":
        return math.nan
    if test == "wilcoxon":
        return _signed_rank_p(shifted[shifted != 0])
    spread = np.std(differences, ddof=1)
    if spread == 0:
        return 0.0 if shifted[0] < 0 else 1.0
    return float(stdtr(differences.size - 1, np.mean(shifted) / (spread / math.sqrt(differences.size))))


def _signed_rank_p(moved: Floats) -> float:
    """Return the p-value of Wilcoxon's signed-rank test of values being at least 0, against their being less.

    It is exact with ties too, where SciPy from 14 values on takes the sum of ranks for normal. There are only three
    distinct sizes here, so it is enough to count how many of each are positive.
    """
    _, size, counts = np.unique(np.abs(moved), return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    sums, shares = np.zeros(1), np.ones(1)
    for rank, count in zip(ranks, counts, strict=True):
        positive = np.arange(count + 1)
        sums = np.add.outer(sums, rank * positive).ravel()
        shares = np.multiply.outer(shares, comb(count, positive) / 2.0**count).ravel()
    return float(shares[sums <= ranks[size][moved > 0].sum() + _TIE].sum())
