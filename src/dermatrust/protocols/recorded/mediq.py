"""The authors' recorded outputs of MediQ: results.jsonl, a case a line, with its choices, questions and answers.

Reference: https://github.com/stellalisy/mediQ.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from dermatrust.protocols.interaction.expert import MOST_QUESTIONS
from dermatrust.protocols.item import Item, Played, Row, Turn, user
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.recorded_rows import ItemsOf, first_of_each, matched


def recorded_dialogues(path: Path, items: Iterable[Item], items_of: ItemsOf) -> Iterator[tuple[Item, Played | None]]:
    """Yield every case with its dialogue; without data a line's "info" makes its item.

    Raises:
        DataError: A line has no id, or its "info" is no case.
    """

    def item_of(row: Row) -> Item:
        info = row["info"]
        known = {"question": info["question"], "options": info["options"], "answer_idx": info["correct_answer_idx"]}
        (item,) = items_of({"id": row["id"], "context": info["context"], "facts": [], **known}, where=str(path))
        return item

    yield from matched(items, first_of_each(read_rows(path), lambda row: str(row["id"])), item_of, _played)


def _played(row: Row) -> Played:
    said = row["interactive_system"]
    pairs = zip(said["questions"], said["answers"], strict=False)
    turns = [turn for one, answer in pairs for turn in (Turn("assistant", one), user(f"The patient says: {answer}"))]
    choices = tuple(str(choice or "") for choice in said["intermediate_choices"])
    ending = "question limit" if len(choices) > MOST_QUESTIONS else "answer"
    return Played(reply=str(said["choice"] or ""), turns=tuple(turns), draws=choices, ending=ending)
