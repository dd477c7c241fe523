"""Signed-in browsers. The browser holds a token of 256 random bits, the database its SHA-256."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from dermatrust.curate import tables
from dermatrust.curate.database import Database
from dermatrust.curate.tables import LoginSession, User

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
FRESH = timedelta(minutes=5)
"""How long a password given is proof enough for what binds a person, e.g. a certificate."""
_NOTED_EVERY = timedelta(minutes=1)
_FIND = (
    select(LoginSession, User)
    .join(User, User.id == LoginSession.user_id)
    .where(LoginSession.token_sha256 == bindparam("key"))
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who asks.

    Attributes:
        user: The account.
        key: Of the session's row; never sent anywhere.
        csrf: What a form of this session must bring along.
        authenticated_at: When the password was last given.
        is_fresh: Whether that was within the last minutes.
    """

    user: User
    key: str
    csrf: str
    authenticated_at: datetime
    is_fresh: bool


class Sessions:
    """The sessions in one database.

    Args:
        database: Where they are.
        clock: What time it is.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = tables.now) -> None:
        self._database = database
        self._clock = clock

    def begin(self, user_id: int, earlier: str | None = None) -> str:
        """Return the token of a new session; the one of the token the browser came with ends."""
        token, moment = secrets.token_urlsafe(32), self._clock()
        with self._database.writing() as session:
            if earlier:
                _end(session, _key(earlier), moment)
            session.add(
                LoginSession(
                    token_sha256=_key(token), user_id=user_id, csrf_secret=secrets.token_hex(32), created_at=moment,
                    seen_at=moment, authenticated_at=moment,
                )
            )  # fmt: skip
        return token

    def find(self, token: str) -> SignedIn | None:
        """Return whose token it is, unless its session has ended, was idle too long or is too old."""
        moment = self._clock()
        with self._database.reading() as session:
            found = session.execute(_FIND, {"key": _key(token)}).one_or_none()
            session.expunge_all()
        if found is None:
            return None
        row, user = found
        if row.ended_at is not None or user.disabled_at is not None:
            return None
        if moment - row.seen_at > IDLE or moment - row.created_at > ABSOLUTE:
            return None
        if moment - row.seen_at > _NOTED_EVERY:
            with self._database.writing() as session:
                seen = update(LoginSession).where(LoginSession.token_sha256 == row.token_sha256)
                session.execute(seen.values(seen_at=moment))
        csrf = hmac.new(bytes.fromhex(row.csrf_secret), row.token_sha256.encode(), hashlib.sha256).hexdigest()
        is_fresh = moment - row.authenticated_at <= FRESH
        return SignedIn(user, row.token_sha256, csrf, row.authenticated_at, is_fresh)

    def end(self, token: str) -> None:
        """End the session of a token."""
        with self._database.writing() as session:
            _end(session, _key(token), self._clock())

    def authenticated(self, key: str) -> datetime:
        """Note that the password was given again, and return when."""
        moment = self._clock()
        with self._database.writing() as session:
            row = update(LoginSession).where(LoginSession.token_sha256 == key)
            session.execute(row.values(authenticated_at=moment))
        return moment


def end_sessions(session: Session, user_id: int, moment: datetime) -> None:
    """End every session of an account, in the transaction of what makes that necessary."""
    of_user = LoginSession.user_id == user_id, LoginSession.ended_at.is_(None)
    session.execute(update(LoginSession).where(*of_user).values(ended_at=moment))


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _end(session: Session, key: str, moment: datetime) -> None:
    session.execute(update(LoginSession).where(LoginSession.token_sha256 == key).values(ended_at=moment))
