"""Which cases of a dataset come into a project: all, those a table lists, or those an audit found fault with."""

from collections import defaultdict
from pathlib import Path

from dermatrust.datasets.own_tables import csv_fields, csv_separator
from dermatrust.errors import DataError

CASE_COLUMN = "case_id"
_FINDING = ("kind", "found")
"""Columns of `dermatrust audit references` that say what to look at."""
_QUOTED = ("'=", "'+", "'-", "'@")


def read_queue(path: Path) -> dict[str, str]:
    """Return the case ids of a CSV file, in its order, each with what is to be looked at ("" where it says nothing).

    The table needs a column `case_id`. One of `dermatrust audit references` may be given as it is: a case with
    several findings is taken once, where it first stands, with a line for each finding.

    Raises:
        DataError: There is no such file, it cannot be read as CSV, has no such column, or lists no case.
    """
    notes: dict[str, list[str]] = defaultdict(list)
    rows = csv_fields(path, csv_separator(path))
    header = next(rows, ("", []))[1]
    if CASE_COLUMN not in header:
        raise DataError(str(path), f"has no column {CASE_COLUMN}", do="Name the column of case ids so.")
    for where, fields in rows:
        row = dict(zip(header, fields, strict=False))
        if not row.get(CASE_COLUMN) and any(fields):
            raise DataError(where, f"has no {CASE_COLUMN}")
        if any(fields):
            said = ": ".join(row[name] for name in _FINDING if row.get(name))
            notes[_unquoted(row[CASE_COLUMN])] += [said] if said else []
    if not notes:
        raise DataError(str(path), "lists no case")
    return {case_id: "\n".join(dict.fromkeys(said)) for case_id, said in notes.items()}


def _unquoted(cell: str) -> str:
    """Undo the apostrophe that keeps a spreadsheet from computing a cell."""
    return cell[1:] if cell.startswith(_QUOTED) else cell
