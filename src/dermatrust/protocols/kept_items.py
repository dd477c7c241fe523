"""Items that are read once and gone through as often as a run needs, without holding them in memory."""

import pickle
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item

_NAMES = tuple(field.name for field in fields(Item))
_values = attrgetter(*_NAMES)
_IN_MEMORY = 8_000_000
"""Bytes; more than that goes to disk."""
_MOST_ITEMS, _MOST_BYTES = 64, 1_000_000
"""Items of a piece, and bytes of their images: a piece is what is in memory at a time."""


class KeptItems:
    """Keeps items, small ones in memory and many in a temporary file, which has no name and is gone with its owner.

    Args:
        items: Read to their end at once.
        folder: Where the file lies; where there is no such folder yet, in the nearest one above it that there is.

    Raises:
        DataError: An item cannot be read, or the disk is full.

    Example:
        >>> kept = KeptItems([Item(id="1", question="Which?", target="B")], Path())
        >>> len(kept), [item.target for item in kept]
        (1, ['B'])
    """

    def __init__(self, items: Iterable[Item], folder: Path) -> None:
        there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.is_dir())
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(there))  # noqa: SIM115  # lives as long as its owner
        weakref.finalize(self, self._file.close)
        self._n = 0
        for piece in _pieces(items):
            self._n += len(piece)
            try:
                pickle.dump(piece, self._file, pickle.HIGHEST_PROTOCOL)
            except OSError as error:
                raise DataError(str(there), f"cannot be written to ({error.strerror})", do="Make room.") from None

    def __len__(self) -> int:
        """Return how many there are."""
        return self._n

    def __iter__(self) -> Iterator[Item]:
        """Yield them in their order."""
        place = n_read = 0
        while n_read < self._n:
            self._file.seek(place)
            piece = pickle.load(self._file)  # noqa: S301  # what this very process wrote
            place = self._file.tell()
            n_read += len(piece)
            for values in piece:
                yield Item(**dict(zip(_NAMES, values, strict=True)))


def _pieces(items: Iterable[Item]) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the values of items, so many at a time: they share what they have in common, and load faster than one."""
    piece: list[tuple[Any, ...]] = []
    n_bytes = 0
    for item in items:
        piece.append(_values(item))
        n_bytes += sum(len(one) for one in item.images if isinstance(one, bytes))
        if len(piece) == _MOST_ITEMS or n_bytes > _MOST_BYTES:
            yield piece
            piece, n_bytes = [], 0
    if piece:
        yield piece
