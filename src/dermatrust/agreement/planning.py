"""How many patients an interval of a given width needs: for a mean over patients, and for an intraclass correlation."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from dermatrust.agreement.clusters import Floats, sum_clusters
from dermatrust.agreement.icc import icc_statistic
from dermatrust.agreement.statistic import Statistic, rating_table

NARROWEST = 0.001
"""Width below which no plan is made: it would take billions of patients."""
NO_VARIANCE = 1e-12
"""Variance, in squared points, that is only the rounding of sums: nothing varies, and nothing can be planned by it."""
_FEWEST = 2
"""Patients below which there is no interval at all."""
_NOISE_DIGITS = 9
_NEARLY_ONE = 1 - 1e-6
_HIGH = 0.7
"""Intraclass correlation from which two raters need more than the formula says."""


@dataclass(frozen=True, slots=True)
class Jackknife:
    """A statistic with its variance over patients.

    Attributes:
        value: The statistic; NaN where it is not defined.
        variance: Of the statistic; NaN with fewer than three patients, or where it is not defined without one of them.
        n: Items that count.
        n_patients: Patients with one of them.
    """

    value: float
    variance: float
    n: int
    n_patients: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How observations spread between and within patients: a one-way analysis of variance with random patients.

    Attributes:
        mean: Mean of all observations; NaN without any.
        sd_between: Standard deviation of the patients' own means, free of what is within them; 0 where patients differ
            no more than chance makes them. NaN with fewer than two patients.
        sd_within: Standard deviation of a patient's observations about the patient's mean; 0 where no patient has two,
            for `sd_between` then holds both.
        per_patient: Observations a patient, on average.
        n_patients: Patients with an observation.
    """

    mean: float
    sd_between: float
    sd_within: float
    per_patient: float
    n_patients: int

    @property
    def correlation(self) -> float:
        """Intraclass correlation of a patient's observations; NaN where nothing varies."""
        total = self.sd_between**2 + self.sd_within**2
        return self.sd_between**2 / total if total > NO_VARIANCE else math.nan


def patients_for_mean(
    width: float, sd_between: float, sd_within: float, per_patient: float = 1.0, confidence: float = 0.95
) -> int:
    """Return how many patients the interval of a mean of clustered observations needs to be of a width.

    The mean of n patients with m observations each has the variance (sd_between² + sd_within² / m) / n, which is that
    of n m independent observations times the design effect 1 + (m - 1) rho, rho the correlation of two observations of
    a patient. More observations of the same patients help only as far as sd_within reaches.

    Args:
        width: Of the whole interval, both sides together, in the unit of the observations; at least 0.001.
        sd_between: Standard deviation of the patients' own means.
        sd_within: Standard deviation of observations of one patient about it.
        per_patient: Observations of each patient, at least 1; patients with unequal numbers need somewhat more.
        confidence: Nominal coverage, above 0 and below 1.

    Returns:
        The smallest number that will do, at least 2.

    Raises:
        ValueError: A number is out of its range.

    Example:
        >>> patients_for_mean(0.2, 0.5, 0.8, per_patient=3), patients_for_mean(0.2, 0.5, 0.8, per_patient=9)
        (178, 124)

    Reference:
        Kish (1965), Survey Sampling, sec. 5.4 (design effect), ISBN 978-0471109495.
    """
    if not (0 <= sd_between < math.inf and 0 <= sd_within < math.inf):
        raise ValueError(f"standard deviations are {sd_between} and {sd_within}; expected at least 0")
    if not 1 <= per_patient < math.inf:
        raise ValueError(f"per_patient is {per_patient}; expected at least 1")
    error = _standard_error(width, confidence)
    return _whole((sd_between**2 + sd_within**2 / per_patient) / error**2)


