"""One question asked with its options in other orders: is a right answer right wherever it stands?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dermatrust.protocols.item import Item


def rotated(item: Item, by: int) -> Item:
    """Return an item whose options have all moved some letters on, the last ones to the front; see `reordered`.

    Example:
        >>> item = Item(id="q", question="?", target="AC", options={"A": "one", "B": "two", "C": "three"})
        >>> moved = rotated(item, 1)
        >>> moved.id, dict(moved.options), moved.target
        ('q order 1', {'A': 'three', 'B': 'one', 'C': 'two'}, 'AB')
    """
    letters = list(item.options)
    n = len(letters)
    return reordered(item, [letters[(k - by) % n] for k in range(n)], f"order {by}")


def reordered(item: Item, order: Sequence[str], name: str) -> Item:
    """Return an item with its options in another order, their letters and the right ones with them.

    Args:
        item: With letters for its right answer, one or several, each an option's.
        order: Its letters, in the order in which their options are to stand.
        name: Added to the item's id. Items of one question share a group.

    Example:
        >>> item = Item(id="q", question="?", target="B", options={"A": "one", "B": "two", "C": "three"})
        >>> moved = reordered(item, "CAB", "again")
        >>> dict(moved.options), moved.target, moved.group
        ({'A': 'three', 'B': 'one', 'C': 'two'}, 'C', 'q')
    """
    letters = list(item.options)
    new_letter: Mapping[str, str] = dict(zip(order, letters, strict=True))
    return replace(
        item,
        id=f"{item.id} {name}",
        options={new: item.options[old] for old, new in new_letter.items()},
        target="".join(sorted((new_letter[letter] for letter in item.target), key=letters.index)),
        group=item.group or item.id,
    )
