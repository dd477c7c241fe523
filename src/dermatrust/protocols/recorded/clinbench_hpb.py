"""The authors' recorded outputs of ClinBench-HPB: pickles of replies, right letters and how many each question has.

Reference: Li et al. (2025), https://arxiv.org/abs/2506.00095; https://github.com/Lycus99/ClinBench-HPB.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Played
from dermatrust.protocols.options_in_text import LETTERS
from dermatrust.protocols.read_pickled import read_pickled


def read_replies(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield the replies of a released pickle: replies, right letters, and how many replies each question has.

    It tells neither the questions nor their options, so that any letter may be chosen; `items` are not looked at.

    Raises:
        DataError: The file is no such pickle.
    """
    replies, targets, sizes = read_pickled(path, 3)
    if not len(replies) == len(targets) == sum(sizes):
        found = f"holds {len(replies)} replies to {len(targets)} right answers of questions asked {sum(sizes)} times"
        raise DataError(str(path), found)
    groups = [number for number, size in enumerate(sizes, 1) for _ in range(size)]
    for number, (group, reply, target) in enumerate(zip(groups, replies, targets, strict=True), 1):
        item = Item(id=str(number), question="(not recorded)", target=str(target[0]), group=str(group),
                    options=dict.fromkeys(LETTERS, ""))  # fmt: skip
        said = reply[0] if isinstance(reply, list) else reply  # a reasoning model's answer stands before its thoughts
        yield item, Played(reply=str(said or ""))
