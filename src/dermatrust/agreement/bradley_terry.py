"""Abilities from who beat whom: the model of Bradley and Terry, with the ties of Rao and Kupper."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components
from scipy.special import expit, ndtri

from dermatrust.agreement.clusters import Floats, Ints

Flags = NDArray[np.bool_]
TieRule = Literal["rao-kupper", "half"]


@dataclass(frozen=True, slots=True, eq=False)
class BradleyTerry:
    """Abilities on the log scale: P(a beats b) = 1 / (1 + exp(b - a)) where there are no ties.

    Where some never lost to the others, or never won against them, no finite abilities fit: the largest group of those
    that can be compared both ways has numbers, and of the others it is said only on which side of it they are. If no
    two can be compared both ways, the first one stands for that group, with ability 0 and no interval.

    Attributes:
        abilities: Shape (n,), mean 0 among those with numbers; infinite for those who beat the group, directly or
            through others, and never lost to it, minus infinite for the reverse, NaN for those not compared with it.
        errors: Standard errors of the abilities that are numbers, NaN for the others.
        low: Lower ends of their intervals, NaN for the others.
        high: Upper ends.
        groups: Number of each one's group, shape (n,), within which all beat each other, directly or through others.
        tie_margin: Lead in ability that makes a win as likely as not against an equal; 0 without ties.
        n_comparisons: Comparisons that were made, ties included.
        n_steps: Steps of the algorithm.
        has_converged: Whether the last step changed no ability by more than the tolerance.
    """

    abilities: Floats
    errors: Floats
    low: Floats
    high: Floats
    groups: Ints
    tie_margin: float
    n_comparisons: float
    n_steps: int
    has_converged: bool

    @property
    def is_connected(self) -> bool:
        """Whether all are in one group, so that every ability is a number."""
        return bool(np.isfinite(self.abilities).all())


def bradley_terry(
    wins: ArrayLike, ties: ArrayLike | None = None, *, tie_rule: TieRule = "rao-kupper", virtual: float = 0.0,
    confidence: float = 0.95, tolerance: float = 1e-9, max_steps: int = 10_000,
) -> BradleyTerry:  # fmt: skip
    """Return the most likely abilities, by Hunter's MM algorithm, with Wald intervals.

    Args:
        wins: How often the one in the row beat the one in the column, shape (n, n), at least 0, 0 on the diagonal.
        ties: How often the two tied, same shape, symmetric: each tie stands in both places. None if not given.
        tie_rule: "rao-kupper" estimates how large a lead has to be to show; "half" counts a tie as half a win of each,
            whose intervals are then somewhat too wide.
        virtual: Wins and losses of everybody against an opponent of ability 0, added to pull abilities there. With any
            above 0 all are numbers, also of a tournament in which the better one always won.
        confidence: Nominal coverage, above 0 and below 1.
        tolerance: Largest change of an ability in the last step.
        max_steps: Steps after which to stop in any case.

    Returns:
        Abilities and intervals, which take comparisons for independent.

    Raises:
        ValueError: The tables do not fit, or a number is out of its range.

    Example:
        >>> bradley_terry([[0, 3], [1, 0]]).abilities.round(2).tolist()
        [0.55, -0.55]
        >>> bradley_terry([[0, 3], [0, 0]]).abilities.tolist()
        [0.0, -inf]

    Reference:
        Hunter (2004), Ann. Stat. 32(1):384-406, https://doi.org/10.1214/aos/1079120141 (the algorithm, ties, and
        Ford's condition for finite abilities); Bradley & Terry (1952), Biometrika 39(3-4):324-345,
        https://doi.org/10.1093/biomet/39.3-4.324; Rao & Kupper (1967), J. Am. Stat. Assoc. 62(317):194-204,
        https://doi.org/10.1080/01621459.1967.10482901.
    """
    won, tied = _tables(wins, ties)
    if not (math.isfinite(virtual) and virtual >= 0 and 0 < confidence < 1):
        raise ValueError(f"virtual is {virtual}, confidence {confidence}; expected at least 0, and between 0 and 1")
    if tie_rule == "half":
        won, tied = won + tied / 2, np.zeros_like(tied)
    groups, place = _groups(won + tied, virtual)
    main = place == 0
    n = np.count_nonzero(main)
    scores = (won + tied)[np.ix_(main, main)]
    half_ties = tied[np.ix_(main, main)].sum() / 2
    strengths, margin, n_steps, change = _maximum(scores, half_ties, virtual, tolerance, max_steps)
    logs = np.log(strengths)
    errors = np.sqrt(np.diag(_covariance(scores, half_ties, virtual, logs, margin))[:n])
    if n == 1 and not virtual:
        errors = np.full(1, np.nan)
    abilities, spread = place.copy(), np.full(len(place), np.nan)
    abilities[main], spread[main] = logs if virtual else logs - logs.mean(), errors
    reach = float(ndtri((1 + confidence) / 2)) * spread
    middle = np.where(main, abilities, np.nan)
    return BradleyTerry(
        abilities, spread, middle - reach, middle + reach, groups, math.log(margin),
        float(won.sum() + tied.sum() / 2), n_steps, change <= tolerance,
    )  # fmt: skip


def win_table(winners: ArrayLike, losers: ArrayLike, n: int) -> Floats:
    """Return how often each of n beat each other one, shape (n, n), from the numbers of winners and losers, from 0.

    Example:
        >>> win_table([0, 0, 2], [1, 1, 0], 3).tolist()
        [[0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """
    table = np.zeros((n, n))
    np.add.at(table, (np.asarray(winners, dtype=np.int64), np.asarray(losers, dtype=np.int64)), 1)
    return table


def _tables(wins: ArrayLike, ties: ArrayLike | None) -> tuple[Floats, Floats]:
    won = np.asarray(wins, dtype=np.float64)
    tied = np.zeros_like(won) if ties is None else np.asarray(ties, dtype=np.float64)
    if won.ndim != 2 or won.shape[0] != won.shape[1] or not len(won) or tied.shape != won.shape:
        raise ValueError(f"wins of shape {won.shape}, ties of shape {tied.shape}; expected (n, n) with n at least 1")
    for name, table in (("wins", won), ("ties", tied)):
        if not (np.isfinite(table).all() and (table >= 0).all()) or np.diag(table).any():
            raise ValueError(f"{name} hold what is no number of at least 0, or somebody against himself")
    if (tied != tied.T).any():
        raise ValueError("ties are not symmetric; each tie stands in both places")
    return won, tied


def _groups(beaten: Floats, virtual: float) -> tuple[Ints, Floats]:
    """Return each one's group, and where it stands: 0 in the largest, inf above, -inf below, NaN not compared with it.

    To tie is to be compared both ways.
    """
    n, labels = connected_components(beaten > 0, directed=True, connection="strong")
    if virtual:
        return np.zeros_like(labels, dtype=np.int64), np.zeros(len(labels))
    main = labels[np.bincount(labels)[labels].argmax()]
    above, below = (_reaches(table > 0, labels == main) for table in (beaten, beaten.T))
    place = np.where(above, np.inf, np.where(below, -np.inf, np.nan))
    return labels.astype(np.int64), np.where(labels == main, 0.0, place) if n > 1 else np.zeros(len(labels))


def _reaches(beats: Flags, some: Flags) -> Flags:
    """Return who beats one of some, directly or through others."""
    reached, n = some, 0
    while reached.sum() > n:
        n = int(reached.sum())
        reached = reached | (beats @ reached)
    return reached


def _maximum(
    scores: Floats, n_ties: float, virtual: float, tolerance: float, max_steps: int
) -> tuple[Floats, float, int, float]:
    """Return strengths (exponentials of abilities), tie margin, steps and last change.

    One step makes as large as can be what touches the log-likelihood at the strengths so far and lies below elsewhere.

    Args:
        scores: Wins and ties of the row against the column.
        n_ties: All ties.
        virtual: As for `bradley_terry`.
        tolerance: Likewise.
        max_steps: Likewise.
    """
    strengths, margin, change, n_steps = np.ones(len(scores)), 1.0, math.inf, 0
    own = scores.sum(axis=1) + virtual
    while change > tolerance and n_steps < max_steps:
        shares = scores / (strengths[:, np.newaxis] + margin * strengths)
        drag = shares.sum(axis=1) + margin * shares.sum(axis=0) + 2 * virtual / (strengths + 1)
        moved = own / drag if len(scores) > 1 or virtual else strengths
        if not virtual:
            moved = moved / np.exp(np.log(moved).mean())
        wider = margin
        if n_ties:
            ratio = n_ties / (scores * moved / (moved[:, np.newaxis] + margin * moved)).sum()
            wider = ratio + math.sqrt(ratio**2 + 1)
        change = max(float(np.abs(np.log(moved / strengths)).max()), abs(math.log(wider / margin)))
        strengths, margin, n_steps = moved, wider, n_steps + 1
    return strengths, margin, n_steps, change


def _covariance(scores: Floats, n_ties: float, virtual: float, logs: Floats, margin: float) -> Floats:
    """Return the inverse of the observed information on abilities and log tie margin, abilities adding up to 0."""
    n = len(scores)
    p = expit(logs[:, np.newaxis] - logs - math.log(margin))
    weights = scores * p * (1 - p)
    both = weights + weights.T
    found = np.zeros((n + 1, n + 1))
    at_zero = expit(logs)
    found[:n, :n] = np.diag(both.sum(axis=1) + 2 * virtual * at_zero * (1 - at_zero)) - both
    if n_ties:
        found[n, :n] = found[:n, n] = weights.sum(axis=0) - weights.sum(axis=1)
        found[n, n] = weights.sum() + n_ties * 4 * margin**2 / (margin**2 - 1) ** 2
    return np.linalg.pinv(found, hermitian=True).astype(np.float64)
