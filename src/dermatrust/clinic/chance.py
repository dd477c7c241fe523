"""Choices that follow from a seed and from names alone, so that neither order, nor limit, nor machine changes them."""

import hashlib
from collections.abc import Iterable


def weight(seed: int, *names: str) -> int:
    """Return a number that looks drawn and is the same wherever the seed and the names are.

    Example:
        >>> weight(0, "drop", "case-1") == weight(0, "drop", "case-1") != weight(1, "drop", "case-1")
        True
    """
    text = "\0".join((str(seed), *names))
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def shuffled(items: Iterable[str], seed: int, *names: str) -> list[str]:
    """Return the items in an order drawn for these names.

    What is added to the items or taken from them leaves the order of the others as it was.

    Example:
        >>> sorted(shuffled("abc", 0, "case-1")), shuffled("abc", 0, "x") == shuffled("cba", 0, "x")
        (['a', 'b', 'c'], True)
    """
    return sorted(items, key=lambda item: (weight(seed, *names, item), item))
