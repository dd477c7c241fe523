"""Texts ranked by comparing every two of them, in both orders, and how good that ranking is."""

import asyncio
from collections.abc import Mapping
from itertools import permutations

import numpy as np

from dermatrust.agreement.bradley_terry import bradley_terry
from dermatrust.agreement.ndcg import Gain, ndcg
from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Played, Score, filled
from dermatrust.protocols.scorers.choice import UNANSWERED, answer_line, first_letter, first_of, only_letter

PLACES: Mapping[str, str] = {"A": "", "B": ""}
FIRST, SECOND = PLACES
DEPTH = 10
"""Places of the ranking that count."""
_DIGITS = 6
"""Of abilities: equal ones differ by how far the fit went."""
which = first_of(answer_line, first_letter, only_letter)
"""How the letter of the text that is put first is read."""


async def play_tournament(item: Item, ask: Ask) -> Played:
    """Show every two texts of an item, each first once; keep what is said, in the order of `permutations`.

    Args:
        item: Its `known["texts"]` are compared. The prompt has places `{first}` and `{second}`.
        ask: How to ask.

    Raises:
        AskFailed: A comparison brought no reply; what the others brought is kept for the next run.
    """
    asks = [
        ask(filled(item.template, {"question": item.question, "first": first, "second": second}))
        for first, second in permutations(item.known["texts"], 2)
    ]
    replies = await asyncio.gather(*asks, return_exceptions=True)
    for reply in replies:
        if isinstance(reply, BaseException):
            raise reply
    said = tuple(reply.text for reply in replies if not isinstance(reply, BaseException))
    return Played(reply=said[-1], draws=said)


def score_tournament(item: Item, played: Played, *, gain: Gain = "linear") -> Score:
    """Return the NDCG of the first ten, texts ranked by their ability to be put first (Bradley and Terry's model).

    Half a win and half a loss against an average text are added to each, so that one that always won has an ability
    too. A reply without a letter is wrong: it counts as a win of the less worthy text, of equally worthy ones as half a
    win of each. So all are compared equally often, and whoever won more often is ranked higher. Parts: the share of
    replies with a letter ("read"), of comparisons of texts that differ in worth that put the worthier one first
    ("right"), and of pairs of which the same text was put first in both orders ("same in both orders").

    Args:
        item: Its target is what each text is worth.
        played: What was said of every two.
        gain: See `ndcg`.
    """
    worth = np.asarray(item.target, dtype=np.float64)
    wins = np.zeros((worth.size, worth.size))
    for (shown, other), reply in zip(permutations(range(worth.size), 2), played.draws, strict=True):
        said = which(reply, PLACES)
        if said:
            wins[(shown, other) if said == FIRST else (other, shown)] += 1
    if not wins.any():
        return UNANSWERED
    unread = 2 * (1 - np.eye(worth.size)) - wins - wins.T
    counted = wins + unread * (1 + np.sign(worth - worth[:, np.newaxis])) / 2
    abilities = bradley_terry(counted, virtual=0.5).abilities.round(_DIGITS)
    differs = worth[:, np.newaxis] > worth
    upper = np.triu(np.ones_like(wins, dtype=bool), 1)
    parts = {
        "read": float(wins.sum() / (worth.size * (worth.size - 1))),
        "right": float(wins[differs].sum() / (2 * differs.sum())),
        "same in both orders": float((np.maximum(wins, wins.T)[upper] == 2).mean()),
    }
    return Score(value=ndcg(worth, abilities, DEPTH, gain=gain), parts=parts)


def gold_letters(item: Item) -> list[str]:
    """Return what is right of every two texts; of equally worthy ones, the first."""
    return [FIRST if one >= other else SECOND for one, other in permutations(item.target, 2)]
