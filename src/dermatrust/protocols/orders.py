"""A protocol whose items are asked in several orders of their options each."""

from collections.abc import Callable
from dataclasses import replace

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Row
from dermatrust.protocols.metrics import all_right, any_right, majority_right, pass_at
from dermatrust.protocols.protocol import Protocol


def in_orders(protocol: Protocol, orders: Callable[[Item], tuple[Item, ...]], method: str) -> Protocol:
    """Return the protocol with each item in several orders, and with metrics over the orders of an item.

    Raises:
        DataError: When a row becomes an item: it has no options whose letters are its target.
    """
    made = protocol.to_item

    def to_item(row: Row) -> tuple[Item, ...]:
        found = made(row)
        items = found if isinstance(found, tuple) else (found,)
        return tuple(moved for item in items for moved in orders(_checked(item)))

    def _checked(item: Item) -> Item:
        fits = item.options and isinstance(item.target, str) and set(item.target) <= set(item.options)
        if not fits or not item.target or any(len(letter) != 1 for letter in item.options):
            raise DataError("--method", f"{method} needs lettered options, and {protocol.name} has items without")
        return item

    metrics = {
        **protocol.metrics, "all orders right": all_right, "any order right": any_right,
        "most orders right": majority_right, "any of 2 orders right": pass_at(2),
    }  # fmt: skip
    return replace(protocol, to_item=to_item, metrics=metrics)
