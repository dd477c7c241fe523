"""Recorded outputs of MEDIC's cross-examination: the code's rows, with document, summary and judged answers.

Reference: Kanithi et al. (2024), https://arxiv.org/abs/2409.07314.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from dermatrust.protocols.item import Item, Played
from dermatrust.protocols.read_recorded import read_recorded
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.recorded_rows import ItemsOf
from dermatrust.protocols.scorers.judge import Read

SUMMARY = "Generated_Summary"
ANSWERS = {
    "document": "Summary_Answers_to_Document_Questions",
    "summary": "Document_Answers_to_Summary_Questions",
}
"""The text that questions are about to the field with the answers to them."""


def read_exactly(reply: str) -> str | None:
    """Return one of the three answers, where the reply is that and nothing else, as the code reads them.

    Example:
        >>> read_exactly("IDK"), read_exactly("Yes.")
        ('idk', None)
    """
    return reply.lower() if reply in ("YES", "NO", "IDK") else None


def recorded_answers(
    path: Path, items: Iterable[Item], items_of: ItemsOf, read: Read
) -> Iterator[tuple[Item, Played | None]]:
    """Yield the rows of the code, which bring document, summary and answers; other files as our own.

    Args:
        path: The code's JSON, told by its fields, or recorded outputs in this package's form.
        items: Of the data; those of the code's rows stand for themselves.
        items_of: The item of a document.
        read: How an answer is read.

    Raises:
        DataError: The file is neither.
    """
    is_theirs = False
    for where, row in () if path.suffix == ".csv" else read_rows(path):
        if SUMMARY not in row:
            break
        is_theirs = True
        (item,) = items_of({"document": row["input"], "id": row.get("id")}, where=where)
        verdicts: dict[str, str | None] = {}
        for name, field in ANSWERS.items():
            answers = row.get(field)
            verdicts[name] = None if answers is None else json.dumps([one["question"] for one in answers])
            for number, one in enumerate(answers or (), 1):
                verdicts[f"{name} gold {number}"] = read(str(one["gold"]))
                verdicts[f"{name} said {number}"] = read(str(one["predicted"]))
        yield item, Played(reply=str(row[SUMMARY] or ""), verdicts=verdicts)
    if not is_theirs:
        yield from read_recorded(path, items)
