"""Which option is likeliest by a server's log-probabilities, where it has them."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from dermatrust.clients import AskFailed, Reply
from dermatrust.errors import ModelError
from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Turn, user

TOP = 20
"""Alternatives asked for at each token: as many as OpenAI's interface gives."""


def letter_likelihoods(reply: Reply, letters: Iterable[str]) -> dict[str, float]:
    """Return the log-probability of each letter at the first token where one of them is among the likeliest.

    A letter's tokens (with or without a blank, a bracket or a full stop) are added up. A letter that is not among the
    alternatives is left out: it is less likely than all of them. Empty where the server gave no log-probabilities or no
    letter is among them.

    Example:
        >>> top = [{"token": "B", "logprob": -0.5}, {"token": " A", "logprob": -2.0}, {"token": "The", "logprob": -3.0}]
        >>> found = letter_likelihoods(Reply("B", logprobs=[{**top[0], "top_logprobs": top}]), "AB")
        >>> {letter: round(value, 3) for letter, value in found.items()}
        {'A': -2.0, 'B': -0.5}
    """
    wanted = tuple(letters)
    for entry in reply.logprobs or ():
        found = _at(entry, wanted)
        if found:
            return found
    return {}


def likeliest(numbers: Mapping[str, float]) -> str:
    """Return the letter of the highest log-probability, of equals the first in the alphabet; empty where there is none.

    Example:
        >>> likeliest({"B": -0.5, "A": -0.5, "C": -2.0}), likeliest({})
        ('A', '')
    """
    return max(sorted(numbers), key=lambda letter: numbers[letter], default="")


async def option_likelihoods(item: Item, ask: Ask, *, per_token: bool = True) -> dict[str, float]:
    """Return how likely each option's whole text is as the answer to the bare question, by letter; one ask an option.

    Args:
        item: Its question and images are shown, its options are not.
        ask: How to ask.
        per_token: The mean log-probability of an option's tokens, otherwise their sum, which favours short options.

    Returns:
        Empty where the model found nothing to score.

    Raises:
        ModelError: The model's server does not score a given text.
        AskFailed: It did, and an option is not among its tokens.

    Reference:
        Brown et al. (2020), section 2.4, https://arxiv.org/abs/2005.14165 (likelihood per token, for length).
    """
    found = {}
    for letter, text in item.options.items():
        said = [user(item.question, item.images), Turn("assistant", text)]
        reply = await ask(said, scores_last=True, max_tokens=1)
        if reply.logprobs is None:
            do = "Take the protocol without this variant: then the letter counts."
            raise ModelError("--model", "its server does not score a given text", "one that does, as vLLM", do)
        if reply.logprobs:
            found[letter] = text_likelihood(reply, text, per_token=per_token)
            if math.isnan(found[letter]):
                raise AskFailed("bad reply", f"the tokens that were scored do not end with option {letter}")
    return found


def text_likelihood(reply: Reply, text: str, *, per_token: bool = True) -> float:
    """Return the mean log-probability of the tokens of a text that ends what was scored (`Sampling.scores_last`).

    It is the logarithm of the geometric mean of their probabilities. NaN where the server scored nothing, or where the
    text is not made of whole tokens. Blanks do not count: servers differ in which token has them.

    Args:
        reply: What the server gave.
        text: The text.
        per_token: Otherwise the sum, the log-probability of the whole text.

    Example:
        >>> scored = {"is": -9.0, " a": -1.0, "cyst": -2.0}
        >>> tokens = [{"token": token, "logprob": log} for token, log in scored.items()]
        >>> text_likelihood(Reply("", logprobs=tokens), "a cyst"), text_likelihood(Reply(""), "a cyst")
        (-1.5, nan)

    Reference:
        Sepehri et al. (2024), https://arxiv.org/abs/2409.15477.
    """
    wanted, held = _squeezed(text), ""
    logs: list[float] = []
    for entry in reversed(reply.logprobs or []):
        token = _squeezed(str(entry.get("token", "")))
        if not logs and not wanted.endswith(token):  # what a template closes a message with
            continue
        held = token + held
        log = entry.get("logprob")
        if not wanted.endswith(held) or not isinstance(log, int | float) or not math.isfinite(log):
            break
        logs.append(float(log))
        if held == wanted:
            return math.fsum(logs) / (len(logs) if per_token else 1)
    return math.nan


def _squeezed(text: str) -> str:
    return "".join(text.replace("▁", " ").replace("Ġ", " ").split())


def _at(entry: Mapping[str, Any], wanted: tuple[str, ...]) -> dict[str, float]:
    logs: dict[str, list[float]] = {}
    alternatives = entry.get("top_logprobs") or [entry]
    for one in alternatives:
        letter = str(one.get("token", "")).strip(" \t\n(.):▁Ġ")
        if letter in wanted and math.isfinite(one.get("logprob", math.nan)):
            logs.setdefault(letter, []).append(float(one["logprob"]))
    return {letter: _log_sum(logs[letter]) for letter in wanted if letter in logs}


def _log_sum(logs: list[float]) -> float:
    highest = max(logs)
    return highest + math.log(math.fsum(math.exp(one - highest) for one in logs))
