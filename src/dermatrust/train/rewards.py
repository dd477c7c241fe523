"""What a drawn evaluation earns in stage 2: how near its six scores are to the experts', and what an unread one costs.

The paper (arXiv 2511.09195, SOREB) rewards the mean squared error of the scores that could be read from the draw. A
score that cannot be read is skipped there, so a policy earns more by leaving out the dimensions it finds hard. Here an
unread score costs, unless the paper's rule is asked for, the worst that could have been said on its dimension.
"""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, HIGHEST_SCORE, LOWEST_SCORE

Rewarded = Literal["mse", "absolute", "ordinal", "rank"]
"""What is rewarded: squared error, absolute error, nearness in levels, or the order of the cases."""
Missing = Literal["paper", "penalise"]
"""An unread score is skipped, as in the paper, or costs the worst that could have been said."""
Floats = NDArray[np.float64]

THRESHOLDS = np.arange(LOWEST_SCORE + 0.5, HIGHEST_SCORE)
"""Between the whole levels; a score on one belongs to the higher level, as in `Form.nearest`."""


def rewards(scores: ArrayLike, targets: ArrayLike, *, kind: Rewarded = "mse", missing: Missing = "penalise") -> Floats:
    """Return the reward of each draw: the mean over its counted dimensions of what the dimension earns.

    A dimension of a draw with score s and target t earns, in points from 0 to 5:

    - "mse": -(s - t)^2, as in the paper; unread -max(t, 5 - t)^2.
    - "absolute": -|s - t|; unread -max(t, 5 - t).
    - "ordinal": minus the share of the thresholds 0.5, 1.5, ... 4.5 that lie between s and t: the ranked probability
      score of a forecast without doubt, over its number of thresholds. It is -|s - t| / 5 of both rounded to whole
      levels, halves up; unread, as many thresholds as lie on the longer side of t.
    - "rank": among the batch's other instances with another target, the share that s orders as the targets do minus the
      share it orders the other way, from -1 to 1. Equal targets, hence the draws of one case, are not compared; equal
      scores count 0 in the share; an unread score of another instance is left out. Unread itself: -1, all pairs wrong.
      Averaged over instances by their number of pairs it is Somers' D.

    Args:
        scores: What the draws said, shape (..., 6) in the order of `DIMENSIONS`, from 0 to 5; NaN where nothing could
            be read. For "rank" shape (n, 6) or (n, draws, 6): the whole array is the batch.
        targets: What the experts said, shape as `scores`, or (n, 6) for scores of shape (n, draws, 6). NaN: no target,
            and the dimension never counts.
        kind: What is rewarded.
        missing: "penalise" makes an unread dimension cost as above. "paper" skips it.

    Returns:
        Rewards, shape (...). NaN, an unscored draw without a learning signal, where no dimension counts: there is no
        target, or all are unread under "paper", or, for "rank", nobody to compare with. Under "penalise" a draw with
        targets always has a reward by the first three kinds, however little of it could be read.

    Raises:
        DataError: An unknown kind or rule, a wrong shape, or a score or target outside 0 to 5.

    Example:
        >>> nan = float("nan")
        >>> said, experts = [3, 3, 3, 3, 3, nan], [3, 3, 3, 3, 4, 4]
        >>> [round(float(rewards(said, experts, missing=rule)), 3) for rule in ("paper", "penalise")]
        [-0.2, -2.833]

    Reference:
        "mse" with "paper": arXiv 2511.09195, https://arxiv.org/abs/2511.09195.
        "ordinal": Epstein (1969), https://doi.org/10.1175/1520-0450(1969)008<0985:ASSFPF>2.0.CO;2.
        "rank": Somers (1962), American Sociological Review 27(6):799-811, https://doi.org/10.2307/2090408.
    """
    _check_choice("kind", kind, get_args(Rewarded))
    _check_choice("missing", missing, get_args(Missing))
    said, wanted = _aligned(np.asarray(scores, np.float64), np.asarray(targets, np.float64))
    earned, worst = _concordance(said, wanted) if kind == "rank" else EARNED[kind](said, wanted)
    if missing == "penalise":
        earned = np.where(np.isnan(said), worst, earned)
    return _mean_of_counted(earned)


