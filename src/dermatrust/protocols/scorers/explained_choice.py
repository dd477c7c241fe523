"""Chinese replies of a line with the options chosen and a line that explains why, read and graded as CMExam has it.

Reference: Liu et al. (2023), https://arxiv.org/abs/2306.03030.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from dermatrust.protocols.item import Item, Played, Score
from dermatrust.protocols.metrics import mean_part
from dermatrust.protocols.scorers.bleu import bleu_counts, characters, corpus_bleu
from dermatrust.protocols.scorers.choice import graded
from dermatrust.protocols.scorers.text_overlap import rouge

ANSWER = "答案"
EXPLANATION = "解释"
"""What the two lines begin with."""
ROUGE = "ROUGE-1", "ROUGE-2", "ROUGE-L"
CLOSENESS = {
    "BLEU-1": corpus_bleu(1), "BLEU-4": corpus_bleu(4), **{name: mean_part(name) for name in ROUGE},
}  # fmt: skip
"""The metrics of what `score_explanation` counts."""
_STATED = re.compile(r"^\s*(?:答案)?\s*[:：]?\s*")
_MARKS = re.compile(r"[\s,，、.。;；]+")


def chosen(reply: str, options: Mapping[str, str]) -> str:
    """Return the letters chosen, in the options' order: those of a line of letters, else options that are mentioned.

    What stands after the word for explanation is no answer.

    Example:
        >>> options = {"A": "银屑病", "B": "湿疹"}
        >>> chosen("答案：B，解释：不是银屑病", options), chosen("银屑病和湿疹", options), chosen("我不知道", options)
        ('B', 'AB', '')
    """
    answer = reply.split(EXPLANATION)[0].strip().split("\n")[0] if EXPLANATION in reply else reply
    stated = _MARKS.sub("", _STATED.sub("", answer))
    if stated and set(stated) <= set(options):
        return "".join(letter for letter in options if letter in stated)
    return "".join(letter for letter, text in options.items() if letter in answer or (text and text in answer))


def chosen_by_release(reply: str, options: Mapping[str, str]) -> str:
    """Return the letters chosen as the released code has it: over the whole first line, by texts' first words.

    Example:
        >>> chosen_by_release("答案：B，解释：不是银屑病", {"A": "银屑病", "B": "湿疹"})
        'AB'

    Reference:
        https://github.com/williamliujl/CMExam.
    """
    answer = reply.split("\n")[0].strip() if EXPLANATION in reply else reply
    firsts = {letter: (text.split() or [letter])[0] for letter, text in options.items()}
    return "".join(letter for letter, text in firsts.items() if letter in answer or text in answer)


def score_choice(item: Item, played: Played) -> Score:
    """Return 1 where exactly the right options are chosen, or where the answer is the target word for word."""
    stated = _STATED.sub("", played.reply.split(EXPLANATION)[0]).strip()
    return graded(item.target if stated == item.target else chosen(played.reply, item.options), item)


def score_explanation(item: Item, played: Played) -> Score:
    """Grade the choice, and count what its explanation shares with the item's; without a marker all of it is one.

    Of an item without an explanation nothing is counted: it is missing. ROUGE, of characters, needs the extra `text`.
    """
    graded_choice, reference = score_choice(item, played), item.known["explanation"]
    if not reference:
        return graded_choice
    said = characters(re.split(rf"{EXPLANATION}[:：]", played.reply, maxsplit=1)[-1])
    wanted = characters(reference)
    found = rouge(" ".join(said), " ".join(wanted))
    shares = dict(zip(ROUGE, (found.one, found.two, found.longest), strict=True))
    return replace(graded_choice, parts=bleu_counts(said, wanted) | shares)
