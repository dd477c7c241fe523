"""Several questions in one prompt: rows in batches, and a reply taken apart into its answers.

Every question stays an item of its own. Those of one batch ask word for word the same, so that the engine asks once.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from dermatrust.protocols.item import Item, Played, Row, Score, filled, lettered
from dermatrust.protocols.read_recorded import read_recorded
from dermatrust.protocols.scorers.choice import UNANSWERED

Read = Callable[[Path], Iterator[tuple[str, Row]]]
"""How a protocol's files are read."""
QUESTIONS = "questions"
"""The field of a batch that has its rows."""


def in_batches(read: Read, size: int) -> Read:
    """Return the reader of as many rows at once, in order, as {"questions": [row, …]}; the last batch may be smaller.

    A limit on the rows of a run is then one on batches.
    """

    def batches(path: Path) -> Iterator[tuple[str, Row]]:
        rows = read(path)
        while batch := list(islice(rows, size)):
            yield batch[0][0], {QUESTIONS: [row for _, row in batch]}

    return batches


def answers_in(reply: str, marker: str, n: int) -> list[str]:
    r"""Return the answers of a reply in order, each from its marker on; none where there are not `n`.

    An answer is a line with the marker; where those are not as many, what begins with each marker is one.

    Example:
        >>> answers_in("1. Answer: A\n2. Answer: C, not the answer: B", "Answer:", 2)
        ['Answer: A', 'Answer: C, not the answer: B']
        >>> answers_in("['Answer: A', 'Answer: C']", "Answer:", 2), answers_in("Answer: A", "Answer:", 2)
        (["Answer: A', '", "Answer: C']"], [])
    """
    lines = [line[line.index(marker) :] for line in reply.splitlines() if marker in line]
    if len(lines) == n:
        return lines
    parts = re.split(rf"(?={re.escape(marker)})", reply)[1:]
    return parts if len(parts) == n else []


def batched(
    size: int, *, read: Read, to_item: Callable[[Row], Item], score: Callable[[Item, Played], Score], prompt: str,
    shown: str, answer: Callable[[Item], str], marker: str,
) -> dict[str, Any]:  # fmt: skip
    """Return what differs from a protocol where several of its questions are asked in one prompt.

    A reply without as many answers as there are questions answers none of them.

    Args:
        size: How many rows are asked at once.
        read: How the protocol reads its files.
        to_item: A row's item.
        score: What an answer is worth, taken out of the reply.
        prompt: The template of what is asked, with all questions at `{question}`.
        shown: The template of one of them, with `{number}`, `{question}` and `{options}`.
        answer: What a perfect model would say to one of them; it is put on a line.
        marker: What an answer begins with; see `answers_in`.
    """

    def to_batch(row: Row) -> tuple[Item, ...]:
        items = [to_item(one) for one in row[QUESTIONS]]
        texts = [{"question": item.question, "options": lettered(item.options)} for item in items]
        asked = "\n\n".join(filled(shown, {"number": str(number), **one}) for number, one in enumerate(texts, 1))
        golds = [" ".join(answer(item).split()) for item in items]
        return tuple(
            replace(item, question=asked, known={**item.known, "place": place, "batch": golds})
            for place, item in enumerate(items)
        )

    def score_own(item: Item, played: Played) -> Score:
        answers = answers_in(played.reply, marker, len(item.known["batch"]))
        return score(item, Played(reply=answers[item.known["place"]])) if answers else UNANSWERED

    return {
        "prompt": prompt, "read": in_batches(read, size), "to_item": to_batch, "score": score_own,
        "gold_reply": lambda item: "\n".join(item.known["batch"]), "recorded": read_recorded,
        "records_bring_items": False,
    }  # fmt: skip
