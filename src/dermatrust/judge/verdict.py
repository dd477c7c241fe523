"""Reads a judge's verdict out of its reply: strict JSON first, then anchored lines. Never raises, never guesses.

The rules, and why each is as it is: docs/judge.md.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dermatrust.judge.found import Found
from dermatrust.judge.verdict_json import founds_in, split_json
from dermatrust.judge.verdict_lines import found_in_lines
from dermatrust.records import DIMENSIONS, HIGHEST_SCORE, Dimension, Unscored, storable
from dermatrust.records.rating import Reason

LONGEST_REPLY = 100_000
"""Characters. Of a longer reply only the end is read, where a verdict stands."""
LONGEST_RAW = 2000

_OPEN = r"<(?:think|thinking|thought|reasoning|reflection)>|◁think▷"
_CLOSE = r"</(?:think|thinking|thought|reasoning|reflection)>|◁/think▷"
_CLOSED_REASONING = re.compile(rf"(?:{_CLOSE})(?=\s*(?:\n|\Z|\{{|```))", re.IGNORECASE)
_OPEN_REASONING = re.compile(rf"^[ \t]*(?:{_OPEN})", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reply says about each dimension: a score, or why there is none."""

    scores: dict[Dimension, float] = field(default_factory=dict)
    unscored: dict[Dimension, Unscored] = field(default_factory=dict)
    critique: str = ""


def read_verdict(text: str, *, null_means: Reason = "not a number") -> Verdict:
    r"""Read six scores from a judge's reply, whatever it looks like.

    Args:
        text: The reply.
        null_means: Why a score is missing where the judge gave null; "nothing to compare" where it was invited to.

    Returns:
        Every dimension is in exactly one of `scores` and `unscored`; scores are between 0 and 5.

    Example:
        >>> verdict = read_verdict("Accuracy: 8/10\nSafety: 7\nReasoning: 2 steps")
        >>> verdict.scores[Dimension.ACCURACY], verdict.unscored[Dimension.SAFETY].reason
        (4.0, 'out of range')
    """
    text = storable(text[-LONGEST_REPLY:])
    objects, rest = split_json(text, strict=True)
    if not objects:
        objects, rest = split_json(_answer(text))
    found = [one for pairs in objects for one in founds_in(pairs, null_means)]
    complete = len({one.alias.dimension for one in found}) == len(DIMENSIONS)
    if not complete and rest:
        found += found_in_lines(rest)
    return _resolve(found, text, critique=_critique(found, rest))


def _answer(text: str) -> str:
    """Return what stands after the judge's own reasoning, which is not its verdict."""
    if "<" not in text and "◁" not in text:
        return text
    ends = [closed.end() for closed in _CLOSED_REASONING.finditer(text)]
    text = text[ends[-1] :] if ends else text
    opened = _OPEN_REASONING.search(text)
    return text[: opened.start()] if opened else text


def _resolve(found: Sequence[Found], text: str, *, critique: str) -> Verdict:
    by_dimension: dict[Dimension, list[Found]] = defaultdict(list)
    for one in found:
        by_dimension[one.alias.dimension].append(one)
    silence = Unscored(reason="missing" if found else "unreadable", raw=clipped(text))
    verdict = Verdict(critique=critique)
    for dimension in DIMENSIONS:
        outcome = _outcome(by_dimension[dimension])
        if outcome is None:  # a score of 0 is an outcome
            outcome = silence
        if isinstance(outcome, Unscored):
            verdict.unscored[dimension] = outcome
        else:
            verdict.scores[dimension] = outcome
    return verdict


def _outcome(places: list[Found]) -> float | Unscored | None:
    """Settle one dimension. Places without a number never contradict places with one."""
    straight = [place for place in places if not place.alias.inverted]
    places = straight or places
    numbers = {place.read.value for place in places if place.read.value is not None}
    if len(numbers) > 1:
        return Unscored(reason="doubled", raw=_raw(p for p in places if p.read.value is not None))
    if straight:
        return _score(straight)
    return _from_inverted(places) if places else None


def _score(places: list[Found]) -> float | Unscored:
    places = [place for place in places if place.read.value is not None] or places
    for place in places:
        if place.read.problem:  # on another scale in one place, the number is in doubt in every place
            return Unscored(reason=place.read.problem, raw=clipped(place.raw))
    value = places[0].read.value
    return value if value is not None else Unscored(reason="not a number", raw=clipped(places[0].raw))


def _from_inverted(places: list[Found]) -> float | Unscored:
    """Turn "harm 1/5" into safety 4. Without the scale in writing, 1 could be the best of 1-5 or next to it on 0-5."""
    for place in places:
        value = place.read.value
        if value is not None and place.read.problem is None and place.read.full_scale:
            return HIGHEST_SCORE - value
    return Unscored(reason="missing", raw=clipped(places[0].raw))


def _raw(places: Iterable[Found]) -> str:
    return clipped("\n".join(dict.fromkeys(place.raw for place in places)))


def clipped(text: str) -> str:
    """Return at most about 2000 characters: the beginning and the end of a longer text."""
    if len(text) <= LONGEST_RAW:
        return text
    half = LONGEST_RAW // 2
    return f"{text[:half]} … {text[-half:]}"


def _critique(found: Sequence[Found], rest: str) -> str:
    """Join the reasons given per dimension; where there are none, keep the prose around the verdict."""
    reasons = {one.alias.dimension: one.reason for one in found if one.reason}
    if reasons:
        return "\n".join(f"{d.title}: {storable(reasons[d])}" for d in DIMENSIONS if d in reasons)
    return rest.strip()
