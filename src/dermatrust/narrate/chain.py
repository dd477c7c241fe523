"""The hierarchical chain of thought: family of disease, narrower groups, diagnosis, in one stated text format.

    Family: inflammatory
    - A solitary red plaque on the elbow.
    Group: papulosquamous
    - It is covered with silvery scale.
    The answer is plaque psoriasis.

The first level is the family, each further one a group within the last. Under each stand the findings or arguments that
lead there. The disease is named in the last line.

Source of the three steps: arXiv 2511.09195, data construction, https://arxiv.org/abs/2511.09195. The format is ours.
"""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field

from dermatrust.errors import DataError
from dermatrust.records import Record
from dermatrust.records.record import Name

FAMILY, GROUP, ANSWER = "Family", "Group", "The answer is"
_LEVEL = re.compile(rf"(?:\d+[.)][\s*_]*)?({FAMILY}|{GROUP})\W*?:\s*(.*)", re.IGNORECASE)
_FINDING = re.compile(r"[-*•–]\s+(.+)")
_ANSWER = re.compile(rf"{ANSWER}\W*?\s(.+?)\.?", re.IGNORECASE)
_DRESSING = "*_`# "
_BLANK = _DRESSING + "\t\r\n"


def _one_line(text: object) -> object:
    return " ".join(text.split()) if isinstance(text, str) else text


def _undressed(text: object) -> object:
    """Take off emphasis and the brackets of a place that was to be filled in."""
    return " ".join(text.split()).strip(_DRESSING + "{}:") if isinstance(text, str) else text


Finding = Annotated[Name, BeforeValidator(_one_line)]
LevelName = Annotated[Name, BeforeValidator(_undressed)]


class Level(Record):
    """One step from wide to narrow, and what leads to it."""

    name: LevelName
    findings: Annotated[tuple[Finding, ...], Field(min_length=1)]


class Chain(Record):
    """A chain of thought. `to_text` and `read_chain` are exact inverses."""

    levels: Annotated[tuple[Level, ...], Field(min_length=2)]
    """The family, then one or more groups."""
    diagnosis: LevelName

    def to_text(self) -> str:
        """Return the chain in its text format."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for number, level in enumerate(self.levels):
            yield f"{GROUP if number else FAMILY}: {level.name}"
            yield from (f"- {finding}" for finding in level.findings)
        yield f"{ANSWER} {self.diagnosis}."


def read_chain(text: str, *, where: str = "chain of thought") -> Chain:
    r"""Read a chain from its text; marks of emphasis, numbers before levels and a code fence are forgiven.

    Raises:
        DataError: A line is none of the format's, the levels are not in order, or one has no finding.

    Example:
        >>> text = "Family: inflammatory\n- A red plaque.\nGroup: papulosquamous\n- Scale.\nThe answer is psoriasis."
        >>> chain = read_chain(text)
        >>> chain.diagnosis, chain.to_text() == text
        ('psoriasis', True)
    """
    reader = _Reader(where)
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip(_BLANK):
            reader.take(line.strip(), f"{where} line {number}")
    return reader.chain()


class _Reader:
    """What has been read so far."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._levels: list[tuple[str, list[str]]] = []
        self._diagnosis = ""

    def take(self, line: str, here: str) -> None:
        bare = line.strip(_DRESSING)
        if self._diagnosis:
            raise DataError(here, "stands behind the answer", "nothing behind it")
        if found := _FINDING.fullmatch(line):
            if not self._levels:
                raise DataError(here, "is a finding before the first level", f"a line '{FAMILY}: …'")
            self._levels[-1][1].append(found[1])
        elif found := _LEVEL.fullmatch(bare):
            wanted = GROUP if self._levels else FAMILY
            if found[1].title() != wanted:
                raise DataError(here, f"begins with {found[1]!r}", f"{wanted!r}: the family once and first")
            self._levels.append((found[2], []))
        elif found := _ANSWER.fullmatch(bare):
            self._diagnosis = found[1]
        else:
            raise DataError(here, f"is {line[:40]!r}", f"'{FAMILY}: …', '- …', '{GROUP}: …' or '{ANSWER} ….'")

    def chain(self) -> Chain:
        if not self._diagnosis:
            raise DataError(self._where, "has no answer", f"a last line '{ANSWER} ….'")
        levels = tuple({"name": name, "findings": tuple(findings)} for name, findings in self._levels)
        return Chain.from_fields({"levels": levels, "diagnosis": self._diagnosis}, where=self._where)
