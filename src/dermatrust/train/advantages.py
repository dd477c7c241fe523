"""How much better a draw was than expected: three baselines for the policy gradient of stage 2.

    against_ema       one draw per case, against the run's own mean so far (the paper's SOREB)
    leave_one_out     K draws per case, each against the mean of its siblings (RLOO)
    group_relative    K draws per case, each against its group's mean, over its group's spread (GRPO)

A reward of NaN is an unscored draw: its advantage is 0, it moves no weight, and nobody is compared with it.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dermatrust.errors import DataError

BETA = 0.9
"""Share of the old baseline that stays after each reward; the paper's value."""
EPSILON = 1e-4
"""Added to a group's spread, so that differences within rounding are not blown up; the usual value for GRPO."""
Floats = NDArray[np.float64]


def ema(baseline: float, rewards: ArrayLike, *, beta: float = BETA) -> float:
    """Return the baseline after some rewards: b <- beta b + (1 - beta) r, one reward after the other.

    Args:
        baseline: The baseline so far; NaN before the first scored draw, and then it starts at the mean of these rewards
            (the paper does not say how its own starts).
        rewards: Any shape, taken in order; NaN marks an unscored draw, which changes nothing.
        beta: Share of the old baseline that stays, from 0 to 1.

    Returns:
        The new baseline; NaN as long as nothing was ever scored. It is the whole state: keep it to resume.

    Raises:
        DataError: `beta` is not from 0 to 1, or a reward or the baseline is infinite.

    Example:
        >>> round(ema(-1.0, [-2.0, -1.1]), 6)
        -1.1

    Reference:
        arXiv 2511.09195, https://arxiv.org/abs/2511.09195.
    """
    if not 0 <= beta <= 1:
        raise DataError("ema", f"beta is {beta:g}", "a number from 0 to 1")
    if np.isinf(baseline):
        raise DataError("ema", f"the baseline is {baseline:g}", "a finite number, or NaN before the first reward")
    earned = _finite(rewards, where="ema").ravel()
    scored = earned[~np.isnan(earned)]
    if np.isnan(baseline) and scored.size:
        baseline = float(scored.mean())
    for reward in scored:
        baseline = beta * baseline + (1 - beta) * float(reward)
    return float(baseline)


def against_ema(rewards: ArrayLike, baseline: float, *, beta: float = BETA) -> tuple[Floats, float]:
    """Return each reward minus the baseline before it, and the baseline after all of them.

    The whole batch is compared with one baseline, the one before its update; the update then takes its rewards one
    after the other. With one draw in a batch this is the paper's rule: advantage r - b, then b <- 0.9 b + 0.1 r.

    Args:
        rewards: Any shape; NaN marks an unscored draw.
        baseline: The baseline so far; NaN before the first scored draw, and then the batch's own mean serves.
        beta: Share of the old baseline that stays, from 0 to 1.

    Returns:
        Advantages in the shape of `rewards`, unscored draws 0; and the new baseline. The first batch has advantages
        around its own mean, so a first batch of one draw has none.

    Raises:
        DataError: As for `ema`.

    Example:
        >>> advantages, baseline = against_ema([-2.0, float("nan"), -0.5], -1.0)
        >>> advantages.tolist(), round(baseline, 3)
        ([-1.0, 0.0, 0.5], -1.04)

    Reference:
        arXiv 2511.09195, https://arxiv.org/abs/2511.09195; Williams (1992), https://doi.org/10.1007/BF00992696.
    """
    after = ema(baseline, rewards, beta=beta)
    earned = _finite(rewards, where="against_ema")
    scored = ~np.isnan(earned)
    if np.isnan(baseline) and scored.any():
        baseline = float(earned[scored].mean())
    return np.where(scored, earned - baseline, 0.0), after


