"""Plays protocols without a model: for tests of protocols, of ours and of others."""

import asyncio
from collections.abc import Sequence
from typing import Any

from dermatrust.clients import Reply
from dermatrust.protocols.asking import MODEL
from dermatrust.protocols.item import Item, Played, Score, Turn
from dermatrust.protocols.protocol import Protocol

MOST_ASKS = 500
"""Of one item, before its play is taken for one that never ends."""


class ScriptedAsk:
    """Answers for everybody: the model says what it is given to say, the others what their stand-ins say.

    Asked how likely an option is (`Sampling.scores_last`), the model finds the one that it is given to say likelier
    than the others, and where it is given none to say, it scores nothing.

    Args:
        protocol: Whose stand-ins speak.
        item: The item that is played.
        replies: What the model says, one after the other, the last one for ever.

    Attributes:
        asked: (role, conversation) of every ask.
    """

    def __init__(self, protocol: Protocol, item: Item, replies: str | Sequence[str]) -> None:
        self._protocol = protocol
        self._item = item
        self._replies = [replies] if isinstance(replies, str) else list(replies)
        self.asked: list[tuple[str, list[Turn]]] = []
        self._n_said = 0

    async def __call__(self, said: str | Sequence[Turn], *, role: str = MODEL, draw: int = 0, **sampling: Any) -> Reply:
        """Answer; see `asking.Ask`.

        Raises:
            RuntimeError: The play asks on and on.
        """
        turns = [Turn("user", said)] if isinstance(said, str) else list(said)
        self.asked.append((role, turns))
        if len(self.asked) > MOST_ASKS:
            raise RuntimeError(f"{self._protocol.name} has asked {MOST_ASKS} times about {self._item.id!r} and goes on")
        if role != MODEL:
            return Reply(text=self._protocol.stand_ins[role](self._item, turns))
        text = self._replies[min(self._n_said, len(self._replies) - 1)]
        self._n_said += 1
        return Reply(text=text, logprobs=self._scored(turns[-1].text, text) if sampling.get("scores_last") else None)

    def _scored(self, given: str, said: str) -> list[dict[str, Any]]:
        if said not in self._item.options.values():
            return []
        return [{"token": given, "logprob": 0.0 if given == said else -1.0}]


def play_item(protocol: Protocol, item: Item, replies: str | Sequence[str]) -> tuple[Played, Score]:
    """Return what comes of an item whose model says `replies`, one after the other, the last one for ever.

    Example:
        >>> from dermatrust.protocols.find import find_protocol
        >>> medqa = find_protocol("medqa")
        >>> (item,) = medqa.items(medqa.examples[0].row)
        >>> play_item(medqa, item, "Answer: B")[1].value
        1.0
    """
    played = asyncio.run(protocol.play(item, ScriptedAsk(protocol, item, replies)))
    return played, protocol.score(item, played)
