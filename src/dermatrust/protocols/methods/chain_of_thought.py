"""Chain of thought: the model first reasons, then gives its answer in the form that was asked for.

Two asks for each of the protocol's own, so that reasoning cannot spoil an answer's form. Zero-shot.

Reference: Kojima et al. (2022), https://arxiv.org/abs/2205.11916.
"""

from dataclasses import replace
from typing import Any

from dermatrust.clients import Reply
from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Played, Turn, user
from dermatrust.protocols.methods.find import Settings
from dermatrust.protocols.protocol import Protocol
from dermatrust.protocols.wrapped_ask import WrappedAsk, added_up, freely

THINK = "Before you answer, think it through step by step. Do not give the answer yet; it will be asked for."
ANSWER = "Now give your answer, exactly in the form that was asked for."


def chain_of_thought(protocol: Protocol, settings: Settings) -> Protocol:
    """Return the protocol with each answer reasoned out beforehand."""

    async def play(item: Item, ask: Ask) -> Played:
        async def answer(turns: list[Turn], draw: int, sampling: dict[str, Any]) -> Reply:
            asked = [*turns[:-1], replace(turns[-1], text=f"{turns[-1].text}\n\n{THINK}")]
            thought = await ask(asked, draw=draw, **freely(sampling))
            final = await ask([*asked, Turn("assistant", thought.text), user(ANSWER)], draw=draw, **sampling)
            return added_up([thought, final])

        return await protocol.play(item, WrappedAsk(ask, answer))

    return replace(protocol, play=play)


METHOD = chain_of_thought
TAKES_K = False
