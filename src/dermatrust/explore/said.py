"""What models and raters said about one case, found in large files by its place."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pydantic_core

from dermatrust.errors import DataError
from dermatrust.records import Narrative, Rating, Record, iter_placed_lines

R = TypeVar("R", bound=Record)


class Places:
    """Where in a JSONL file the records of a key are; read once, then each record by itself.

    Args:
        path: The file; one that is not there holds nothing.
        field: The field that is the key.
    """

    def __init__(self, path: Path, field: str) -> None:
        self._path = path
        self._places: dict[str, list[tuple[str, int, int]]] = {}
        if path.is_file():
            for where, offset, line in iter_placed_lines(path):
                key = _field(line, field)
                if key is not None:
                    self._places.setdefault(key, []).append((where, offset, len(line)))

    def records(self, key: str, kind: type[R]) -> list[R]:
        """Return the records of a key, in the order of the file.

        Raises:
            DataError: One is damaged.
        """
        found = []
        for where, offset, length in self._places.get(key, []):
            try:
                with self._path.open("rb") as file:
                    file.seek(offset)
                    line = file.read(length)
            except OSError as error:
                raise DataError(where, f"cannot be read ({error.strerror})") from None
            found.append(kind.from_line(line, where=where))
        return found


def _field(line: bytes, field: str) -> str | None:
    """Return a field of a line; nothing of one that is damaged, which `records` is never asked for."""
    try:
        found = pydantic_core.from_json(line)
    except ValueError:
        return None
    value = found.get(field) if isinstance(found, dict) else None
    return value if isinstance(value, str) else None


class Said:
    """Narratives by case, and ratings by narrative."""

    def __init__(self, narratives: Path, ratings: Path) -> None:
        self.is_kept = narratives.is_file() and ratings.is_file()
        self._narratives = Places(narratives, "case_id")
        self._ratings = Places(ratings, "narrative_id")

    def narratives(self, case_id: str) -> dict[str, Narrative]:
        """Return what each model wrote about a case."""
        return {one.author: one for one in self._narratives.records(case_id, Narrative)}

    def ratings(self, narrative_id: str, wanted: Callable[[str], bool] = lambda rater: True) -> tuple[Rating, ...]:
        """Return what was said of a narrative by the raters wanted, each rater and draw once."""
        found = self._ratings.records(narrative_id, Rating)
        return tuple({(one.rater, one.draw): one for one in found if wanted(one.rater)}.values())
