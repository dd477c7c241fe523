"""Data without ids in which a row may stand twice: the later ones are told apart by a number."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from dermatrust.protocols.item import Row
from dermatrust.protocols.read_rows import read_rows

REPEAT = "repeat of a row"
"""The field that a repeated row has: 2 for the second of its kind, and so on."""


def telling_repeats_apart(id_of_row: Callable[[Row], str]) -> Callable[[Path], Iterator[tuple[str, Row]]]:
    """Return the reader of rows that numbers those whose id has come before.

    A row of which no id can be made is passed on as it is: what is wrong with it is told by whoever makes items of it.
    """

    def read(path: Path) -> Iterator[tuple[str, Row]]:
        seen: Counter[str] = Counter()
        for where, row in read_rows(path):
            try:
                name = id_of_row(row)
            except (KeyError, TypeError, ValueError, AttributeError):
                yield where, row
                continue
            seen[name] += 1
            yield where, row if seen[name] == 1 else {**row, REPEAT: seen[name]}

    return read


def numbered(name: str, row: Row) -> str:
    """Return an id for a row, with its number where it is a repeated one.

    Example:
        >>> numbered("a1", {}), numbered("a1", {REPEAT: 2})
        ('a1', 'a1 (2)')
    """
    return f"{name} ({row[REPEAT]})" if REPEAT in row else name
