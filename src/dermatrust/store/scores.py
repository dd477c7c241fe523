"""`scores.parquet`: one row per narrative x rater x dimension, written and read in row groups."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from arro3.core import Array, DataType, Field, RecordBatch, RecordBatchReader, Schema
from arro3.io import read_parquet, write_parquet
from numpy.typing import NDArray

from dermatrust.errors import DataError
from dermatrust.records import ScoreRow
from dermatrust.store.atomic import replacing

FORMAT = "scores/3"
_FORMAT_KEY = "dermatrust"
_ROWS_PER_GROUP = 16_384
_MAGIC = b"PAR1"

Texts: TypeAlias = NDArray[np.object_]
Numbers: TypeAlias = NDArray[np.float64]

_FIELDS = [
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
]
_SCHEMA = Schema(_FIELDS, metadata={_FORMAT_KEY: FORMAT})


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
    source = _Source(rows)
    with replacing(path) as file:
        try:
            reader = RecordBatchReader.from_batches(_SCHEMA, source.batches())
            write_parquet(
                reader,
                file,
                compression="zstd(3)",
                max_row_group_size=_ROWS_PER_GROUP,
                key_value_metadata={_FORMAT_KEY: FORMAT},
            )
        except Exception as error:
            if source.failure is not None:
                raise source.failure from None
            raise DataError(str(path), f"cannot be written ({error})") from error
    return source.n_rows


class _Source:
    """Rows as record batches; remembers why they stopped, since Arrow passes on only the message."""

    def __init__(self, rows: Iterable[ScoreRow]) -> None:
        self._rows = iter(rows)
        self.failure: BaseException | None = None
        self.n_rows = 0

    def batches(self) -> Iterator[RecordBatch]:
        try:
            while group := list(islice(self._rows, _ROWS_PER_GROUP)):
                for row in group:
                    _check(row)
                self.n_rows += len(group)
                yield RecordBatch.from_arrays([_array(group, field) for field in _FIELDS], schema=_SCHEMA)
        except BaseException as error:
            self.failure = error
            raise


def _check(row: ScoreRow) -> None:
    if (row.score is None) == (row.unscored is None):
        raise ValueError(f"{row} needs a score or the reason why it has none, and not both")


def _array(group: list[ScoreRow], field: Field) -> Array:
    return Array([*map(attrgetter(field.name), group)], field.type)


def read_scores(path: Path) -> ScoreColumns:
    """Return all rows of the file, as columns.

    Equal texts share one object, so that a row costs its numbers and not its names.

    Raises:
        DataError: There is no such file, it is damaged, or it is not a scores file of this version.
    """
    _check_ends(path)
    columns: dict[str, list[NDArray[Any]]] = {field.name: [] for field in _FIELDS}
    texts: dict[str | None, str | None] = {}
    try:
        reader = read_parquet(path, batch_size=_ROWS_PER_GROUP)
        _check_schema(reader.schema, path)
        for batch in reader:
            for name, parts in columns.items():
                parts.append(_column(name, batch[name].to_pylist(), texts))
    except (DataError, KeyboardInterrupt):
        raise
    except BaseException as error:  # arro3 reports some damage by a Rust panic, which is not an Exception
        raise DataError(str(path), f"is damaged ({error})", do="Make it again from the reply store.") from None
    # Each column's parts are let go of before the next is put together, or the whole would be held twice.
    return ScoreColumns(
        **{name: np.concatenate([_column(name, [], texts), *columns.pop(name)]) for name in list(columns)}
    )


_NUMBER_TYPES: dict[str, Any] = {
    "fitzpatrick": np.float64, "score": np.float64, "spread": np.float64,
    "n_draws": np.int64, "refused": np.bool_, "empty": np.bool_, "injection_suspected": np.bool_,
}  # fmt: skip


def _column(name: str, values: Any, texts: dict[str | None, str | None]) -> NDArray[Any]:
    if name in _NUMBER_TYPES:
        return np.array(values, dtype=_NUMBER_TYPES[name])
    column = np.empty(len(values), dtype=object)
    column[:] = list(map(texts.setdefault, values, values))
    return column


def _check_ends(path: Path) -> None:
    """Refuse early what is plainly not a whole Parquet file."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - len(_MAGIC)))
            end = file.read()
    except FileNotFoundError:
        raise DataError(str(path), "there is no such file") from None
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror})") from None
    if start != _MAGIC or end != _MAGIC or size < 3 * len(_MAGIC):
        what = "is cut off" if start == _MAGIC else "is not a Parquet file"
        raise DataError(str(path), what, "a scores file", "Make it again from the reply store.")


def _check_schema(schema: Schema, path: Path) -> None:
    found = schema.metadata_str.get(_FORMAT_KEY)
    if found != FORMAT:
        raise DataError(str(path), f"has format {found!r}", f"{FORMAT!r}", "Make it again with this version.")
    lacking = [field.name for field in _FIELDS if field.name not in schema.names]
    if lacking:
        raise DataError(str(path), f"has no column {lacking[0]!r}", do="Make it again from the reply store.")
