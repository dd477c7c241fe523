"""Graded replies to HealthBench: as the authors' script has them, or as m42-health recorded them.

Reference: https://github.com/openai/simple-evals; https://huggingface.co/datasets/m42-health/healthbench.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Played, Row
from dermatrust.protocols.read_rows import read_json, read_rows
from dermatrust.protocols.recorded_rows import ItemsOf
from dermatrust.protocols.scorers.rubric import MET, UNMET


def recorded_grades(path: Path, items: Iterable[Item], items_of: ItemsOf) -> Iterator[tuple[Item, Played | None]]:
    """Yield graded replies: as the authors' script has them ("rubric_items"), or m42-health's ("responses").

    The script's one file of all results will do, as will its "example_level_metadata" alone. Rows bring their items.

    Raises:
        DataError: A row holds no graded criteria.
    """
    for where, row in _rows(path):
        graded = _graded(row, where)
        (item,) = items_of({"rubrics": graded, **row}, where=where)
        said = row.get("prompt_response") or row.get("completion")
        met = [one.get("criteria_met", (one.get("response_dict") or {}).get("criteria_met")) for one in graded]
        verdicts = {str(k): _verdict(is_met) for k, is_met in enumerate(met, 1)}
        yield item, Played(reply=said[-1]["content"] if said else "(not recorded)", verdicts=verdicts)


def _rows(path: Path) -> Iterator[tuple[str, Row]]:
    try:
        content = read_json(path) if path.suffix.lower() == ".json" else None
    except DataError:  # JSON Lines after all, or what is wrong with it is told below
        content = None
    metadata = content.get("metadata") if isinstance(content, dict) else None
    if not isinstance(metadata, dict) or "example_level_metadata" not in metadata:
        yield from read_rows(path)
        return
    for number, row in enumerate(metadata["example_level_metadata"], 1):
        yield f"{path} example {number}", row


def _verdict(is_met: object) -> str | None:
    said = str(is_met).strip().lower()
    return said if said in (MET, UNMET) else None


def _graded(row: Row, where: str) -> list[dict[str, Any]]:
    """Return the criteria with their grades; the list may be stored as Python writes it."""
    found = row.get("responses", row.get("rubric_items"))
    try:
        found = ast.literal_eval(found) if isinstance(found, str) else found
    except (ValueError, SyntaxError):
        found = None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise DataError(where, "holds no graded criteria", 'a list under "responses" or "rubric_items"')
    return found
