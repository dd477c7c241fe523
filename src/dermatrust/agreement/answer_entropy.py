"""How sure a model is, by how alike its repeated answers are: 1 less their entropy; and how much too sure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from dermatrust.agreement.clusters import Floats, Ints, ratios
from dermatrust.agreement.statistic import Statistic, rating_table


@dataclass(frozen=True, slots=True, eq=False)
class AnswerConfidence:
    """Confidence in each item; every array has shape (items,).

    Attributes:
        confidence: 1 if all answers are the same, 0 if all options are equally frequent among them; NaN with fewer than
            two answers, which cannot differ.
        n_answers: Answers that were given; one that is missing is none.
    """

    confidence: Floats
    n_answers: Ints


def answer_confidence(answers: ArrayLike, n_options: ArrayLike) -> AnswerConfidence:
    """Return 1 - H / log K for each item: H the entropy of its repeated answers, K the number of its options.

    With fewer answers than options it cannot reach 0 (three answers to four options: at least 0.21), and by chance it
    is above 0 for a model that guesses: compare models on as many answers.

    Args:
        answers: Number of the option chosen, from 0, shape (items, answers); NaN where none was given. To have silence
            count as an answer like any other, give it a number of its own, and one option more.
        n_options: How many options an item has, at least 2; one number, or shape (items,).

    Raises:
        ValueError: The shapes do not fit, there are fewer than 2 options, or an answer is none of them.

    Example:
        >>> answer_confidence([[0, 0, 0], [0, 0, 1], [0, 1, 2]], 4).confidence.round(2).tolist()
        [1.0, 0.54, 0.21]

    Reference:
        MedQ-Deg, https://arxiv.org/abs/2603.07769, with 3 answers, or 10 at temperature 1; the entropy of Shannon
        (1948), Bell Syst. Tech. J. 27(3):379-423, https://doi.org/10.1002/j.1538-7305.1948.tb01338.x.
    """
    table = np.asarray(answers, dtype=np.float64)
    options = np.asarray(n_options, dtype=np.float64)
    if table.ndim != 2 or options.shape not in {(), table.shape[:1]}:
        raise ValueError(f"answers of shape {table.shape} and n_options of shape {options.shape} do not fit each other")
    most = np.broadcast_to(options, table.shape[:1])
    if not ((most >= 2) & (most % 1 == 0)).all():
        raise ValueError("n_options must be whole numbers of at least 2")
    known = ~np.isnan(table)
    wrong = known & ((table < 0) | (table >= most[:, np.newaxis]) | (table % 1 != 0))
    if wrong.any():
        row, _ = np.argwhere(wrong)[0]
        raise ValueError(f"answer is {table[wrong][0]:g}; expected a whole number from 0 to {most[row] - 1:g}")
    counts = (table[:, :, np.newaxis] == np.arange(int(most.max(initial=0)))).sum(axis=1).astype(np.float64)
    n = counts.sum(axis=1)
    shares = np.nan_to_num(ratios(counts, np.broadcast_to(n[:, np.newaxis], counts.shape)))
    entropy = -xlogy(shares, shares).sum(axis=1)
    return AnswerConfidence(np.where(n >= 2, 1 - entropy / np.log(most), np.nan), n.astype(np.int64))


def shift_terms(ratings: Floats) -> Floats:
    """Return what each item adds to sums of confidence and of right answers.

    Args:
        ratings: Shape (2, n): confidence, from 0 to 1, and 1 where the answer is right, 0 where not, or the share of
            the repeated answers that are; NaN marks a missing one, and an item counts with both.

    Returns:
        Shape (n, 3): 1 and the two. All 0 where one is missing.

    Raises:
        ValueError: The ratings have another shape, or one is not from 0 to 1.
    """
    table = rating_table(ratings, 2)
    wrong = (table < 0) | (table > 1)
    if wrong.any():
        name = "confidence" if wrong[0].any() else "right"
        raise ValueError(f"{name} is {table[wrong][0]:g}; expected from 0 to 1, or NaN where it is missing")
    known = ~np.isnan(table).any(axis=0)
    return np.stack([known, *np.where(known, table, 0.0)], axis=1).astype(np.float64)


calibration_shift = Statistic(shift_terms, lambda sums: ratios(sums[..., 1] - sums[..., 2], sums[..., 0]))
"""Mean confidence less the share right, of ratings as for `shift_terms`: above 0 too sure, below 0 not sure enough.

Example:
    >>> calibration_shift([[1.0, 0.5], [1, 0]])
    0.25

Reference:
    MedQ-Deg, https://arxiv.org/abs/2603.07769. Which accuracy it takes, of the first answer, of the most frequent or of
    all, has not been found published: that is the caller's to say.
"""
