"""Asks a judge until its verdict can be read, and reads verdicts: labels, JSON, yes / no / cannot tell, closeness.

A reader takes a reply and returns the verdict in one spelling, or None where the reply holds none or contradicts
itself: it never guesses. What a judge thinks aloud before its verdict is no verdict.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dermatrust.clients.fence import fenced
from dermatrust.narrate.text import said_aloud
from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Turn, id_of

JUDGE = "judge"
"""The role."""
ATTEMPTS = 3
"""How often one thing is asked before its verdict counts as missing."""
AGAIN = 0.7
"""Temperature of further attempts: a greedy judge would say the same unreadable thing again."""
Read = Callable[[str], str | None]
"""From a reply to the verdict in one spelling; None where there is none to be read."""
YES, NO, IDK = "yes", "no", "idk"
_OPENING = re.compile(r"[\[{]")
_DECODER = json.JSONDecoder(strict=False)


async def ask_judge(
    ask: Ask, said: str | Sequence[Turn], read: Read, *, role: str = JUDGE, attempts: int = ATTEMPTS, repeat: int = 0,
    **sampling: Any,
) -> str | None:  # fmt: skip
    """Return the first verdict that can be read; None after the last attempt: missing, never a value.

    Args:
        ask: What the protocol asks with.
        said: What the judge is asked.
        read: How its verdict is read.
        role: Who judges.
        attempts: How often to ask, at least once; each is a draw of its own.
        repeat: Tells several verdicts on one ask apart.
        sampling: Settings that differ from the run's.

    Raises:
        AskFailed: No reply came. The item is missing then, and the next run asks again.
    """
    for attempt in range(attempts):
        settings = sampling if attempt == 0 else {"temperature": AGAIN} | sampling
        reply = await ask(said, role=role, draw=repeat * attempts + attempt, **settings)
        verdict = read(reply.text)
        if verdict is not None:
            return verdict
    return None


def quote(name: str, text: str) -> str:
    r"""Return a text by others as a judge is shown it: between lines that it cannot forge; "(nothing)" where empty.

    `clients.fence.unfenced` finds it again.

    Example:
        >>> print(quote("ANSWER", "A plaque."))  # doctest: +ELLIPSIS
        <<<BEGIN ANSWER ...>>>
        A plaque.
        <<<END ANSWER ...>>>
    """
    return fenced(name, text.strip() or "(nothing)", id_of(name, text))


def stated(labels: Iterable[str]) -> Read:
    r"""Return the reader of a reply that states one of these labels, whatever its capitals.

    A label within a longer one ("met" in "not met") is not stated. Where a reply names several, its last line decides.

    Example:
        >>> read = stated(("met", "not met"))
        >>> read("Verdict: **Not met**"), read("It could be met.\nNot met"), read("met or not met"), read("…")
        ('not met', 'not met', None, None)
    """
    plain = {label.lower(): label for label in labels}
    longest_first = sorted(plain, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")

    def read(reply: str) -> str | None:
        lines = said_aloud(reply).lower().strip().splitlines()
        for text in ("\n".join(lines), *lines[-1:]):
            found = {plain[match[0]] for match in pattern.finditer(text)}
            if len(found) == 1:
                return found.pop()
        return None

    return read


def json_field(name: str, read: Read) -> Read:
    r"""Return the reader of a reply whose JSON object has the verdict under one key.

    Example:
        >>> json_field("met", stated(("true", "false")))('```json\n{"why": "false friend", "met": true}\n```')
        'true'
    """

    def verdict(reply: str) -> str | None:
        found = json_in(reply)
        if not isinstance(found, Mapping) or name not in found:
            return None
        value = found[name]
        return read(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

    return verdict


def json_in(reply: str) -> Any:
    """Return the first JSON object or array in a reply, whatever stands around it; None where there is none.

    Example:
        >>> json_in('Here it is: [{"question": "Is it red?", "answer": "YES"}]. Done.')
        [{'question': 'Is it red?', 'answer': 'YES'}]
        >>> json_in("see [1]"), json_in("none")
        ([1], None)
    """
    text = said_aloud(reply)
    for opening in _OPENING.finditer(text):
        try:
            found, _ = _DECODER.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            continue
        return found
    return None


def yes_or_no(reply: str) -> str | None:
    """Return "yes" or "no".

    Example:
        >>> yes_or_no("Yes."), yes_or_no("No, it does not"), yes_or_no("yes and no")
        ('yes', 'no', None)
    """
    return _YES_OR_NO(reply)


def yes_if(is_so: bool) -> str:
    """Return "yes" or "no", as verdicts that somebody recorded as true or false."""
    return YES if is_so else NO


def yes_no_or_idk(reply: str) -> str | None:
    """Return "yes", "no", or "idk" where the judge says it cannot tell.

    Example:
        >>> yes_no_or_idk("IDK"), yes_no_or_idk("I don't know."), yes_no_or_idk("NO")
        ('idk', 'idk', 'no')
    """
    found = _YES_NO_OR_IDK(reply)
    return IDK if found and found not in (YES, NO) else found


def closeness(letters: Iterable[str], *, highest: int = 10) -> Read:
    r"""Return the reader of how close an answer is to each of several options, "A: 8" a line, whole numbers from 1 on.

    Example:
        >>> closeness("AB")("A: 8\nB: 2\nA is described."), closeness("AB")("A: 8"), closeness("AB")("A: 8\nB: 11")
        ('A: 8, B: 2', None, None)

    Reference:
        Sepehri et al. (2024), https://arxiv.org/abs/2409.15477.
    """
    wanted = tuple(letters)
    pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, wanted))})\W{{0,4}}[:=]\W{{0,4}}(\d+)(?![\d.]*\d)")

    def read(reply: str) -> str | None:
        found = {match[1]: int(match[2]) for match in pattern.finditer(said_aloud(reply))}
        complete = all(1 <= found.get(letter, 0) <= highest for letter in wanted)
        return ", ".join(f"{letter}: {found[letter]}" for letter in wanted) if complete else None

    return read


def closest(verdict: str, *, margin: int = 3) -> str:
    """Return the option that leads every other by a margin in a verdict of `closeness`; empty where none does.

    Example:
        >>> closest("A: 8, B: 5"), closest("A: 7, B: 5")
        ('A', '')
    """
    pairs = [one.split(": ") for one in verdict.split(", ")]
    ranked = sorted(((int(number), letter) for letter, number in pairs), reverse=True)
    return ranked[0][1] if ranked[0][0] - ranked[1][0] >= margin else ""


_YES_OR_NO = stated((YES, NO))
_YES_NO_OR_IDK = stated(
    (YES, NO, IDK, "i don't know", "i don’t know", "i do not know", "don't know", "cannot tell", "not known", "unknown")
)
