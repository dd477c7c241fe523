"""A share of the items, with Wilson's interval."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from dermatrust.agreement.clusters import Floats, ratios


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share with its interval.

    Attributes:
        value: Items that count over all items; NaN without items.
        low: Lower end of the interval; NaN without items.
        high: Upper end of the interval; NaN without items.
        n_hits: Items that count.
        n: All items.
    """

    value: float
    low: float
    high: float
    n_hits: int
    n: int


def wilson_interval(n_hits: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Return the ends of Wilson's score interval of shares, without continuity correction.

    It stays within 0 and 1 and has a width at shares of 0 and 1 too, where the textbook interval has none. It takes the
    items to be independent: where several are of one patient it is too narrow, and resampling patients
    (`interval.estimate`) is what holds.

    Args:
        n_hits: Items that count, any shape.
        n: All items, same shape.
        confidence: Nominal coverage, above 0 and below 1.

    Returns:
        Lower and upper ends, in the arrays' shape; NaN where there are no items.

    Raises:
        ValueError: There are fewer than 0 hits, or more than items, or `confidence` is not between 0 and 1.

    Example:
        >>> low, high = wilson_interval([0, 8], [10, 10])
        >>> low.round(3).tolist(), high.round(3).tolist()
        ([0.0, 0.49], [0.278, 0.943])

    Reference:
        Wilson (1927), J. Am. Stat. Assoc. 22(158):209-212, https://doi.org/10.1080/01621459.1927.10502953; why this
        one: Brown, Cai & DasGupta (2001), Stat. Sci. 16(2):101-133, https://doi.org/10.1214/ss/1009213286.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; it must be above 0 and below 1")
    hits, items = np.broadcast_arrays(np.asarray(n_hits, dtype=np.float64), np.asarray(n, dtype=np.float64))
    wrong = ~((hits >= 0) & (hits <= items) & np.isfinite(items))
    if wrong.any():
        raise ValueError(f"{hits[wrong][0]:g} hits of {items[wrong][0]:g} items; expected from 0 to all of them")
    squared = float(ndtri((1 + confidence) / 2)) ** 2
    share = ratios(hits, items)
    centre = (hits + squared / 2) / (items + squared)
    half = np.sqrt(squared * (hits * (1 - share) + squared / 4)) / (items + squared)
    # Exactly 0 without hits and exactly 1 with nothing else, where rounding would miss them by a hair.
    low = np.where(hits == 0, 0.0, centre - half)
    high = np.where(hits == items, 1.0, centre + half)
    return np.where(items > 0, low, np.nan), np.where(items > 0, high, np.nan)


def unvaried_interval(
    values: ArrayLike, n_clusters: ArrayLike, *, lowest: ArrayLike, highest: ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Return ends for means of observations that are all the same, of which no resample knows any but that value.

    All resamples of such a sample are alike, so that its percentile interval has no width: as if what was not seen in
    20 patients could not be. By Wilson's interval a share of up to w = z^2 / (n + z^2) of all patients may be another
    than these, and each as far away as the scale goes: the ends are w of the way to the ends of the scale. For a share
    of 0 or 1 with one item a patient this is Wilson's interval itself. It is of patients also where each has several
    items, hence wide rather than narrow.

    Args:
        values: The one value of all observations, any shape.
        n_clusters: Patients, same shape.
        lowest: Least value that an observation can have.
        highest: Greatest value that one can have.
        confidence: Nominal coverage, above 0 and below 1.

    Returns:
        Lower and upper ends; NaN with fewer than two patients.

    Example:
        >>> low, high = unvaried_interval([0.0, 0.0], [40, 40], lowest=[0.0, -1.0], highest=1.0)
        >>> low.round(3).tolist(), high.round(3).tolist()
        ([0.0, -0.088], [0.088, 0.088])

    Reference:
        Wilson (1927), as for `wilson_interval`; that resampling is of no use here: Efron & Tibshirani (1993), An
        Introduction to the Bootstrap, section 7.4, https://doi.org/10.1201/9780429246593. The use made of it is ours.
    """
    value, n = np.asarray(values, dtype=np.float64), np.asarray(n_clusters, dtype=np.float64)
    _, unseen = wilson_interval(np.zeros_like(n), n, confidence)
    share = np.where(n > 1, unseen, np.nan)
    low, high = np.asarray(lowest, dtype=np.float64), np.asarray(highest, dtype=np.float64)
    return value - share * (value - low), value + share * (high - value)


def unvaried_in_mean(
    shares: ArrayLike, n_clusters: ArrayLike, confidence: float = 0.95, *, flat: ArrayLike = False
) -> tuple[float, float]:
    """Return how far below and above their mean may be for those of some shares, each of other items, that do not vary.

    A resample knows no other value of a share that is 0 or 1, or of one patient. The interval of the mean of several
    shares, such as balanced accuracy, then knows of the others alone: with all of four cancers found it would say how
    well the harmless are told, and nothing of how little four are. These distances are to be combined with those to its
    own ends by the square root of the sum of squares.

    Args:
        shares: From 0 to 1, shape (k,); NaN for one without items, which is not in the mean.
        n_clusters: Patients behind each, same shape.
        confidence: Nominal coverage, above 0 and below 1.
        flat: Which of them all patients have alike, as for `unseen_in_shares`.

    Example:
        >>> down, up = unvaried_in_mean([1.0, 0.75], [4, 80])
        >>> round(down, 3), up
        (0.245, 0.0)

    Reference:
        Zou & Donner (2008), Stat. Med. 27(10):1693-1702, https://doi.org/10.1002/sim.3095 (combining distances); Wilson
        (1927), as for `wilson_interval`. The use made of both is ours.
    """
    below, above = unseen_in_shares(shares, n_clusters, confidence, flat=flat)
    k = max(int(np.count_nonzero(~np.isnan(np.asarray(shares, dtype=np.float64)))), 1)
    return float(np.hypot.reduce(below)) / k, float(np.hypot.reduce(above)) / k


def unseen_in_shares(
    shares: ArrayLike, n_clusters: ArrayLike, confidence: float = 0.95, *, flat: ArrayLike = False
) -> tuple[Floats, Floats]:
    """Return how far below and above each of some shares may be that no resample varies; 0 for one that does vary.

    Such is a share that is 0 or 1, or of one patient; the distances are those of `unvaried_interval`, also for one.

    Args:
        shares: From 0 to 1, any shape; NaN for one without items.
        n_clusters: Patients behind each, same shape.
        confidence: Nominal coverage, above 0 and below 1.
        flat: Which of them all patients have alike, such as a half where one of two items of each counts: their
            resamples do not vary either. The shares alone do not tell.

    Example:
        >>> down, up = unseen_in_shares([1.0, 0.75, float("nan")], [4, 80, 0])
        >>> down.round(2).tolist(), up.tolist()
        ([0.49, 0.0, 0.0], [0.0, 0.0, 0.0])
    """
    share, n = np.asarray(shares, dtype=np.float64), np.asarray(n_clusters, dtype=np.float64)
    fixed = ~np.isnan(share) & ((share == 0) | (share == 1) | (n == 1) | np.asarray(flat, dtype=np.bool_))
    _, unseen = wilson_interval(np.zeros_like(n), n, confidence)
    return np.where(fixed, unseen * share, 0.0), np.where(fixed, unseen * (1 - share), 0.0)


def proportion(n_hits: float, n: float, confidence: float = 0.95) -> Proportion:
    """Return a share with Wilson's interval; arguments and errors as for `wilson_interval`.

    Example:
        >>> found = proportion(8, 10)
        >>> found.value, round(found.low, 2), round(found.high, 2)
        (0.8, 0.49, 0.94)
    """
    low, high = wilson_interval(n_hits, n, confidence)
    return Proportion(n_hits / n if n else math.nan, float(low), float(high), int(n_hits), int(n))


def share(flags: ArrayLike, confidence: float = 0.95) -> Proportion:
    """Return the share of items whose flag is 1, with Wilson's interval.

    Args:
        flags: 0 or 1 (or False and True), shape (n,); NaN marks a missing one, which is no item.
        confidence: Nominal coverage, above 0 and below 1.

    Raises:
        ValueError: A flag is another number, or `confidence` is not between 0 and 1.

    Example:
        >>> found = share([1, 0, 1, float("nan")])
        >>> found.n_hits, found.n
        (2, 3)
    """
    given = zero_or_one(flags, "flag")
    known = given[~np.isnan(given)]
    return proportion(float(known.sum()), known.size, confidence)


def zero_or_one(values: ArrayLike, name: str) -> Floats:
    """Return flags as numbers, NaN where one is missing.

    Args:
        values: 0, 1, False, True or NaN, any shape.
        name: What one of them is called in an error.

    Raises:
        ValueError: One is another number.
    """
    given = np.asarray(values, dtype=np.float64)
    wrong = ~np.isnan(given) & (given != 0) & (given != 1)
    if wrong.any():
        raise ValueError(f"{name} is {given[wrong][0]:g}; expected 0 or 1, or NaN where it is missing")
    return given
