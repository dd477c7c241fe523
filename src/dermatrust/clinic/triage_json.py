"""The level of urgency in the JSON of a reply: our own prompt's schema, and the shapes that models use instead."""

from dataclasses import dataclass
from typing import Any

from dermatrust.clinic.cannot_tell import CANNOT_KEYS
from dermatrust.clinic.differential_names import fraction, is_percent, shared_scale
from dermatrust.clinic.urgency_words import UNCLAIMED, URGENCIES, Claimed, claimed
from dermatrust.judge.aliases import normalised
from dermatrust.judge.verdict_json import Pairs
from dermatrust.records import Urgency

LEVELS = frozenset(
    {"urgency", "urgency level", "triage", "triage level", "triage category", "level", "level of urgency", "priority",
     "priority level", "acuity", "acuity level", "triage decision", "referral urgency", "urgency category"}
)  # fmt: skip
"""What the level is called."""
ADVICE = frozenset(
    {"answer", "final answer", "category", "disposition", "classification", "decision", "recommendation", "referral",
     "timeframe", "assessment", "action", "conclusion"}
)  # fmt: skip
"""Where a level may stand if it stands nowhere else: "Recommendation: urgent biopsy" beside one is no other level."""
_FLAGS = frozenset({"urgent", "is urgent", "needs urgent care", "urgent referral", "requires urgent care"})
_PROBABILITIES = frozenset(
    {"probability urgent", "urgent probability", "p urgent", "probability of urgency", "probability of urgent",
     "urgency probability", "prob urgent", "probability of being urgent", "probability urgent or emergent",
     "probability that the case is urgent", "urgent likelihood", "likelihood urgent", "chance of urgent"}
)  # fmt: skip
_DISTRIBUTIONS = frozenset({"probabilities", "probability", "level probabilities", "distribution", "urgency"})
_CONFIDENCES = frozenset({"confidence", "confidence level", "certainty", "confidence in urgency", "probability"})
_WORDS: dict[str, Urgency] = {"yes": "urgent", "true": "urgent", "no": "routine", "false": "routine"}
_DEGREES: dict[str, Urgency] = {"low": "routine", "high": "urgent"}
"""As "low priority" and "high priority" are read."""
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class JsonTriage:
    """What one JSON object says; fields as those of a reply, and None or no claim where it does not say."""

    claimed: Claimed = UNCLAIMED
    urgent_probability: float | None = None
    confidence: float | None = None
    cannot_tell: bool = False


def read_json_triage(pairs: Pairs, depth: int = 0) -> JsonTriage:
    """Return what one JSON object says, with what stands in objects inside it.

    Example:
        >>> found = read_json_triage((("probabilities", (("emergent", 0.1), ("urgent", 0.3), ("routine", 0.6))),))
        >>> found.claimed.level, round(found.urgent_probability, 6)
        ('routine', 0.4)
    """
    levels: list[Claimed] = []
    advice: list[Claimed] = []
    spread: dict[Urgency, float] = {}
    probability = confidence = None
    cannot_tell = False
    for key, value in pairs:
        name = normalised(key)
        if name in _DISTRIBUTIONS and isinstance(value, tuple) and (found := _distribution(value)):
            spread = found
        elif isinstance(value, tuple) and depth < _DEEPEST:
            inner = read_json_triage(value, depth + 1)
            levels.append(inner.claimed)
            probability = inner.urgent_probability if probability is None else probability
            confidence = inner.confidence if confidence is None else confidence
            cannot_tell = cannot_tell or inner.cannot_tell
        elif name in CANNOT_KEYS:
            cannot_tell = value is True or str(value).strip().lower() in ("true", "yes", "1")
        elif name in _FLAGS and isinstance(value, bool | str):
            levels.append(_flag(value))
        elif name in LEVELS | ADVICE and isinstance(value, str):
            (levels if name in LEVELS else advice).append((claimed_level if name in LEVELS else claimed)(value))
        elif name in _PROBABILITIES:
            probability = stated_share(value)
        elif name in _CONFIDENCES:
            confidence = stated_share(value)
    if probability is None and spread:
        probability = 1 - spread.get("routine", 0.0) / sum(spread.values())
    return JsonTriage(_together(levels, spread, advice), probability, confidence, cannot_tell)


def claimed_level(value: str) -> Claimed:
    """Return what the value of a field of urgency claims; there "low" and "high" alone are levels too.

    Example:
        >>> claimed_level("low").level, claimed_level("**High**").level, claimed_level("high blood pressure").level
        ('routine', 'urgent', None)
    """
    return Claimed(_DEGREES[word]) if (word := value.strip(" *_.").lower()) in _DEGREES else claimed(value)


def stated_share(value: Any) -> float | None:
    """Return a stated share as a number from 0 to 1; a bare number over 1 is a percentage; None where it is neither.

    Example:
        >>> [stated_share(value) for value in ("70 %", 0.7, "7/10", 70, "high", 170)]
        [0.7, 0.7, 0.7, 0.7, None, None]
    """
    if isinstance(value, str):
        return None if value.lstrip().startswith("-") else fraction(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        return None
    return value / 100 if value > 1 else float(value)


def _together(levels: list[Claimed], spread: dict[Urgency, float], advice: list[Claimed]) -> Claimed:
    """Return what several fields say: the levels, without any the likeliest, without any the advice.

    "urgent: true" beside the level "emergent" agrees with it.
    """
    said = [one for one in levels if one.level or one.is_contradictory]
    if not said and spread:
        likeliest: Urgency = max(URGENCIES, key=lambda one: spread.get(one, 0.0))
        return Claimed(likeliest)
    said = said or advice
    found = {one.level for one in said if one.level}
    if any(one.is_contradictory for one in said) or ("routine" in found and len(found) > 1):
        return Claimed(is_contradictory=True)
    return Claimed(next((level for level in URGENCIES if level in found), None))


def _distribution(pairs: Pairs) -> dict[Urgency, float]:
    """Return the probabilities of levels, where an object holds nothing else and they are not all 0."""
    found: dict[Urgency, float] = {}
    percent = is_percent(value for _, value in pairs)
    for key, value in pairs:
        named, stated = claimed(normalised(key)).level, stated_share(shared_scale(value, percent=percent))
        if named is None or stated is None:
            return {}
        found[named] = found.get(named, 0.0) + stated
    return found if sum(found.values()) > 0 else {}


def _flag(value: bool | str) -> Claimed:
    if isinstance(value, bool):
        return Claimed("urgent" if value else "routine")
    word = value.strip().strip(".").lower()
    return Claimed(_WORDS[word]) if word in _WORDS else claimed(value)
