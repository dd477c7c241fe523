"""Rows of other benchmarks, which an index names by split and number.

Reference: ADRD-Bench (2026), https://arxiv.org/abs/2602.11460, whose unified part is such an index.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dermatrust.errors import DataError
from dermatrust.protocols.item import Row
from dermatrust.protocols.read_rows import read_json, read_rows

SUFFIXES = (".jsonl", ".json", ".csv", ".parquet")


class Place(NamedTuple):
    """Where a row of the index is."""

    benchmark: str
    split: str
    number: int


def places(path: Path) -> list[Place]:
    """Return every place of the index, in its order.

    Raises:
        DataError: The file is not the index.
    """
    found = read_json(path)
    try:
        listed = [
            Place(one["Benchmark Name"], split, int(number))
            for one in found["data"]
            for split, part in one["Dataset"].items()
            for number in part["Indices"]
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(str(path), f"is not the index ({error!r})", "ADRD_Unified.json") from None
    return listed


def read_indexed(path: Path, *, first: int = 0) -> Iterator[tuple[str, Row]]:
    """Yield the rows that an index names: benchmark, split and number with the `row` itself.

    Args:
        path: The index; the rows lie in folders beside it, {benchmark}/{split}.jsonl or another of `SUFFIXES`.
        first: The number of a file's first row.

    Raises:
        DataError: The file is not the index, or a row it names is not there.
    """
    wanted: dict[tuple[str, str], list[int]] = {}
    for place in places(path):
        wanted.setdefault(place[:2], []).append(place.number)
    for (benchmark, split), numbers in wanted.items():
        yield from _rows_of(path.parent / benchmark, split, numbers, first)


def _rows_of(folder: Path, split: str, numbers: list[int], first: int) -> Iterator[tuple[str, Row]]:
    file = next((folder / f"{split}{one}" for one in SUFFIXES if (folder / f"{split}{one}").is_file()), None)
    if file is None:
        names = " or ".join(f"{split}{one}" for one in SUFFIXES)
        raise DataError(str(folder), f"does not hold the rows of {split}", names)
    left = set(numbers)
    for number, (where, row) in enumerate(read_rows(file), first):
        if number in left:
            left.discard(number)
            yield where, {"benchmark": folder.name, "split": split, "number": number, "row": row}
    if left:
        do = "Keep the benchmark's own order."
        raise DataError(str(file), f"has no row {min(left)}, which the index names", do=do)
