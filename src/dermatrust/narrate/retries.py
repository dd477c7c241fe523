"""Asking for a text until it is sound, a stated number of times; then it is flagged, or lost and counted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dermatrust.clients import Ask, Client, Message, Request
from dermatrust.narrate.checks import Fault
from dermatrust.narrate.refusal import is_refusal
from dermatrust.narrate.text import said_aloud

Check = Callable[[str], Sequence[Fault]]
"""Returns what is wrong with a text, nothing where it is sound."""
SILENT = Fault("silent", "")
REFUSED = Fault("refused", "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking.

    Attributes:
        text: The text, without reasoning tags; "" if there is none that can be used.
        faults: What is wrong with it, or why there is none.
        n_asks: How often was asked.
    """

    text: str
    faults: tuple[Fault, ...]
    n_asks: int


async def ask_until_sound(ask: Ask, client: Client, request: Request, check: Check, *, attempts: int) -> Answer:
    """Return the first sound text, or else the one with the fewest faults that can still be used.

    After a faulty text its author is shown it and told what is wrong; after a refusal or silence the same is asked
    again. Each attempt is a draw of its own, so that a model at temperature 0 may answer otherwise.

    Args:
        ask: Asks one model once.
        client: The model.
        request: What to ask.
        check: What a sound text must pass.
        attempts: How often to ask, at least 1.

    Raises:
        AskFailed: An attempt brought no reply at all; the next run goes on from there.
    """
    best = Answer("", (SILENT,), 0)
    messages = request.messages
    for draw in range(attempts):
        reply = await ask(client, replace(request, messages=messages, draw=draw))
        text = said_aloud(reply.text)
        faults = _faults(text, check)
        found = Answer(text if all(fault.flag for fault in faults) else "", faults, draw + 1)
        if not best.n_asks or _rank(found) < _rank(best):
            best = found
        if not faults:
            break
        corrections = " ".join(fault.correction for fault in faults).strip()
        told = (Message("assistant", text), Message("user", f"Write it again. {corrections}")) if corrections else ()
        messages = (*request.messages, *told)
    return replace(best, n_asks=draw + 1)


def _faults(text: str, check: Check) -> tuple[Fault, ...]:
    if not text:
        return (SILENT,)
    return (REFUSED,) if is_refusal(text) else tuple(check(text))


def _rank(answer: Answer) -> tuple[bool, int]:
    return not answer.text, len(answer.faults)
