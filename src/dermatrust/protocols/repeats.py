"""One question asked several times: an item for each time, and a reply of its own."""

from collections.abc import Iterable
from dataclasses import replace

from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Played
from dermatrust.protocols.protocol import Play


def repeated(items: Iterable[Item], n: int) -> tuple[Item, ...]:
    """Return every item n times, in order; the repeats of one share a group.

    Example:
        >>> [(one.id, one.group) for one in repeated([Item(id="q", question="?", target="A")], 2)]
        [('q 0', 'q'), ('q 1', 'q')]
    """
    return tuple(
        replace(item, id=f"{item.id} {k}", known={**item.known, "repeat": k}, group=item.group or item.id)
        for item in items
        for k in range(n)
    )


def ask_repeat(temperature: float) -> Play:
    """Return the play that asks for one of several repeats, at a temperature at which they can differ."""

    async def play(item: Item, ask: Ask) -> Played:
        reply = await ask(item.turns(), draw=item.known["repeat"], temperature=temperature)
        return Played(reply=reply.text)

    return play
