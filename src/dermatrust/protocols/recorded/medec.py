"""Submissions to the MEDIQA-CORR challenge on MEDEC: a text file, "id flag sentence correction" a line.

Reference: Ben Abacha et al. (2024), https://arxiv.org/abs/2412.19260.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from dermatrust.protocols.item import Item, Played
from dermatrust.records import iter_lines

_RECORD = re.compile(r"[a-z0-9\-]+\s[0-9]+\s-?[0-9]+\s.+")


def recorded_lines(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield every note with its line of a submission; a note without one is wrong.

    Lines of another form are passed over, as the authors' script does; of two of one note the later counts.
    """
    lines: dict[str, str] = {}
    for _, line in iter_lines(path):
        text = (line.decode() if isinstance(line, bytes) else line).strip()
        if _RECORD.fullmatch(text):
            name, _, said = " ".join(text.split()).partition(" ")
            lines[name] = said
    for item in items:
        yield item, Played(reply=lines.get(item.id, ""))
