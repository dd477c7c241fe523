"""Runs of words that two texts share: the same engine finds copied references, stock phrases and leaked texts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Ints = NDArray[np.int64]
_NOISE = 1e-9
_BLOCK = 20_000
"""Pairs whose runs are counted at once: it bounds the memory."""
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

    def pairs(
        self, *, least: float = 0.0, most_texts: int | None = None, side: Sequence[int] | None = None
    ) -> list[SharedRuns]:
        """Return every pair of texts that shares a run, the larger containment first.

        Args:
            least: Containment from which a pair is returned. The larger, the less work: two texts that share so much
                share one of the rarest runs of the shorter, so that a sentence all texts have pairs none of them.
            most_texts: Runs in more texts than this are stock phrases and are left out of `n_shared`.
            side: For every text a number; only texts of different sides are compared.

        Reference:
            Chaudhuri, Ganti & Kaushik (2006), A Primitive Operator for Similarity Joins in Data Cleaning, section 4.3
            (prefix filter), https://doi.org/10.1109/ICDE.2006.9.
        """
        spread = np.bincount(self._table.indices, minlength=self._table.shape[1])
        kept = spread >= 2 if most_texts is None else (spread >= 2) & (spread <= most_texts)
        columns = np.flatnonzero(kept)
        table, rarest = self._table[:, columns], self._rarest(spread, least)[:, columns]
        numbers = np.zeros(len(self._sets), np.int64) if side is None else np.asarray(side, np.int64)
        a, b = _candidates(table, rarest, numbers, across=side is not None)
        return self._measured(a, b, _n_shared(table, a, b), least)

    def _rarest(self, spread: Ints, least: float) -> sparse.csr_matrix:
        """Return of each text so many of its rarest runs that a pair with this containment shares one of them."""
        table = self._table
        sizes = np.diff(table.indptr)
        needed = np.maximum(np.ceil(least * sizes - _NOISE), 1).astype(np.int64)
        rows = np.repeat(np.arange(len(sizes)), sizes)
        order = np.lexsort((table.indices, spread[table.indices], rows))
        rank = np.arange(len(rows)) - table.indptr[rows]
        chosen = rank <= (sizes - needed)[rows]
        entries = np.ones(int(chosen.sum()), np.int32), (rows[chosen], table.indices[order][chosen])
        return sparse.csr_matrix(entries, shape=table.shape)

    def _measured(self, a: Ints, b: Ints, n_shared: Ints, least: float) -> list[SharedRuns]:
        sizes = np.array([len(runs) for runs in self._sets], np.int64)
        containment = n_shared / np.minimum(sizes[a], sizes[b])
        resemblance = n_shared / (sizes[a] + sizes[b] - n_shared)
        kept = np.flatnonzero((n_shared > 0) & (containment >= least))
        kept = kept[np.lexsort((b[kept], a[kept], -containment[kept]))]
        columns = (column[kept].tolist() for column in (a, b, n_shared, containment, resemblance))
        return [SharedRuns(*row) for row in zip(*columns, strict=True)]

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


def _candidates(
    table: sparse.csr_matrix, rarest: sparse.csr_matrix, numbers: Ints, *, across: bool
) -> tuple[Ints, Ints]:
    """Return the pairs, first below second, in which a rare run of one text stands in the other.

    Args:
        table: Texts x runs.
        rarest: The same with each text's rarest runs alone.
        numbers: The side of each text.
        across: Whether only texts of different sides are paired.
    """
    sides = [np.flatnonzero(numbers == number) for number in np.unique(numbers)]
    first, second = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for left, right in combinations(sides, 2) if across else [(one, one) for one in sides]:
        met = (rarest[left] @ table[right].T + table[left] @ rarest[right].T).tocoo()
        ends = np.sort(np.stack([left[met.row], right[met.col]]), axis=0)
        pairs = ends if across else ends[:, met.row < met.col]
        first.append(pairs[0])
        second.append(pairs[1])
    return np.concatenate(first), np.concatenate(second)


def _n_shared(table: sparse.csr_matrix, a: Ints, b: Ints) -> Ints:
    """Return how many runs the texts of each pair share."""
    found = np.zeros(len(a), np.int64)
    for start in range(0, len(a), _BLOCK):
        block = slice(start, start + _BLOCK)
        found[block] = np.asarray(table[a[block]].multiply(table[b[block]]).sum(axis=1)).ravel()
    return found


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
