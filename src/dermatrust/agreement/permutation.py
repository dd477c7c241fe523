"""Is a mean paired difference zero? Signs flipped for whole clusters (patients) at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dermatrust.agreement.clusters import ClusterSums, Floats, Ints

_DRAWN_BYTES = 8_000_000
"""Patterns whose bytes are drawn together; another size gives other draws."""
_CACHED_BYTES = 2_000_000
"""Patterns multiplied together: small enough for a processor's cache."""
_MOST_EXACT = 12
"""Clusters up to which all sign patterns (2**12 = 4096) are tried, however few draws were asked for."""
_TIE = 1e-9
"""Two sums closer than this share of the sum of absolute differences are equal: their terms differ in order only."""


@dataclass(frozen=True, slots=True)
class SignFlips:
    """The outcome of a sign-flip permutation test of several columns.

    Attributes:
        p: Two-sided p-values, shape (columns,); NaN where a column has no observation.
        n_clusters: Clusters with at least one observation, shape (columns,).
        n_patterns: Sign patterns compared with the observed one.
        is_exact: Whether these are all patterns there are; otherwise they are random draws.
    """

    p: Floats
    n_clusters: Ints
    n_patterns: int
    is_exact: bool


def sign_flip_test(differences: ClusterSums, *, rng: np.random.Generator, n_permutations: int = 10_000) -> SignFlips:
    """Two-sided permutation test that the paired differences of each column are symmetric about zero.

    If two models are equally good, exchanging their names within a patient changes nothing, and exchanging names
    flips the sign of the patient's differences, all of them together. The p-value is the share of sign patterns whose
    absolute mean difference is at least the observed one.

    Args:
        differences: Sums of the paired differences within clusters, and their counts, from `sum_clusters`.
        rng: Source of the draws; not used where all patterns are tried.
        n_permutations: Random patterns to draw. If there are no more than this many (or 4096) patterns in all, each
            is tried once instead.

    Returns:
        Exact p-values, or (b + 1) / (n_permutations + 1) where b random patterns are at least as extreme: never 0, and
        valid as it stands. 1 where all differences are zero, NaN where there are none. With k clusters no exact p is
        below 2 / 2**k, so five patients can never reach 0.05.

    Raises:
        ValueError: `n_permutations` is below 1.

    Example:
        >>> from dermatrust.agreement.clusters import sum_clusters
        >>> differences = sum_clusters([1.0, 0.5, 2.0], [0, 1, 2])
        >>> sign_flip_test(differences, rng=np.random.default_rng(0)).p.tolist()
        [0.25]

    Reference:
        Good (2005), Permutation, Parametric and Bootstrap Tests of Hypotheses, https://doi.org/10.1007/b138696;
        Phipson & Smyth (2010), Stat. Appl. Genet. Mol. Biol. 9(1):39, https://doi.org/10.2202/1544-6115.1585
        (why one is added).
    """
    if n_permutations < 1:
        raise ValueError(f"n_permutations is {n_permutations}; it must be at least 1")
    sums = differences.sums[(differences.sums != 0).any(axis=1)]  # flipping a zero changes nothing
    n_signs = len(sums)
    is_exact = 2**n_signs <= max(n_permutations, 2**_MOST_EXACT)
    n_patterns = 2**n_signs if is_exact else n_permutations
    observed = np.abs(sums.sum(axis=0)) - _TIE * np.abs(sums).sum(axis=0)
    n_extreme = np.zeros(sums.shape[1], dtype=np.int64)
    for flipped in _patterns(n_patterns, n_signs) if is_exact else _draws(n_patterns, n_signs, rng):
        totals = sums.sum(axis=0) - 2 * (flipped @ sums)
        n_extreme += (np.abs(totals) >= observed).sum(axis=0)
    p = n_extreme / n_patterns if is_exact else (n_extreme + 1) / (n_patterns + 1)
    return SignFlips(np.where(differences.n > 0, p, np.nan), differences.n_clusters, n_patterns, is_exact)


def _patterns(n_patterns: int, n_signs: int) -> Iterator[Floats]:
    """Yield all sign patterns in blocks: the binary digits of their numbers, 1 for flipped."""
    for some in _blocks(n_patterns, n_signs, _CACHED_BYTES):
        numbers = np.arange(some.start, some.stop)[:, np.newaxis]
        yield (numbers >> np.arange(n_signs) & 1).astype(np.float64)


def _draws(n_patterns: int, n_signs: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Yield random sign patterns in blocks, 1 for flipped; each pattern uses up the same number of random bytes."""
    n_bytes = -(-n_signs // 8)
    for some in _blocks(n_patterns, n_signs, _DRAWN_BYTES):
        raw = np.frombuffer(rng.bytes(len(some) * n_bytes), dtype=np.uint8).reshape(len(some), n_bytes)
        for part in _blocks(len(raw), n_signs, _CACHED_BYTES):
            yield np.unpackbits(raw[part.start : part.stop], axis=1, count=n_signs).astype(np.float64)


def _blocks(n_patterns: int, n_signs: int, n_bytes: int) -> Iterator[range]:
    """Yield the numbers of so many patterns as fit into memory of a size."""
    size = max(1, n_bytes // (8 * max(n_signs, 1)))
    for start in range(0, n_patterns, size):
        yield range(start, min(start + size, n_patterns))
