"""Shuffling: each question several times, its options in orders that are drawn by a seed.

Reference: Pezeshkpour & Hruschka (2023), https://arxiv.org/abs/2308.11483 (how much the order matters).
"""

from dermatrust.protocols.item import Item, id_of
from dermatrust.protocols.methods.find import Settings
from dermatrust.protocols.orders import in_orders
from dermatrust.protocols.protocol import Protocol
from dermatrust.protocols.scorers.rotation import reordered

ORDERS = 5


def shuffle(protocol: Protocol, settings: Settings) -> Protocol:
    """Return the protocol with each item asked K times, its options in another order each time.

    Orders may coincide, as draws do. Metrics as for `rotate`.
    """

    def orders(item: Item) -> tuple[Item, ...]:
        def order(k: int) -> list[str]:
            return sorted(item.options, key=lambda letter: id_of(str(settings.seed), item.id, str(k), letter))

        return tuple(reordered(item, order(k), f"shuffle {k + 1}") for k in range(settings.k or ORDERS))

    return in_orders(protocol, orders, "shuffle")


METHOD = shuffle
