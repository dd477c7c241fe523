"""The authors' recorded outputs of MedVAL: medval-bench.csv, the rows of the data with the level that a model gave.

Reference: Aali et al. (2025), https://arxiv.org/abs/2507.03152.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Played
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.recorded_rows import ItemsOf, first_of_each, matched


def recorded_grades(path: Path, items: Iterable[Item], items_of: ItemsOf) -> Iterator[tuple[Item, Played | None]]:
    """Yield every item with its "lm_risk_grade"; an empty one is no answer. Without data the rows bring their items.

    Raises:
        DataError: A row has no such field.
    """

    def judged() -> Iterator[tuple[str, tuple[Item, Played]]]:
        for where, row in read_rows(path):
            if "lm_risk_grade" not in row:
                raise DataError(where, 'has no "lm_risk_grade"', "results of the authors' run.py")
            (item,) = items_of(row, where=where)
            yield where, (item, Played(reply=str(row["lm_risk_grade"] or "")))

    known = first_of_each(judged(), lambda record: record[0].id)
    yield from matched(items, known, lambda record: record[0], lambda record: record[1])
