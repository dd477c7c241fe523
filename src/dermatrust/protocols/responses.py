"""Who got what right: the answers of many models to the items of one protocol, as a table of 0 and 1."""

import csv
import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dermatrust.errors import DataError
from dermatrust.protocols.result import ProtocolResult
from dermatrust.protocols.run import SCORED
from dermatrust.protocols.table import Floats
from dermatrust.records import iter_lines
from dermatrust.store.result import RESULT, read_result

_EXPECTED = "a run folder of `dermatrust run`, a scored.jsonl, or a CSV of models x items"


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """The answers of models to items.

    Attributes:
        models: Their names.
        items: Ids of the items.
        topics: Level of each item in the tag that was asked for; empty where it has none.
        right: 1 for right, 0 for wrong, NaN for missing, shape (models, items).
        n_partial: Scores between 0 and 1, which are taken for missing: they are neither right nor wrong.
    """

    models: tuple[str, ...]
    items: tuple[str, ...]
    topics: tuple[str, ...]
    right: Floats
    n_partial: int = 0


def read_responses(paths: Sequence[Path], *, tag: str = "", part: str = "") -> Responses:
    """Return the answers that runs and tables hold; an item that a model was not asked is missing.

    Runs of one model on different items, such as the parts of a benchmark, come together.

    Args:
        paths: Run folders, files like `scored.jsonl`, or CSV files with a column "model" and one of 0 and 1 for each
            item; an empty cell is missing.
        tag: The tag of items that is their topic.
        part: Which part of a score says whether it is right, such as "at 0.5" where the score itself is an overlap;
            empty for the score. An item that was not answered is wrong.

    Raises:
        DataError: A file is none of these, two runs are of different protocols, versions, variants or methods, or two
            are of one model and share an item; or no item has the part.
    """
    answers: dict[str, dict[str, float]] = {}
    topics: dict[str, str] = {}
    kinds: dict[tuple[Any, ...], Path] = {}
    for path in paths:
        for model, given in _csv(path) if path.suffix == ".csv" else [_scored(path, tag, part, topics, kinds)]:
            known = answers.setdefault(model, {})
            if shared := known.keys() & given.keys():
                what = f"is a second run of {model!r} with item {min(shared)!r}"
                raise DataError(str(path), what, do="Give each answer of a model once.")
            known.update(given)
    items = tuple(dict.fromkeys(item for given in answers.values() for item in given))
    table = np.array([[given.get(item, math.nan) for item in items] for given in answers.values()], dtype=np.float64)
    is_partial = ~np.isnan(table) & (table != 0) & (table != 1)
    return Responses(
        tuple(answers), items, tuple(topics.get(item, "") for item in items),
        np.where(is_partial, np.nan, table), int(is_partial.sum()),
    )  # fmt: skip


def _scored(
    path: Path, tag: str, part: str, topics: dict[str, str], kinds: dict[tuple[Any, ...], Path]
) -> tuple[str, dict[str, float]]:
    """Return model and answers of one run, having checked that it can be compared with those before."""
    file = path / SCORED if path.is_dir() else path
    if not file.is_file():
        raise DataError(str(path), "there is no such file or run", _EXPECTED)
    model = path.stem if path.stem != Path(SCORED).stem else path.parent.name
    if (file.parent / RESULT).is_file():
        result = read_result(file.parent / RESULT, ProtocolResult)
        model = result.model
        kinds.setdefault((result.protocol, result.version, result.variant, result.method), path)
        if len(kinds) > 1:
            (first, one), (second, other), *_ = kinds.items()
            what = f"is of {_called(second)}, and {one} of {_called(first)}"
            raise DataError(str(other), what, "runs of one protocol, version, variant and method")
    given: dict[str, float] = {}
    for where, line in iter_lines(file):
        row = _row(line, where)
        given[str(row["id"])] = _right(row, part)
        topics.setdefault(str(row["id"]), str(row.get("tags", {}).get(tag, "")))
    if part and given and all(map(math.isnan, given.values())):
        raise DataError(str(file), f"has no item with the part {part!r}", "one that scored.jsonl names under parts")
    return model, given


def _right(row: dict[str, Any], part: str) -> float:
    """Return a line's score, or a part of it; NaN where that is missing."""
    value = row.get("value")
    if part and value is not None:
        value = row.get("parts", {}).get(part, None if row.get("answered", True) else 0.0)
    return math.nan if value is None else float(value)


def _row(line: bytes, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(where, f"is not valid JSON ({error})", _EXPECTED) from None
    if not isinstance(row, dict) or "id" not in row or not isinstance(row.get("value"), int | float | None):
        raise DataError(where, "is no scored item", '{"id", "value", …}, as `dermatrust run` writes them')
    return row


def _called(kind: tuple[Any, ...]) -> str:
    protocol, version, *how = kind
    return " ".join([f"{protocol} {version}", *(f"({one})" for one in how if one)])


def _csv(path: Path) -> Iterable[tuple[str, dict[str, float]]]:
    """Yield each model of a table with its answers."""
    if not path.is_file():
        raise DataError(str(path), "there is no such file", _EXPECTED)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if not reader.fieldnames or "model" not in reader.fieldnames:
            raise DataError(str(path), "has no column 'model'", _EXPECTED)
        if twice := [name for name, n in Counter(reader.fieldnames).items() if n > 1]:
            raise DataError(str(path), f"has the column {twice[0]!r} twice", "one for each item")
        for number, row in enumerate(reader, 2):
            where = f"{path} line {number}"
            if None in row or None in row.values():
                raise DataError(where, "has more or fewer cells than the header")
            yield row["model"], {item: _cell(text, where, item) for item, text in row.items() if item != "model"}


def _cell(text: str, where: str, item: str) -> float:
    if not text.strip():
        return math.nan
    if text.strip() not in ("0", "1"):
        raise DataError(where, f"item {item!r} is {text!r}", "0, 1 or nothing")
    return float(text)
