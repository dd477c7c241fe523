"""Asks after solved questions that a writer reasoned out, again where no answer can be read.

Reference: Maharjan et al. (2024), https://arxiv.org/abs/2402.19371, whose stages these are; the words are ours.
"""

from collections.abc import Sequence
from typing import Any

from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Played, Turn, user
from dermatrust.protocols.scorers.choice import Parser

WRITER = "writer"
"""The role of who reasons solved questions out."""
REASON = 'Reason step by step in a few sentences before the line "Answer: X".'
ROUNDS = 5
"""How often a writer is asked for a shot, and a model for an answer."""
SAMPLING: dict[str, Any] = {"temperature": 0.8, "max_tokens": 500}
"""Of the model under test, in every stage."""


async def reasoned(shots: Sequence[Item], ask: Ask, *, parse: Parser) -> list[Turn]:
    """Return solved questions with a writer's reasoning; one that it does not bring to the known answer is left out.

    Args:
        shots: The solved questions.
        ask: What the protocol asks with.
        parse: How an answer is read.
    """
    shown: list[Turn] = []
    for shot in shots:
        asked = user(f"{shot.prompt}\n{REASON}")
        for attempt in range(ROUNDS):
            settings = {"temperature": 0.7} if attempt else {}
            reply = await ask([asked], role=WRITER, draw=attempt, **settings)
            if parse(reply.text, shot.options) == shot.target:
                shown += [asked, Turn("assistant", reply.text)]
                break
    return shown


async def answered(
    item: Item, ask: Ask, shown: Sequence[Turn] = (), *, parse: Parser, draw: int = 0, reasons: bool = True
) -> Played:
    """Ask until there is an answer that can be read; the last reply where there is none.

    Args:
        item: What is asked.
        ask: What the protocol asks with.
        shown: Turns before the question.
        parse: How an answer is read.
        draw: Tells several answers to one question apart.
        reasons: Whether the model is told to reason first.
    """
    asked = [*shown, *item.turns()[:-1], user(f"{item.prompt}\n{REASON}" if reasons else item.prompt)]
    reply = ""
    for attempt in range(ROUNDS):
        reply = (await ask(asked, draw=draw * ROUNDS + attempt, **SAMPLING)).text
        if parse(reply, item.options):
            break
    return Played(reply=reply)
