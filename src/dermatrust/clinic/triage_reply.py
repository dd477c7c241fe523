"""Reads a model's reply to "how soon must somebody act?": level, probability, confidence, and if it cannot tell."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dermatrust.clinic.cannot_tell import says_cannot_tell
from dermatrust.clinic.differential_json import python_objects
from dermatrust.clinic.triage_json import ADVICE, LEVELS, JsonTriage, claimed_level, read_json_triage, stated_share
from dermatrust.clinic.urgency_words import Claimed, claimed
from dermatrust.judge.aliases import normalised
from dermatrust.judge.verdict_json import split_json
from dermatrust.narrate.text import said_aloud
from dermatrust.records import Urgency

Form = Literal["json", "line", "prose", "contradictory", "none"]
"""Where a reply says its level; "contradictory" where it says several, "none" where it says none."""

LONGEST_REPLY = 100_000
"""Characters. Of a longer reply only the end is read."""
_STATED = r"[\s*_\"]*(?:is|of|=|:|≈|~|about|approximately|\s)*\s*(?P<value>\d[\d.,]*\s*(?:%|percent|/\s*100?)?)"
_URGENT = r"(?:an?\s+)?(?:urgen(?:t|cy)|pressing)(?:\s+(?:or|/)\s+emergen(?:t|cy))?"
_WHAT = rf"(?:of\s+(?:being\s+)?|that\s+(?:this|it|the\s+(?:case|lesion))\s+is\s+)?\(?{_URGENT}\)?"
_SAID_PROBABILITY = re.compile(
    rf"\b(?:probability|chance|likelihood|p)\s*\(?\s*{_WHAT}{_STATED}"
    rf"|(?P<before>\d[\d.,]*\s*(?:%|percent))\s+(?:probability|chance|likelihood)\s+{_WHAT}",
    re.IGNORECASE,
)
_SAID_CONFIDENCE = re.compile(rf"\b(?:confidence|certainty)(?:\s+level)?{_STATED}", re.IGNORECASE)
_LABEL = "|".join(sorted((name.replace(" ", r"[ \t]+") for name in LEVELS | ADVICE), key=len, reverse=True))
_LINE = re.compile(
    rf"^[ \t>#*_\-•\d.)]{{0,12}}(?P<final>(?:(?:my|final|overall|recommended|the)[ \t]+){{0,3}})(?P<label>{_LABEL})"
    r"[ \t*_]{0,6}[:=\-–—][ \t*_]{0,6}(?P<said>\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_VERDICT = re.compile(
    r"\b(?:(?:i|we)\s+(?:would\s+|will\s+)?(?:therefore\s+)?(?:classify|categori[sz]e|triage|rate|grade|consider|label|assess)"
    r"|(?:is|be|as)\s+(?:best\s+)?(?:classified|categori[sz]ed|triaged|rated|graded)|in\s+conclusion|overall|in\s+summary"
    r"|final\s+(?:answer|triage|level|assessment))\b[^.\n]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class TriageReply:
    """What one reply says.

    Attributes:
        urgency: The level; None where the reply names none, or several.
        urgent_probability: The stated probability, 0 to 1, that the case is urgent or emergent; None where none is.
        confidence: The stated confidence in the level, 0 to 1; None where there is none.
        cannot_tell: Whether it says that what it was given does not suffice: by the flag that a prompt offers, whatever
            level stands beside it, or in words that name no level.
        form: Where it says the level.
    """

    urgency: Urgency | None = None
    urgent_probability: float | None = None
    confidence: float | None = None
    cannot_tell: bool = False
    form: Form = "none"


def read_triage_reply(text: str) -> TriageReply:
    """Read a level of urgency from a reply: JSON, a labelled line, a sentence that concludes, or any sentence.

    The first of these that names a level decides. Two levels at the same place contradict each other, and the reply
    answers nothing. A probability over 1 is a percentage. What stands in `<think>` is not read. Never raises.

    Args:
        text: The reply.

    Example:
        >>> read_triage_reply('{"urgency": "two-week wait", "probability_urgent": 0.8, "confidence": "70%"}')
        TriageReply(urgency='urgent', urgent_probability=0.8, confidence=0.7, cannot_tell=False, form='json')
        >>> read_triage_reply("Level: routine. If it bleeds, seek urgent care.").urgency
        'routine'
        >>> read_triage_reply("It might be routine. It might be an emergency.").form
        'contradictory'
    """
    said = said_aloud(text[-LONGEST_REPLY:]).replace("’", "'")
    objects, rest = split_json(said)
    if not objects and (objects := python_objects(said)):
        rest = said[: said.find("{")] + said[said.rfind("}") + 1 :]
    found = [read_json_triage(pairs) for pairs in objects]
    probability = _last([one.urgent_probability for one in found])
    confidence = _last([one.confidence for one in found])
    level, form = _settled(found, _SAID_PROBABILITY.sub(" ", rest))
    flagged = any(one.cannot_tell for one in found)
    return TriageReply(
        urgency=level,
        urgent_probability=_stated(_SAID_PROBABILITY, rest) if probability is None else probability,
        confidence=_stated(_SAID_CONFIDENCE, rest) if confidence is None else confidence,
        cannot_tell=flagged or (level is None and form == "none" and says_cannot_tell(said)),
        form=form,
    )


def _settled(found: list[JsonTriage], rest: str) -> tuple[Urgency | None, Form]:
    """Return the level and where it is said: by the first kind of place that says any."""
    for form, places in _places(found, rest):
        said = [one for one in places if one.level or one.is_contradictory]
        if any(one.is_contradictory for one in said) or len({one.level for one in said}) > 1:
            return None, "contradictory"
        if said:
            return said[0].level, form
    return None, "none"


def _places(found: list[JsonTriage], rest: str) -> Iterator[tuple[Form, list[Claimed]]]:
    yield "json", [one.claimed for one in found]
    lines = list(_LINE.finditer(rest))
    yield "line", [claimed(line["said"]) for line in lines if "final" in (line["final"] + line["label"]).lower()]
    yield "line", [claimed_level(line["said"]) for line in lines if normalised(line["label"]) in LEVELS]
    yield "line", [claimed(line["said"]) for line in lines]
    yield "prose", [claimed(verdict[0]) for verdict in _VERDICT.finditer(rest)]
    yield "prose", [claimed(rest)]


def _last(stated: list[float | None]) -> float | None:
    return next((value for value in reversed(stated) if value is not None), None)


def _stated(rule: re.Pattern[str], text: str) -> float | None:
    found = rule.search(text)
    return stated_share((found["value"] or found.groupdict().get("before") or "").rstrip(".,")) if found else None
