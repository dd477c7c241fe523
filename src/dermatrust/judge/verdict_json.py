"""Finds the verdict in the JSON of a judge's reply, in the shapes that judges really use."""

import json
import re
from collections.abc import Iterator
from typing import Any

from dermatrust.judge.aliases import Alias, alias_of, normalised
from dermatrust.judge.found import Found, Read, read_number
from dermatrust.records import HIGHEST_SCORE
from dermatrust.records.rating import Reason

Pairs = tuple[tuple[str, Any], ...]
"""A JSON object as its pairs in order, so that a key given twice is seen twice. Arrays are lists."""

_DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_constant=str, strict=False)
_OBJECT = re.compile(r"""\{(?=\s*["'}])""")
_MOST_FAILURES = 10
_DEEPEST = 4

_SCORE_KEYS = frozenset({"score", "rating", "value", "points", "grade", "mark", "得分", "评分", "分数"})
_NAME_KEYS = frozenset({"dimension", "name", "metric", "criterion", "axis", "category", "aspect", "维度"})
_SCALE_KEYS = frozenset({"max", "maximum", "max value", "out of", "scale"})
_REASON_KEYS = frozenset(
    {"reason", "reasons", "reasoning", "rationale", "rationales", "justification", "justifications", "explanation",
     "explanations", "comment", "comments", "feedback", "critique", "evidence", "理由", "原因"}
)  # fmt: skip
_CONTAINERS = frozenset(
    {"score", "scores", "rating", "ratings", "evaluation", "evaluations", "verdict", "result", "results", "dimension",
     "dimensions", "assessment", "metric", "metrics", "grades", "judgement", "judgment", "output", "answer", "response",
     "final verdict", "final", "dimension scores", "评分", "得分"}
)  # fmt: skip
_LAST_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\D*$")
_REASON_SUFFIX = re.compile(r"^(.+?)[ _-]?(?:reasons?|rationale|justification|explanation|comments?)$", re.IGNORECASE)
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|[{}\[\],]', re.DOTALL)


def split_json(text: str, *, strict: bool = False) -> tuple[list[Pairs], str]:
    """Return the JSON objects in a text, outermost first, and the text without them.

    With `strict` the whole text must be one object. Otherwise a trailing comma is forgiven, and an object that
    breaks off is read as far as its last complete value.
    """
    if strict:
        whole = text.strip()
        pairs = _decode(whole) if whole.startswith("{") else None
        return ([pairs], "") if pairs is not None else ([], text)
    objects, rest, position, failures = [], [], 0, 0
    while failures < _MOST_FAILURES and (brace := _OBJECT.search(text, position)):
        pairs, end = _decode_from(text, brace.start())
        if pairs is None:
            failures += 1
        else:
            objects.append(pairs)
        rest.append(text[position : brace.start() if pairs is not None else end])
        position = end
    return objects, "\n".join((*rest, text[position:])) if objects else text


def founds_in(pairs: Pairs, null_means: Reason) -> list[Found]:
    """Return what one JSON object says about the dimensions."""
    reasons: dict[object, str] = {}
    found = list(_walk(pairs, null_means, reasons, None, 0))
    if not reasons:
        return found
    return [f if f.reason else Found(f.alias, f.read, f.source, reasons.get(f.alias.dimension, "")) for f in found]


def _decode(text: str) -> Pairs | None:
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, tuple) else None


def _decode_from(text: str, start: int) -> tuple[Pairs | None, int]:
    """Decode the object that starts here; without success, the place after its brace is where to look next."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        mended, end = _mended(text, start)
        value = _decode(mended)
    return (value, end) if isinstance(value, tuple) else (None, start + 1)


def _mended(text: str, start: int) -> tuple[str, int]:
    """Return the object without trailing commas and, if it breaks off, closed after its last complete value."""
    open_brackets: list[str] = []
    cut, depth = start + 1, 1
    for token in _TOKEN.finditer(text, start):
        mark = token[0]
        if mark in "{[":
            open_brackets.append("}" if mark == "{" else "]")
        elif mark in "}]":
            open_brackets.pop()
            if not open_brackets:
                return _TRAILING_COMMA.sub("", text[start : token.end()]), token.end()
            cut, depth = token.end(), len(open_brackets)
        elif mark == ",":
            cut, depth = token.start(), len(open_brackets)
    # After the cut brackets were only opened, so the first `depth` of them are those open at the cut.
    return _TRAILING_COMMA.sub("", text[start:cut] + "".join(reversed(open_brackets[:depth]))), len(text)


def _walk(
    pairs: Pairs, null_means: Reason, reasons: dict[object, str], scale: float | None, depth: int
) -> Iterator[Found]:
    scale = _scale_of(pairs) or scale
    listed = _listed(pairs)
    if listed is not None:
        yield from _one(listed, pairs, null_means, scale)
        return
    for key, value in pairs:
        if _is_reason(key, value, reasons):
            continue
        alias = alias_of(key)
        if alias is not None:
            fields = value if isinstance(value, tuple) else (("score", value),)
            yield from _one(alias, fields, null_means, scale)
        elif depth < _DEEPEST and (normalised(key) in _CONTAINERS or len(pairs) == 1):
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, tuple):
                    yield from _walk(inner, null_means, reasons, scale, depth + 1)


def _one(alias: Alias, fields: Pairs, null_means: Reason, scale: float | None) -> Iterator[Found]:
    """Yield what one dimension's own object says; a score given twice is yielded twice."""
    scale = _scale_of(fields) or scale
    reason = " ".join(str(v) for k, v in fields if normalised(k) in _REASON_KEYS and isinstance(v, str))
    values = [v for k, v in fields if normalised(k) in _SCORE_KEYS]
    for value in values or ["no score"]:
        read = Read(None, null_means) if value is None else read_number(value)
        if scale not in (None, HIGHEST_SCORE) and read.value is not None and not read.full_scale:
            read = Read(read.value, "out of range")
        yield Found(alias, read, fields, reason)


def _listed(pairs: Pairs) -> Alias | None:
    """Return the dimension of an entry like {"dimension": "Safety", "score": 4}."""
    named = [v for k, v in pairs if isinstance(v, str) and normalised(k) in _NAME_KEYS]
    return alias_of(named[0]) if named else None


def _is_reason(key: str, value: Any, reasons: dict[object, str]) -> bool:
    """Keep what is a reason and no score: `"accuracy_reason": "…"`, or reasons in an object of their own."""
    if (
        isinstance(value, tuple)
        and normalised(key) in _REASON_KEYS
        and not any(normalised(k) in _SCORE_KEYS for k, _ in value)
    ):
        named = ((alias_of(k), v) for k, v in value if isinstance(v, str))
        reasons.update({alias.dimension: v for alias, v in named if alias})
        return True
    match = _REASON_SUFFIX.match(key) if isinstance(value, str) and len(key) <= 80 else None
    alias = alias_of(match[1]) if match else None
    if alias:
        reasons[alias.dimension] = value
    return alias is not None


def _scale_of(pairs: Pairs) -> float | None:
    """Return the top of the scale an object declares for itself, e.g. by "max_score": 10."""
    for key, value in pairs:
        if normalised(key) in _SCALE_KEYS:
            last = _LAST_NUMBER.search(str(value)[:40])
            return float(last[1]) if last else None
    return None
