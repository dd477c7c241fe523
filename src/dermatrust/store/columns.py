"""Rows as Parquet files of named columns, written and read in row groups."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from arro3.core import (
    Array,
    DataType,
    Field,
    RecordBatch,
    RecordBatchReader,
    Schema,
    dictionary_dictionary,
    dictionary_indices,
)
from arro3.io import read_parquet, write_parquet
from numpy.typing import NDArray

from dermatrust.errors import DataError
from dermatrust.store.atomic import replacing

ROWS_PER_GROUP = 16_384
_FORMAT_KEY = "dermatrust"
_MAGIC = b"PAR1"
_NUMBERED = DataType.dictionary(DataType.int32(), DataType.string())

Texts: TypeAlias = NDArray[np.object_]
Numbers: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TableFormat:
    """The columns of one kind of Parquet file.

    Attributes:
        name: Its format with its version, e.g. "scores/3"; a file of another is refused.
        what: What such a file is called in an error.
        fields: Its columns. Texts are read as objects with None where missing; numbers that may be missing, and all
            floating-point ones, as float64 with NaN where missing; other whole numbers as int64; flags as bool.
        later: Flags that files of earlier versions of dermatrust lack; there they are false.
    """

    name: str
    what: str
    fields: Sequence[Field]
    later: tuple[str, ...] = ()


def write_rows(
    path: Path, rows: Iterable[Any], table: TableFormat, *, check: Callable[[Any], None] = lambda row: None
) -> int:
    """Replace the file by these rows, whole or not at all, and return how many there were.

    The rows are taken row group by row group, so an iterator of any length will do.

    Args:
        path: The file.
        rows: Each with an attribute per column.
        table: The columns.
        check: Raises ValueError for a row that may not be written.

    Raises:
        DataError: The file cannot be written.
    """
    schema = Schema(table.fields, metadata={_FORMAT_KEY: table.name})
    source = _Source(rows, schema, table.fields, check)
    with replacing(path) as file:
        try:
            write_parquet(
                RecordBatchReader.from_batches(schema, source.batches()),
                file,
                compression="zstd(3)",
                max_row_group_size=ROWS_PER_GROUP,
                key_value_metadata={_FORMAT_KEY: table.name},
            )
        except Exception as error:
            if source.failure is not None:
                raise source.failure from None
            raise DataError(str(path), f"cannot be written ({error})") from error
    return source.n_rows


class _Source:
    """Rows as record batches; remembers why they stopped, since Arrow passes on only the message."""

    def __init__(
        self, rows: Iterable[Any], schema: Schema, fields: Sequence[Field], check: Callable[[Any], None]
    ) -> None:
        self._rows = iter(rows)
        self._schema = schema
        self._fields = fields
        self._check = check
        self.failure: BaseException | None = None
        self.n_rows = 0

    def batches(self) -> Iterator[RecordBatch]:
        try:
            while group := list(islice(self._rows, ROWS_PER_GROUP)):
                for row in group:
                    self._check(row)
                self.n_rows += len(group)
                arrays = [Array([*map(attrgetter(field.name), group)], field.type) for field in self._fields]
                yield RecordBatch.from_arrays(arrays, schema=self._schema)
        except BaseException as error:
            self.failure = error
            raise


def read_columns(path: Path, table: TableFormat) -> dict[str, NDArray[Any]]:
    """Return all rows of the file, as one array per column; see `TableFormat.fields` for their types.

    Equal texts share one object, so that a row costs its numbers and not its names.

    Raises:
        DataError: There is no such file, it is damaged, or it is not of this format.
    """
    _check_ends(path, table)
    kinds = {field.name: _kind(field) for field in table.fields}
    columns: dict[str, list[NDArray[Any]]] = {name: [] for name in kinds}
    texts: dict[str, str] = {}
    try:
        reader = read_parquet(path, batch_size=ROWS_PER_GROUP)
        _check_schema(reader.schema, path, table)
        known = set(reader.schema.names)
        for batch in reader:
            for name, parts in columns.items():
                parts.append(
                    _column(kinds[name], batch[name], texts) if name in known else np.zeros(batch.num_rows, bool)
                )
    except (DataError, KeyboardInterrupt):
        raise
    except BaseException as error:  # arro3 reports some damage by a Rust panic, which is not an Exception
        raise DataError(str(path), f"is damaged ({error})", do="Make it again from the reply store.") from None
    # Each column's parts are let go of before the next is put together, or the whole would be held twice.
    return {name: np.concatenate([np.empty(0, kinds[name]), *columns.pop(name)]) for name in list(columns)}


def _kind(field: Field) -> Any:
    if field.type == DataType.string():
        return np.object_
    if field.type == DataType.bool() and not field.nullable:
        return np.bool_
    is_whole = field.type in (DataType.int8(), DataType.int32(), DataType.int64()) and not field.nullable
    return np.int64 if is_whole else np.float64


def _column(kind: Any, values: Array, texts: dict[str, str]) -> NDArray[Any]:
    if kind is np.object_:
        return _text_column(values, texts)
    if kind is np.float64 and values.null_count == len(values):
        return np.full(len(values), np.nan)
    return np.array(values.to_pylist() if values.null_count else values.to_numpy(), dtype=kind)


def _text_column(values: Array, texts: dict[str, str]) -> Texts:
    """Return the texts, of which only the distinct ones are made: a run has many rows and few names."""
    numbered = values.cast(_NUMBERED)
    distinct = [texts.setdefault(text, text) for text in dictionary_dictionary(numbered).to_pylist()]
    places = dictionary_indices(numbered)
    known = places.to_numpy() if not places.null_count else [-1 if k is None else k for k in places.to_pylist()]
    column: Texts = np.array([*distinct, None], dtype=object)[known]
    return column


def _check_ends(path: Path, table: TableFormat) -> None:
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
        raise DataError(str(path), what, table.what, "Make it again from the reply store.")


def _check_schema(schema: Schema, path: Path, table: TableFormat) -> None:
    found = schema.metadata_str.get(_FORMAT_KEY)
    if found != table.name:
        raise DataError(str(path), f"has format {found!r}", f"{table.name!r}", "Make it again with this version.")
    lacking = [field.name for field in table.fields if field.name not in (*schema.names, *table.later)]
    if lacking:
        raise DataError(str(path), f"has no column {lacking[0]!r}", do="Make it again from the reply store.")
