"""`answers.parquet`: one row per model x case x arm of a clinical study."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from arro3.core import DataType, Field
from numpy.typing import NDArray

from dermatrust.records import AnswerRow
from dermatrust.store.columns import Numbers, TableFormat, Texts, read_columns, write_rows

FORMAT = "answers/1"
_TEXTS = (
    "case_id", "patient_id", "label", "true_urgency", "skin_group", "sex", "site", "model", "arm", "image_arm", "text",
    "failure", "said", "first", "urgency", "planted",
)  # fmt: skip
_FLAGS = ("cannot_tell", "gives_truth_away")
_ALWAYS = ("case_id", "model", "arm", "image_arm", "text", "said", "n_said", *_FLAGS)


def _field(name: str) -> Field:
    if name in _TEXTS:
        kind = DataType.string()
    elif name in _FLAGS:
        kind = DataType.bool()
    else:
        kind = DataType.int32() if name == "n_said" else DataType.float64()
    return Field(name, kind, nullable=name not in _ALWAYS)


_ANSWERS = TableFormat(FORMAT, "a file of answers", tuple(_field(name) for name in AnswerRow._fields))


@dataclass(frozen=True, slots=True, eq=False)
class AnswerColumns:
    """The rows of `answers.parquet` as one array per field of `AnswerRow`, all of the same length.

    Text columns hold str, or None where missing; number columns hold NaN where missing.
    """

    case_id: Texts
    patient_id: Texts
    label: Texts
    true_urgency: Texts
    skin_group: Texts
    monk: Numbers
    age: Numbers
    sex: Texts
    site: Texts
    model: Texts
    arm: Texts
    image_arm: Texts
    text: Texts
    failure: Texts
    said: Texts
    n_said: NDArray[np.int64]
    first: Texts
    urgency: Texts
    urgent_probability: Numbers
    confidence: Numbers
    cannot_tell: NDArray[np.bool_]
    gives_truth_away: NDArray[np.bool_]
    exact: Numbers
    synonym: Numbers
    family: Numbers
    credit_1: Numbers
    credit_3: Numbers
    credit_5: Numbers
    overlap: Numbers
    weighted_1: Numbers
    weighted_3: Numbers
    weighted_5: Numbers
    planted: Texts
    planted_rank: Numbers

    def __len__(self) -> int:
        return len(self.case_id)


def write_answers(path: Path, rows: Iterable[AnswerRow]) -> int:
    """Replace the file by these rows, whole or not at all, and return how many there were.

    Raises:
        DataError: The file cannot be written.
    """
    return write_rows(path, rows, _ANSWERS)


def read_answers(path: Path) -> AnswerColumns:
    """Return all rows of the file, as columns.

    Raises:
        DataError: There is no such file, it is damaged, or it is not a file of answers of this version.
    """
    return AnswerColumns(**read_columns(path, _ANSWERS))
