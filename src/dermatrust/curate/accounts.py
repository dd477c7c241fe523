"""Accounts: who may sign in, how people are invited, and what stops somebody who guesses.

Nobody can make an account for themselves. The first administrator is made on the command line, everybody else by an
administrator; both get a secret that is good once, with which the person chooses a password that nobody else ever sees.
"""

import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from dermatrust.curate import tables
from dermatrust.curate.database import Database
from dermatrust.curate.passwords import Passwords, check_password
from dermatrust.curate.problems import ConflictError, NotFoundError, RefusedError, WorkbenchError
from dermatrust.curate.sessions import end_sessions
from dermatrust.curate.tables import ApiToken, LoginFailure, User
from dermatrust.curate.totp import matching_step
from dermatrust.curate.trail import Actor, record

INVITATION = "choose a password"
"""The one scope of an invitation among the tokens."""
INVITATION_LASTS = timedelta(days=3)
MOST_FAILURES = 10
FAILURES_COUNT_FOR = timedelta(minutes=15)
_SECRET = re.compile(r"[A-Z2-7]{32}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")


class TooManyError(WorkbenchError):
    """Somebody has failed to sign in too often."""

    status = 429
    retry_s = 900


class Accounts:
    """The accounts in one database.

    Args:
        database: Where they are.
        passwords: How hashes are made.
        clock: What time it is.
    """

    def __init__(
        self, database: Database, passwords: Passwords | None = None, clock: Callable[[], datetime] = tables.now
    ) -> None:
        self._database = database
        self._passwords = passwords or Passwords()
        self._clock = clock
        self._last_step: dict[int, int] = {}  # a one-time code is good once

    def invite(self, name: str, by: Actor, *, is_admin: bool = False, kind: str = "human") -> str:
        """Make an account without a password and return the secret with which its owner chooses one.

        Raises:
            RefusedError: The name has other characters than letters, digits and . _ @ + -, or more than 64.
            ConflictError: There is an account of this name.
        """
        if not _NAME.fullmatch(name):
            raise RefusedError("the name", "cannot be a name here", "1 to 64 letters, digits and . _ @ + -")
        with self._database.writing() as session:
            if session.scalar(select(User.id).where(func.lower(User.name) == name.lower())):
                raise ConflictError("the name", f"{name} is taken")
            user = User(name=name, is_admin=is_admin, kind=kind, created_at=self._clock())
            session.add(user)
            session.flush()
            record(session, by, "user.create", f"user:{user.id}", after={"name": name, "is_admin": is_admin})
            return self._invitation(session, user)

    def invite_again(self, user_id: int, by: Actor) -> str:
        """Return a new secret for somebody who lost the password; earlier secrets are good no more."""
        with self._database.writing() as session:
            user = _found(session, user_id)
            record(session, by, "user.invite", f"user:{user.id}")
            return self._invitation(session, user)

    def _invitation(self, session: Session, user: User) -> str:
        moment, secret = self._clock(), secrets.token_hex(16)
        for earlier in session.scalars(select(ApiToken).where(_open_invitation(), ApiToken.user_id == user.id)):
            earlier.revoked_at = moment
        session.add(
            ApiToken(
                token_sha256=sha256(secret), name=f"invitation of {user.name}", user_id=user.id, scopes=[INVITATION],
                created_at=moment, expires_at=moment + INVITATION_LASTS,
            )
        )  # fmt: skip
        return secret

    def accept(self, secret: str, password: str, by: Actor) -> User:
        """Let the owner of an invitation choose a password, and return the account.

        Raises:
            NotFoundError: The secret is wrong, was used, was replaced, or is older than three days.
            RefusedError: The password is not allowed.
        """
        with self._database.reading() as session:
            name = self._invited(session, secret)[1].name
        kept = self._passwords.hash(check_password(password, name))
        with self._database.writing() as session:
            invitation, user = self._invited(session, secret)
            invitation.used_at = self._clock()
            user.password_hash = kept
            end_sessions(session, user.id, self._clock())
            record(session, Actor(user.name, user.id, by.request_id), "user.password", f"user:{user.id}")
            return user

    def _invited(self, session: Session, secret: str) -> tuple[ApiToken, User]:
        found = select(ApiToken).where(_open_invitation(), ApiToken.token_sha256 == sha256(secret))
        invitation = session.scalar(found)
        if invitation is None or invitation.expires_at is None or invitation.expires_at <= self._clock():
            raise NotFoundError("the secret", "is not good, or no longer", do="Ask your administrator for a new one.")
        user = session.get_one(User, invitation.user_id)
        if user.disabled_at is not None:
            raise NotFoundError("the secret", "is not good, or no longer", do="Ask your administrator for a new one.")
        return invitation, user

    def sign_in(self, name: str, password: str, code: str, address: str, request_id: str) -> User | None:
        """Return the account of somebody who knows its password; None says neither which part is wrong nor why.

        Args:
            name: As typed.
            password: As typed.
            code: One-time code, for an account that has an authenticator.
            address: From where.
            request_id: For the audit trail.

        Raises:
            TooManyError: Ten failures within a quarter of an hour, of this account or from this address.
        """
        failure_id = self._count_try(name, address, request_id)
        with self._database.reading() as session:
            user = session.scalar(select(User).where(func.lower(User.name) == name.lower()))
        is_right = self._passwords.is_right(user.password_hash if user else None, password)
        if user is None or not is_right or user.disabled_at is not None or not self._code_is_right(user, code):
            with self._database.writing() as session:
                subject = f"user:{user.id}" if user else "user:unknown"  # people type passwords into the wrong field
                record(session, Actor("nobody", None, request_id), "login.failed", subject)
            return None
        with self._database.writing() as session:
            session.execute(delete(LoginFailure).where(LoginFailure.id == failure_id))
            record(session, Actor(user.name, user.id, request_id), "login", f"user:{user.id}")
        return user

    def _count_try(self, name: str, address: str, request_id: str) -> int:
        """Count a try as failed until it has succeeded, so that many at once gain nothing."""
        account, moment = sha256(name.lower()), self._clock()
        with self._database.writing() as session:
            session.execute(delete(LoginFailure).where(LoginFailure.failed_at < moment - 2 * FAILURES_COUNT_FOR))
            for column, value in ((LoginFailure.account, account), (LoginFailure.address, address)):
                recent = column == value, LoginFailure.failed_at > moment - FAILURES_COUNT_FOR
                if (session.scalar(select(func.count()).where(*recent)) or 0) >= MOST_FAILURES:
                    break
            else:
                failure = LoginFailure(account=account, address=address, failed_at=moment)
                session.add(failure)
                session.flush()
                return failure.id
            record(session, Actor("nobody", None, request_id), "login.limited", "user:unknown")
        raise TooManyError("signing in", "failed too often", do="Wait a quarter of an hour.")

    def _code_is_right(self, user: User, code: str) -> bool:
        if user.totp_secret is None:
            return True
        step = matching_step(user.totp_secret, code, self._clock().timestamp())
        if step is None or step <= self._last_step.get(user.id, 0):
            return False
        self._last_step[user.id] = step
        return True

    def proves(self, user: User, password: str, address: str, request_id: str) -> bool:
        """Return whether whoever sits at a signed-in browser knows the account's password.

        Raises:
            TooManyError: As `sign_in`.
        """
        failure_id = self._count_try(user.name, address, request_id)
        with self._database.reading() as session:
            kept = _found(session, user.id).password_hash
        is_right = self._passwords.is_right(kept, password)
        if is_right:
            with self._database.writing() as session:
                session.execute(delete(LoginFailure).where(LoginFailure.id == failure_id))
        return is_right

    def change_password(self, user_id: int, password: str, by: Actor) -> None:
        """Set a new password and end every session of the account.

        Raises:
            RefusedError: The password is not allowed.
        """
        with self._database.reading() as session:
            name = _found(session, user_id).name
        kept = self._passwords.hash(check_password(password, name))
        with self._database.writing() as session:
            _found(session, user_id).password_hash = kept
            end_sessions(session, user_id, self._clock())
            record(session, by, "user.password", f"user:{user_id}")

    def set_authenticator(self, user_id: int, secret: str | None, code: str, by: Actor) -> None:
        """Tie an authenticator to the account, or with None untie it.

        Raises:
            RefusedError: The code is not the secret's, so the authenticator has not taken it in.
        """
        if secret is not None and not _SECRET.fullmatch(secret):
            raise RefusedError("the key", "is not one that was shown here")
        if secret is not None and matching_step(secret, code, self._clock().timestamp()) is None:
            raise RefusedError("the code", "is not the one of this moment", do="Check the clock of your authenticator.")
        with self._database.writing() as session:
            _found(session, user_id).totp_secret = secret
            record(session, by, "user.authenticator", f"user:{user_id}", after=secret is not None)

    def disable(self, user_id: int, by: Actor, *, is_disabled: bool = True) -> None:
        """Shut an account and end its sessions, or open it again.

        Raises:
            RefusedError: It is the administrator's own, who would be locked out.
        """
        if user_id == by.user_id:
            raise RefusedError("the account", "is your own", do="Ask another administrator.")
        with self._database.writing() as session:
            user = _found(session, user_id)
            user.disabled_at = self._clock() if is_disabled else None
            end_sessions(session, user_id, self._clock())
            record(session, by, "user.disable" if is_disabled else "user.enable", f"user:{user_id}")


def sha256(secret: str) -> str:
    """Return what is kept of a secret that is too long to be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _open_invitation() -> ColumnElement[bool]:
    is_used = or_(ApiToken.used_at.is_not(None), ApiToken.revoked_at.is_not(None))
    return (ApiToken.scopes == [INVITATION]) & ~is_used


def _found(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFoundError("the account", "does not exist")
    return user
