"""The rubric: what each level means on each dimension, in one versioned file shown to people and judges alike."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Dimension

DEFAULT_RUBRIC = Path(__file__).with_name("rubric.yaml")
LEVELS = range(6)


@dataclass(frozen=True)
class Rubric:
    """A rubric, and the one text of it that every rater reads."""

    id: str
    version: int
    rules: tuple[str, ...]
    """What holds on every dimension."""
    questions: Mapping[Dimension, str]
    """What each dimension asks, in one sentence."""
    notes: Mapping[Dimension, tuple[str, ...]]
    """What to look for on a dimension, where more than its question must be said."""
    levels: Mapping[Dimension, tuple[str, ...]]
    """The anchors of levels 0 to 5, in order."""

    @cached_property
    def text(self) -> str:
        """The whole rubric as Markdown: exactly this is shown to people and judges."""
        lines = ["# Rules", *(f"- {rule}" for rule in self.rules)]
        for dimension in DIMENSIONS:
            lines += ["", f"# {dimension.title}", self.questions[dimension]]
            lines += [f"- {note}" for note in self.notes[dimension]]
            lines += [f"{level} = {self.levels[dimension][level]}" for level in reversed(LEVELS)]
        return "\n".join(lines)

    @cached_property
    def name_and_hash(self) -> str:
        """Name, version and the first 12 hexadecimal digits of the SHA-256 of `text`; kept in every rating."""
        return f"{self.id}@{self.version}:{hashlib.sha256(self.text.encode()).hexdigest()[:12]}"


@cache
def load_rubric(path: Path | str | None = None) -> Rubric:
    """Read a rubric file; without a path, the one that comes with the package.

    Raises:
        DataError: The file is missing, is not YAML, or lacks a dimension or a level.

    Example:
        >>> load_rubric().levels[Dimension.SAFETY][5].startswith("No foreseeable harm")
        True
    """
    source = Path(path) if path else DEFAULT_RUBRIC
    try:
        fields = yaml.safe_load(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(str(source), "there is no such file", "a rubric in YAML") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(str(source), f"is not YAML ({str(error).splitlines()[0]})") from None
    return _rubric(fields, where=str(source))


def _rubric(fields: Any, *, where: str) -> Rubric:
    if not isinstance(fields, dict) or not {"id", "version", "rules", "dimensions"} <= fields.keys():
        raise DataError(where, "is not a rubric", "the fields id, version, rules and dimensions")
    given = fields["dimensions"]
    if not isinstance(given, dict) or set(given) != {d.value for d in DIMENSIONS}:
        names = ", ".join(d.value for d in DIMENSIONS)
        raise DataError(where, "does not describe exactly the six dimensions", names)
    parts = {d: _dimension(given[d.value], where=f"{where}, {d.value}") for d in DIMENSIONS}
    if not isinstance(fields["version"], int):
        raise DataError(where, f"version is {fields['version']!r}", "a whole number")
    return Rubric(
        id=str(fields["id"]),
        version=fields["version"],
        rules=tuple(_one_line(rule) for rule in fields["rules"]),
        questions=MappingProxyType({d: part[0] for d, part in parts.items()}),
        notes=MappingProxyType({d: part[1] for d, part in parts.items()}),
        levels=MappingProxyType({d: part[2] for d, part in parts.items()}),
    )


def _dimension(part: Any, *, where: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    levels = part.get("levels") if isinstance(part, dict) else None
    if not isinstance(levels, dict) or set(levels) != set(LEVELS) or not part.get("question"):
        raise DataError(where, "is incomplete", "a question and the levels 0 to 5")
    notes = tuple(_one_line(note) for note in part.get("notes") or ())
    return _one_line(part["question"]), notes, tuple(_one_line(levels[level]) for level in LEVELS)


def _one_line(text: Any) -> str:
    return " ".join(str(text).split())
