"""One entry of a model's list: the name of a disease and its probability, without numbering, emphasis and reasons."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from dermatrust.clinic.ladder import known_diagnosis
from dermatrust.lexicon import Lexicon


class Entry(NamedTuple):
    """A diagnosis in the words of the model, and the probability it states for it, 0 to 1, if it does."""

    name: str
    probability: float | None = None


LONGEST_NAME = 120
"""Letters. No disease has a longer name; what is longer is a sentence."""
_NUMBER = r"(?:(?:[~≈<>≤≥]|about|approx(?:imately|[.])?|around)\s*)?(?P<{0}low>\d{{1,3}}(?:[.,]\d+)?|[.]\d+)"
_PROBABILITY_WORD = r"(?:probability|prob[.]?|confidence|likelihood|certainty|chance|p)(?:\s+(?:level|score|of|is))*"
_BARE_NUMBER = re.compile(r"^\s*\d+(?:[.,]\d+)?\s*$")
_STATED = re.compile(
    rf"""\b{_PROBABILITY_WORD}\s*[:=≈~]?\s*{_NUMBER.format("w")}\s*(?:(?:-|–|to)\s*(?P<whigh>\d+(?:[.,]\d+)?))?
        \s*(?P<wunit>%|percent|/\s*100?\b)?
    | (?<![\w.]){_NUMBER.format("p")}(?:(?:\s*%\s*(?:-|–|to)\s*|-|–|\s+to\s+)(?P<phigh>\d{{1,3}}(?:[.,]\d+)?))?
        \s*(?P<punit>%|percent)
    | [(\[:=|,\-–—]\s*{_NUMBER.format("b")}\s*(?P<bunit>/\s*100?)?\s*(?:[)\]|]|$)""",
    re.VERBOSE | re.IGNORECASE,
)
_LABEL_WORD = (
    r"(?:the|my|most|least|also|likely|probable|possible|primary|leading|top|main|working|final|provisional|first"
    r"|second|third|fourth|fifth|alternative|alternatives|other|clinical|favou?red|preferred|presumptive|principal"
    r"|differentials?|diagnos[ie]s|condition|consideration|possibility|impression|answer|choice|rank|ddx|dx|option"
    r"|name|disease|secondary|is|less|more|[1-9](?:st|nd|rd|th)?)"
)
_LABEL = re.compile(rf"^\W*(?:{_LABEL_WORD}\s+)*{_LABEL_WORD}\s*(?:#?\d+)?\s*(?::|=|–|—|\s-\s)\s*", re.IGNORECASE)
_ONLY_LABEL = re.compile(rf"^\W*(?:{_LABEL_WORD}\s+)*{_LABEL_WORD}\W*$", re.IGNORECASE)
_I_SAY = (
    r"(?:and |but |then )?(?:i|we)(?:'d|'m)?(?: (?:would|also|might|could|strongly|do|still|next|then|am|are|will))*"
    r" (?:thinking|think|believe|suspect|say|consider|favou?r|include|diagnose|add|suggest|guess|leaning towards?"
    r"|lean towards?)(?: that)?(?: (?:it|this)(?: is|'s| may be| might be| could be))?"
)
_HEDGE = re.compile(
    rf"^(?:(?:{_I_SAY}|an?|the|most|likely|probable|probably|possible|possibly|suspected|suspicion of|consider"
    r"|to consider|rule out|r/o|favou?r(?:ed|s)?|presumed|presumptive|perhaps|maybe|query|consistent with|suggestive of"
    r"|suspicious for|typical of|highly suspicious for|this is|it is|less likely|more likely"
    r"|and|or|also|then|followed by|evidence of|features of|features suggestive of|a case of|form of)\b[\s,:]*|\?\s*)+",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\s[-–—]+\s|\s*—\s*|:\s|:$|;|\s\|\s?|\n|→|=>|\.\s+(?=[A-Z(])|\.$"
    r"|,?\s+(?:rather than|instead of"
    r"|because|since|given|as (?:the|there|it|its|suggested|evidenced)|based on|considering|supported by"
    r"|due to (?:the|its|his|her|this)|owing to|which|that|characteri[sz]ed|presenting|is|are|was|would|could|should"
    r"|may|might|can|cannot|but|however|although|though|whereas|typically|usually|commonly|often|less likely"
    r"|more likely|most likely|unlikely|favou?red|evidenced|suggested by|with (?:a|the|its|typical|characteristic"
    r"|classic)|showing|shows?|fits?|especially|particularly|if|in view of|in light of|needs?|must|has|have|appears?"
    r"|seems?|explains?|remains?)\b",
)
_LONG_BRACKET = re.compile(r"\s*[(\[](?:[^()\[\]\s]+\s+){4,}[^()\[\]]*[)\]]?")
_LIKELIHOOD = re.compile(
    r"\s*[(\[]\s*(?:(?:most|more|less|least|very|also) )?(?:likely|probable|possible|favou?red|top|primary|leading)\b"
    r"[^()\[\]]*[)\]]?",
    re.IGNORECASE,
)
_OPEN_BRACKET = re.compile(r"\s*[(\[][^()\[\]]*$")
_BOLD = re.compile(r"^\W{0,3}(?:\*\*|__)(?P<inside>[^*_\n]{2,120}?)(?:\*\*|__)(?P<rest>.*)$", re.DOTALL)
_EMPHASIS = re.compile(r"\*{1,3}|_{2}|`|\\(?:text(?:bf)?|boxed)\b|\$")
_WRAPPING = " \t\r\n*_\"'“”‘’«»{}<>.,;:!?|#=~-–—•→"
_SEPARATOR = re.compile(
    r"\s*(?:(?:[,;/]|>(?=\s))\s*(?:(?:and|or|vs\.?|versus)\b\s*)?|\b(?:and/or|and|or|vs\.?|versus)\b\s*)"
)
_DENYING = re.compile(
    r"\b(?:no|not|never|unlikely|excluded|ruled out|rules? out|without|absen\w+|history|previous|denies)\b",
    re.IGNORECASE,
)
_NEAR = 25
"""Letters behind a name within which its probability or its denial stands."""
_MORE = re.compile(rf"[\d%]|{_DENYING.pattern}", re.IGNORECASE)
_PLAIN = re.compile(
    r"^(?:\*\*)?(?P<name>[^\W\d]+(?:[ '-][^\W\d]+){0,6})(?:\*\*)?(?:\s*\((?P<percent>\d{1,2}(?:\.\d+)?) ?%\))?(?:\*\*)?"
    r"(?:$|\s*[-–—:]\s|:$)"
)
"""The usual entry, which needs none of the care below if its name is known: "**Psoriasis** (70%) - ..."."""


def fraction(text: str) -> float | None:
    """Return a stated probability as a number from 0 to 1; None where there is none, or where it is over the top.

    "70%", "7/10", "70/100" and "0.7" are 0.7; a bare number over 1 is a percentage. Of a range it is the middle.

    Example:
        >>> fraction("70%"), fraction("60-70 %"), fraction("8/10"), fraction("0.7"), fraction("85"), fraction("high")
        (0.7, 0.65, 0.8, 0.7, 0.85, None)
    """
    stated = _STATED.search(f": {text.strip()}")
    return _value(stated) if stated else None


def is_percent(numbers: Iterable[Any]) -> bool:
    """Whether numbers that stand together in one reply are percentages: one over 1 tells it of all.

    Example:
        >>> is_percent([85, 14, 1]), is_percent(["85", "1"]), is_percent([1.0, 0.2]), is_percent(["85%", 1])
        (True, True, False, False)
    """
    return any(value is not None and value > 1 for value in map(bare_number, numbers))


def bare_number(value: Any) -> float | None:
    """Return a number, or a text that is one and nothing else; None for anything else, "85%" too."""
    if isinstance(value, str) and _BARE_NUMBER.match(value):
        return float(value.strip().replace(",", "."))
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def shared_scale(value: Any, *, percent: bool) -> Any:
    """Return a value such that the 1 of "85, 14, 1" is 1 %, not certainty.

    Example:
        >>> shared_scale(1, percent=True), shared_scale(1, percent=False), shared_scale("high", percent=True)
        (0.01, 1, 'high')
    """
    number = bare_number(value)
    return number / 100 if percent and number is not None and 0 <= number <= 1 else value


def _value(stated: re.Match[str]) -> float | None:
    kind = next(kind for kind in "wpb" if stated[f"{kind}low"] is not None)
    low = float(stated[f"{kind}low"].replace(",", "."))
    high = stated[f"{kind}high"] if kind in "wp" else None
    value = (low + float(high.replace(",", "."))) / 2 if high else low
    unit = (stated[f"{kind}unit"] or "").replace(" ", "")
    scale = {"/10": 10.0, "": 100.0 if value > 1 else 1.0}.get(unit, 100.0)
    return value / scale if 0 <= value <= scale else None


@lru_cache(maxsize=1 << 14)
def read_entry(text: str, lexicon: Lexicon) -> tuple[Entry, ...]:
    """Return the diagnosis that one entry of a list names, or those it names side by side.

    The reason behind the name, its number and marks of emphasis are cut off; an entry that denies its disease
    ("not melanoma") names none.

    Example:
        >>> from dermatrust.lexicon import load_lexicon
        >>> read_entry("**Plaque psoriasis** (70%) - because of the silvery scale", load_lexicon())
        (Entry(name='Plaque psoriasis', probability=0.7),)
        >>> [entry.name for entry in read_entry("Psoriasis or tinea corporis", load_lexicon())]
        ['Psoriasis', 'tinea corporis']
    """
    usual = None if _HEDGE.match(text) else _PLAIN.match(text)
    if usual and known_diagnosis(usual["name"], lexicon) and not _MORE.search(text, usual.end(), usual.end() + _NEAR):
        return (Entry(usual["name"], float(usual["percent"]) / 100 if usual["percent"] else None),)
    bold = _BOLD.match(text)
    emphasised = ""
    if bold and not _ONLY_LABEL.match(bold["inside"]):
        emphasised, after = bold["inside"], _EMPHASIS.sub("", bold["rest"])
        text = f"{emphasised.rstrip(': ')} - {after.lstrip(' :-–—')}" if after.strip() else emphasised
    text = _EMPHASIS.sub("", text)
    label = _LABEL.match(text.strip())
    if label and not known_diagnosis(label[0], lexicon):
        text = text.strip()[label.end() :]
    stated = _STATED.search(text, 0, LONGEST_NAME + 40)
    if _is_denied(text, lexicon):
        return ()
    name = _name_in(text, stated, lexicon)
    if not name or len(name) > LONGEST_NAME:
        return ()
    probability = _value(stated) if stated else None
    return tuple(Entry(one, probability) for one in _side_by_side(name, lexicon))


def _name_in(text: str, stated: re.Match[str] | None, lexicon: Lexicon) -> str:
    if stated:
        before = text[: stated.start()].strip(_WRAPPING + "([")
        text = before or text[stated.end() :].lstrip(_WRAPPING + ")]").removeprefix("of ")
    text = _HEDGE.sub("", text.strip(_WRAPPING))
    reason = _REASON.search(text, 1)
    text = text[: reason.start()] if reason else text
    text = _LONG_BRACKET.sub("", _LIKELIHOOD.sub("", text)) if "(" in text or "[" in text else text
    return _HEDGE.sub("", _OPEN_BRACKET.sub("", text).strip(_WRAPPING)).strip()


def _is_denied(text: str, lexicon: Lexicon) -> bool:
    text = _HEDGE.sub("", text[: LONGEST_NAME + 40])
    if not _DENYING.search(text):
        return False
    named = [mention for mention in lexicon.mentions(text) if mention.concept.kind == "diagnosis"]
    return bool(named) and named[0].status in ("negated", "historical")


def _side_by_side(name: str, lexicon: Lexicon) -> tuple[str, ...]:
    """Return the diseases of "psoriasis or eczema"; a name that is known, or whose parts are not, stays whole."""
    if not _SEPARATOR.search(name) or known_diagnosis(name, lexicon):
        return (name,)
    parts = split_names(name, lexicon)
    known = [known_diagnosis(part, lexicon) is not None for part in parts]
    if all(known):
        return parts
    return (parts[0],) if known[0] and "," in name else (name,)


def split_names(text: str, lexicon: Lexicon) -> tuple[str, ...]:
    """Return the names of a list in running text, whose separators inside a known name are none.

    Example:
        >>> from dermatrust.lexicon import load_lexicon
        >>> split_names("eczema, hand, foot and mouth disease, or tinea", load_lexicon())
        ('eczema', 'hand, foot and mouth disease', 'tinea')
    """
    separators = list(_SEPARATOR.finditer(text))
    if not separators:
        return (text,)
    kept = [(m.start, m.end) for m in lexicon.mentions(text) if m.concept.kind == "diagnosis"]
    parts, start = [], 0
    for mark in separators:
        if _in_brackets(text, mark.start()) or any(begin < mark.start() and mark.end() < end for begin, end in kept):
            continue
        parts.append(text[start : mark.start()])
        start = mark.end()
    return tuple(clean for part in (*parts, text[start:]) if (clean := part.strip(_WRAPPING)))


def _in_brackets(text: str, place: int) -> bool:
    return text.count("(", 0, place) > text.count(")", 0, place)
