"""Databases of both kinds for the tests of the workbench: SQLite files, and a PostgreSQL server of their own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")
pytest.importorskip("alembic")

from sqlalchemy import create_engine, text

from dermatrust.curate.database import Database
from dermatrust.curate.migrations import upgrade

POSTGRESQL = Path("/usr/lib/postgresql/15/bin")
_NUMBERS = count()


def _as_postgres(*words: str | Path) -> None:
    """Run one of PostgreSQL's programs, which refuse to work for root."""
    before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*before, *map(str, words)], check=True, capture_output=True, timeout=120, cwd="/")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server's folder of sockets, with {} for the database's name."""
    if not (POSTGRESQL / "initdb").is_file():
        pytest.skip("no PostgreSQL 15 on this machine (apt-get install postgresql-15)")
    pytest.importorskip("psycopg")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path may have 107 characters, no more
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    folder.chmod(0o755)
    cluster = folder / "cluster"
    _as_postgres(POSTGRESQL / "initdb", "-D", cluster, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
    options = f"-k {folder} -c listen_addresses='' -c max_connections=120 -c shared_buffers=32MB -c timezone=Asia/Tokyo"
    _as_postgres(POSTGRESQL / "pg_ctl", "-D", cluster, "-w", "-l", folder / "log", "-o", options, "start")
    yield f"postgresql+psycopg://postgres@/{{}}?host={folder}"
    _as_postgres(POSTGRESQL / "pg_ctl", "-D", cluster, "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def empty_postgresql(server: str) -> str:
    """Return the URL of a new database."""
    name = f"t{next(_NUMBERS)}"
    engine = create_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.format(name)


@pytest.fixture
def open_database(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Database]]:
    """Make a new database with all tables, of the kind asked for."""
    opened: list[Database] = []

    def new(kind: str) -> Database:
        if kind == "sqlite":
            database = Database.open(tmp_path / f"workbench{next(_NUMBERS)}.db")
        else:
            database = Database.open(empty_postgresql(request.getfixturevalue("postgresql")))
        opened.append(database)
        upgrade(database)
        return database

    yield new
    for database in opened:
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, open_database: Callable[[str], Database]) -> Database:
    """A database with all tables and no rows; a test that takes it runs on both kinds."""
    return open_database(request.param)
