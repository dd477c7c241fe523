"""Self-consistency: several draws at a temperature, and the answer most of them come to.

Reference: Wang et al. (2022), https://arxiv.org/abs/2203.11171.
"""

from dataclasses import replace

from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Played
from dermatrust.protocols.methods.find import Settings
from dermatrust.protocols.protocol import Protocol
from dermatrust.protocols.vote import most_agreed
from dermatrust.protocols.wrapped_ask import drawn

DRAWS = 5


def self_consistency(protocol: Protocol, settings: Settings) -> Protocol:
    """Return the protocol with each item played several times, and the commonest answer taken; see `vote`."""

    async def play(item: Item, ask: Ask) -> Played:
        asks = [drawn(ask, k, settings.temperature) for k in range(settings.k or DRAWS)]
        return most_agreed(protocol, item, [await protocol.play(item, one) for one in asks])

    return replace(protocol, play=play)


METHOD = self_consistency