def leave_one_out(rewards: ArrayLike) -> Floats:
    """Return each reward minus the mean reward of the other draws for the same case (RLOO).

    Args:
        rewards: Shape (cases, draws), draws >= 2; NaN marks an unscored draw.

    Returns:
        Advantages, same shape. Unscored draws, and draws whose siblings are all unscored, get 0. Those of a case with
        scored draws sum to 0.

    Raises:
        DataError: Another shape, fewer than two draws, or an infinite reward.

    Example:
        >>> leave_one_out([[-1.0, -2.0, -6.0], [-3.0, float("nan"), float("nan")]]).tolist()
        [[3.0, 1.5, -4.5], [0.0, 0.0, 0.0]]

    Reference:
        Kool, van Hoof, Welling (2019), https://openreview.net/forum?id=r1lgTGL5DE; Ahmadian et al. (2024), arXiv
        2402.14740, https://arxiv.org/abs/2402.14740.
    """
    earned = _groups(rewards, where="leave_one_out")
    scored = ~np.isnan(earned)
    reward = np.where(scored, earned, 0.0)
    siblings = scored.sum(axis=1, keepdims=True) - scored  # scored siblings of each draw
    of_siblings = reward.sum(axis=1, keepdims=True) - reward
    return np.where(scored & (siblings > 0), reward - of_siblings / np.maximum(siblings, 1), 0.0)


def group_relative(rewards: ArrayLike, *, epsilon: float = EPSILON) -> Floats:
    """Return each reward minus its case's mean, over its case's standard deviation plus epsilon (GRPO).

    The division makes a case on which the draws hardly differ weigh as much as one on which they differ widely.

    Args:
        rewards: Shape (cases, draws), draws >= 2; NaN marks an unscored draw.
        epsilon: Added to the standard deviation; positive.

    Returns:
        Advantages, same shape. Unscored draws, and draws of a case whose scored rewards are all equal or only one, get
        0. The standard deviation is that of a sample (n - 1), as in the common implementations; the paper does not say.

    Raises:
        DataError: Another shape, fewer than two draws, an infinite reward, or an epsilon that is not positive.

    Example:
        >>> group_relative([[-1.0, -2.0, -3.0], [-4.0, -4.0, float("nan")]]).round(3).tolist()
        [[1.0, 0.0, -1.0], [0.0, 0.0, 0.0]]

    Reference:
        Shao et al. (2024), arXiv 2402.03300, section 4.1, https://arxiv.org/abs/2402.03300.
    """
    if not 0 < epsilon < np.inf:
        raise DataError("group_relative", f"epsilon is {epsilon:g}", "a positive number")
    earned = _groups(rewards, where="group_relative")
    scored = ~np.isnan(earned)
    n_scored = scored.sum(axis=1, keepdims=True)
    mean = np.where(scored, earned, 0.0).sum(axis=1, keepdims=True) / np.maximum(n_scored, 1)
    deviation = np.where(scored, earned - mean, 0.0)
    spread = np.sqrt((deviation**2).sum(axis=1, keepdims=True) / np.maximum(n_scored - 1, 1))
    # Equal rewards leave a mean that differs from them by rounding, so equality is asked of the rewards themselves.
    highest = np.where(scored, earned, -np.inf).max(axis=1, keepdims=True)
    lowest = np.where(scored, earned, np.inf).min(axis=1, keepdims=True)
    return np.where(scored & (highest > lowest), deviation / (spread + epsilon), 0.0)


def _groups(rewards: ArrayLike, *, where: str) -> Floats:
    """Return finite or NaN rewards of shape (cases, draws) with two draws and more."""
    earned = _finite(rewards, where=where)
    if earned.ndim != 2:
        raise DataError(where, f"rewards have shape {earned.shape}", "(cases, draws)")
    if earned.shape[1] < 2:
        # Every advantage would be 0: the run would go on and learn nothing.
        do = "Draw more, or use the running baseline."
        raise DataError(
            where, f"there is {earned.shape[1]} draw per case", "at least 2, to compare with each other", do
        )
    return earned


def _finite(rewards: ArrayLike, *, where: str) -> Floats:
    """Return rewards as an array, each finite or NaN."""
    earned = np.asarray(rewards, np.float64)
    if np.isinf(earned).any():
        raise DataError(where, "a reward is infinite", "a finite number, or NaN for an unscored draw")
    return earned
