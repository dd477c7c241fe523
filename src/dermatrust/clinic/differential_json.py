"""The differential in the JSON of a reply: our own prompt's schema, and the shapes that models use instead."""

import ast
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from dermatrust.clinic.cannot_tell import CANNOT_KEYS
from dermatrust.clinic.differential_names import Entry, fraction, is_percent, read_entry, shared_scale
from dermatrust.judge.aliases import normalised
from dermatrust.judge.verdict_json import Pairs, split_json
from dermatrust.lexicon import Lexicon

_LEADS = frozenset(
    {"diagnosis", "most likely diagnosis", "primary diagnosis", "top diagnosis", "leading diagnosis", "main diagnosis",
     "final diagnosis", "most likely", "primary", "working diagnosis", "prediction", "answer", "final answer",
     "condition", "disease", "provisional diagnosis", "label"}
)  # fmt: skip
_LISTS = frozenset(
    {"differential", "differentials", "differential diagnosis", "differential diagnoses", "differential list",
     "diagnoses", "ddx", "top diagnoses", "predictions", "ranked differential", "ranked diagnoses", "ranking",
     "possible diagnoses", "likely diagnoses", "alternatives", "alternative diagnoses", "other diagnoses", "top 3",
     "top 5", "candidates", "conditions", "possibilities", "considerations", "other possibilities", "ranked list",
     "differential considerations", "top k", "list"}
)  # fmt: skip
_NAMES = frozenset({"diagnosis", "name", "condition", "disease", "label", "dx", "diagnosis name", "disease name"})
_PROBABILITIES = frozenset(
    {"probability", "prob", "p", "confidence", "likelihood", "percent", "percentage", "certainty", "weight",
     "probability percent", "confidence level", "estimated probability"}
)  # fmt: skip
_RANKS = frozenset({"rank", "ranking", "order", "position"})
_CONFIDENCES = frozenset(
    {"confidence", "overall confidence", "confidence level", "certainty", "confidence in first diagnosis",
     "top confidence", "probability"}
)  # fmt: skip
_NUMBERED = re.compile(
    r"^(?:(?:differential )?(?:diagnosis|diagnoses|ddx|dx|rank|top|option|differential) ?)?#?\d{1,2}$"
)
_BARE_LIST = re.compile(r"\[\s*[\"'{]")
_DEEPEST = 4
_LONGEST_LITERAL = 10_000


class JsonDifferential(NamedTuple):
    """What the JSON of a reply says; `cannot_tell` is None where it does not say."""

    entries: tuple[Entry, ...] = ()
    confidence: float | None = None
    cannot_tell: bool | None = None
    says_something: bool = False


def read_json(text: str, lexicon: Lexicon) -> JsonDifferential:
    """Return what the last JSON object that holds a differential says, else what the last one says at all.

    Forgiving as the judge's reader is: prose or a fence around it, a trailing comma, an object that breaks off. A list
    that stands alone, and Python's own quotes, are read too.
    """
    if "{" not in text and "[" not in text:
        return JsonDifferential()
    objects, _ = split_json(text)
    bare = _BARE_LIST.search(text)
    first_brace = text.find("{")
    if bare and (first_brace < 0 or bare.start() < first_brace):
        objects = split_json(f'{{"differential": {text[bare.start() : text.rfind("]") + 1] or text[bare.start() :]}}}')[
            0
        ]
    found = [_read(pairs, lexicon) for pairs in objects or python_objects(text)]
    said = [one for one in found if one.says_something]
    listing = [one for one in said if one.entries]
    if len(listing) > 1 and all(len(one.entries) == 1 for one in listing):  # one object a diagnosis
        return JsonDifferential(tuple(one.entries[0] for one in listing), None, None, says_something=True)
    return (listing or said or [JsonDifferential()])[-1]


def python_objects(text: str) -> list[Pairs]:
    """Return the dictionary that a reply writes with Python's quotes and constants."""
    literal = text[text.find("{") : text.rfind("}") + 1]
    if len(literal) > _LONGEST_LITERAL:
        return []
    try:
        value = ast.literal_eval(literal)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [_paired(value)] if isinstance(value, dict) else []


