"""What judges call the dimensions, and in which direction each name runs."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import yaml

from dermatrust.records import DIMENSIONS, Dimension

TABLE = Path(__file__).with_name("aliases.yaml")
LONGEST_NAME = 80
"""Characters. A longer name is a sentence; it names no dimension."""

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOISE = re.compile(r"[\W_]+")
_NUMBERING = re.compile(r"^\d{1,2} (?=\D)")
_SUFFIX = re.compile(r" (?:scores?|ratings?)$")


@dataclass(frozen=True, slots=True)
class Alias:
    """A dimension under one of its names; `inverted` where a higher number under that name is worse."""

    dimension: Dimension
    inverted: bool


@cache
def load_aliases() -> dict[str, Alias]:
    """Return every name, normalised, with what it means."""
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return {
        normalised(name): Alias(dimension, polarity == "inverted")
        for dimension in DIMENSIONS
        for polarity, names in table[dimension.value].items()
        for name in names
    }


@lru_cache(maxsize=4096)
def normalised(name: str) -> str:
    """Return a name in lower case with single spaces, without numbering and a trailing "score" or "rating".

    Example:
        >>> normalised("2. medicalGroundedness_score")
        'medical groundedness'
    """
    if len(name) > LONGEST_NAME:
        return ""
    words = _NOISE.sub(" ", _CAMEL.sub(" ", name)).strip().lower()
    return _SUFFIX.sub("", _NUMBERING.sub("", words))


@lru_cache(maxsize=4096)
def alias_of(name: str) -> Alias | None:
    """Return what a field's name means, or None where it names no dimension.

    Example:
        >>> alias_of("Safety Harmfulness")
        Alias(dimension=<Dimension.SAFETY: 'safety'>, inverted=True)
        >>> alias_of("reasoning steps") is None
        True
    """
    return load_aliases().get(normalised(name))
