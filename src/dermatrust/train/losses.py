"""What training minimises, as pure functions of tensors: the text, the policy gradient, a score's distribution.

    stage 1     masked_cross_entropy
    stage 2     policy_gradient of mean_log_probability; the paper's total is 0.5 of it plus 1.0 of the text's
    instead     expected_score_loss or ordinal_loss of level_chances, which need no draw

B is a batch, T tokens, V the vocabulary, S places where a score stands, L its levels. Logits come aligned: those at t
predict the token at t. Half precision is raised to float32 before a softmax.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from dermatrust.errors import DataError

NOT_LEARNT = -100
"""Label of a token that is read but not learnt: the prompt, the image, the padding."""


def masked_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy of the tokens that are learnt.

    Args:
        logits: Shape (B, T, V).
        labels: Token numbers, shape (B, T); `NOT_LEARNT` (-100) where a token is not learnt.

    Returns:
        A scalar in nats: the mean over all learnt tokens of the batch, so a long text weighs more than a short one.
        Without learnt tokens it is 0, and its gradient too.

    Raises:
        DataError: The shapes do not fit.

    Example:
        >>> labels = torch.tensor([[NOT_LEARNT, 1]])
        >>> round(float(masked_cross_entropy(torch.zeros(1, 2, 4), labels)), 4)  # ln 4
        1.3863
    """
    _check_tokens(logits, labels)
    learnt = labels != NOT_LEARNT
    # Only the learnt rows go through the softmax: most of a sequence is prompt and image, and V is large.
    total = cross_entropy(_raised(logits[learnt]), labels[learnt], reduction="sum")
    return total / learnt.sum().clamp(min=1)


def mean_log_probability(logits: Tensor, drawn: Tensor, mask: Tensor) -> Tensor:
    """Return the mean log-probability of each draw's generated tokens, from these alone.

    The vocabulary is large and most of a sequence is prompt and image, so nothing is padded over it.

    Args:
        logits: Teacher-forced on the draws, of the tokens where `mask` is true, in its order, shape (N, V).
        drawn: Their numbers, shape (N,).
        mask: Shape (B, T), true for the tokens the policy generated, its end-of-text included; N are true.

    Returns:
        Shape (B,), in nats a token: their mean, not their sum, as in https://arxiv.org/abs/2511.09195. A draw without
        any generated token has 0, which carries no gradient.

    Example:
        >>> mask = torch.tensor([[False, True, True]])
        >>> mean_log_probability(torch.zeros(2, 4), torch.tensor([1, 2]), mask).tolist()  # -ln 4
        [-1.3862943649291992]
    """
    chosen = -cross_entropy(_raised(logits), drawn, reduction="none")
    by_place = chosen.new_zeros(mask.shape).masked_scatter(mask, chosen)
    return by_place.sum(dim=1) / mask.sum(dim=1).clamp(min=1)


def policy_gradient(log_probability: Tensor, advantage: Tensor) -> Tensor:
    """Return the loss whose gradient raises the chance of draws that were better than expected (REINFORCE).

    GRPO needs no loss of its own here. With one update per draw its probability ratio is 1 where the gradient is taken,
    so its clip never acts and its gradient, with no penalty for distance from a reference policy, is that of this loss
    with `group_relative` advantages.

    Args:
        log_probability: Of each draw, from `mean_log_probability`, shape (B,).
        advantage: Of each draw, shape (B,); 0 for an unscored draw. It is a constant: no gradient goes through it.

    Returns:
        A scalar: the mean over the batch of -advantage x log-probability.

    Raises:
        DataError: The shapes differ or are not (B,) with B >= 1, or an advantage is not finite.

    Example:
        >>> float(policy_gradient(torch.tensor([-1.0, -2.0]), torch.tensor([0.5, -0.5])))
        -0.25

    Reference:
        Williams (1992), https://doi.org/10.1007/BF00992696; https://arxiv.org/abs/2511.09195 (SOREB);
        https://arxiv.org/abs/2402.03300, equation 3 (GRPO).
    """
    if log_probability.ndim != 1 or log_probability.shape != advantage.shape or not len(advantage):
        what = f"log-probabilities have shape {tuple(log_probability.shape)} and advantages {tuple(advantage.shape)}"
        raise DataError("policy_gradient", what, "both (draws,), one draw or more")
    if not bool(advantage.isfinite().all()):
        raise DataError("policy_gradient", "an advantage is not finite", "a number", "Give an unscored draw 0.")
    return -(advantage.detach().to(log_probability) * log_probability).mean()


def level_chances(logits: Tensor, level_ids: Tensor) -> Tensor:
    """Return the chance of each level at each place of a score, among the levels alone.

    Args:
        logits: At the places that predict the scores, shape (B, S, V).
        level_ids: The token of each level, in the order of the levels, shape (L,).

    Returns:
        Shape (B, S, L); each place sums to 1, whatever chance the other tokens have.

    Raises:
        DataError: `level_ids` is not (L,) with L >= 2, or names a token twice.

    Example:
        >>> level_chances(torch.tensor([[[9.0, 0.0, 0.0]]]), torch.tensor([1, 2])).tolist()
        [[[0.5, 0.5]]]
    """
    if level_ids.ndim != 1 or len(level_ids) < 2 or len(set(level_ids.tolist())) < len(level_ids):
        raise DataError("level_ids", f"the levels' tokens are {level_ids.tolist()}", "two or more, each another one")
    return _raised(logits[..., level_ids]).softmax(dim=-1)


