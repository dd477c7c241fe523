"""Findings as a table file that a reviewer fills in: one row a finding, surest first."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from dermatrust.audit.finding import ReferenceFinding
from dermatrust.errors import DataError
from dermatrust.store.atomic import write_text

COLUMNS = (
    "confidence", "level", "kind", "case_id", "label", "found", "sentence", "expected", "where", "verdict", "comment",
)  # fmt: skip
"""`verdict` and `comment` are empty: they are the reviewer's."""
_BULLET = re.compile(r"^[-–*•\s]+")
_FORMULA = ("=", "+", "-", "@")


def write_findings(path: Path, findings: Iterable[ReferenceFinding]) -> None:
    """Write the findings as CSV in UTF-8, in the order given.

    Raises:
        DataError: The file cannot be written.
    """
    rows = (
        (f"{one.confidence:.2f}", one.level, one.kind, one.case_id, one.label, one.found, _BULLET.sub("", one.sentence),
         one.expected, one.where, "", "")
        for one in findings
    )  # fmt: skip
    write_rows(path, COLUMNS, rows)


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table as CSV in UTF-8; a cell that a spreadsheet would compute gets an apostrophe in front.

    Raises:
        DataError: The file cannot be written.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row] for row in rows)
    write_text(path, table.getvalue())


def check_new(paths: Iterable[Path], *, replace: bool) -> None:
    """Refuse to write over files that are there, unless that was asked for.

    Raises:
        DataError: One of them exists.
    """
    for path in paths:
        if path.exists() and not replace:
            raise DataError(str(path), "is there already", do="Choose another --out, or add --replace.")
