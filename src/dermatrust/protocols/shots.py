"""Solved examples shown before a question."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from dermatrust.clients import Reply
from dermatrust.errors import DataError
from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Played, Turn, id_of
from dermatrust.protocols.protocol import Protocol
from dermatrust.protocols.wrapped_ask import WrappedAsk

Choose = Callable[[Item], Sequence[Item]]
"""From an item that is asked to the solved ones that are shown before it, in order."""


def with_shots(protocol: Protocol, choose: Choose) -> Protocol:
    """Return the protocol with solved examples as earlier turns of each of its conversations with the model.

    Raises:
        DataError: At play, a solved example has an answer in several turns, which cannot be shown in one.
    """

    async def play(item: Item, ask: Ask) -> Played:
        shown = [turn for shot in choose(item) for turn in _shown(protocol, shot)]

        async def answer(turns: list[Turn], draw: int, sampling: dict[str, Any]) -> Reply:
            told = [turn for turn in turns[:1] if turn.role == "system"]
            return await ask([*told, *shown, *turns[len(told) :]], draw=draw, **sampling)

        return await protocol.play(item, WrappedAsk(ask, answer))

    return replace(protocol, play=play)


def pool_of(protocol: str, pool: Sequence[Item], method: str) -> list[Item]:
    """Return the pool's items, each question once.

    Args:
        protocol: Its name.
        pool: Solved items.
        method: What takes them.

    Raises:
        DataError: There are none.
    """
    kept = list({asked(item): item for item in reversed(pool)}.values())[::-1]
    if not kept:
        raise DataError("--method", f"{method} takes shots, and there are none", f"--pool with rows of {protocol}")
    return kept


def asked(item: Item) -> str:
    """Return what an item asks, as text: two items with the same would give each other's answer away."""
    return "\n".join([" ".join(item.question.split()).lower(), *sorted(item.options.values())])


def others(pool: Sequence[Item], item: Item) -> list[Item]:
    """Return the pool without the item that is asked, by its id and by what it asks."""
    return [one for one in pool if one.id != item.id and asked(one) != asked(item)]


def drawn_shots(pool: Sequence[Item], k: int, seed: int) -> Choose:
    """Return the choice of the same k items for every question, drawn by a seed; never the one that is asked."""
    ordered = sorted(pool, key=lambda one: id_of(str(seed), one.id))
    return lambda item: others(ordered, item)[:k]


def _shown(protocol: Protocol, shot: Item) -> list[Turn]:
    reply = protocol.gold_reply(shot)
    if not isinstance(reply, str):
        raise DataError("--method", f"{protocol.name} answers in several turns, which no shot can show")
    return [turn for turn in shot.turns() if turn.role != "system"] + [Turn("assistant", reply)]
