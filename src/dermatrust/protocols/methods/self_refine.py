"""Self-refine: the model criticises its own answer and mends it, up to so many rounds or until it finds no fault.

Reference: Madaan et al. (2023), https://arxiv.org/abs/2303.17651.
"""

from dataclasses import replace
from typing import Any

from dermatrust.clients import Reply
from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Played, Turn, user
from dermatrust.protocols.methods.find import Settings
from dermatrust.protocols.protocol import Protocol
from dermatrust.protocols.wrapped_ask import WrappedAsk, added_up, freely

ROUNDS = 3
STOP = "NO FAULT"
CRITICISE = f"""Check your answer against everything that was said. Name each fault in its facts, its reasoning and its
form, and how to mend it. If there is none, say {STOP} and nothing else."""
MEND = "Answer again with these faults mended, exactly in the form that was asked for."


def self_refine(protocol: Protocol, settings: Settings) -> Protocol:
    """Return the protocol with each answer criticised and mended by the model itself."""
    rounds = settings.k or ROUNDS

    async def play(item: Item, ask: Ask) -> Played:
        async def answer(turns: list[Turn], draw: int, sampling: dict[str, Any]) -> Reply:
            replies = [await ask(turns, draw=draw, **sampling)]
            best, said = replies[0], [*turns, Turn("assistant", replies[0].text)]
            for _ in range(rounds):
                critique = await ask([*said, user(CRITICISE)], draw=draw, **freely(sampling))
                replies.append(critique)
                if STOP in critique.text.upper() or not critique.text.strip():
                    break
                said += [user(CRITICISE), Turn("assistant", critique.text), user(MEND)]
                best = await ask(said, draw=draw, **sampling)
                replies.append(best)
                said += [Turn("assistant", best.text)]
            return replace(added_up(replies), text=best.text, logprobs=best.logprobs, finish_reason=best.finish_reason)

        return await protocol.play(item, WrappedAsk(ask, answer))

    return replace(protocol, play=play)


METHOD = self_refine
