"""How well stated probabilities match outcomes: the expected calibration error, and the reliability curve behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.clusters import Floats, Ints, ratios
from dermatrust.agreement.statistic import Statistic, rating_table


@dataclass(frozen=True, slots=True)
class ReliabilityCurve:
    """Stated probabilities and outcomes of each bin, lowest first; every array has shape (n_bins,).

    Attributes:
        mean_probabilities: Mean of the stated probabilities in the bin; NaN in an empty one.
        shares: Share of outcomes that are 1; equal to the mean probability if calibrated. NaN in an empty bin.
        n: Items in the bin.
    """

    mean_probabilities: Floats
    shares: Floats
    n: Ints


def expected_calibration_error(n_bins: int = 10) -> Statistic:
    """Mean distance between stated probability and observed share over bins, each weighed by its items.

    Its "ratings" have shape (2, n): the probability stated for each item, from 0 to 1, and its outcome, 0 or 1; NaN
    marks a missing one, and an item counts with both. Bins have equal widths and hold their upper edge, the first bin
    0 as well: with ten bins 0.1 is in the first and 1.0 in the last.

    It is 0 where every bin's mean probability is its share, and NaN without items. Being a mean of absolute values it
    is above 0 for a finite sample even of perfectly calibrated probabilities, the more so the fewer items a bin has,
    and resamples lie higher still: compare raters on the same items and bins, not with 0.

    Args:
        n_bins: How many bins, at least 1.

    Returns:
        A statistic that refuses a probability outside 0 to 1, or an outcome other than 0 and 1, with a ValueError.
        Those of as many bins share their terms.

    Raises:
        ValueError: `n_bins` is below 1.

    Example:
        >>> round(expected_calibration_error(2)([[0.25, 0.75, 1.0], [0, 1, 0]]), 3)
        0.333

    Reference:
        Naeini et al. (2015), AAAI, https://doi.org/10.1609/aaai.v29i1.9602; Guo et al. (2017), PMLR 70:1321-1330,
        eq. 3, https://proceedings.mlr.press/v70/guo17a.html.
    """

    def value(sums: Floats) -> Floats:
        _, stated, observed = np.split(sums[..., 1:], 3, axis=-1)
        return ratios(np.abs(stated - observed).sum(axis=-1), sums[..., 0])

    return Statistic(calibration_terms(n_bins), value)


def reliability_curve(probabilities: ArrayLike, outcomes: ArrayLike, n_bins: int = 10) -> ReliabilityCurve:
    """Return the mean stated probability and the observed share of each bin.

    Args:
        probabilities: Stated for each item, from 0 to 1, shape (n,); NaN marks a missing one.
        outcomes: What came of it, 0 or 1, shape (n,); NaN marks a missing one. An item counts with both.
        n_bins: How many bins of equal width, at least 1, with edges as in `expected_calibration_error`.

    Returns:
        All bins, the empty ones too.

    Raises:
        ValueError: The shapes do not fit, `n_bins` is below 1, a probability is outside 0 to 1, or an outcome is
            neither 0 nor 1.

    Example:
        >>> curve = reliability_curve([0.25, 0.75, 1.0], [0, 1, 0], n_bins=2)
        >>> curve.mean_probabilities.tolist(), curve.shares.tolist(), curve.n.tolist()
        ([0.25, 0.875], [0.0, 0.5], [1, 2])

    Reference:
        Guo et al. (2017), PMLR 70:1321-1330, section 2, https://proceedings.mlr.press/v70/guo17a.html.
    """
    stated, observed = np.asarray(probabilities, dtype=np.float64), np.asarray(outcomes, dtype=np.float64)
    if stated.shape != observed.shape:
        raise ValueError(f"probabilities of shape {stated.shape} do not fit outcomes of shape {observed.shape}")
    terms = calibration_terms(n_bins)(np.stack([stated, observed]))
    counts, stated_sums, observed_sums = np.split(terms[:, 1:].sum(axis=0), 3)
    return ReliabilityCurve(ratios(stated_sums, counts), ratios(observed_sums, counts), counts.astype(np.int64))


@cache
def calibration_terms(n_bins: int) -> Callable[[Floats], Floats]:
    """Return the function from (probabilities, outcomes), shape (2, n), to what each item adds to the bins' sums.

    The function's terms have shape (n, 1 + 3 * n_bins): 1, whether the item is in each bin, its probability there, and
    its outcome there. All 0 where either is missing.

    Raises:
        ValueError: `n_bins` is below 1.
    """
    if n_bins < 1:
        raise ValueError(f"n_bins is {n_bins}; it must be at least 1")
    inner_edges = np.arange(1, n_bins) / n_bins

    def terms(ratings: Floats) -> Floats:
        probability, outcome = rating_table(ratings, 2)
        _refuse(probability[(probability < 0) | (probability > 1)], "probability", "a number from 0 to 1")
        _refuse(outcome[~np.isnan(outcome) & (outcome != 0) & (outcome != 1)], "outcome", "0 or 1")
        known = ~np.isnan(probability + outcome)
        bins = np.searchsorted(inner_edges, probability, side="left")
        inside = (bins[:, np.newaxis] == np.arange(n_bins)) & known[:, np.newaxis]
        stated, observed = (np.where(inside, x[:, np.newaxis], 0.0) for x in (probability, outcome))
        return np.hstack([known[:, np.newaxis], inside, stated, observed])

    return terms


def _refuse(wrong: Floats, name: str, wanted: str) -> None:
    if wrong.size:
        raise ValueError(f"{name} is {wrong[0]}; expected {wanted}, or NaN where it is missing")
