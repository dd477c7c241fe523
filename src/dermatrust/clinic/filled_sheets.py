"""The sheets of a blinded sample, as people filled them in, and the key that says whose answers they are about."""

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dermatrust.clinic.adjudication import COLUMNS as ADJUDICATED
from dermatrust.clinic.adjudication_result import COMPARED
from dermatrust.clinic.human_files import KEY, SHEET, listed_names
from dermatrust.datasets.own_tables import Row, csv_fields, csv_separator
from dermatrust.errors import DataError
from dermatrust.store.columns import Numbers

ITEM, LIST, MARKED = SHEET[0], SHEET[2], SHEET[3]
_BETWEEN = re.compile(r"\s*[,;/+&]\s*|\s+(?:and|und)\s+|\s+", re.IGNORECASE)
_NONE = frozenset({"0", "none", "no", "keine", "-", "–"})
_NUMBER = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class KeyItem:
    """One answer of a sample, as the key has it.

    Attributes:
        item: Its opaque name.
        case: The opaque name of its case.
        about: Case, model, context arm and image arm of the study.
        names: Its diagnoses as people see them.
        ranks: The 1-based rank of each of them.
        decided: Rung to the rank at which it names the truth, 0 for nowhere; NaN where the rung cannot be decided.
        weight: How many answers of the study it stands for.
    """

    item: str
    case: str
    about: tuple[str, ...]
    names: tuple[str, ...]
    ranks: tuple[int, ...]
    decided: dict[str, float]
    weight: float


def read_key(path: Path) -> tuple[KeyItem, ...]:
    """Return the items of a sample's key, in its order.

    Raises:
        DataError: There is no such file, it is not a key as `dermatrust clinic sample` wrote it, or it is empty.
    """
    items = tuple(_key_item(row, where) for where, row in _rows(path, KEY))
    if not items:
        raise DataError(str(path), "holds no answer")
    return items


def _key_item(row: Row, where: str) -> KeyItem:
    try:
        names, ranks = json.loads(row["said"]), json.loads(row["ranks"])
        weight = float(row["weight"])
        decided = {rung: float(row[rung] or "nan") for rung in COMPARED}
    except ValueError:
        names, ranks, decided, weight = [], [], {}, 0.0
    is_whole = isinstance(names, list) and isinstance(ranks, list) and len(names) == len(ranks) > 0
    if not is_whole or not 1 <= weight < math.inf or set(ranks) != set(range(1, len(names) + 1)):
        raise DataError(where, "is no item of a key", do="Give the -key.csv of the sample, unchanged.")
    about = tuple(row[name] for name in ADJUDICATED[:4])
    return KeyItem(row["item"], row["case"], about, tuple(names), tuple(ranks), decided, weight)


def read_sheet(path: Path, key: Sequence[KeyItem]) -> Numbers:
    """Return of each item the best rank among the numbers a person marked, 0 where none names the truth.

    A cell holds the numbers of the list that name the established diagnosis ("1, 3"), or 0 where none does. What is
    empty, or not in the sheet, is NaN: missing, and not a "no".

    Raises:
        DataError: It is no sheet of this sample, a cell holds something else, a number is not in the list, a list is
            not the one that was drawn, or nothing is filled in.
    """
    places = {one.item: place for place, one in enumerate(key)}
    found, seen = np.full(len(key), np.nan), set[str]()
    for where, row in _rows(path, (ITEM, MARKED)):
        item = row[ITEM].strip()
        if item not in places:
            raise DataError(where, f"{item!r} is no item of the key", do="Give the key and the sheet of one sample.")
        if item in seen:
            raise DataError(where, f"{item} is in the sheet twice", "each item once")
        seen.add(item)
        one = key[places[item]]
        if LIST in row and row[LIST].split() != listed_names(one.names).split():
            raise DataError(where, f"the list of {item} is not the one that was drawn", "the lists left as they were")
        found[places[item]] = _rank(row[MARKED], one, where)
    if np.isnan(found).all():
        raise DataError(str(path), f"nothing is filled in under {MARKED}", 'numbers such as "1, 3", or 0 for none')
    return found


def _rank(cell: str, one: KeyItem, where: str) -> float:
    text = cell.strip().rstrip(".")
    if not text:
        return float("nan")
    if text.lower() in _NONE:
        return 0.0
    parts = [part for part in _BETWEEN.split(text) if part]
    n = len(one.names)
    if not all(_NUMBER.fullmatch(part) and 1 <= int(part) <= n for part in parts):
        expected = f'numbers from 1 to {n} joined by commas such as "1, {n}"' if n > 1 else "1"
        do = "A spreadsheet may have made a date or a decimal of it: format the column as text."
        raise DataError(where, f"{MARKED} of {one.item} is {cell!r}", f"{expected}, 0 for none, or nothing", do=do)
    return float(min(one.ranks[int(part) - 1] for part in parts))


def read_adjudicated(path: Path, key: Sequence[KeyItem]) -> Numbers:
    """Return of each item the rank at which the adjudicator says that it names the truth; NaN where it did not decide.

    Raises:
        DataError: There is no such file, or it is about none of these answers.
    """
    places = {one.about: place for place, one in enumerate(key)}
    found, n_known = np.full(len(key), np.nan), 0
    for where, row in _rows(path, ADJUDICATED):
        place = places.get(tuple(row[name] for name in ADJUDICATED[:4]))
        if place is None:
            continue
        n_known += 1
        rank = row["rank"]
        if rank and not _NUMBER.fullmatch(rank):
            raise DataError(where, f"rank is {rank!r}", "a number, or nothing")
        found[place] = float(rank or "nan")
    if not n_known:
        raise DataError(str(path), "is about none of the answers in the key", "the run that the sample was drawn from")
    return found


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, Row]]:
    """Yield ("name line N", row) of every row that is not blank, each with these columns."""
    if path.suffix.lower() in (".xlsx", ".xls", ".ods", ".numbers"):
        raise DataError(str(path), "is a spreadsheet", "CSV", do='Save it as "CSV UTF-8".')
    rows = csv_fields(path, csv_separator(path))
    _, names = next(rows, ("", []))
    header = [name.strip() for name in names]
    lacking = [name for name in columns if name not in header]
    if lacking:
        raise DataError(str(path), f"has no column {', '.join(lacking)}", f"the columns {', '.join(columns)}")
    for where, fields in rows:
        if any(field.strip() for field in fields):
            if len(fields) > len(header) and any(fields[len(header) :]):
                raise DataError(where, f"has {len(fields)} fields", f"{len(header)}, as in the header")
            yield where, dict(zip(header, [*fields, *[""] * len(header)], strict=False))
