"""Options chosen by how likely they are to the model under test, and by what it says where a server does not tell.

Reference: Sepehri et al. (2024), https://arxiv.org/abs/2409.15477, whose modes "greedy" and "prefix" these are.
"""

import math
from collections.abc import Callable
from dataclasses import replace

from dermatrust.protocols.asking import Ask, ask_once
from dermatrust.protocols.item import Item, Played, Score, Turn, user
from dermatrust.protocols.metrics import mean_part
from dermatrust.protocols.scorers.choice import graded
from dermatrust.protocols.scorers.likelihood import TOP, letter_likelihoods, likeliest, text_likelihood

Scorer = Callable[[Item, Played], Score]
BY_LIKELIHOOD = "by likelihood"
"""The part of a score that is 1 where likelihoods were known and 0 where the letter said counts."""
SHARE_BY_LIKELIHOOD = {BY_LIKELIHOOD: mean_part(BY_LIKELIHOOD)}
"""The metric of it."""


async def ask_first_token(item: Item, ask: Ask) -> Played:
    """Ask for one token with its alternatives; keep how likely each letter is, where the server says so."""
    reply = await ask(item.turns(), top_logprobs=TOP, max_tokens=1)
    first = replace(reply, logprobs=(reply.logprobs or [])[:1])
    return Played(reply=reply.text, numbers=letter_likelihoods(first, item.options))


async def ask_texts(item: Item, ask: Ask) -> Played:
    """Have each option's text scored as the answer to the bare question; where that cannot be, ask for the letter."""
    logs = {}
    for letter, text in item.options.items():
        said = [user(item.question, item.images), Turn("assistant", text)]
        logs[letter] = text_likelihood(await ask(said, scores_last=True, max_tokens=1), text)
        if math.isnan(logs[letter]):
            return await ask_once(item, ask)
    return Played(reply="", numbers=logs)


def likelier_or(otherwise: Scorer) -> Scorer:
    """Return the scorer that grades the likeliest letter, and `otherwise` where nothing is known of likelihoods.

    Example:
        >>> from dermatrust.protocols.scorers.choice import answer_line, choice_score
        >>> item = Item(id="1", question="?", target="B", options={"A": "this", "B": "that"})
        >>> score = likelier_or(choice_score(answer_line))
        >>> found = score(item, Played(reply="Answer: A", numbers={"A": -2.0, "B": -0.5}))
        >>> found.said, found.parts
        ('B', {'by likelihood': 1.0})
        >>> score(item, Played(reply="Answer: A")).said
        'A'
    """

    def score(item: Item, played: Played) -> Score:
        letter = likeliest(played.numbers)
        found = graded(letter, item) if letter else otherwise(item, played)
        return replace(found, parts={BY_LIKELIHOOD: float(bool(letter))})

    return score


def likelier_of_two_or(otherwise: Scorer) -> Scorer:
    """Return the scorer that grades A where its text is the likelier, else B; `otherwise` without likelihoods.

    Example:
        >>> item = Item(id="1", question="?", target="B", options={"A": "this", "B": "that"})
        >>> score = likelier_of_two_or(lambda item, played: graded("", item))
        >>> score(item, Played(reply="", numbers={"A": -1.0, "B": -1.0})).said
        'B'
    """
    without = likelier_or(otherwise)

    def score(item: Item, played: Played) -> Score:
        logs = played.numbers
        letter = "A" if logs and logs["A"] > logs["B"] else "B"
        return graded(letter, item, **{BY_LIKELIHOOD: 1.0}) if logs else without(item, played)

    return score
