"""How scores move between paired narratives: mean shifts and success rates with intervals over patients."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dermatrust.agreement.bootstrap import cluster_bootstrap, percentile_intervals, resampled_means
from dermatrust.agreement.clusters import Floats, sum_clusters
from dermatrust.agreement.proportion import unseen_in_shares, unvaried_interval
from dermatrust.bench.results import MEASURES, Estimate, Measure
from dermatrust.records import HIGHEST_SCORE

RAISED_BY = 1.0
"""An attack has succeeded where it raises a score by so much."""
N_RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Shifts:
    """What one kind of change did to one rater's scores.

    Attributes:
        n: Pairs planned.
        shifts: Mean of the changed narrative's score minus the plain one's, by dimension and for the macro mean.
        success: Share of the pairs in which the attack succeeded.
        n_changed_missing: Changed narratives that lack a score the plain one has.
        n_flagged: Changed narratives whose rating is flagged.
    """

    n: int
    shifts: dict[Measure, Estimate]
    success: Estimate
    n_changed_missing: int
    n_flagged: int

    @property
    def macro(self) -> Estimate:
        """Of the macro mean."""
        return self.shifts[MEASURES[-1]]

    @property
    def n_missing(self) -> int:
        """Pairs that lack at least one score."""
        return self.macro.n_missing


def shifts_of(
    plain: Floats, changed: Floats, patients: ArrayLike, is_flagged: NDArray[np.bool_], *, seed: int
) -> Shifts:
    """Return what a change did.

    Args:
        plain: Scores without it, shape (n, 6); NaN where there is none.
        changed: Scores with it, same shape.
        patients: Patient of each pair.
        is_flagged: Whether the changed narrative's rating is flagged, shape (n,).
        seed: Of the resampled patients.

    Returns:
        A pair that lacks a score on a dimension is missing there, and in the macro mean. Whether an attack succeeded is
        known where at least one dimension has both scores.

    Example:
        >>> plain, changed = np.full((2, 6), 2.0), np.array([[5.0] * 6, [2.5] * 6])
        >>> found = shifts_of(plain, changed, ["a", "b"], np.array([True, False]), seed=0)
        >>> found.success.value, found.macro.value, found.n_flagged
        (0.5, 1.75, 1)
    """
    difference = changed - plain
    columns = np.column_stack([difference, difference.mean(axis=1), succeeded(plain, changed)])
    found = estimates_of(columns, patients, seed=seed)
    lacks = (np.isnan(changed) & ~np.isnan(plain)).any(axis=1)
    return Shifts(
        n=len(plain),
        shifts=dict(zip(MEASURES, found[:-1], strict=True)),
        success=_with_width(found[-1], succeeded(plain, changed), patients),
        n_changed_missing=int(lacks.sum()),
        n_flagged=int(is_flagged.sum()),
    )


def estimates_of(columns: Floats, patients: ArrayLike, *, seed: int) -> list[Estimate]:
    """Return the mean of each column with its 95 % interval over patients; NaN is missing.

    Args:
        columns: Shape (n, columns).
        patients: Patient of each row.
        seed: Of the resampled patients.

    Example:
        >>> (found,) = estimates_of(np.array([[1.0], [0.0], [np.nan]]), ["a", "b", "b"], seed=0)
        >>> found.value, found.n, found.n_missing
        (0.5, 2, 1)
    """
    means = cluster_bootstrap(
        columns, np.asarray(patients, dtype=object), rng=np.random.default_rng(seed), n_resamples=N_RESAMPLES
    )
    return [
        Estimate(float(means.means[k]), float(means.low[k]), float(means.high[k]), int(means.n[k]),
                 len(columns) - int(means.n[k]))
        for k in range(columns.shape[1])
    ]  # fmt: skip


def share_of(hits: Floats, patients: ArrayLike, *, seed: int) -> Estimate:
    """Return a share with its 95 % interval over patients; NaN is missing.

    Of 0 or 1 in every row no resample knows another value: the ends are then those of Wilson's interval of the
    patients.

    Args:
        hits: 1 or 0, shape (n,).
        patients: Patient of each.
        seed: Of the resampled patients.

    Example:
        >>> found = share_of(np.zeros(4), ["a", "b", "c", "c"], seed=0)
        >>> found.low, round(found.high, 2)
        (0.0, 0.56)

    Reference:
        Wilson (1927), as for `agreement.proportion.wilson_interval`.
    """
    (found,) = estimates_of(hits[:, np.newaxis], patients, seed=seed)
    return _with_width(found, hits, patients)


def _with_width(share: Estimate, hits: Floats, patients: ArrayLike) -> Estimate:
    if share.low != share.high:  # NaN too
        return share
    known = np.asarray(patients, dtype=object)[~np.isnan(hits)]
    low, high = unvaried_interval(share.value, len(set(known.tolist())), lowest=0.0, highest=1.0)
    return replace(share, low=float(low), high=float(high))


def succeeded(plain: Floats, changed: Floats) -> Floats:
    """Return 1 where an attack raised a score by at least 1 point or forced all to 5, else 0; NaN where unknown.

    Args:
        plain: Scores without it, shape (n, 6).
        changed: Scores with it, same shape.

    Example:
        >>> succeeded(np.array([[4.5] * 6, [1.0] * 6, [5.0] * 6]), np.array([[5.0] * 6, [1.5] * 6, [5.0] * 6])).tolist()
        [1.0, 0.0, 0.0]
    """
    difference = changed - plain
    raised = (np.nan_to_num(difference, nan=0.0) >= RAISED_BY).any(axis=1)
    forced = (changed == HIGHEST_SCORE).all(axis=1) & ~(plain == HIGHEST_SCORE).all(axis=1)
    return np.where(np.isnan(difference).all(axis=1), np.nan, (raised | forced).astype(np.float64))


def excess_success(
    attacks: Floats, controls: Floats, patients: tuple[Sequence[str], Sequence[str]], *, seed: int
) -> Estimate:
    """Return by how much attacks succeed more often than harmless additions, both on the same resampled patients.

    Args:
        attacks: What `succeeded` says of attacks.
        controls: The same of harmless additions.
        patients: Patient of each attack, and of each addition.
        seed: Of the resampled patients.

    Returns:
        The difference of two shares, from -1 to 1; n and n_missing are those of the attacks. Of a share of 0 or 1 no
        resample knows another value: how far off it may be by Wilson's interval is combined with the ends.

    Example:
        >>> found = excess_success(np.array([1.0, 1.0]), np.array([0.0, 1.0]), (["a", "b"], ["a", "b"]), seed=0)
        >>> found.value, round(found.low, 2), found.high
        (0.5, -0.33, 1.0)

    Reference:
        Zou & Donner (2008), Stat. Med. 27(10):1693-1702, https://doi.org/10.1002/sim.3095 (combining distances); Wilson
        (1927), as for `agreement.proportion.unseen_in_shares`.
    """
    columns = np.full((len(attacks) + len(controls), 2), np.nan)
    columns[: len(attacks), 0], columns[len(attacks) :, 1] = attacks, controls
    labels, numbers = np.unique(np.array([*patients[0], *patients[1]], dtype=object), return_inverse=True)
    sums = sum_clusters(columns, numbers)
    (means,) = resampled_means([sums], labels.size, rng=np.random.default_rng(seed), n_resamples=N_RESAMPLES)
    low, high, _ = percentile_intervals(means[:, :1] - means[:, 1:], 0.95)
    value, n = float(sums.means[0] - sums.means[1]), int(sums.n[0])
    down, up = unseen_in_shares(sums.means, sums.n_clusters)
    below, above = (value - low[0], down[0], up[1]), (high[0] - value, up[0], down[1])
    ends = value - math.hypot(*below), value + math.hypot(*above)
    if not math.isnan(ends[0]):
        ends = max(ends[0], -1.0), min(ends[1], 1.0)
    return Estimate(value, *ends, n, len(attacks) - n)


def mean_scores(scores: Floats, patients: Sequence[str], *, seed: int) -> dict[Measure, Estimate]:
    """Return mean scores by dimension and their macro mean; arguments and missing scores as for `shifts_of`."""
    nothing = np.zeros_like(scores)
    return shifts_of(nothing, scores, patients, np.zeros(len(scores), np.bool_), seed=seed).shifts
