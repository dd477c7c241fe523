"""The authors' recorded outputs of ClinBench-HPB's cases: pickles of diagnoses, of verdicts on them, and of the truth.

Reference: Li et al. (2025), https://arxiv.org/abs/2506.00095; https://github.com/Lycus99/ClinBench-HPB.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Played
from dermatrust.protocols.languages import is_chinese
from dermatrust.protocols.read_pickled import read_pickled
from dermatrust.protocols.scorers.inclusion import included


def read_judged(
    path: Path, items: Iterable[Item], *, read: Callable[[str], str | None] = included
) -> Iterator[tuple[Item, Played | None]]:
    """Yield the judged diagnoses of a released pickle, of before the check (3 lists) or after it (5), which mends them.

    The file does not tell which patients they are of.

    Args:
        path: The pickle.
        items: Not looked at.
        read: How a verdict is read.

    Raises:
        DataError: The file is no such pickle.
    """
    content = read_pickled(path, 3, 5)
    replies, (sizes, judged), truths = content if len(content) == 3 else (content[0], content[1:3], content[3])
    if not len(replies) == len(sizes) == len(truths) or sum(sizes) != len(judged):
        raise DataError(str(path), f"holds {len(judged)} verdicts on {sum(sizes)} diseases of {len(truths)} diagnoses")
    start = 0
    for number, (reply, size, truth) in enumerate(zip(replies, sizes, truths, strict=True), 1):
        diseases = [one.strip() for one in str(truth[0]).split("\n")]
        said = [read(str(text)) for text in judged[start : start + size]]
        start += size
        verdicts = {f"includes {name}": one for name, one in zip(diseases, said, strict=False)}
        language = "zh" if is_chinese(str(truth[0])) else "en"
        item = Item(id=str(number), question="(not recorded)", target=diseases, tags={"language": language})
        yield item, Played(reply=str(reply or ""), verdicts=verdicts)
