"""The authors' recorded outputs of OpenMedLM: tables of questions, prompts and replies, a row for each draw.

Reference: Maharjan et al. (2024), https://arxiv.org/abs/2402.19371.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.protocols.choice_rows import YES_NO_MAYBE
from dermatrust.protocols.item import Item, Played, Row
from dermatrust.protocols.read_rows import read_rows

_LETTERED = re.compile(r"(?<!\w)\(?([A-J])[).:]")


def read_tables(
    path: Path, items: Iterable[Item], *, agree: Callable[[Item, Sequence[Played]], Played]
) -> Iterator[tuple[Item, Played | None]]:
    """Read a table of the authors: question, options or context, prompt, correct_answer, model_output.

    It brings its own items: one for all rows of a question.

    Args:
        path: The table.
        items: Not looked at.
        agree: From several plays of an item to the one that counts.

    Raises:
        DataError: The file is no such table.
    """
    asked: dict[tuple[str, ...], tuple[Item, list[Played]]] = {}
    for where, row in read_rows(path):
        if not {"correct_answer", "model_output"} <= set(row):
            raise DataError(where, "has no correct_answer and model_output", "a table of the authors")
        key = tuple(str(row.get(name) or "") for name in ("question", "options", "context", "correct_answer"))
        item, plays = asked.setdefault(key, (_item(row, str(len(asked) + 1)), []))
        output, prompt = str(row["model_output"] or ""), str(row.get("prompt") or "")
        plays.append(Played(reply=output.partition(prompt)[2] if prompt and prompt in output else output))
    for item, plays in asked.values():
        yield item, plays[0] if len(plays) == 1 else agree(item, plays)


def _item(row: Row, name: str) -> Item:
    """Return the item of a recorded row; its options are told by their letters, whatever form they have."""
    answer, listed = str(row["correct_answer"]).strip().strip("()."), str(row.get("options") or "")
    if answer.lower() in YES_NO_MAYBE.values():
        options = dict(YES_NO_MAYBE)
        answer = next(letter for letter, text in options.items() if text == answer.lower())
    else:
        answer = answer.upper()
        options = dict.fromkeys(sorted({*(_LETTERED.findall(listed) or "ABCDE"), answer}), "")
    return Item(id=name, question=str(row.get("question", "")), options=options, target=answer)
