"""The authors' files of Med-HallMark: rows with a model's answer and its gold class, and a judge's words on reports.

Reference: Chen et al. (2024), https://arxiv.org/abs/2406.10185.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from dermatrust.protocols.item import Item, Played, Row
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.recorded_rows import ItemsOf
from dermatrust.protocols.scorers.hallucinations import statements
from dermatrust.protocols.scorers.judge import Read

_CASE = re.compile(
    r"question: ?(.*?)\s*Med-VLM answer: ?(.*?)(?:\s*ground-truth: ?(.*?))?\s*Please judge", re.DOTALL | re.IGNORECASE
)


def texts_of(row: Row) -> tuple[str, str, str, str]:
    """Return question, a model's answer, the right answer and the gold class of a row, told by its fields.

    A text that the row does not have is empty, but for the question and, of a report, the reference.

    Raises:
        KeyError: It has no question, or no reference.
        ValueError: What its judge is asked is not in the release's form.

    Example:
        >>> asked = "question: Is it red? Med-VLM answer: Yes. ground-truth: No. Please judge it."
        >>> texts_of({"conversations": [{"value": asked, "from": "human"}, {"value": "Critical", "from": "gpt"}]})
        ('Is it red?', 'Yes.', 'No.', 'Critical')
    """
    if "conversations" not in row:
        return row.get("prompt") or row["question"], row.get("Med-VLM answer", ""), row["ground-truth"], ""
    (found,) = _CASE.findall(row["conversations"][0]["value"])
    question, answer, truth = found
    gold = next((said["value"] for said in row["conversations"] if said["from"] == "gpt"), "")
    return question, answer, truth, gold


def recorded_classes(path: Path, items_of: ItemsOf, read: Read) -> Iterator[tuple[Item, Played | None]]:
    """Yield the answers of the release with their gold classes; those without a class are missing.

    A judge's words on sentences, {report_id, text} a line, come together by report.

    Args:
        path: A file of the release, or a judge's words.
        items_of: The item of a row of the release.
        read: How a class is read.

    Raises:
        DataError: A row is neither.
    """
    reports: dict[str, dict[str, str | None]] = {}
    for where, row in read_rows(path):
        if {"report_id", "text"} <= set(row):
            verdicts = reports.setdefault(str(row["report_id"]), {})
            verdicts[str(len(verdicts) + 1)] = read(str(row["text"]))
            continue
        (item,) = items_of(row, where=where)
        stated = statements(item.known["answer"], is_report=item.known["is_report"])
        label = read(item.known["gold"])
        yield item, Played(reply=item.known["answer"], verdicts={str(k): label for k, _ in enumerate(stated, 1)})
    for name, verdicts in reports.items():
        yield Item(id=name, question="", target=""), Played(reply="", verdicts=verdicts)
