"""The audit trail: who did what, when, from what to what. Rows are chained by hash, so that no change goes unseen."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Text as SqlText
from sqlalchemy import select, type_coerce
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dermatrust.curate.columns import check_text
from dermatrust.curate.database import Database
from dermatrust.curate.tables import Audit, AuditEnd
from dermatrust.records import canonical_json

GENESIS = "0" * 64
"""What the first row follows."""
_PAGE = 1_000
_Raw = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Actor:
    """On whose behalf something is done.

    Attributes:
        name: Of the person or program.
        user_id: The account, where there is one.
        request_id: The request it came with, where there is one.
    """

    name: str
    user_id: int | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification of the trail found.

    Attributes:
        length: Rows the trail should have.
        sha256: Of the last one.
        broken: Number of the first row that is not as it was written; None where all are.
        why: What is wrong with it.
    """

    length: int
    sha256: str
    broken: int | None = None
    why: str = ""


def record(
    session: Session, by: Actor, action: str, subject: str, *, before: Any = None, after: Any = None
) -> Audit:  # fmt: skip
    """Add one row at the end of the trail, in the transaction of what it tells of.

    Args:
        session: Of `Database.writing`.
        by: Who did it.
        action: What, e.g. "rating.submit".
        subject: To what, kind and id, e.g. "assignment:3fQ…".
        before: What was there; a JSON value.
        after: What is there now.
    """
    end = session.get(AuditEnd, 1, populate_existing=True)
    if end is None:
        end = AuditEnd(id=1, length=0, sha256=GENESIS)
        session.add(end)
    row = Audit(
        id=end.length + 1, at=datetime.now(UTC).isoformat(timespec="microseconds"), actor=check_text(by.name),
        action=action, subject=subject, before=before, after=after, request_id=by.request_id, previous=end.sha256,
    )  # fmt: skip
    texts = (None if value is None else canonical_json(value) for value in (before, after))
    row.sha256 = _sha256((row.id, row.at, row.actor, action, subject, *texts, by.request_id, row.previous))
    end.length, end.sha256 = row.id, row.sha256
    session.add(row)
    return row


def verify(database: Database, known: tuple[int, str] | None = None) -> Verified:
    """Recompute the whole chain and return the first row that is not as it was written.

    Args:
        database: Whose trail.
        known: Length and hash of the trail at an earlier time, as written down elsewhere. Without it, somebody who can
            write to the database's file could put a whole new trail in the place of the old one.
    """
    with database.reading() as session:
        end = session.get(AuditEnd, 1)
        length, sha256 = (end.length, end.sha256) if end else (0, GENESIS)
        previous, number = GENESIS, 0
        for number, row in enumerate(_rows(session), start=1):
            why = _fault(row, number, previous)
            if why:
                return Verified(length, sha256, number, why)
            assert row is not None
            previous = row[-1]
            if known and known[0] == number and known[1] != previous:
                return Verified(length, sha256, number, "is not the row it was when its hash was written down")
    if number < max(length, known[0] if known else 0):
        return Verified(length, sha256, number + 1, "is missing, and so is all that followed")
    if (number, previous) != (length, sha256):
        return Verified(length, sha256, max(number, 1), "is not the end that was noted")
    return Verified(length, sha256)


def _fault(row: _Raw | None, number: int, previous: str) -> str:
    """Return what is wrong with the row that should have this number, "" if nothing is."""
    if row is None:
        return "cannot be read"
    if row[0] != number:
        return "is missing"
    *fields, follows, sha256 = row
    if follows != previous:
        return "does not follow the row before it"
    return "" if sha256 == _sha256((*fields, follows)) else "was changed"


def _rows(session: Session) -> Iterator[_Raw | None]:
    """Yield the raw rows in order, None for one that cannot be read."""
    last = session.scalar(select(Audit.id).order_by(Audit.id.desc()).limit(1)) or 0
    for first in range(1, last + 1, _PAGE):
        yield from _page(session, first, min(first + _PAGE - 1, last))


def _page(session: Session, first: int, last: int) -> Iterator[_Raw | None]:
    texts = (type_coerce(column, SqlText) for column in (Audit.before, Audit.after))
    query = select(
        Audit.id, Audit.at, Audit.actor, Audit.action, Audit.subject, *texts, Audit.request_id, Audit.previous,
        Audit.sha256,
    ).where(Audit.id.between(first, last)).order_by(Audit.id)  # fmt: skip
    try:
        rows = session.execute(query).all()
    except DBAPIError:  # SQLite hands out no row of a page in which one text is not UTF-8
        if first == last:
            yield None
            return
        middle = (first + last) // 2
        yield from _page(session, first, middle)
        yield from _page(session, middle + 1, last)
    else:
        yield from map(tuple, rows)


def _sha256(fields: _Raw) -> str:
    return hashlib.sha256(canonical_json(fields).encode()).hexdigest()
