"""Open answers to a question with two options: a judge says how close the answer is to each, and the closer counts.

Reference: Sepehri et al. (2024), https://arxiv.org/abs/2409.15477, whose mode "free form" this is.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from dermatrust.clients.fence import unfenced
from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Played, Score, Turn, filled, user
from dermatrust.protocols.scorers.choice import UNANSWERED, graded
from dermatrust.protocols.scorers.judge import ask_judge, closeness, closest, quote

JUDGE_PROMPT = """\
A question about a medical image has two possible answers. Say how close an answer that was given is to each.

Question: {question}
Possible answer A: {a}
Possible answer B: {b}
Given answer:
{reply}

Grade each from 1 (says something else) to 10 (says the same). Reply in exactly this form:
A: a whole number
B: a whole number
Your explanation: one sentence"""
MARGIN = 3
"""By how much one option must be closer for an answer to count as choosing it."""


async def play_open(item: Item, ask: Ask, *, template: str) -> Played:
    """Ask by an open template, then let a judge say how close the answer is to each option; not about silence."""
    reply = (await ask([user(replace(item, template=template).prompt, item.images)])).text
    if not reply.strip():
        return Played(reply=reply)
    told = {"question": item.question, "a": item.options["A"], "b": item.options["B"], "reply": quote("ANSWER", reply)}
    asked = user(filled(JUDGE_PROMPT, told))
    return Played(reply=reply, verdicts={"closeness": await ask_judge(ask, [asked], closeness("AB"))})


def score_closest(item: Item, played: Played) -> Score:
    """Grade the option that the judge found closer by the margin; none is no valid choice, no verdict is missing.

    Example:
        >>> item = Item(id="1", question="?", target="B", options={"A": "this", "B": "that"})
        >>> score_closest(item, Played(reply="That one.", verdicts={"closeness": "A: 1, B: 9"})).value
        1.0
    """
    if not played.reply.strip():
        return UNANSWERED
    verdict = played.verdicts.get("closeness")
    return Score(value=math.nan) if verdict is None else graded(closest(verdict, margin=MARGIN), item)


def score_closest_by_release(item: Item, played: Played) -> Score:
    """Grade likewise; no verdict is no valid choice."""
    return score_closest(item, played) if played.verdicts.get("closeness") else UNANSWERED


def judge_by_words(item: Item, turns: Sequence[Turn]) -> str:
    """Stand in for the judge: an answer is close to the option whose letter or text it is."""
    reply = unfenced(turns[-1].text, "ANSWER")
    a, b = (10 if reply in (letter, item.options[letter]) else 1 for letter in "AB")
    return f"A: {a}\nB: {b}\nYour explanation: made up"
