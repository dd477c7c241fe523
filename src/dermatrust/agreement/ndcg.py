"""How well a ranking has what matters on top: normalised discounted cumulative gain, NDCG@k."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.clusters import Floats

Gain = Literal["linear", "exponential"]
Ties = Literal["mean", "worst", "given"]


def ndcg(
    relevance: ArrayLike, scores: ArrayLike, k: int | None = None, *, gain: Gain = "linear", ties: Ties = "mean"
) -> float:
    """Return the gain of a ranking, discounted by place, over that of the best ranking there is.

    The item at place i (from 1) adds its gain divided by log2(i + 1).

    Args:
        relevance: What each item is worth, at least 0, shape (n,); NaN where nobody knows: such an item does not count.
            Levels of which 1 is most urgent have to be turned round first.
        scores: What items are ranked by, highest first, shape (n,). Items without a score (NaN) come last, as tied.
        k: Places that count; all where it is not given, or where there are fewer items.
        gain: "linear", the relevance itself, or "exponential", 2 ** relevance - 1, in which the top weighs more. Papers
            mean either by NDCG.
        ties: What equal scores get: "mean" over all their orders, "worst" with the least relevant first, or "given" in
            the order in which they stand.

    Returns:
        From 0 to 1; NaN where no item has any relevance, since all rankings are then alike (scikit-learn says 0).

    Raises:
        ValueError: The shapes differ, a relevance is below 0 or infinite, or `k` is below 1.

    Example:
        >>> round(ndcg([3, 2, 0], [0.1, 0.9, 0.5]), 3)
        0.821

    Reference:
        Järvelin & Kekäläinen (2002), ACM Trans. Inf. Syst. 20(4):422-446, https://doi.org/10.1145/582415.582418 (with a
        discount from the second place on); Burges et al. (2005), ICML, https://doi.org/10.1145/1102351.1102363
        (exponential gain, log2(i + 1)); McSherry & Najork (2008), ECIR, https://doi.org/10.1007/978-3-540-78646-7_38
        (mean over ties).
    """
    worth, score = np.asarray(relevance, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if worth.ndim != 1 or worth.shape != score.shape:
        raise ValueError(f"relevance of shape {worth.shape} does not fit scores of shape {score.shape}; expected (n,)")
    if (worth < 0).any() or np.isinf(worth).any() or (k is not None and k < 1):
        raise ValueError(f"k is {k} and relevance {worth.tolist()}; expected at least 1, and finite numbers from 0")
    known = ~np.isnan(worth)
    gains = worth[known] if gain == "linear" else np.exp2(worth[known]) - 1
    ranked = np.where(np.isnan(score), -np.inf, score)[known]
    discounts = 1 / np.log2(np.arange(2, gains.size + 2))
    discounts[gains.size if k is None else k :] = 0
    best = float(np.sort(gains)[::-1] @ discounts)
    return float(_placed(gains, ranked, ties) @ discounts) / best if best else float("nan")


def _placed(gains: Floats, scores: Floats, ties: Ties) -> Floats:
    """Return gains in the order of the scores, highest first."""
    if ties == "worst":
        return gains[np.lexsort((gains, -scores))]
    if ties == "given":
        return gains[np.argsort(-scores, kind="stable")]
    _, group, sizes = np.unique(-scores, return_inverse=True, return_counts=True)
    means: Floats = np.bincount(group, weights=gains) / sizes
    return np.repeat(means, sizes)
