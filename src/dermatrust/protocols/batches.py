"""Several questions in one prompt: rows in batches, and a reply taken apart into its answers.

Every question stays an item of its own. Those of one batch ask word for word the same, so that the engine asks once.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from dermatrust.protocols.item import Row

Read = Callable[[Path], Iterator[tuple[str, Row]]]
"""How a protocol's files are read."""
QUESTIONS = "questions"
"""The field of a batch that has its rows."""


def in_batches(
    read: Callable[[Path], Iterator[tuple[str, Row]]], size: int
) -> Callable[[Path], Iterator[tuple[str, Row]]]:
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
