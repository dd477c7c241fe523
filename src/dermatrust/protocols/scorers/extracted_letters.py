"""Has an extractor say which options a reply chooses, where the reply itself states none that can be read.

Reference: Li et al. (2025), https://arxiv.org/abs/2506.00095, who have letters extracted so; the words are ours.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from dermatrust.narrate.text import said_aloud
from dermatrust.protocols.asking import Ask, ask_once
from dermatrust.protocols.item import Item, Played, Score
from dermatrust.protocols.protocol import Play
from dermatrust.protocols.scorers.choice import Parser, graded
from dermatrust.protocols.scorers.judge import ask_judge

EXTRACTOR = "extractor"
"""The role."""
EXTRACT = """Which options does this reply to a multiple-choice question choose? Give their letters alone, such as B or
ACD, or NA where it chooses none. Do not answer the question yourself.

Reply: {reply}"""
NOTHING = "NA"
"""What the extractor says of a reply that chooses nothing."""


def play_extracted(parse: Parser) -> Play:
    """Return the play that asks the question, and has an extractor read a reply in which `parse` finds no letters."""

    async def play(item: Item, ask: Ask) -> Played:
        played = await ask_once(item, ask)
        if not played.reply.strip() or parse(played.reply, item.options):
            return played
        letters = await ask_judge(ask, EXTRACT.format(reply=played.reply), _letters_or_na(item), role=EXTRACTOR)
        return replace(played, verdicts={"letters": letters})

    return play


def score_extracted(parse: Parser) -> Callable[[Item, Played], Score]:
    """Return the scorer of the letters stated, or else extracted; missing where the extractor cannot be read.

    Example:
        >>> from dermatrust.protocols.scorers.choice import answer_letters
        >>> item = Item(id="1", question="?", target="B", options={"A": "", "B": ""})
        >>> score_extracted(answer_letters)(item, Played(reply="The second.", verdicts={"letters": "B"})).value
        1.0
    """

    def score(item: Item, played: Played) -> Score:
        letters = parse(played.reply, item.options)
        if not letters and played.reply.strip() and "letters" in played.verdicts:
            found = played.verdicts["letters"]
            if found is None:
                return Score(value=float("nan"), answered=False)
            letters = "" if found == NOTHING else found
        return graded(letters, item)

    return score


def _letters_or_na(item: Item) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        letters = re.sub(r"[\s,.、]|(?:Output|Answer):", "", said_aloud(text)).upper()
        is_known = letters == NOTHING or (bool(letters) and set(letters) <= set(item.options))
        return letters if letters == NOTHING else "".join(sorted(set(letters))) if is_known else None

    return read
