"""Which option is likeliest by a server's log-probabilities, where it has them."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from dermatrust.clients import Reply

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


def text_likelihood(reply: Reply, text: str) -> float:
    """Return the mean log-probability of the tokens of a text that ends what was scored (`Sampling.scores_last`).

    It is the logarithm of the geometric mean of their probabilities. NaN where the server scored nothing, or where the
    text is not made of whole tokens. Blanks do not count: servers differ in which token has them.

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
            return math.fsum(logs) / len(logs)
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
