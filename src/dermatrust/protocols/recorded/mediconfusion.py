"""The authors' recorded outputs of MediConfusion: of each pair's images the whole answer and a score of each option.

Reference: Sepehri et al. (2024), https://arxiv.org/abs/2409.15477; https://github.com/MShahabSepehri/MediConfusion.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Played
from dermatrust.protocols.read_rows import read_rows

_SCORES = '{"answer": {"im1": {"A": a score, "B": a score, "full_answer": a text}, "im2": ...}} by the pair\'s id'


def read_results(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Read the authors' results of any mode; items are told by their group and the number at the end of their id.

    Raises:
        DataError: A row is no result.
    """
    known = {str(row["id"]): (where, row) for where, row in read_rows(path)}
    for item in items:
        where, row = known.get(item.group, ("", None))
        if row is None:
            yield item, None
            continue
        try:
            yield item, _played(row["answer"][f"im{item.id.rpartition('/')[2]}"])
        except (KeyError, TypeError, ValueError):
            raise DataError(where, f"is no result of pair {item.group}", _SCORES) from None


def _played(answer: Mapping[str, Any]) -> Played:
    """Return a recorded answer; scores of 0 and 0 beside a judge's reason are what a silent judge was stored as."""
    a, b = int(answer["A"]), int(answer["B"])
    verdict = None if "gpt_reason" in answer and a == b == 0 else f"A: {a}, B: {b}"
    return Played(reply=str(answer["full_answer"] or ""), verdicts={"closeness": verdict})
