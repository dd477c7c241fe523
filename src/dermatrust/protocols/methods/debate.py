"""Debate: experts answer by themselves, hear one another, answer again, and vote.

Each expert is the model under another persona and another draw. A play that asks several times is debated ask by ask.

Reference: Du et al. (2023), https://arxiv.org/abs/2305.14325; the personas after Tang et al. (2023, MedAgents),
https://arxiv.org/abs/2311.10537.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dermatrust.clients import Reply
from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Played, Turn, user
from dermatrust.protocols.methods.find import Settings
from dermatrust.protocols.protocol import Protocol
from dermatrust.protocols.vote import most_agreed
from dermatrust.protocols.wrapped_ask import WrappedAsk, added_up, drawn

EXPERTS = 3
PERSONAS = (
    "a general physician", "a specialist in the field that the question is about", "a pathologist",
    "a clinical pharmacologist", "an emergency physician", "a radiologist", "a teacher of medical students",
)  # fmt: skip
PERSONA = "You are {persona} on a panel of doctors. Answer by your own judgement."
HEARD = """The other members of the panel answered:

{others}

Weigh what they say against your own answer, and keep or change yours on the merits alone. Then answer again, exactly in
the form that was asked for."""


def debate(protocol: Protocol, settings: Settings) -> Protocol:
    """Return the protocol with each item answered by a panel, and the commonest second answer taken; see `vote`."""
    n = settings.k or EXPERTS

    async def play(item: Item, ask: Ask) -> Played:
        first: list[list[Reply]] = [[] for _ in range(n)]
        for k in range(n):
            await protocol.play(item, _expert(drawn(ask, k, settings.temperature), k, first[k], None))
        second = [
            await protocol.play(item, _expert(drawn(ask, k, settings.temperature), k, [], (k, first))) for k in range(n)
        ]
        return most_agreed(protocol, item, second)

    return replace(protocol, play=play)


def _expert(ask: Ask, k: int, said: list[Reply], heard: tuple[int, Sequence[Sequence[Reply]]] | None) -> Ask:
    """Return what asks one expert; what it says is added to `said`."""

    async def answer(turns: list[Turn], draw: int, sampling: dict[str, Any]) -> Reply:
        turns, earlier = _as(k, turns), len(said)
        replies = []
        if heard is not None:
            own, all_said = heard[1][heard[0]], heard[1]
            others = [one[earlier].text for j, one in enumerate(all_said) if j != k and earlier < len(one)]
            if others and earlier < len(own):
                listed = "\n\n".join(f"Member {number}: {text}" for number, text in enumerate(others, 1))
                replies, said_before = [own[earlier]], Turn("assistant", own[earlier].text)
                turns = [*turns, said_before, user(HEARD.format(others=listed))]
        reply = await ask(turns, draw=draw, **sampling)
        said.append(reply)
        return added_up([*replies, reply])

    return WrappedAsk(ask, answer)


def _as(k: int, turns: list[Turn]) -> list[Turn]:
    persona = PERSONA.format(persona=PERSONAS[k % len(PERSONAS)])
    if turns and turns[0].role == "system":
        return [replace(turns[0], text=f"{persona}\n\n{turns[0].text}"), *turns[1:]]
    return [Turn("system", persona), *turns]


METHOD = debate