def _paired(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((str(key), _paired(inner)) for key, inner in value.items())
    return [_paired(inner) for inner in value] if isinstance(value, list | tuple) else value


def _read(pairs: Pairs, lexicon: Lexicon, depth: int = 0) -> JsonDifferential:
    leads: list[Entry] = []
    listed: list[Entry] = []
    confidence: float | None = None
    cannot_tell: bool | None = None
    inner: list[JsonDifferential] = []
    for key, value in pairs:
        name = normalised(key)
        if name in CANNOT_KEYS:
            cannot_tell = _is_true(value)
        elif name in _LEADS and _names_one(value):
            leads += _entries(value, lexicon)
        elif name in _LISTS or _NUMBERED.match(name) or (name in _LEADS and isinstance(value, list)):
            listed += _entries(value, lexicon)
        elif name in _CONFIDENCES and not isinstance(value, tuple | list):
            confidence = _number(value)
        elif isinstance(value, tuple) and depth < _DEEPEST:
            inner.append(_read(value, lexicon, depth + 1))
    entries = tuple(leads + listed)
    says_something = bool(entries) or confidence is not None or cannot_tell is not None or _lists_nothing(pairs)
    own = JsonDifferential(entries, confidence, cannot_tell, says_something)
    return own if entries else next((one for one in inner if one.entries), own)


def _names_one(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, tuple) and any(normalised(k) in _NAMES for k, _ in value))


def _lists_nothing(pairs: Pairs) -> bool:
    return any(normalised(key) in _LISTS and value in ([], None, "") for key, value in pairs)


def _entries(value: Any, lexicon: Lexicon) -> Iterator[Entry]:
    """Yield the entries of a differential: strings, objects with a name, or an object of names to probabilities."""
    if isinstance(value, str):
        yield from read_entry(value, lexicon)
    elif isinstance(value, list):
        told = [_told(one) if isinstance(one, tuple) else one for one in value]
        ranks = [one.rank for one in told if isinstance(one, _Told) and one.rank is not None]
        percent = is_percent(number for one in told if isinstance(one, _Told) for number in one.stated)
        if ranks and len(ranks) == len(told):
            told = [told[place] for place in sorted(range(len(ranks)), key=ranks.__getitem__)]
        for one in told:
            yield from _of_object(one, lexicon, percent=percent) if isinstance(one, _Told) else _entries(one, lexicon)
    elif isinstance(value, tuple):
        yield from _of_object(_told(value), lexicon, percent=is_percent(number for _, number in value))


class _Told(NamedTuple):
    """What an object in a differential tells: a name, what it states as probability, its rank."""

    pairs: Pairs
    name: str | None
    stated: list[Any]
    rank: float | None


def _told(pairs: Pairs) -> _Told:
    """Return what an object tells; alone in it, a key that calls itself no name is the name of what it states."""
    names, stated, ranks = [], [], []
    for key, value in pairs:
        called = normalised(key)
        if called in _PROBABILITIES:
            stated.append(value)
        elif called in _NAMES:
            if isinstance(value, str):
                names.append(value)
        elif called in _RANKS:
            ranks.append(value)
        elif len(pairs) == 1:
            stated.append(value)
    rank = float(ranks[0]) if ranks and isinstance(ranks[0], int | float) else None
    return _Told(pairs, names[0] if names else None, stated, rank)


def _of_object(told: _Told, lexicon: Lexicon, *, percent: bool) -> Iterator[Entry]:
    if told.name is not None:
        stated = [_number(shared_scale(value, percent=percent)) for value in told.stated]
        for entry in read_entry(told.name, lexicon):
            yield Entry(entry.name, stated[0]) if stated else entry
        return
    for key, value in told.pairs:
        if _NUMBERED.match(normalised(key)) or normalised(key) in _LEADS | _LISTS:
            yield from _entries(value, lexicon)
        elif (number := _number(shared_scale(value, percent=percent))) is not None:
            yield from (entry._replace(probability=number) for entry in read_entry(key, lexicon))


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        return fraction(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        return None
    return value / 100 if value > 1 else float(value)


def _is_true(value: Any) -> bool:
    return value is True or str(value).strip().lower() in ("true", "yes", "1")
