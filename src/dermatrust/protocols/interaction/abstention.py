"""Whether an expert who may ask answers now: the policies of MediQ.

Each may ask the expert several times and take the majority, or the mean; the reply nearest to it stands for all.

Reference: Li et al. (2024), https://arxiv.org/abs/2406.00922; prompts are in our own words.
"""

import random
import re
from collections.abc import Awaitable, Callable, Mapping
from statistics import fmean
from typing import NamedTuple

Say = Callable[[str, int], Awaitable[str]]
"""Asks the expert something about the conversation so far, as a draw of this number, and returns the reply."""


class Decision(NamedTuple):
    """Whether the expert answers now, and by what exchange it decided; empty where nobody was asked."""

    answers: bool
    asked: str = ""
    said: str = ""


Decide = Callable[[Say, str, int, int], Awaitable[Decision]]
"""From a way to ask the expert, the item's id, the number of the turn and of draws to whether it answers now."""
CUT_OFF = 0.8
"""Confidence below which `numerical_cut_off` asks on."""
LIKERT_CUT_OFF = 4.0
"""Rating of five below which `scale` asks on."""
N_FIXED = 5
"""Questions that `fixed` asks. The paper's code takes it from the command line; this number is ours."""

_YES_NO = """Are you confident enough to choose the right option with what you know now?
Reply with the single word YES or NO."""
_CONFIDENCE = """How confident are you, from 0.0 to 1.0, that you would choose the right option with what you know now?
Reply with the number only."""
_THEN = """You stated a confidence of {confidence}. Is that enough to answer rather than to ask one more question?
Reply with the single word YES or NO."""
_SCALE = """How confident are you to choose the right option with what you know now?
1 very unconfident, 2 somewhat unconfident, 3 neither, 4 somewhat confident, 5 very confident.
Reply with the number only."""


async def binary(say: Say, item_id: str, turn: int, n: int = 1) -> Decision:
    """Answer if most replies are YES. A reply that says neither counts as NO, and a tie too: it asks on."""
    return await _yes_or_no(say, _YES_NO, n)


async def numerical(say: Say, item_id: str, turn: int, n: int = 1) -> Decision:
    """Let the expert state its confidence, then decide by YES or NO."""
    replies = [await say(_CONFIDENCE, draw) for draw in range(n)]
    stated = replies[0].strip() if n == 1 else f"{fmean(map(_confidence, replies)):.2f}"
    return await _yes_or_no(say, _THEN.replace("{confidence}", stated), n)


async def numerical_cut_off(say: Say, item_id: str, turn: int, n: int = 1) -> Decision:
    """Answer if the mean confidence is at least 0.8; a reply without a number from 0 to 1 counts as 0."""
    return await _mean_of(say, _CONFIDENCE, n, _confidence, CUT_OFF)


async def scale(say: Say, item_id: str, turn: int, n: int = 1) -> Decision:
    """Answer if the mean confidence is at least 4 of 5; a reply without such a number counts as 0."""
    return await _mean_of(say, _SCALE, n, _rating, LIKERT_CUT_OFF)


async def fixed(say: Say, item_id: str, turn: int, n: int = 1) -> Decision:
    """Answer after a fixed number of questions."""
    return Decision(turn >= N_FIXED)


async def coin(say: Say, item_id: str, turn: int, n: int = 1) -> Decision:
    """Answer by the toss of a coin that the item and the turn decide."""
    return Decision(random.Random(f"{item_id}/{turn}").random() < 0.5)  # noqa: S311  # a coin, reproducible


POLICIES: Mapping[str, Decide] = {
    "binary": binary, "numerical": numerical, "numerical-cut-off": numerical_cut_off, "scale": scale, "fixed": fixed,
    "random": coin,
}  # fmt: skip


async def _yes_or_no(say: Say, asked: str, n: int) -> Decision:
    replies = [await say(asked, draw) for draw in range(n)]
    flags = [_is_yes(reply) for reply in replies]
    answers = sum(flags) > n / 2
    return Decision(answers, asked, replies[flags.index(answers)] if answers in flags else replies[0])


async def _mean_of(say: Say, asked: str, n: int, number: Callable[[str], float], cut_off: float) -> Decision:
    replies = [await say(asked, draw) for draw in range(n)]
    mean = round(fmean(map(number, replies)), 9)  # 0.9, 0.9 and 0.6 are 0.8 on the average
    nearest = min(replies, key=lambda reply: abs(number(reply) - mean))
    return Decision(mean >= cut_off, asked, nearest)


def _is_yes(reply: str) -> bool:
    words = re.findall(r"\b(?:YES|NO)\b", reply.upper())
    return bool(words) and words[-1] == "YES"


def _confidence(reply: str) -> float:
    found = re.search(r"(?<![\d.])(?:0?\.\d+|[01](?:\.\d+)?)(?![\d])", reply)
    stated = float(found[0]) if found else 0.0
    return stated if stated <= 1 else 0.0


def _rating(reply: str) -> float:
    found = re.search(r"(?<!\d)[1-5](?!\d)", reply)
    return float(found[0]) if found else 0.0
