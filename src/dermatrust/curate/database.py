"""The workbench's database: SQLite by default, PostgreSQL for a team; many readers, one writer at a time."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session

from dermatrust.curate.problems import BusyError
from dermatrust.errors import DataError

LOCK_WAIT_S = 30.0
"""How long a write waits for its turn in this process. A write takes milliseconds; a longer wait is a fault."""
BUSY_MS = 5_000
CHAIN_LOCK = 0x6465726D61
"""Number of the lock that writers of one PostgreSQL database take in turn: the audit chain has one end."""
_WRITES = "dermatrust_writes"


class Database:
    """One database of the workbench. Open one with `Database.open`.

    Attributes:
        engine: SQLAlchemy's engine.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._turn = threading.Lock()

    @classmethod
    def open(cls, where: str | Path, *, read_only: bool = False) -> Self:
        """Return the database in an SQLite file or at a SQLAlchemy URL; nothing is read or made yet.

        Args:
            where: A file, which SQLite makes where it is missing, or a URL, e.g. "postgresql+psycopg://host/name".
            read_only: Of a file: it must be there, and not a byte of it changes.

        Raises:
            DataError: The URL cannot be read, or is of another kind of database.
        """
        url = address_of(where)
        kind = url.get_backend_name()
        try:
            if kind == "sqlite":
                return cls(_sqlite(url, read_only=read_only))
            return cls(create_engine(url, pool_pre_ping=True))
        except ImportError as error:
            do = "pip install 'dermatrust[postgres]', and begin the address with postgresql+psycopg://."
            raise DataError("--db", f"needs the package {error.name}", do=do) from None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that sees one state of the database and can change nothing."""
        options: dict[str, Any] = {_WRITES: False}
        if self.engine.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**options) as connection, Session(connection) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield the one session that may write at this time; committed at the end, undone by an exception.

        Objects stay readable after the commit. Whoever waits holds no connection.

        Raises:
            BusyError: Others wrote for longer than anybody should wait.
        """
        if not self._turn.acquire(timeout=LOCK_WAIT_S):
            raise BusyError("the database", f"was busy for {LOCK_WAIT_S:.0f} seconds", do="Try again.")
        try:
            with self.engine.connect().execution_options(**{_WRITES: True}) as connection:
                yield from _written(connection)
        except OperationalError as error:
            if "locked" not in str(error.orig):
                raise
            raise BusyError("the database", "is held by another program", do="Try again.") from None
        finally:
            self._turn.release()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def address_of(where: str | Path) -> URL:
    """Return a file, or what is written as a URL, as SQLAlchemy's URL.

    Raises:
        DataError: It cannot be read, or is of another kind of database.
    """
    if isinstance(where, Path) or "://" not in where:
        return URL.create("sqlite", database=str(where))
    try:
        url = make_url(where)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise DataError("--db", "is not the address of a database", "a file or postgresql+psycopg://…") from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise DataError(
            "--db", f"names a {url.get_backend_name()} database", "a file (SQLite) or postgresql+psycopg://…"
        )
    return url


def _written(connection: Connection) -> Iterator[Session]:
    with Session(connection, expire_on_commit=False) as session, session.begin():
        session.connection()  # SQLite's lock is taken now, not at the first statement
        if connection.dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})
        yield session


def _sqlite(url: URL, *, read_only: bool) -> Engine:
    if read_only:
        path = Path(str(url.database)).resolve().as_uri()
        engine = create_engine(URL.create("sqlite", database=path, query={"mode": "ro", "uri": "true"}))
    else:
        engine = create_engine(url)
        event.listen(engine, "connect", _make_durable)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_durable(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # Python's sqlite3 would begin transactions by itself, and later than we must
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, True)
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
