"""Rotation: each question once for every place that its options can move to, so that each stands everywhere once.

Reference: Zheng et al. (2023), https://arxiv.org/abs/2309.03882 (why: models favour letters).
"""

from dermatrust.protocols.item import Item
from dermatrust.protocols.methods.find import Settings
from dermatrust.protocols.orders import in_orders
from dermatrust.protocols.protocol import Protocol
from dermatrust.protocols.scorers.rotation import rotated


def rotate(protocol: Protocol, settings: Settings) -> Protocol:
    """Return the protocol with each item asked in every rotation of its options, K of them where it is given.

    Its metrics also say of how many items all, any, most orders are right, and any of two that are drawn.
    """

    def orders(item: Item) -> tuple[Item, ...]:
        n = len(item.options)
        return tuple(rotated(item, by) for by in range(min(settings.k or n, n)))

    return in_orders(protocol, orders, "rotate")


METHOD = rotate
