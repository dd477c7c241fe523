"""Self-consistency: several draws at a temperature, and the answer most of them come to.

Reference: Wang et al. (2022), https://arxiv.org/abs/2203.11171.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dermatrust.clients import Reply
from dermatrust.protocols.asking import MODEL, Ask
from dermatrust.protocols.item import Item, Played, Turn
from dermatrust.protocols.methods.find import Settings
from dermatrust.protocols.protocol import Protocol

DRAWS = 5
_APART = 1000
"""Between a play's own draws, so that no two repeats share one."""


class _Drawn:
    """Asks the model under test for one of several draws."""

    def __init__(self, ask: Ask, draw: int, temperature: float) -> None:
        self._ask = ask
        self._draw = draw
        self._temperature = temperature

    async def __call__(self, said: str | Sequence[Turn], *, role: str = MODEL, draw: int = 0, **sampling: Any) -> Reply:
        """Ask; see `asking.Ask`."""
        if role != MODEL:
            return await self._ask(said, role=role, draw=draw, **sampling)
        settings = {"temperature": self._temperature} | sampling
        return await self._ask(said, role=role, draw=draw * _APART + self._draw, **settings)


def self_consistency(protocol: Protocol, settings: Settings) -> Protocol:
    """Return the protocol with each item played several times, and the first draw of the commonest answer taken.

    Draws without an answer do not vote. Where two answers are equally common, the one drawn first counts; where no draw
    has one, the first draw stands.
    """

    async def play(item: Item, ask: Ask) -> Played:
        draws = [await protocol.play(item, _Drawn(ask, k, settings.temperature)) for k in range(settings.k or DRAWS)]
        answers = [protocol.score(item, draw).said for draw in draws]
        votes = Counter(answer for answer in answers if answer)
        chosen = answers.index(votes.most_common(1)[0][0]) if votes else 0
        return replace(draws[chosen], draws=tuple(draw.reply for draw in draws))

    return replace(protocol, play=play)


METHOD = self_consistency
