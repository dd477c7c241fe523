"""`scores.parquet`: one row per narrative x rater x dimension, written and read in row groups."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from arro3.core import DataType, Field
from numpy.typing import NDArray

from dermatrust.records import ScoreRow
from dermatrust.store.columns import Numbers, TableFormat, Texts, read_columns, write_rows

FORMAT = "scores/3"
_SCORES = TableFormat(
    FORMAT,
    "a scores file",
    (
        Field("case_id", DataType.string(), nullable=False),
        Field("patient_id", DataType.string()),
        Field("category", DataType.string()),
        Field("fitzpatrick", DataType.int8()),
        Field("site", DataType.string()),
        Field("narrative_id", DataType.string()),
        Field("author", DataType.string(), nullable=False),
        Field("refused", DataType.bool(), nullable=False),
        Field("empty", DataType.bool(), nullable=False),
        Field("rater", DataType.string(), nullable=False),
        Field("dimension", DataType.string(), nullable=False),
        Field("score", DataType.float64()),
        Field("spread", DataType.float64()),
        Field("n_draws", DataType.int32(), nullable=False),
        Field("unscored", DataType.string()),
        Field("reference", DataType.string()),
        Field("injection_suspected", DataType.bool(), nullable=False),
        Field("unfamiliar_text", DataType.bool(), nullable=False),
        Field("writing_in_image", DataType.bool(), nullable=False),
    ),
    later=("unfamiliar_text", "writing_in_image"),
)


@dataclass(frozen=True, slots=True, eq=False)
class ScoreColumns:
    """The rows of `scores.parquet` as one array per field of `ScoreRow`, all of the same length.

    Text columns hold str, or None where missing; number columns hold NaN where missing.
    """

    case_id: Texts
    patient_id: Texts
    category: Texts
    fitzpatrick: Numbers
    site: Texts
    narrative_id: Texts
    author: Texts
    refused: NDArray[np.bool_]
    empty: NDArray[np.bool_]
    rater: Texts
    dimension: Texts
    score: Numbers
    spread: Numbers
    n_draws: NDArray[np.int64]
    unscored: Texts
    reference: Texts
    injection_suspected: NDArray[np.bool_]
    unfamiliar_text: NDArray[np.bool_]
    writing_in_image: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.case_id)


def join_scores(parts: Sequence[ScoreColumns]) -> ScoreColumns:
    """Return the rows of several score files as one, in the order given."""
    names = [field.name for field in fields(ScoreColumns)]
    return ScoreColumns(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def write_scores(path: Path, rows: Iterable[ScoreRow]) -> int:
    """Replace the file by these rows, whole or not at all, and return how many there were.

    The rows are taken row group by row group, so an iterator of any length will do.

    Raises:
        DataError: The file cannot be written.
        ValueError: A row has both a score and a reason why it has none, or neither.
    """
    return write_rows(path, rows, _SCORES, check=_check)


def _check(row: ScoreRow) -> None:
    if (row.score is None) == (row.unscored is None):
        raise ValueError(f"{row} needs a score or the reason why it has none, and not both")


def read_scores(path: Path) -> ScoreColumns:
    """Return all rows of the file, as columns.

    Equal texts share one object, so that a row costs its numbers and not its names.

    Raises:
        DataError: There is no such file, it is damaged, or it is not a scores file of this version.
    """
    return ScoreColumns(**read_columns(path, _SCORES))