def expected_scores(chances: Tensor, levels: Tensor) -> Tensor:
    """Return the mean score of each place: the guess with the least expected squared error.

    Args:
        chances: Shape (..., L), each place summing to 1.
        levels: Their points, rising, shape (L,).

    Returns:
        Shape (...), in points.

    Raises:
        DataError: The levels do not rise, or are not as many as the chances.

    Example:
        >>> float(expected_scores(torch.tensor([0.25, 0.0, 0.75]), torch.tensor([0.0, 2.0, 4.0])))
        3.0

    Reference:
        Lukasik et al. (2024), https://arxiv.org/abs/2403.04182.
    """
    _check_levels(chances, levels)
    return (chances * levels.to(chances)).sum(dim=-1)


def expected_score_loss(chances: Tensor, levels: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared error of the expected scores (regression-aware fine-tuning).

    Args:
        chances: Shape (..., L), from `level_chances`.
        levels: Their points, rising, shape (L,).
        targets: Shape (...), in points; NaN where there is none, and the place is left out.

    Returns:
        A scalar, in squared points: the mean over the places with a target. Without any it is 0, and its gradient too.

    Raises:
        DataError: Levels as for `expected_scores`; targets of another shape or outside the levels.

    Example:
        >>> chances = torch.tensor([[0.5, 0.5], [1.0, 0.0]])
        >>> float(expected_score_loss(chances, torch.tensor([0.0, 4.0]), torch.tensor([3.0, float("nan")])))
        1.0

    Reference:
        Lukasik et al. (2025), RAFT, https://iclr.cc/virtual/2025/poster/27796.
    """
    kept, points = _with_target(chances, levels, targets)
    return _mean((expected_scores(kept, levels) - points) ** 2)


def ordinal_loss(chances: Tensor, levels: Tensor, targets: Tensor) -> Tensor:
    """Return the squared distance of the cumulative chances from the target's: the ranked probability score.

    The target's cumulative chance is 0 below and 1 from its level on. A target between two levels, such as a panel's
    mean, is shared by both in proportion to its nearness: a step at the next level would pull it up to that one.

    Args:
        chances: Shape (..., L), from `level_chances`.
        levels: Their points, rising, shape (L,).
        targets: Shape (...), in points; NaN where there is none, and the place is left out.

    Returns:
        A scalar: the sum over the levels, mean over the places with a target. 0 where all chance is on the target's
        level; at most L - 1, target and chance at opposite ends. Without any target it is 0, and its gradient too.

    Raises:
        DataError: Levels as for `expected_scores`; targets of another shape or outside the levels.

    Example:
        >>> chances = torch.tensor([[0.5, 0.25, 0.25]])
        >>> float(ordinal_loss(chances, torch.tensor([0.0, 1.0, 2.0]), torch.tensor([1.0])))  # 0.5^2 + 0.25^2
        0.3125

    Reference:
        Epstein (1969), https://doi.org/10.1175/1520-0450(1969)008<0985:ASSFPF>2.0.CO;2; as a loss (squared earth
        mover's distance) Hou, Yu, Samaras (2016), https://arxiv.org/abs/1611.05916; targets shared by two
        levels ("two-hot") Farebrother et al. (2024), https://arxiv.org/abs/2403.03950.
    """
    kept, points = _with_target(chances, levels, targets)
    at = levels.to(kept)
    # The last level is left out: both cumulative chances are 1 there.
    due = ((at[1:] - points[:, None]) / at.diff()).clamp(0.0, 1.0)
    return _mean((kept.cumsum(dim=-1)[:, :-1] - due).square().sum(dim=-1))


def _with_target(chances: Tensor, levels: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return the chances (n, L) and targets (n,) of the n places that have one."""
    _check_levels(chances, levels)
    if targets.shape != chances.shape[:-1]:
        raise DataError("targets", f"they have shape {tuple(targets.shape)}", f"{tuple(chances.shape[:-1])}")
    # Selected, not multiplied by 0: NaN x 0 is NaN, in the gradient too.
    known = ~targets.isnan()
    points = targets[known].to(chances)
    if bool(((points < levels[0]) | (points > levels[-1])).any()):
        raise DataError("targets", "a target lies outside the levels", f"{levels[0]:g} to {levels[-1]:g}, or NaN")
    return chances[known], points


def _mean(losses: Tensor) -> Tensor:
    """Return the mean of losses (n,); 0 that hangs in the graph when there are none."""
    return losses.sum() / max(len(losses), 1)


def _raised(logits: Tensor) -> Tensor:
    """Return logits in float32 or finer."""
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits


def _check_tokens(logits: Tensor, labels: Tensor) -> None:
    """Refuse logits that are not (B, T, V) for labels (B, T)."""
    if logits.ndim != 3 or logits.shape[:2] != labels.shape:
        what = f"logits have shape {tuple(logits.shape)} and labels {tuple(labels.shape)}"
        raise DataError("masked_cross_entropy", what, "(batch, tokens, vocabulary) and (batch, tokens)")


def _check_levels(chances: Tensor, levels: Tensor) -> None:
    """Refuse levels that do not rise or are not those of the chances."""
    if levels.ndim != 1 or len(levels) < 2 or not bool((levels.diff() > 0).all()):
        raise DataError("levels", f"the levels are {levels.tolist()}", "two or more rising numbers")
    if chances.shape[-1:] != levels.shape:
        raise DataError("levels", f"there are {len(levels)} for chances of shape {tuple(chances.shape)}", "as many")
