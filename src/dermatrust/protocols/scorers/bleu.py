"""Corpus BLEU from sums over items: scores stay item by item, and intervals come from resampled items."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from dermatrust.agreement.interval import Estimate
from dermatrust.protocols.table import Floats, Metric, ScoreTable

HIGHEST = 4
"""Longest n-grams that are counted."""
_RESAMPLES = 2_000
_CHUNK = 100


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

    def bleu(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        counts = np.stack([table.part(name) for name in _names(order)], axis=1)
        counts = np.hstack([counts, _possible(counts[:, 0], order)])[table.is_known & ~np.isnan(counts).any(axis=1)]
        n = len(counts)
        if n == 0:
            return Estimate(math.nan, math.nan, math.nan, 0, 0, 0)
        drawn = []
        for _ in range(_RESAMPLES // _CHUNK):
            weights = rng.multinomial(n, np.full(n, 1 / n), size=_CHUNK)
            drawn += [_bleu(sums, order) for sums in weights @ counts]
        low, high = np.quantile(drawn, (0.025, 0.975))
        return Estimate(_bleu(counts.sum(axis=0), order), float(low), float(high), n, n, 0)

    return bleu


def _names(order: int) -> list[str]:
    return ["bleu said", "bleu reference", *(f"bleu {n}" for n in range(1, order + 1))]


def _possible(said: Floats, order: int) -> Floats:
    """Return how many n-grams of each order each item has, shape (items, order)."""
    return np.maximum(said[:, None] - np.arange(order)[None, :], 0)


def _bleu(sums: Floats, order: int) -> float:
    said, reference = float(sums[0]), float(sums[1])
    matches, possible = sums[2 : 2 + order], sums[2 + order :]
    if not (matches > 0).all():
        return 0.0
    brevity = 1.0 if said > reference else math.exp(1 - reference / said)
    return brevity * math.exp(float(np.log(matches / possible).mean()))


def _ngrams(tokens: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    return (tuple(tokens[k : k + n]) for k in range(len(tokens) - n + 1))
