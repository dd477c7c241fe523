"""Bearer tokens of the scoring API: made on the command line, shown once, kept as their SHA-256."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.curate.database import Database
from dermatrust.curate.tables import ApiToken, now
from dermatrust.curate.trail import Actor, record
from dermatrust.errors import DataError

Scope = Literal["score", "metrics"]
"""What a token allows: to have narratives scored, or to read the metrics."""
PREFIX = "dt_"
"""How every token begins, so that scanners for secrets can know it."""
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token came with a request.

    Attributes:
        id: Of the token's row.
        name: Of the token.
        scopes: What it allows.
    """

    id: int
    name: str
    scopes: frozenset[str]


def create_token(
    database: Database, name: str, scopes: Sequence[Scope], by: Actor, *, valid: timedelta | None = None
) -> str:
    """Make a token and return it: 256 random bits, which nobody can read again.

    Args:
        database: Where its hash is kept.
        name: What it is for; two valid tokens never share a name.
        scopes: What it allows.
        by: Who makes it; the audit trail says so.
        valid: For how long; for ever where it is not given.

    Raises:
        DataError: The name is empty or taken.
    """
    token, moment = PREFIX + secrets.token_urlsafe(32), now()
    if not name.strip():
        raise DataError("the token", "has no name", "a word that says what it is for")
    with database.writing() as session:
        if _valid(session, name, moment):
            do = "Choose another name, or revoke that token first."
            raise DataError(f"token {name!r}", "is there already", do=do)
        expires = None if valid is None else moment + valid
        row = ApiToken(token_sha256=_sha256(token), name=name, scopes=sorted(set(scopes)), expires_at=expires)
        session.add(row)
        session.flush()
        after = {"name": name, "scopes": row.scopes, "expires_at": None if expires is None else expires.isoformat()}
        record(session, by, "token.create", f"api_token:{row.id}", after=after)
    return token


def revoke_token(database: Database, name: str, by: Actor) -> None:
    """End a token at once.

    Raises:
        DataError: No valid token has this name.
    """
    with database.writing() as session:
        rows = _valid(session, name, now())
        if not rows:
            raise DataError(f"token {name!r}", "is not there, or was revoked", do="`serve token list` shows all.")
        for row in rows:
            row.revoked_at = now()
            record(session, by, "token.revoke", f"api_token:{row.id}")


def list_tokens(database: Database) -> list[ApiToken]:
    """Return all tokens, oldest first."""
    with database.reading() as session:
        rows = list(session.scalars(select(ApiToken).order_by(ApiToken.id)))
        session.expunge_all()
    return rows


def find_caller(database: Database, token: str) -> Caller | None:
    """Return whose token it is, unless it is unknown, revoked or expired; note about once a minute that it was used."""
    moment = now()
    with database.reading() as session:
        row = session.scalar(select(ApiToken).where(ApiToken.token_sha256 == _sha256(token)))
        session.expunge_all()
    if row is None or not _is_valid(row, moment):
        return None
    if row.used_at is None or moment - row.used_at > _NOTED_EVERY:
        with database.writing() as session:
            kept = session.get(ApiToken, row.id)
            if kept is not None:
                kept.used_at = moment
    return Caller(row.id, row.name, frozenset(row.scopes))


def _valid(session: Session, name: str, moment: datetime) -> list[ApiToken]:
    return [row for row in session.scalars(select(ApiToken).where(ApiToken.name == name)) if _is_valid(row, moment)]


def _is_valid(row: ApiToken, moment: datetime) -> bool:
    return row.revoked_at is None and (row.expires_at is None or row.expires_at > moment)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
