"""Recorded outputs in this package's own form: one played item a line, as `scored.jsonl` of a run has them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Played
from dermatrust.records import iter_placed_lines
from dermatrust.records.jsonl import LONGEST_LINE

_PLAYED = TypeAdapter(Played)
_FIELDS = tuple(field.name for field in fields(Played))
_EXPECTED = 'one object a line: {"id": the item\'s, "reply": what the model said}'


def read_recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield every item with what was recorded for it; None where nothing was.

    Lines are `{"id", "reply"}`, with "turns", "draws", "verdicts", "ending" and "numbers" where a protocol needs them;
    other fields are passed over. They may come in any order. Memory grows by the place of a line, not by its length.

    Raises:
        DataError: The file is missing or empty, a line is no such record, two lines are of one item, or none is of any.
    """
    places: dict[str, tuple[int, int, str]] = {}
    for where, offset, line in iter_placed_lines(path):
        key = _id_of(line, where)
        if key in places:
            raise DataError(where, f"is a second record of item {key!r}", "one a file", "Keep one of the two.")
        places[key] = offset, len(line), where
    if not places:
        raise DataError(str(path), "holds no record", _EXPECTED)
    n_found, asked = 0, ""
    with path.open("rb") as file:
        for item in items:
            asked = asked or item.id
            place = places.get(item.id)
            if place is None:
                yield item, None
                continue
            n_found += 1
            offset, length, where = place
            file.seek(offset)
            yield item, _played(json.loads(file.read(length)), where)
    if not n_found:
        n, first = len(places), next(iter(places))
        what = f"has {n} record{'s' if n > 1 else ''}, as of {first!r}, and none of an item of the data"
        do = "Are these the data that were asked? What was recorded by rotate or shuffle needs the same --method."
        raise DataError(str(path), what, f"ids such as {asked!r}" if asked else "", do)


def is_own_record(path: Path) -> bool:
    """Return whether a file begins like a `scored.jsonl`: its first line has "id" and "reply".

    Authors' files may be anything: a whole list on one line, or no text at all.

    Raises:
        DataError: There is no such file.
    """
    if not path.is_file():
        raise DataError(str(path), "there is no such file")
    with path.open("rb") as file:
        line = next((line for line in iter(lambda: file.readline(LONGEST_LINE + 1), b"") if line.strip()), b"")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and {"id", "reply"} <= set(row)


def played_fields(played: Played) -> dict[str, Any]:
    """Return the fields of a line that `read_recorded` reads back as the same; empty ones are left out.

    Example:
        >>> played_fields(Played(reply="Answer: B"))
        {'reply': 'Answer: B'}
    """
    dumped: dict[str, Any] = _PLAYED.dump_python(played, mode="json")
    return {name: value for name, value in dumped.items() if value or name == "reply"}


def _id_of(line: bytes, where: str) -> str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(where, f"is not valid JSON ({error})", _EXPECTED) from None
    if not isinstance(row, dict) or "id" not in row or not isinstance(row.get("reply"), str | None):
        raise DataError(where, "is not a recorded output", _EXPECTED)
    return str(row["id"])


def played_of(fields: dict[str, Any], *, where: str) -> Played:
    """Return what `played_fields` took apart.

    Raises:
        DataError: It holds no reply.
    """
    played = _played(fields, where)
    if played is None:
        raise DataError(where, "holds no reply", _EXPECTED)
    return played


def _played(row: dict[str, Any], where: str) -> Played | None:
    if row.get("reply") is None:  # an ask that failed: missing, as it was in the run that recorded it
        return None
    known = {name: row[name] for name in _FIELDS if name in row}
    try:
        return _PLAYED.validate_python(known)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        at = ".".join(map(str, first["loc"]))
        raise DataError(where, f"{at or 'the record'}: {first['msg']}", _EXPECTED) from None
