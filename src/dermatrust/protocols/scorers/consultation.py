"""Reads what is said of a consultation: the doctor's diagnoses, and the points of an assessment.

Names, synonyms and scale are those of 3MDBench's released code: Sviridov et al. (2025),
https://arxiv.org/abs/2504.13861, https://github.com/univanxx/3mdbench.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dermatrust.narrate.text import said_aloud
from dermatrust.protocols.scorers.judge import json_in

DIAGNOSES = (
    "abscess", "acne", "actinic keratosis", "allergic contact dermatitis", "caries", "chalazion", "chickenpox",
    "chronic lichen", "conjunctivitis", "contact dermatitis", "dental calculus", "eczema", "gingivitis", "herpes",
    "hives", "ingrown nail", "keratosis pilaris", "lichen planus", "molluscum contagiosum", "mycosis", "nail dystrophy",
    "onycholysis", "onychomycosis", "periodontitis", "psoriasis", "rosacea", "seborrheic dermatitis",
    "seborrheic keratosis", "shingles", "stomatitis", "stye", "tonsillitis", "vitiligo", "warts",
)  # fmt: skip
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "herpes": ("herpes", "cold sore", "hsv"),
    "ingrown nail": ("grown & nail",),
    "hives": ("hives", "urticaria"),
    "caries": ("cavities", "caries"),
    "actinic keratosis": ("solar keratosis",),
    "warts": ("wart",),
    "eczema": ("atopic dermatitis",),
    "gingivitis": ("gum disease",),
    "onychomycosis": ("nail & fun",),
    "nail dystrophy": ("subungual hematoma", "onychodystrophy"),
    "seborrheic dermatitis": ("dandruff",),
    "chickenpox": ("varicella",),
    "stye": ("hordeolum",),
    "mycosis": ("tinea", "ringworm", "fungal infection"),
    "dental calculus": ("tartar", "plaque buildup"),
    "stomatitis": ("aphthous ulcers",),
}
"""A diagnosis to what names it as any part of the words; the first that fits counts, so that "herpes zoster" is herpes.

With "&" all parts must be there."""
POINTS = "1.1", "1.2", "1.3", "2.1", "2.2", "3.1", "3.2"
OVERALL = "4.1"
LEVELS = {"unsatisfactory": 0, "satisfactory": 1, "excellent": 2}
_WORDS = {"yes": 1, "no": 0, "1": 1, "0": 0, "true": 1, "false": 0}
_FENCE = re.compile(r"```(?:json|python)?")


def read_diagnoses(reply: str) -> str | None:
    """Return extracted diagnoses as the 34 are called, each as often as it is named; None for an empty reply.

    Example:
        >>> read_diagnoses("`Urticaria`, tinea versicolor"), read_diagnoses("none"), read_diagnoses(" ")
        ('hives, mycosis', 'none', None)
    """
    named = (one.strip(" .'\"").lower() for one in re.sub(r"[\n`]", "", said_aloud(reply)).split(","))
    return ", ".join(_known_name(one) for one in named if one) or None


def _known_name(said: str) -> str:
    for name, ways in SYNONYMS.items():
        if any(all(part in said for part in way.split(" & ")) for way in ways):
            return name
    return said


def read_assessment(reply: str) -> str | None:
    """Return the points as "1.1=1 …"; None where one is missing or off its scale.

    They may be a JSON object or a Python dictionary, nested as the released scale has them; what stands after the last
    brace does not count.

    Example:
        >>> read_assessment("{'1.1': 1, '1.2': 'Yes.', '1.3': 0, 'Care': {'2.1': 1, '2.2': 'no'}, "
        ...                 "'3.1': 0, '3.2': 1, '4.1': 'Excellent'} Done.")
        '1.1=1 1.2=1 1.3=0 2.1=1 2.2=0 3.1=0 3.2=1 4.1=2'
    """
    found = _dictionary(said_aloud(reply))
    if not isinstance(found, dict):
        return None
    flat = {key: value for part in (found, *_within(found)) for key, value in part.items()}
    points = [_point(flat.get(name)) for name in POINTS]
    level = LEVELS.get(str(flat.get(OVERALL)).strip().lower())
    if level is None or None in points:
        return None
    return " ".join(f"{name}={value}" for name, value in zip((*POINTS, OVERALL), (*points, level), strict=True))


def points_of(assessment: str | None) -> dict[str, float]:
    """Return the points of what `read_assessment` returns.

    Example:
        >>> points_of("1.1=1 4.1=2")
        {'point 1.1': 1.0, 'point 4.1': 2.0}
    """
    pairs = (one.split("=") for one in (assessment or "").split())
    return {f"point {name}": float(value) for name, value in pairs}


def _dictionary(said: str) -> Any:
    text = _FENCE.sub("", said)
    text = text[text.find("{") : text.rfind("}") + 1]
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return json_in(said)


def _point(answer: Any) -> int | None:
    text = str(answer).strip().lower().removesuffix(".0")
    return _WORDS.get(text, _WORDS.get("".join(letter for letter in text if "a" <= letter <= "z")))


def _within(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield objects within an object, however deep."""
    for value in found.values():
        if isinstance(value, dict):
            yield value
            yield from _within(value)
