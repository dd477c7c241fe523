"""The distribution of each score, read from the log-probabilities a model gives with its evaluation."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dermatrust.judge.found import read_score
from dermatrust.records import DIMENSIONS, HIGHEST_SCORE, LOWEST_SCORE, Dimension

_ALTERNATIVE = re.compile(r"\s*(\d(?:\.\d{1,2})?)(?:/5)?\s*")


@dataclass(frozen=True, slots=True)
class ScoreChance:
    """How sure a model is of one score.

    Attributes:
        probability: Of the score it gave, among the scores it weighed at that place.
        expected: Mean of the scores it weighed, each by its probability.
    """

    probability: float
    expected: float


def read_chances(text: str, logprobs: Sequence[Mapping[str, Any]] | None) -> dict[Dimension, ScoreChance]:
    """Return how sure a model is of each score it wrote.

    Args:
        text: The evaluation, in either order, or a JSON verdict.
        logprobs: OpenAI's `logprobs.content`: one entry per token with `token`, `logprob` and `top_logprobs`.

    Returns:
        Dimension to its chance. A dimension is left out where there are no log-probabilities, or its score's place
        cannot be told; nothing is made up.

    Example:
        >>> alternatives = [{"token": " 4", "logprob": math.log(0.75)}, {"token": " 2", "logprob": math.log(0.25)}]
        >>> tokens = [{"token": "Safety:"}, {"token": " 4", "logprob": math.log(0.75), "top_logprobs": alternatives}]
        >>> read_chances("Safety: 4", tokens)
        {<Dimension.SAFETY: 'safety'>: ScoreChance(probability=0.75, expected=3.5)}
    """
    if not logprobs or "".join(str(entry.get("token", "")) for entry in logprobs).strip() != text.strip():
        return {}  # what cannot be lined up with the text is not read
    found = {}
    for dimension in DIMENSIONS:
        places = [match.start(1) for match in _place(dimension).finditer("".join(str(e["token"]) for e in logprobs))]
        chance = _chance_at(places[-1], logprobs) if places else None
        if chance is not None:
            found[dimension] = chance
    return found


def _place(dimension: Dimension) -> re.Pattern[str]:
    """Return what finds the number of a dimension: on its line, or in its JSON object."""
    title, key = re.escape(dimension.title), re.escape(dimension.value)
    return re.compile(rf'(?:^\W*{title}\W*?:\W*?|"{key}"\s*:\s*(?:\{{[^{{}}]*?"score"\s*:\s*)?)(\d)', re.MULTILINE)


def _chance_at(place: int, logprobs: Sequence[Mapping[str, Any]]) -> ScoreChance | None:
    """Return the chance of the score whose first digit stands at a place of the text."""
    start = 0
    for entry in logprobs:
        token = str(entry["token"])
        if start <= place < start + len(token):
            return _chance(token[place - start :], token[: place - start], entry)
        start += len(token)
    return None


def _chance(given: str, before: str, entry: Mapping[str, Any]) -> ScoreChance | None:
    """Return the chance of a score among the alternatives to its token that are scores too."""
    weights: dict[float, float] = {}
    for other in entry.get("top_logprobs") or ():
        match = _ALTERNATIVE.fullmatch(str(other["token"]).removeprefix(before))
        score = float(match[1]) if match else math.nan
        if LOWEST_SCORE <= score <= HIGHEST_SCORE:
            weights[score] = weights.get(score, 0.0) + math.exp(float(other["logprob"]))
    match = _ALTERNATIVE.fullmatch(given)
    own = float(match[1]) if match else read_score(given).value
    total = sum(weights.values())
    if own is None or own not in weights or total <= 0:
        return None
    expected = sum(score * weight for score, weight in weights.items()) / total
    return ScoreChance(round(weights[own] / total, 6), round(expected, 6))
