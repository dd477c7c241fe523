"""Rows of multiple-choice sets, each with the solved rows that are shown before it; these lie in a file beside."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.protocols.batches import Read
from dermatrust.protocols.choice_rows import choice_item
from dermatrust.protocols.item import Item, Row
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.shots import Choose, pool_of

SHOTS = "shots"
"""The field of a row that has the solved rows, in the order in which they are shown."""


def read_beside(choose: Callable[[Sequence[Item]], Choose], *, protocol: str) -> Read:
    """Return the reader that gives each row the training rows shown before it.

    They are read from the file that has "train" in its name for "test".

    Args:
        choose: From all training rows to the choice for each question.
        protocol: The name of whose rows they are, for what is said where there are none.

    Raises:
        DataError: At reading, there is no such file, or it holds no row.
    """

    def read(path: Path) -> Iterator[tuple[str, Row]]:
        beside = path.with_name(path.name.replace("test", "train"))
        if beside == path or not beside.is_file():
            expected = f"the file {beside}" if beside != path else "a file with test in its name, and one with train"
            do = "Put them there, or use --variant zero-shot."
            raise DataError(str(path), "has no training rows beside it", expected, do)
        rows: dict[str, Row] = {}
        pool = []
        for number, (_, row) in enumerate(read_rows(beside)):
            pool.append(replace(choice_item(row), id=f"train {number}"))
            rows[pool[-1].id] = row
        chosen = choose(pool_of(protocol, pool, "it"))
        for where, row in read_rows(path):
            yield where, {**row, SHOTS: [rows[shot.id] for shot in chosen(choice_item(row))]}

    return read


def with_shots_known(row: Row, template: str) -> Item:
    """Return the item of a row, with the items of its solved rows as what is known of it.

    Example:
        >>> solved = {"question": "Which?", "choices": ["this", "that"], "answer": 0}
        >>> item = with_shots_known({**solved, "question": "And here?", "shots": [solved]}, "{question}")
        >>> item.known["shots"][0].prompt
        'Which?'
    """
    shots = tuple(replace(choice_item(shot), template=template) for shot in row.get(SHOTS, ()))
    return replace(choice_item(row), known={SHOTS: shots})
