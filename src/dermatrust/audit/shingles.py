"""Runs of words that two texts share: the same engine finds copied references, stock phrases and leaked texts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""Odd, with bits spread over all 64: the golden ratio. Two different runs of words meet by chance once in 1e19."""


def words_in(text: str) -> list[str]:
    """Return the words of a text: case, punctuation and markup are not compared.

    Example:
        >>> words_in("<b>Red,</b> scaly PLAQUE")
        ['b', 'red', 'b', 'scaly', 'plaque']
    """
    return _WORD.findall(text.lower().replace("’", "'"))


@dataclass(frozen=True, slots=True)
class SharedRuns:
    """How much two texts share.

    Attributes:
        a: Position of the first text.
        b: Position of the second.
        n_shared: Different runs of words that stand in both.
        containment: Share of the runs of the text with fewer that stand in the other.
        resemblance: Runs in both over runs in either (Jaccard).
    """

    a: int
    b: int
    n_shared: int
    containment: float
    resemblance: float


class Shingles:
    """The runs of `n` words of many texts.

    Args:
        texts: The texts.
        n: Words in a run. A text of fewer words has none.

    Example:
        >>> shingles = Shingles(["a red scaly plaque", "the red scaly plaque", "nothing"], n=3)
        >>> [(found.a, found.b, found.n_shared, found.containment) for found in shingles.pairs()]
        [(0, 1, 1, 0.5)]
        >>> shingles.shared_text(0, 1)
        'red scaly plaque'

    Reference:
        Broder (1997), On the resemblance and containment of documents, https://doi.org/10.1109/SEQUEN.1997.666900.
    """

    def __init__(self, texts: Sequence[str], n: int) -> None:
        self.n = n
        self._words = [words_in(text) for text in texts]
        numbers: dict[str, int] = {}
        self._runs = [
            _runs(np.array([numbers.setdefault(w, len(numbers) + 1) for w in words], np.uint64), n)
            for words in self._words
        ]

    def pairs(self, *, most_texts: int | None = None, side: Sequence[int] | None = None) -> list[SharedRuns]:
        """Return every pair of texts that shares a run, the larger containment first.

        Args:
            most_texts: Runs in more texts than this are stock phrases and are left out of `n_shared`.
            side: For every text a number; only texts of different sides are compared.
        """
        table = self._table
        spread = np.asarray(table.sum(axis=0)).ravel()
        kept = spread >= 2 if most_texts is None else (spread >= 2) & (spread <= most_texts)
        table = table[:, np.flatnonzero(kept)]
        if side is not None:
            sides = np.asarray(side)
            blocks = [(table.multiply((sides == s)[:, None]).tocsr(), s) for s in np.unique(sides)]
            products = [left @ right.T for left, s in blocks for right, t in blocks if s < t]
            shared = sum(products[1:], products[0]).tocoo() if products else sparse.coo_matrix(table.shape)
        else:
            shared = sparse.triu(table @ table.T, k=1).tocoo()
        return self._measured(shared)

    def _measured(self, shared: sparse.coo_matrix) -> list[SharedRuns]:
        sizes = [len(runs) for runs in self._sets]
        found = []
        for row, column, n in zip(shared.row.tolist(), shared.col.tolist(), shared.data.tolist(), strict=True):
            a, b = sorted((row, column))
            found.append(SharedRuns(a, b, n, n / min(sizes[a], sizes[b]), n / (sizes[a] + sizes[b] - n)))
        return sorted(found, key=lambda one: (-one.containment, one.a, one.b))

    def shared_text(self, a: int, b: int) -> str:
        """Return the longest run of words that two texts share, as it stands in the first; "" without one."""
        common = np.isin(self._runs[a], self._sets[b])
        best, begin = (0, 0), None
        for place, is_common in enumerate([*common.tolist(), False]):
            if is_common and begin is None:
                begin = place
            elif not is_common and begin is not None:
                best = max(best, (place - begin, -begin))
                begin = None
        length, start = best[0], -best[1]
        return " ".join(self._words[a][start : start + length + self.n - 1]) if length else ""

    @cached_property
    def _sets(self) -> list[NDArray[np.uint64]]:
        return [np.unique(runs) for runs in self._runs]

    @cached_property
    def _table(self) -> sparse.csr_matrix:
        """Texts x different runs, 1 where the text holds the run."""
        counts = [len(runs) for runs in self._sets]
        every = np.concatenate([np.empty(0, np.uint64), *self._sets])
        _, columns = np.unique(every, return_inverse=True)
        rows = np.repeat(np.arange(len(counts)), counts)
        shape = (len(counts), int(columns.max(initial=-1)) + 1)
        return sparse.csr_matrix((np.ones(len(rows), np.int32), (rows, columns)), shape=shape)


def _runs(numbers: NDArray[np.uint64], n: int) -> NDArray[np.uint64]:
    """Return one 64-bit hash per run of `n` words, in order."""
    if len(numbers) < n:
        return np.empty(0, np.uint64)
    mixed = numbers * _FACTOR
    mixed ^= mixed >> np.uint64(29)
    hashes = np.zeros(len(numbers) - n + 1, np.uint64)
    for offset in range(n):
        hashes = hashes * _FACTOR + mixed[offset : offset + len(hashes)]
    hashes ^= hashes >> np.uint64(32)
    return hashes
