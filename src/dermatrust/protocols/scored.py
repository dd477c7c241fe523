"""`scored.jsonl`: every item of a run with what was said and what it was worth, one a line."""

import json
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Played, Score
from dermatrust.protocols.read_recorded import played_fields
from dermatrust.protocols.result import NOT_RECORDED
from dermatrust.protocols.table import ScoreTable
from dermatrust.records import storable
from dermatrust.store.atomic import replacing

_UNFIT = (KeyError, IndexError, ValueError, TypeError, AttributeError)
"""What reading and scoring raise where a file is not of the form that they expect."""


class Scored(NamedTuple):
    """An item, what came of asking it, and what that is worth; both None where an ask failed."""

    item: Item
    played: Played | None
    score: Score | None
    failure: str = ""


def write_scored(path: Path, scored: Iterable[Scored]) -> ScoreTable:
    """Replace the file by these, one a line, and return their table. The file can be replayed."""
    table = ScoreTable()
    with replacing(path) as file:
        for one in scored:
            file.write(json.dumps(_fields(one), ensure_ascii=False).encode() + b"\n")
            table.add(one.item, one.score)
    return table


def tabulate(scored: Iterable[Scored]) -> ScoreTable:
    """Return the table of what was scored, keeping nothing else of it."""
    table = ScoreTable()
    for one in scored:
        table.add(one.item, one.score)
    return table


def score_all(
    score: Callable[[Item, Played], Score], played: Iterable[tuple[Item, Played | None]], *, where: str = "the record"
) -> Iterator[Scored]:
    """Yield what is recorded with its score; asks nobody.

    Raises:
        DataError: What is recorded of an item is nothing that its protocol could have recorded.
    """
    for item, one in _read(iter(played), where):
        try:
            found = None if one is None else score(item, one)
        except _UNFIT as error:
            what = f"what it has of item {item.id!r} cannot be scored ({type(error).__name__}: {error})"
            raise DataError(where, what, "what this protocol records", "Was it recorded by another one?") from error
        yield Scored(item, one, found, "" if one else NOT_RECORDED)


def _read(played: Iterator[tuple[Item, Played | None]], where: str) -> Iterator[tuple[Item, Played | None]]:
    """Pass on what is recorded; a reader that stumbles over a row of another form is the file's fault."""
    while True:
        try:
            one = next(played)
        except StopIteration:
            return
        except _UNFIT as error:
            what = f"holds what is no record of this protocol ({type(error).__name__}: {error})"
            raise DataError(where, what, "the authors' format, or scored.jsonl of a run") from error
        yield one


def _fields(one: Scored) -> dict[str, Any]:
    fields: dict[str, Any] = {"id": one.item.id, "reply": None}
    fields |= played_fields(one.played) if one.played else {}
    if one.score:
        fields |= {"value": _plain(one.score.value), "answered": one.score.answered, "said": storable(one.score.said)}
        fields |= {"parts": {name: _plain(part) for name, part in one.score.parts.items()}} if one.score.parts else {}
    fields["target"] = one.item.target if isinstance(one.item.target, str | int | float) else repr(one.item.target)
    fields |= {"group": one.item.group} if one.item.group else {}
    fields |= {"tags": dict(one.item.tags)} if one.item.tags else {}
    return fields | ({"failure": one.failure} if one.failure else {})


def _plain(number: float) -> float | None:
    """Return a number as JSON has it; it knows no NaN."""
    return None if math.isnan(number) else number
