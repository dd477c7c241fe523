"""The authors' files of SEED-Bench-2: the questions with a table of types, and recorded letters, one a line.

Reference: Li et al. (2023), https://arxiv.org/abs/2311.17092; https://github.com/AILab-CVC/SEED-Bench.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Played, Row
from dermatrust.protocols.read_rows import read_json, read_rows
from dermatrust.protocols.recorded_rows import first_of_each, matched
from dermatrust.records import iter_lines

DIMENSIONS = (
    "scene understanding", "instance identity", "instance attribute", "instance location", "instance counting",
    "spatial relation", "instance interaction", "visual reasoning", "text recognition", "celebrity recognition",
    "landmark recognition", "chart understanding", "visual referring expression", "science knowledge",
    "emotion recognition", "visual mathematics", "difference spotting", "meme comprehension",
    "global video understanding", "action recognition", "action prediction", "procedure understanding",
    "in-context captioning", "interleaved image-text analysis", "text-to-image generation", "next image prediction",
    "text-image creation",
)  # fmt: skip
"""By question_type_id, from 1 on: the number before the underscore of a question's id."""
_EXPECTED = '{"question_id": ..., "prediction": a letter, "gt_answer": a letter} a line'


def read_questions(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield the rows of the question file, which holds them under "questions" beside a table of types, or of lines.

    Raises:
        DataError: The file holds no such list.
    """
    if path.suffix.lower() == ".jsonl":
        yield from read_rows(path)
        return
    found = read_json(path)
    if not isinstance(found, dict) or not isinstance(found.get("questions"), list):
        raise DataError(str(path), 'has no list "questions"', "the published question file, or its rows as .jsonl")
    yield from ((f"{path} question {number}", row) for number, row in enumerate(found["questions"], 1))


def read_letters(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield recorded letters, one object a line with or without a comma after it.

    Without data every line counts, repeats too, and brings its right answer; with data the first of an id does.

    Args:
        path: The authors' file.
        items: Of the data; none where no data were given.

    Raises:
        DataError: A line is no recorded letter, or brings no right answer where no data were given.
    """

    def bare(row: Row) -> Item:
        name = str(row["question_id"])
        if "gt_answer" not in row:
            raise DataError(name, "brings no right answer", do="Give the questions with --data.")
        return Item(id=name, question="", target=row["gt_answer"], tags=tags_of(name))

    items = iter(items)
    first = next(items, None)
    if first is None:
        yield from ((bare(line), _said(line)) for _, line in _lines(path))
        return
    kept = first_of_each(_lines(path), lambda line: str(line["question_id"]))
    yield from matched(chain([first], items), kept, bare, _said)


def _lines(path: Path) -> Iterator[tuple[str, Row]]:
    for where, line in iter_lines(path):
        try:
            row = json.loads(line.rstrip(b", \r\n"))
        except ValueError as error:
            raise DataError(where, f"is not valid JSON ({error})", _EXPECTED) from None
        if not isinstance(row, dict) or not {"question_id", "prediction"} <= set(row):
            raise DataError(where, "is not a recorded letter", _EXPECTED)
        yield where, row


def _said(row: Row) -> Played:
    return Played(reply=str(row["prediction"]))


def tags_of(name: str) -> dict[str, str]:
    """Return the dimension that a question's type, or the beginning of its id, stands for; nothing for others.

    Example:
        >>> tags_of("3_17"), tags_of("x")
        ({'dimension': '03 instance attribute'}, {})
    """
    number = name.partition("_")[0]
    is_known = number.isdigit() and 1 <= int(number) <= len(DIMENSIONS)
    return {"dimension": f"{int(number):02} {DIMENSIONS[int(number) - 1]}"} if is_known else {}
