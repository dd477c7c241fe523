"""The authors' files of MedCalc-Bench: solved examples by calculator, and outputs, one row each by its "Row Number".

Reference: Khandekar et al. (2024), https://arxiv.org/abs/2406.12036.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Played, Row
from dermatrust.protocols.read_rows import read_json, read_rows
from dermatrust.protocols.recorded_rows import first_of_each, matched

EXEMPLARS = "one_shot_finalized_explanation.json"


def read_with_exemplars(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield rows with the solved example of their calculator, from the authors' file beside them."""
    beside = path.parent / EXEMPLARS
    solved = read_json(beside)
    for where, row in read_rows(path):
        try:
            one = solved[str(int(row["Calculator ID"]))]
            steps, answer = (one["Response"][name] for name in ("step_by_step_thinking", "answer"))
            note = one["Patient Note"]
        except (KeyError, TypeError, ValueError):
            raise DataError(where, f"its calculator has no solved example in {beside}") from None
        reply = json.dumps({"step_by_step_thinking": steps, "answer": answer}, ensure_ascii=False)
        example = f"Patient note:\n{note}\n\nQuestion:\n{row['Question']}\n\nReply:\n{reply}"
        yield where, {**row, "example": example}


def recorded_answers(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield every item with the extracted "LLM Answer" of its row; one that is the message of an error is none.

    Raises:
        DataError: A row has no "Row Number", or no data were given: the rows hold no limits.
    """

    def item_of(row: Row) -> Item:
        raise DataError(str(path), "holds no limits", "the rows of the data with --data")

    def played_of(row: Row) -> Played:
        answer = str(row["LLM Answer"])
        return Played(reply="" if "<string>" in answer else f'{{"answer": "{answer}"}}')

    yield from matched(
        items, first_of_each(read_rows(path), lambda row: str(int(row["Row Number"]))), item_of, played_of
    )
