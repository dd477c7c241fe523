"""How much of the variation of ratings is between what is rated: intraclass correlations of a panel of raters."""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtri

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.moments import none_if_rounding
from dermatrust.agreement.statistic import Statistic, rating_table

Kind = Literal["ICC(2,1)", "ICC(2,k)", "ICC(3,1)"]


@dataclass(frozen=True, slots=True)
class IntraclassCorrelation:
    """An intraclass correlation with its interval.

    Attributes:
        value: The correlation; NaN where it is not defined.
        low: Lower end of the interval; NaN where it is not defined.
        high: Upper end of the interval; NaN where it is not defined.
        n: Units with a rating of every rater, which are those that count.
        n_raters: Raters.
        n_left_out: Units with a missing rating.
    """

    value: float
    low: float
    high: float
    n: int
    n_raters: int
    n_left_out: int


class _MeanSquares(NamedTuple):
    """Two-way analysis of variance of n units by k raters; arrays of any one shape, NaN where not defined."""

    units: Floats
    raters: Floats
    error: Floats
    n: Floats
    k: int


def intraclass_correlation(
    ratings: ArrayLike, kind: Kind = "ICC(2,1)", confidence: float = 0.95
) -> IntraclassCorrelation:
    """Return an intraclass correlation with its F-based interval.

    ICC(2,1) is the agreement of single ratings by raters who stand for others like them: a rater who is more generous
    than the rest lowers it. ICC(2,k) is the same of the mean of the k raters. ICC(3,1) is the consistency of single
    ratings of just these raters: their levels do not matter.

    The interval takes units as independent and ratings as normal. For several units of a patient resample patients
    with `icc_statistic` instead.

    Args:
        ratings: Shape (raters, units), at least 2 raters; NaN marks a missing rating. A unit with one is left out.
        kind: Which correlation.
        confidence: Nominal coverage, above 0 and below 1.

    Returns:
        The value is 1 where all raters agree, about 0 where units differ no more than chance makes them, and can be
        below 0. It is NaN with fewer than 2 complete units, without any variation, and where the estimated variance of
        what is correlated is not above 0, which happens to means of raters. An end of the interval is NaN where the
        same holds of it; both are where the degrees of freedom fall below 1, as they can for a value below 0.

    Raises:
        ValueError: The ratings are no table of at least 2 raters, the kind is unknown, or the confidence is out of
            its range.

    Example:
        >>> found = intraclass_correlation([[9, 6, 8, 7], [2, 1, 4, 1], [5, 3, 6, 2]], "ICC(2,1)")
        >>> round(found.value, 2), round(found.low, 2), round(found.high, 2)
        (0.17, -0.01, 0.78)

    Reference:
        Shrout & Fleiss (1979), Psychological Bulletin 86(2):420-428, https://doi.org/10.1037/0033-2909.86.2.420;
        McGraw & Wong (1996), Psychological Methods 1(1):30-46, Tables 4 and 7,
        https://doi.org/10.1037/1082-989X.1.1.30 (intervals).
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; expected a number above 0 and below 1")
    statistic, table = icc_statistic(kind), rating_table(ratings)
    sums = statistic.terms(table).sum(axis=0)
    n = int(sums[0])
    low, high = _interval(_mean_squares(sums), kind, confidence)
    return IntraclassCorrelation(float(statistic.value(sums)), low, high, n, len(table), table.shape[1] - n)


def icc_statistic(kind: Kind) -> Statistic:
    """Return an intraclass correlation as a function of sums, for intervals by resampling patients.

    Args:
        kind: Which correlation; see `intraclass_correlation`, whose values and undefined cases are the same.

    Raises:
        ValueError: The kind is unknown.

    Example:
        >>> round(icc_statistic("ICC(3,1)")([[9, 6, 8, 7], [2, 1, 4, 1], [5, 3, 6, 2]]), 2)
        0.71

    Reference:
        Shrout & Fleiss (1979), Psychological Bulletin 86(2):420-428, https://doi.org/10.1037/0033-2909.86.2.420.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(get_args(Kind))}")
    return Statistic(variance_terms, lambda sums: _correlations(_mean_squares(sums), kind))


def variance_terms(ratings: Floats) -> Floats:
    """Return what each unit adds to the sums of a two-way analysis of variance.

    Args:
        ratings: Shape (raters, n); NaN marks a missing one.

    Returns:
        Shape (n, 3 + raters): 1, the square of the sum of its ratings, the sum of their squares, and each rater's
        rating. All 0 where a rating is missing.
    """
    complete = ~np.isnan(ratings).any(axis=0)
    known = np.where(complete, ratings, 0.0)
    return np.vstack([complete, known.sum(axis=0) ** 2, (known**2).sum(axis=0), known]).T


def _mean_squares(sums: Floats) -> _MeanSquares:
    """Return the mean squares of sums of `variance_terms`, shape (..., 3 + raters)."""
    n, of_units, squares, of_raters = sums[..., 0], sums[..., 1], sums[..., 2], sums[..., 3:]
    k = of_raters.shape[-1]
    mean = ratios(of_raters.sum(axis=-1) ** 2, n * k)
    between_units = of_units / k - mean
    between_raters = ratios((of_raters**2).sum(axis=-1), n) - mean
    rest = squares - mean - between_units - between_raters
    units, raters, error = (none_if_rounding(part, squares) for part in (between_units, between_raters, rest))
    return _MeanSquares(ratios(units, n - 1), raters / (k - 1), ratios(error, (n - 1) * (k - 1)), n, k)


def _correlations(squares: _MeanSquares, kind: Kind, factor: float = 1.0) -> Floats:
    """Return the correlations, with the mean square of units multiplied by a quantile for an end of the interval."""
    _, raters, error, n, k = squares
    units = factor * squares.units
    if kind == "ICC(3,1)":
        raters = error
    noise = raters - error if kind == "ICC(2,k)" else k * raters + (k * n - k - n) * error
    variance = n * units + noise
    return ratios(n * (units - error), none_if_rounding(variance, n * units + k * raters + k * n * error))


def _interval(squares: _MeanSquares, kind: Kind, confidence: float) -> tuple[float, float]:
    """Return the ends of the interval: the correlation with as much between units as its mean square may stand for."""
    n = float(squares.n)
    if n < 2:
        return math.nan, math.nan
    freedom = (n - 1) * (squares.k - 1) if kind == "ICC(3,1)" else _satterthwaite(squares)
    # Below 1 the approximation has failed, as it can for a value below 0; its interval may not even hold the value.
    quantiles = fdtri(freedom if freedom >= 1 else math.nan, n - 1, [(1 - confidence) / 2, (1 + confidence) / 2])
    low, high = (float(_correlations(squares, kind, float(quantile))) for quantile in quantiles)
    return low, high


def _satterthwaite(squares: _MeanSquares) -> float:
    """Return the approximate degrees of freedom of all that is not between units: differences of raters, and error."""
    n, k = float(squares.n), squares.k
    of_raters, of_error = k - 1, (n - 1) * (k - 1)
    value = float(_correlations(squares, "ICC(2,1)"))
    raters = k * value * float(squares.raters)
    error = (n * (1 + (k - 1) * value) - k * value) * float(squares.error)
    spread = raters**2 / of_raters + error**2 / of_error
    # Raters of the same mean leave only the error, and without any of both every number serves.
    return of_error if spread == 0 else (raters + error) ** 2 / spread
