"""The authors' recorded outputs of CMExam: their scripts' tables, with question, options, right answer and reply.

Reference: Liu et al. (2023), https://arxiv.org/abs/2306.03030; https://github.com/williamliujl/CMExam.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from dermatrust.protocols.item import Item, Played
from dermatrust.protocols.read_recorded import read_recorded
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.recorded_rows import ItemsOf

REPLIES = "model_result", "raw_prediction"
"""Columns of recorded replies: of models trained on the set, and of those behind an interface."""
COLUMNS = {"Options": "选项", "Answer": "答案", "Explanation": "答案解析"}
"""What the tables of the former call the columns of the data."""


def read_tables(path: Path, items: Iterable[Item], items_of: ItemsOf) -> Iterator[tuple[Item, Played | None]]:
    """Yield the rows of the scripts' tables, which bring their own questions and answers; other files as our own.

    Args:
        path: A table, told by its columns, or recorded outputs in this package's form.
        items: Of the data; those of a table stand for themselves.
        items_of: The item of a table's row.

    Raises:
        DataError: The file is neither.
    """
    rows = read_rows(path) if path.suffix.lower() == ".csv" else iter(())
    is_theirs = False
    for number, (where, row) in enumerate(rows, 1):
        column = next((one for one in REPLIES if one in row), None)
        if column is None:
            break
        is_theirs = True
        known = {name: row.get(name, row.get(theirs, "")) for name, theirs in COLUMNS.items()}
        (item,) = items_of({**row, **known, "Question": row.get("Question", "")}, where=where)
        yield replace(item, id=f"{number}"), Played(reply=row[column])
    if not is_theirs:
        yield from read_recorded(path, items)
