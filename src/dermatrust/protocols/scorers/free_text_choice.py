"""Has a judge compare a reply in free text with the right option: right, wrong, or no clear answer.

Reference: Schmidgall et al. (2024), https://arxiv.org/abs/2402.08113, who have replies of some models read so.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from dermatrust.protocols.asking import Ask, ask_once
from dermatrust.protocols.item import Item, Played, Score, Turn
from dermatrust.protocols.scorers.choice import UNANSWERED, first_letter
from dermatrust.protocols.scorers.judge import ask_judge, stated

JUDGE_PROMPT = """Somebody answered a multiple-choice question in free text. Compare the reply with the right answer.

Options:
{options}
Right answer: {answer}
Reply: {reply}

Say True if the reply states the right answer clearly and without ambiguity, False if it clearly states another or
speaks against the right one, and NR if it gives no clear answer: it is vague, partial, unrelated or undecided. In
doubt say NR. Say one of True, False, NR and nothing else."""
RIGHT, WRONG, REFUSED = "True", "False", "NR"
COMPARED = "correct"
"""What the verdict is about."""


async def play_compared(item: Item, ask: Ask) -> Played:
    """Ask the question; have a judge compare a reply in free text with the right answer."""
    played = await ask_once(item, ask)
    if not played.reply.strip():
        return played
    answer = f"{item.target}. {item.options[item.target]}"
    options = ", ".join(f"{letter}. {text}" for letter, text in item.options.items())
    said = JUDGE_PROMPT.format(options=options, answer=answer, reply=played.reply)
    return replace(played, verdicts={COMPARED: await ask_judge(ask, said, stated((RIGHT, WRONG, REFUSED)))})


def compared(played: Played) -> Score | None:
    """Return what the judge's verdict is worth, missing where it was unreadable; None where no judge was asked.

    Example:
        >>> found = compared(Played(reply="Scabies, I think.", verdicts={"correct": "True"}))
        >>> found.value, compared(Played(reply="B"))
        (1.0, None)
    """
    if COMPARED not in played.verdicts:
        return None
    verdict = played.verdicts[COMPARED]
    if verdict is None:
        return Score(value=float("nan"), answered=False)
    return UNANSWERED if verdict == REFUSED else Score(value=float(verdict == RIGHT), said=verdict)


def compare_letters(item: Item, turns: Sequence[Turn]) -> str:
    """Stand in for the judge: a reply is right where it begins with the right letter."""
    reply = re.search(r"^Reply: (.*)$", turns[-1].text, re.MULTILINE)
    letter = first_letter(reply[1], item.options) if reply else ""
    return str(letter == item.target) if letter else REFUSED
