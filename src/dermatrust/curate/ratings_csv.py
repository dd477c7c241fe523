"""All ratings of a project as a table for a spreadsheet, which computes no cell of it."""

import csv
import io
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.curate.access import require
from dermatrust.curate.tables import Assignment, Item, Rating, User
from dermatrust.curate.trail import Actor, record
from dermatrust.records import DIMENSIONS

COLUMNS = (
    "item", "case_id", "source_id", "item_state", "rater", "round", "place", *DIMENSIONS, "uncertain", "reason",
    "note", "seconds", "rubric", "frozen_at",
)  # fmt: skip
_COMPUTED = ("=", "+", "-", "@", "\t", "\r", "\0")
"""What a cell begins with that a spreadsheet takes for a formula."""


def ratings_csv(session: Session, by: Actor, project_id: int) -> str:
    """Return the ratings of a project as CSV, one a row, in the order in which they were given.

    Raises:
        NotFoundError: There is no such project, or the person is no member.
        RefusedError: The person is no curator there.

    Reference:
        RFC 4180, https://www.rfc-editor.org/rfc/rfc4180; OWASP ASVS 5.0.0, 1.2.10 (formula injection).
    """
    require(session, by, project_id, "curator")
    query = (
        select(Item, Assignment, User.name, Rating)
        .join(Assignment, Assignment.item_id == Item.id)
        .join(User, User.id == Assignment.rater_id)
        .join(Rating, Rating.assignment_id == Assignment.id)
        .where(Item.project_id == project_id)
        .order_by(Rating.frozen_at, Rating.id)
    )
    rows = [
        (item.id, item.case_id, item.source_id, item.state, name, turn.round, turn.place, *one.scores.values(),
         one.uncertain, one.reason, one.note, one.seconds, one.rubric, one.frozen_at.isoformat())
        for item, turn, name, one in session.execute(query)
    ]  # fmt: skip
    record(session, by, "csv.export", f"project:{project_id}", after={"rows": len(rows)})
    return table([COLUMNS, *rows])


def table(rows: list[tuple[Any, ...]]) -> str:
    r"""Return rows as CSV. A text that a spreadsheet would compute gets an apostrophe in front; numbers stay numbers.

    Example:
        >>> table([("=1+1", -3.5), ("so", None)])
        "'=1+1,-3.5\r\nso,\r\n"
    """
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_COMPUTED) else value