def subjects_for_icc(width: float, icc: float, n_raters: int, confidence: float = 0.95) -> int:
    """Return how many subjects the interval of an intraclass correlation of single ratings needs to be of a width.

    Subjects are independent, each rated by the same raters, ratings normal, and raters alike in their levels. Where
    their levels differ, an interval that is to hold for other raters (the F-based one of ICC(2,1)) has a width that no
    number of subjects goes below: it takes more raters.

    Args:
        width: Of the whole interval, both sides together; at least 0.001.
        icc: The correlation that is expected, 0 to below 1.
        n_raters: Raters, at least 2.
        confidence: Nominal coverage, above 0 and below 1.

    Returns:
        The smallest number that will do, at least 2. With k raters and z the normal quantile it is
        8 z² (1 - icc)² (1 + (k - 1) icc)² / (k (k - 1) width²) + 1, and 5 icc more for two raters and an icc of 0.7 or
        more, as the paper advises; rounded up.

    Raises:
        ValueError: A number is out of its range.

    Example:
        >>> subjects_for_icc(0.2, 0.7, 3), subjects_for_icc(0.2, 0.85, 4)  # the latter is the paper's own
        (68, 20)

    Reference:
        Bonett (2002), Statistics in Medicine 21(9):1331-1335, eq. 3, https://doi.org/10.1002/sim.1108.
    """
    error = _standard_error(width, confidence)
    if not 0 <= icc < 1:
        raise ValueError(f"icc is {icc}; expected from 0 to below 1")
    extra = 5 * icc if n_raters == 2 and icc >= _HIGH else 0.0
    return _whole(icc_variance(icc, n_raters) / error**2 + 1 + extra)


def spread_of(values: ArrayLike, clusters: ArrayLike) -> Spread:
    """Return how observations spread between and within patients, for planning with `patients_for_mean`.

    Args:
        values: Shape (n,); NaN marks a missing one.
        clusters: Number of each one's patient, shape (n,), integers of at least 0.

    Raises:
        ValueError: The shapes do not fit.

    Example:
        >>> found = spread_of([1.0, 3.0, 4.0, 6.0], [0, 0, 1, 1])
        >>> found.mean, round(found.sd_between**2, 2), found.sd_within**2, found.per_patient
        (3.5, 3.5, 2.0000000000000004, 2.0)

    Reference:
        Searle, Casella & McCulloch (1992), Variance Components, sec. 3.6 (patients with unequal numbers),
        https://doi.org/10.1002/9780470316856.
    """
    given = np.asarray(values, dtype=np.float64)
    sums, squares = sum_clusters(given, clusters), sum_clusters(given**2, clusters)
    seen = sums.counts[:, 0] > 0
    counts, totals = sums.counts[seen, 0], sums.sums[seen, 0]
    n, k = float(counts.sum()), len(counts)
    if k < _FEWEST:
        return Spread(float(totals.sum() / n) if n else math.nan, math.nan, math.nan, n / k if k else math.nan, k)
    of_patients = float((totals**2 / counts).sum())
    between = max(of_patients - totals.sum() ** 2 / n, 0.0) / (k - 1)
    within = max(float(squares.sums.sum()) - of_patients, 0.0) / (n - k) if n > k else 0.0
    size = (n - float((counts**2).sum()) / n) / (k - 1)
    return Spread(float(totals.sum() / n), math.sqrt(max(between - within, 0.0) / size), math.sqrt(within), n / k, k)


def icc_inflation(ratings: ArrayLike, clusters: ArrayLike) -> float:
    """Return by how much ICC(2,1) varies more over patients than `subjects_for_icc` takes for granted.

    Several narratives of one patient tell less than as many patients (the design effect), ratings of a scale are not
    normal, and raters differ in their levels. All this is in the variance found by leaving out one patient at a time;
    the quotient of it and of the formula's, for as many subjects as there are items, is what a plan has to be
    multiplied by.

    Args:
        ratings: Shape (raters, n), at least 2 raters; NaN marks a missing one. An item with one is left out.
        clusters: Number of each item's patient, shape (n,), integers of at least 0.

    Returns:
        About 1 for independent normal items; NaN with items of fewer than three patients, or where the correlation is
        not defined.

    Raises:
        ValueError: The ratings are no table, or the shapes do not fit.

    Reference:
        As for `jackknife`.
    """
    table = rating_table(ratings)
    found = jackknife(icc_statistic("ICC(2,1)"), table, clusters)
    if math.isnan(found.variance):
        return math.nan
    return found.variance * (found.n - 1) / icc_variance(found.value, len(table))


