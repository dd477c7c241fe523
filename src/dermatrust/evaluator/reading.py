"""The distribution of each score, read from the log-probabilities a model gives with its evaluation."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

from dermatrust.records import DIMENSIONS, HIGHEST_SCORE, LOWEST_SCORE, Dimension

_NUMBER = r"\d{1,2}(?:\.\d{1,2})?"
_ROUNDING = 1e-9
_ALTERNATIVE = re.compile(rf"\s*({_NUMBER})(?:/5)?\s*")


@dataclass(frozen=True, slots=True)
class ScoreChance:
    """How sure a model is of one score.

    Attributes:
        score: The number it wrote.
        probability: Of the score it gave, among the scores it weighed at that place.
        expected: Mean of the scores it weighed, each by its probability.
        chances: The scores it weighed, lowest first, each with its probability; they sum to 1.
    """

    score: float
    probability: float
    expected: float
    chances: tuple[tuple[float, float], ...]

    @property
    def spread(self) -> float:
        """Standard deviation of the scores it weighed, in points.

        Example:
            >>> ScoreChance(4.0, 0.75, 3.5, ((2.0, 0.25), (4.0, 0.75))).spread
            0.8660254037844386
        """
        mean = math.fsum(score * chance for score, chance in self.chances)
        return math.sqrt(math.fsum(chance * (score - mean) ** 2 for score, chance in self.chances))

    def interval(self, share: float) -> tuple[float, float]:
        """Return the middle of the scores it weighed: at most (1 - share) / 2 lies below it, and as much above.

        Both ends are scores it weighed. Without that many to tell apart, more than the share lies between them.

        Example:
            >>> ScoreChance(4.0, 0.9, 3.8, ((2.0, 0.04), (3.0, 0.06), (4.0, 0.9))).interval(0.9)
            (3.0, 4.0)
        """
        tail = (1 - share) / 2 + _ROUNDING
        return _first_beyond(self.chances, tail), _first_beyond(self.chances[::-1], tail)


class _Token(NamedTuple):
    start: int
    text: str
    alternatives: Sequence[tuple[str, float]]


def read_chances(text: str, logprobs: Sequence[Mapping[str, Any]] | None) -> dict[Dimension, ScoreChance]:
    """Return how sure a model is of each score it wrote.

    Args:
        text: The evaluation, in either order, or a JSON verdict.
        logprobs: OpenAI's `logprobs.content`: one entry per token with `token`, `logprob` and `top_logprobs`.

    Returns:
        Dimension to its chance. A dimension is left out where there are no log-probabilities, its score cannot be found
        in both text and tokens, or the number goes on in another token; nothing is made up.

    Example:
        >>> alternatives = [{"token": " 4", "logprob": math.log(0.75)}, {"token": " 2", "logprob": math.log(0.25)}]
        >>> tokens = [{"token": "Safety:"}, {"token": " 4", "logprob": math.log(0.75), "top_logprobs": alternatives}]
        >>> read_chances("Safety: 4", tokens)[Dimension.SAFETY]
        ScoreChance(score=4.0, probability=0.75, expected=3.5, chances=((2.0, 0.25), (4.0, 0.75)))
    """
    try:
        tokens = list(_tokens(logprobs or ()))
    except (AttributeError, KeyError, TypeError, ValueError):  # a server's own idea of log-probabilities
        return {}
    said = "".join(token.text for token in tokens)
    found = {}
    for dimension in DIMENSIONS:
        spoken, written = _last(dimension, said), _last(dimension, text)
        if spoken is not None and written is not None and spoken[0] == written[0]:
            chance = next(
                (_chance(t, spoken) for t in tokens if t.start <= spoken.start(1) < t.start + len(t.text)), None
            )
            if chance is not None:
                found[dimension] = chance
    return found


def _tokens(logprobs: Sequence[Mapping[str, Any]]) -> Iterator[_Token]:
    """Yield the tokens with their places in the text they make."""
    start = 0
    for entry in logprobs:
        others = [(str(other["token"]), float(other["logprob"])) for other in entry.get("top_logprobs") or ()]
        yield _Token(start, str(entry["token"]), others)
        start += len(str(entry["token"]))


def _last(dimension: Dimension, text: str) -> re.Match[str] | None:
    """Return where a text last gives a dimension's number: on its line, or in its JSON object."""
    title, key = re.escape(dimension.title), re.escape(dimension.value)
    place = rf'(?:^\W*{title}\W*?:[^\w\n]*?|"{key}"\s*:\s*(?:\{{[^{{}}]*?"score"\s*:\s*)?)({_NUMBER})'
    return next(reversed(list(re.finditer(place, text, re.MULTILINE))), None)


def _chance(token: _Token, number: re.Match[str]) -> ScoreChance | None:
    """Return the chance of a number that begins in a token, among the alternatives to the token that are scores too."""
    at = number.start(1) - token.start
    if at + len(number[1]) > len(token.text):
        return None  # "3" of "3.25": its alternatives say nothing about what follows
    before, given, weights = token.text[:at], float(number[1]), dict[float, float]()
    for other, logprob in token.alternatives:
        match = _ALTERNATIVE.fullmatch(other.removeprefix(before))
        if match and LOWEST_SCORE <= float(match[1]) <= HIGHEST_SCORE and not math.isnan(logprob):
            weights[float(match[1])] = weights.get(float(match[1]), 0.0) + math.exp(min(logprob, 0.0))
    if not weights.get(given):
        return None
    total = math.fsum(weights.values())
    expected = math.fsum(score * weight for score, weight in weights.items()) / total
    chances = tuple((score, weight / total) for score, weight in sorted(weights.items()))
    return ScoreChance(given, round(weights[given] / total, 6), round(min(expected, HIGHEST_SCORE), 6), chances)


def _first_beyond(chances: Sequence[tuple[float, float]], tail: float) -> float:
    """Return the first score by which more than the tail has been passed."""
    passed = accumulate(chance for _, chance in chances)
    return next((score for (score, _), total in zip(chances, passed, strict=True) if total > tail), chances[-1][0])
