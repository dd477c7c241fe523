"""Asks that a method puts in place of a protocol's own: the model is asked otherwise, others as they were."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from dermatrust.clients import Reply
from dermatrust.protocols.asking import MODEL, Ask
from dermatrust.protocols.item import Turn, user

Answer = Callable[[list[Turn], int, dict[str, Any]], Awaitable[Reply]]
"""From a conversation, a draw and settings to what stands for the model's reply."""
_APART = 1000
"""Between a play's own draws, so that no two repeats share one."""
_FORMAL = ("schema", "top_logprobs", "max_tokens", "scores_last")
"""Settings that belong to an answer's form and would cramp what is said before it."""


class WrappedAsk:
    """Asks with something else in place of the model under test.

    Args:
        ask: What everybody else is asked with.
        answer: Replies for the model.
    """

    def __init__(self, ask: Ask, answer: Answer) -> None:
        self._ask = ask
        self._answer = answer

    async def __call__(self, said: str | Sequence[Turn], *, role: str = MODEL, draw: int = 0, **sampling: Any) -> Reply:
        """Ask; see `asking.Ask`."""
        if role != MODEL:
            return await self._ask(said, role=role, draw=draw, **sampling)
        return await self._answer([user(said)] if isinstance(said, str) else list(said), draw, sampling)


def drawn(ask: Ask, draw: int, temperature: float) -> Ask:
    """Return what asks the model for one of several draws of whatever a play asks."""

    async def answer(turns: list[Turn], own: int, sampling: dict[str, Any]) -> Reply:
        settings = {"temperature": temperature} | sampling
        return await ask(turns, draw=own * _APART + draw, **settings)

    return WrappedAsk(ask, answer)


def freely(sampling: dict[str, Any]) -> dict[str, Any]:
    """Return settings for what is said before an answer: those that hold an answer to its form are left out.

    Example:
        >>> freely({"temperature": 0.7, "max_tokens": 5})
        {'temperature': 0.7}
    """
    return {name: value for name, value in sampling.items() if name not in _FORMAL}


def added_up(replies: Sequence[Reply]) -> Reply:
    """Return the last reply, with the tokens and seconds of all of them.

    Example:
        >>> added_up([Reply("thus", completion_tokens=5, latency_s=1.0), Reply("B", completion_tokens=1)])
        Reply(text='B', finish_reason='', prompt_tokens=None, completion_tokens=6, logprobs=None, latency_s=1.0, \
model_version='')
    """
    return replace(
        replies[-1],
        prompt_tokens=_sum([reply.prompt_tokens for reply in replies]),
        completion_tokens=_sum([reply.completion_tokens for reply in replies]),
        latency_s=sum(reply.latency_s for reply in replies),
    )


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