def jackknife(statistic: Statistic, ratings: ArrayLike, clusters: ArrayLike) -> Jackknife:
    """Return a statistic with its variance over patients, from leaving out one patient at a time.

    The variance of a study like it falls with its number of patients, so n times the variance is what a patient
    weighs: `patients_for_mean` takes the root of it as `sd_between`.

    Args:
        statistic: Which.
        ratings: Shape (raters, n), at least 2 raters; NaN marks a missing one.
        clusters: Number of each item's patient, shape (n,), integers of at least 0.

    Raises:
        ValueError: The ratings are no table, or the shapes do not fit.

    Example:
        >>> from dermatrust.agreement.differences import bias
        >>> found = jackknife(bias, [[1.0, 2.0, 6.0], [0.0, 0.0, 0.0]], [0, 1, 2])
        >>> found.value, round(found.variance, 3), found.n, found.n_patients  # that of a mean, 7 / 3
        (3.0, 2.333, 3, 3)

    Reference:
        Efron & Tibshirani (1993), An Introduction to the Bootstrap, eq. 11.5, https://doi.org/10.1201/9780429246593.
    """
    sums = sum_clusters(statistic.terms(rating_table(ratings)), clusters).sums
    sums = sums[sums[:, 0] > 0]
    total = sums.sum(axis=0)
    value, n = float(statistic.value(total)), int(total[0])
    if len(sums) <= _FEWEST or math.isnan(value):
        return Jackknife(value, math.nan, n, len(sums))
    left_out = statistic.value(total - sums)
    variance = (len(sums) - 1) / len(sums) * float(((left_out - left_out.mean()) ** 2).sum())
    return Jackknife(value, variance, n, len(sums))


def icc_variance(icc: float, n_raters: float) -> float:
    """Return the variance of an intraclass correlation of single ratings, times the number of subjects.

    Quadratic kappa, and alpha with squared distances, are intraclass correlations where subjects are many, so that the
    quotient of two such variances says how theirs changes with the correlation and the number of raters.

    Args:
        icc: The correlation; taken as 0 below 0, and as nearly 1 from there on, where nothing would vary.
        n_raters: Raters, at least 2; a mean number where some gave no rating.

    Raises:
        ValueError: There are fewer than 2 raters.

    Example:
        >>> icc_variance(0.5, 2), round(icc_variance(0.5, 3), 3)
        (0.5625, 0.333)

    Reference:
        Bonett (2002), Statistics in Medicine 21(9):1331-1335, https://doi.org/10.1002/sim.1108; Fleiss & Cohen (1973),
        Educational and Psychological Measurement 33(3):613-619, https://doi.org/10.1177/001316447303300309 (kappa);
        Krippendorff (1970), Sociological Methodology 2:139-150, https://doi.org/10.2307/270787 (alpha).
    """
    if n_raters < 2:
        raise ValueError(f"n_raters is {n_raters}; expected at least 2")
    known = min(max(icc, 0.0), _NEARLY_ONE)
    return 2 * ((1 - known) * (1 + (n_raters - 1) * known)) ** 2 / (n_raters * (n_raters - 1))


def residual_variance(ratings: ArrayLike) -> float:
    """Return the variance of single ratings that neither items nor raters' own levels explain.

    Args:
        ratings: Shape (raters, n), at least 2 raters; NaN marks a missing one. An item with one is left out.

    Returns:
        The residual mean square of the two-way table; NaN with fewer than two complete items.

    Raises:
        ValueError: The ratings are no table of at least 2 raters.

    Example:
        >>> residual_variance([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]]), residual_variance([[1.0, 2.0], [2.0, 1.0]])
        (0.0, 1.0)
    """
    table = rating_table(ratings)
    whole: Floats = table[:, ~np.isnan(table).any(axis=0)]
    n_raters, n = whole.shape
    if n < _FEWEST:
        return math.nan
    rest = whole - whole.mean(axis=0) - whole.mean(axis=1, keepdims=True) + whole.mean()
    return float((rest**2).sum() / ((n_raters - 1) * (n - 1)))


def _standard_error(width: float, confidence: float) -> float:
    """Return the standard error that an interval of this width has."""
    if not NARROWEST <= width < math.inf:
        raise ValueError(f"width is {width}; expected at least {NARROWEST}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; expected above 0 and below 1")
    return width / (2 * float(ndtri((1 + confidence) / 2)))


def _whole(n: float) -> int:
    return max(_FEWEST, math.ceil(round(n, _NOISE_DIGITS)))
