"""The authors' recorded outputs of MedSG-Bench: one file for each task, a list of replies with the right boxes.

Reference: Yue et al. (2025), https://arxiv.org/abs/2505.11852, whose script writes them.
"""

from collections.abc import Iterator
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Played, Row
from dermatrust.protocols.read_rows import read_json
from dermatrust.protocols.recorded_rows import ItemsOf
from dermatrust.protocols.scorers.boxes import Box

SIDES = "left", "top", "right", "bottom"


def read_boxes(path: Path, items_of: ItemsOf) -> Iterator[tuple[Item, Played | None]]:
    """Yield what the script's files hold, which bring their tasks and boxes; the sums at their end are no record.

    Args:
        path: A file, or a folder of them.
        items_of: The item of a record.

    Raises:
        DataError: A file holds no record.
    """
    for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
        found = read_json(file)
        rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
        rows = [row for row in rows if {"task", "answer", "groundtruth"} <= set(row)]
        if not rows:
            raise DataError(str(file), "holds no record", 'a list of {"task", "question", "answer", "groundtruth"}')
        for number, row in enumerate(rows, 1):
            name = f"{row['task']} {number}"
            (item,) = items_of(
                {"id": name, "task": row["task"], "question": "", "images": (), "answer": row["groundtruth"]},
                where=f"{file} record {number}",
            )
            yield item, Played(reply=str(row["answer"]), numbers=_cut(row))


def _cut(row: Row) -> dict[str, float]:
    """Return the box that was read, in pixels, where the script kept but the first character of the reply."""
    read = row.get("filter_answer") or []
    box = read[0] if read and isinstance(read[0], list) else read
    is_cut = len(str(row["answer"]).strip()) <= 1 and len(box) == len(SIDES) and any(box)
    return dict(zip(SIDES, map(float, box), strict=True)) if is_cut else {}


def read_box(played: Played) -> Box | None:
    """Return the box that the authors' script had read from a reply it did not keep, in pixels; else None.

    Example:
        >>> read_box(Played(reply="(", numbers={"left": 1.0, "top": 2.0, "right": 3.0, "bottom": 4.0}))
        (1.0, 2.0, 3.0, 4.0)
    """
    if not set(SIDES) <= set(played.numbers):
        return None
    left, top, right, bottom = (played.numbers[side] for side in SIDES)
    return left, top, right, bottom
