"""How a protocol asks: in turns, of whoever plays a role, without knowing what model that is."""

from collections.abc import Sequence
from typing import Any, Protocol

from dermatrust.clients import Reply
from dermatrust.protocols.item import Item, Played, Turn

MODEL = "model"
"""The role of the model under test. Others are named by the protocols that need them: "judge", "patient"."""


class Ask(Protocol):
    """Asks whoever plays a role; limits, retries, the reply store and cost are the engine's."""

    async def __call__(self, said: str | Sequence[Turn], *, role: str = MODEL, draw: int = 0, **sampling: Any) -> Reply:
        """Return the reply to a conversation.

        Args:
            said: The conversation so far; a text is one turn of a user.
            role: Who is asked.
            draw: Tells repeats of one ask apart; another draw is another reply.
            sampling: Settings of `clients.Sampling` that differ from the run's.

        Raises:
            AskFailed: No reply came. The item is missing then, and the next run asks again.
        """
        ...


async def ask_once(item: Item, ask: Ask) -> Played:
    """Ask the item's prompt and take the reply as it is: how most protocols are played."""
    reply = await ask(item.turns())
    return Played(reply=reply.text)
