"""Whether an expert who may ask answers now: the policies of MediQ.

Reference: Li et al. (2024), https://arxiv.org/abs/2406.00922; prompts are in our own words.
"""

import random
import re
from collections.abc import Awaitable, Callable, Mapping

Say = Callable[[str], Awaitable[str]]
"""Asks the expert something about the conversation so far, and returns the reply."""
Decide = Callable[[Say, str, int], Awaitable[bool]]
"""From a way to ask the expert, the item's id and the number of the turn to whether it answers now."""
CUT_OFF = 0.8
"""Confidence below which `numerical_cut_off` asks on."""
LIKERT_CUT_OFF = 4
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


async def binary(say: Say, item_id: str, turn: int) -> bool:
    """Answer if the expert says YES. A reply that says neither counts as NO: it asks on."""
    return _is_yes(await say(_YES_NO))


async def numerical(say: Say, item_id: str, turn: int) -> bool:
    """Let the expert state its confidence, then decide by YES or NO."""
    confidence = await say(_CONFIDENCE)
    return _is_yes(await say(_THEN.replace("{confidence}", confidence.strip())))


async def numerical_cut_off(say: Say, item_id: str, turn: int) -> bool:
    """Answer if the confidence stated is at least 0.8; a reply without a number from 0 to 1 asks on."""
    found = re.search(r"(?<![\d.])(?:0?\.\d+|[01](?:\.\d+)?)(?![\d])", await say(_CONFIDENCE))
    return found is not None and CUT_OFF <= float(found[0]) <= 1


async def scale(say: Say, item_id: str, turn: int) -> bool:
    """Answer if the confidence is at least 4 of 5; a reply without such a number asks on."""
    found = re.search(r"(?<!\d)[1-5](?!\d)", await say(_SCALE))
    return found is not None and int(found[0]) >= LIKERT_CUT_OFF


async def fixed(say: Say, item_id: str, turn: int) -> bool:
    """Answer after a fixed number of questions."""
    return turn >= N_FIXED


async def coin(say: Say, item_id: str, turn: int) -> bool:
    """Answer by the toss of a coin that the item and the turn decide."""
    return random.Random(f"{item_id}/{turn}").random() < 0.5  # noqa: S311  # a coin, reproducible


POLICIES: Mapping[str, Decide] = {
    "binary": binary, "numerical": numerical, "numerical-cut-off": numerical_cut_off, "scale": scale, "fixed": fixed,
    "random": coin,
}  # fmt: skip


def _is_yes(reply: str) -> bool:
    words = re.findall(r"\b(?:YES|NO)\b", reply.upper())
    return bool(words) and words[-1] == "YES"
