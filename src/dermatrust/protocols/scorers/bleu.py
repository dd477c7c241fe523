"""Corpus BLEU from sums over items: scores stay item by item, and intervals come from resampled items."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from dermatrust.agreement.statistic import Statistic
from dermatrust.protocols.metrics import estimate_of
from dermatrust.protocols.table import Floats, Metric

HIGHEST = 4
"""Longest n-grams that are counted."""


def characters(text: str) -> list[str]:
    """Return the characters of a text without blanks, the tokens of Chinese texts.

    Example:
        >>> characters("银屑病 PsO")
        ['银', '屑', '病', 'P', 's', 'O']
    """
    return [one for one in text if not one.isspace()]


def bleu_counts(said: Sequence[str], reference: Sequence[str]) -> dict[str, float]:
    """Return what one item adds to a corpus BLEU, as `Score.parts` keeps it: lengths, and clipped matches by order.

    Example:
        >>> bleu_counts("aab", "ab")
        {'bleu said': 3.0, 'bleu reference': 2.0, 'bleu 1': 2.0, 'bleu 2': 1.0, 'bleu 3': 0.0, 'bleu 4': 0.0}
    """
    counts = {"bleu said": float(len(said)), "bleu reference": float(len(reference))}
    for n in range(1, HIGHEST + 1):
        common = Counter(_ngrams(said, n)) & Counter(_ngrams(reference, n))
        counts[f"bleu {n}"] = float(sum(common.values()))
    return counts


def corpus_bleu(order: int) -> Metric:
    """Return the metric BLEU of the whole corpus, from 0 to 1: n-grams up to an order, no smoothing, brevity penalty.

    0 where an order has no match, as without smoothing it is. Items without `bleu_counts` are missing.

    Reference:
        Papineni et al. (2002), https://doi.org/10.3115/1073083.1073135.
    """
    names = ["bleu said", "bleu reference", *(f"bleu {n}" for n in range(1, order + 1))]

    def terms(ratings: Floats) -> Floats:
        possible = np.maximum(ratings[0][:, None] - np.arange(order)[None, :], 0)
        return np.hstack([np.ones((ratings.shape[1], 1)), ratings.T, possible])

    def value(sums: Floats) -> Floats:
        said, reference, matches, possible = (
            sums[..., 1],
            sums[..., 2],
            sums[..., 3 : 3 + order],
            sums[..., 3 + order :],
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            log_precision = np.log(matches / possible).mean(axis=-1)
            bleu = np.exp(np.minimum(0.0, 1.0 - reference / said) + log_precision)
        return np.where((matches > 0).all(axis=-1), bleu, 0.0)

    bleu = Statistic(terms, value)
    return lambda table, rng: estimate_of(bleu, np.stack([table.part(name) for name in names]), table, rng)


def _ngrams(tokens: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    return (tuple(tokens[k : k + n]) for k in range(len(tokens) - n + 1))