def _squared(said: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """Return what each dimension earns by its squared error, and the worst it could; NaN where it does not count."""
    return -((said - wanted) ** 2), -(_farthest(wanted) ** 2)


def _absolute(said: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """Return what each dimension earns by its absolute error, and the worst it could; NaN where it does not count."""
    return -np.abs(said - wanted), -_farthest(wanted)


def _farthest(wanted: Floats) -> Floats:
    """Return the distance from each target to the end of the scale farther from it."""
    return np.maximum(wanted - LOWEST_SCORE, HIGHEST_SCORE - wanted)


def _levels_apart(said: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """Return what each dimension earns by thresholds between, and the worst it could; NaN where it does not count."""
    n = len(THRESHOLDS)
    passed, due = _thresholds_passed(said), _thresholds_passed(wanted)
    return -np.abs(passed - due) / n, -np.maximum(due, n - due) / n


def _thresholds_passed(points: Floats) -> Floats:
    """Return how many thresholds each value reaches; NaN stays NaN."""
    passed = (points[..., None] >= THRESHOLDS).sum(axis=-1).astype(np.float64)
    return np.where(np.isnan(points), np.nan, passed)


EARNED: dict[str, Callable[[Floats, Floats], tuple[Floats, Floats]]] = {
    "mse": _squared,
    "absolute": _absolute,
    "ordinal": _levels_apart,
}


def _concordance(said: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """Return what each dimension earns by the batch's order, and the worst it could; NaN where it does not count."""
    if said.ndim not in (2, 3):
        raise DataError("rewards", f"scores of shape {said.shape} have no order", "shape (n, 6) or (n, draws, 6)")
    n_dimensions = said.shape[-1]
    pairs = zip(said.reshape(-1, n_dimensions).T, wanted.reshape(-1, n_dimensions).T, strict=True)
    by_dimension = [_concordance_of(*pair) for pair in pairs]  # one at a time, for the memory of n x n pairs
    earned = np.stack([earned for earned, _ in by_dimension], axis=-1)
    worst = np.stack([worst for _, worst in by_dimension], axis=-1)
    return earned.reshape(said.shape), worst.reshape(said.shape)


def _concordance_of(said: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """Return what each instance, shape (n,), earns on one dimension, and -1 where there is an order to get wrong."""
    due = np.sign(wanted[:, None] - wanted)
    ordered = ~np.isnan(due) & (due != 0)
    got = np.sign(said[:, None] - said)
    compared = ordered & ~np.isnan(got)
    n_pairs = compared.sum(axis=1)
    total = np.where(compared, got * due, 0.0).sum(axis=1)
    earned = np.where(n_pairs > 0, total / np.maximum(n_pairs, 1), np.nan)
    return earned, np.where(ordered.any(axis=1), -1.0, np.nan)


def _mean_of_counted(earned: Floats) -> Floats:
    """Return the mean over the last axis of what is not NaN; NaN where everything is."""
    counted = ~np.isnan(earned)
    n_counted = counted.sum(axis=-1)
    total = np.where(counted, earned, 0.0).sum(axis=-1)
    return np.asarray(np.where(n_counted > 0, total / np.maximum(n_counted, 1), np.nan))


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a word that is not one of the choices."""
    if value not in choices:
        raise DataError("rewards", f"{name} is {value!r}", f"one of {', '.join(choices)}")


def _aligned(said: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """Return scores and targets of one shape, each on the scale or NaN."""
    # Said outright rather than left to broadcasting, which would match targets (n, 6) to the draws when n equals draws.
    if said.ndim == 3 and wanted.ndim == 2 and said.shape[::2] == wanted.shape:
        wanted = np.broadcast_to(wanted[:, None, :], said.shape)
    if said.shape != wanted.shape or said.ndim == 0 or said.shape[-1] != len(DIMENSIONS):
        what = f"scores have shape {said.shape} and targets {wanted.shape}"
        expected = f"both (..., {len(DIMENSIONS)}), or (n, draws, {len(DIMENSIONS)}) and (n, {len(DIMENSIONS)})"
        raise DataError("rewards", what, expected)
    for name, points in (("score", said), ("target", wanted)):
        wrong = points[(points < LOWEST_SCORE) | (points > HIGHEST_SCORE)]
        if wrong.size:
            expected = f"a number from {LOWEST_SCORE:g} to {HIGHEST_SCORE:g}, or NaN"
            do = "Mark what could not be read as NaN." if name == "score" else "Mark a missing target as NaN."
            raise DataError("rewards", f"a {name} is {wrong[0]:g}", expected, do)
    return said, wanted
