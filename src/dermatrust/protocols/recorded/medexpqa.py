"""The data of MedExpQA, a list for each language or one of all, and the authors' predictions in their order.

Reference: Alonso et al. (2024), https://arxiv.org/abs/2404.05590; https://huggingface.co/datasets/HiTZ/MedExpQA.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Played, Row
from dermatrust.protocols.read_rows import read_json, read_rows

_FIELDS = {"question", "prediction", "gold_answer"}
_EXPECTED = 'a list of {"question", "prediction", "gold_answer"} in the order of the data'


def read(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield rows of a list or JSON Lines, or of a JSON file with one list for each language.

    Raises:
        DataError: The file holds no rows.
    """
    found: Any = read_json(path) if path.suffix == ".json" else None
    if not isinstance(found, dict):
        yield from read_rows(path)
        return
    for language, rows in found.items():
        yield from ((f"{path} {language} row {number}", row) for number, row in enumerate(rows, 1))


def read_predictions(
    path: Path, items: Iterable[Item], *, closing: Mapping[str, str]
) -> Iterator[tuple[Item, Played | None]]:
    """Read the authors' predictions: a list of whole texts with the right answer's, in the order of the data.

    Without data, a row brings its own right answer; its language is that of the file's name, else of its question.

    Args:
        path: The file.
        items: Of the data; none where there are no data.
        closing: Language to the words that a prompt in it ends with.

    Raises:
        DataError: The file is no such list, is of other questions than the data, or a row does not say its language.
    """
    rows = read_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.keys() >= _FIELDS for row in rows):
        raise DataError(str(path), "holds no predictions", _EXPECTED)
    known = list(items)
    known = known or [_bare(row, path, number, closing) for number, row in enumerate(rows, 1)]
    for number, (item, row) in enumerate(zip_longest(known, rows[: len(known)]), 1):
        if row is not None and str(row["gold_answer"])[:1] != item.target:
            raise DataError(f"{path} row {number}", f"is of another question than {item.id!r}", _EXPECTED)
        yield item, None if row is None else Played(reply=str(row["prediction"]))


def _bare(row: Row, path: Path, number: int, closing: Mapping[str, str]) -> Item:
    named = re.findall(rf"(?<![a-z])({'|'.join(closing)})(?![a-z])", path.name)
    found = named or [one for one, words in closing.items() if words.strip() in str(row["question"])]
    if not found:
        raise DataError(f"{path} row {number}", "does not say its language", ", ".join(closing), "Give --data.")
    language, gold = found[0], str(row["gold_answer"])
    return Item(
        id=f"{language}/{number}", question=str(row["question"]), target=gold[:1], options={gold[:1]: gold[1:]},
        tags={"language": language},
    )  # fmt: skip
