"""Recorded outputs in the authors' own formats: rows with an id each, brought together with the items they are of."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Protocol, TypeVar

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Played, Row

Record = TypeVar("Record")


class ItemsOf(Protocol):
    """Makes items of a row that a record brings: `items` of the protocol, which readers are given."""

    def __call__(self, row: Row, *, where: str) -> tuple[Item, ...]:
        """Return the items of a row that stands there; see `Protocol.items`."""
        ...


def first_of_each(records: Iterable[tuple[str, Record]], id_of: Callable[[Record], str]) -> dict[str, Record]:
    """Return records by id; of several with one id the first, as deduplicating authors keep it.

    Args:
        records: ("name row N", record), as readers yield them.
        id_of: A record's id.

    Raises:
        DataError: A record has no id.

    Example:
        >>> first_of_each([("row 1", {"k": 1, "a": "B"}), ("row 2", {"k": 1, "a": "C"})], lambda row: str(row["k"]))
        {'1': {'k': 1, 'a': 'B'}}
    """
    kept: dict[str, Record] = {}
    for where, record in records:
        try:
            kept.setdefault(id_of(record), record)
        except KeyError as error:
            raise DataError(where, f"has no field {error}", "recorded outputs in the authors' format") from None
    return kept


def matched(
    items: Iterable[Item], records: Mapping[str, Record], item_of: Callable[[Record], Item],
    played_of: Callable[[Record], Played | None],
) -> Iterator[tuple[Item, Played | None]]:  # fmt: skip
    """Yield every item of the data with what was recorded for it; without data, the items that the records bring.

    Args:
        items: Of the data; none where no data were given.
        records: By the item's id. Those of no item are passed over: they are of rows left out by a limit.
        item_of: The item that a record itself describes.
        played_of: What a record holds; None where its ask had failed.
    """
    items = iter(items)
    first = next(items, None)
    if first is None:
        yield from ((item_of(record), played_of(record)) for record in records.values())
        return
    for item in chain([first], items):
        yield item, played_of(records[item.id]) if item.id in records else None
