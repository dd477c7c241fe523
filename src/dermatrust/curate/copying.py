"""Copying a whole database: to a file as a backup, back from one, or from SQLite to PostgreSQL. Equal by hashes."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

from dermatrust.curate.columns import Id
from dermatrust.curate.database import Database
from dermatrust.curate.migrations import upgrade
from dermatrust.curate.opening import open_backup
from dermatrust.curate.tables import Base
from dermatrust.errors import DataError
from dermatrust.records import canonical_json
from dermatrust.store.atomic import sync_folder

_PAGE = 1_000
Digest = dict[str, tuple[int, str]]


def copy_database(source: Database, target: Database) -> Digest:
    """Copy every row into an empty database of either kind, and check that both hold the same.

    It sees the source as it is at one moment, while others go on writing; the target is filled in one transaction.

    Returns:
        For each table its number of rows and their hash.

    Raises:
        DataError: The target holds rows already, or does not hold the same afterwards.
    """
    upgrade(target)
    with source.reading() as reading, target.writing() as writing:
        filled = [table.name for table in _tables() if writing.scalar(select(func.count()).select_from(table))]
        if filled:
            raise DataError("the database", f"holds rows already ({', '.join(filled)})", "an empty one")
        for table in _tables():
            for rows in pages(reading, table):
                writing.execute(insert(table), rows)
        continue_numbers(writing)
        wanted, found = _digest(reading), _digest(writing)
        if wanted != found:
            differing = ", ".join(name for name in wanted if wanted[name] != found[name])
            raise DataError("the copy", f"differs in {differing}", do="Try again; nothing was written.")
    return found


def backup(database: Database, path: Path) -> Digest:
    """Write all of a database, of either kind, into one new SQLite file, while it is in use.

    The file is for its owner alone: it holds the hashes of passwords, and what people gave.

    Raises:
        DataError: The file exists, or cannot be written.
    """
    if path.exists():
        raise DataError(str(path), "is there already", do="Choose another file.")
    building = path.with_name(f".{path.name}.tmp")
    try:
        _remove(building)
        building.touch(mode=0o600)
    except OSError as error:
        raise DataError(str(path), f"cannot be written ({error.strerror})") from None
    copy = Database.open(building)
    try:
        found = copy_database(database, copy)
        with copy.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.connection.execute("PRAGMA journal_mode=DELETE")  # so that the backup is a single file
        copy.close()
        building.rename(path)
        sync_folder(path.parent)
    finally:
        copy.close()
        _remove(building)
    return found


def restore(path: Path, database: Database) -> Digest:
    """Fill an empty database of either kind from a backup.

    Raises:
        DataError: There is no such file, it is no backup of this version, or the database is not empty.
    """
    source = open_backup(path)
    try:
        return copy_database(source, database)
    finally:
        source.close()


def digest(database: Database) -> Digest:
    """Return for each table its number of rows and a hash of them, the same for the same rows in any database."""
    with database.reading() as session:
        return _digest(session)


def _digest(session: Session) -> Digest:
    found = {}
    for table in _tables():
        hashes = sorted(_row_hash(row) for rows in pages(session, table) for row in rows)
        found[table.name] = (len(hashes), hashlib.sha256(b"".join(hashes)).hexdigest())
    return found


def _row_hash(row: dict[str, Any]) -> bytes:
    plain = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
    return hashlib.sha256(canonical_json(plain).encode()).digest()


def _tables() -> list[Table]:
    """Return the tables in the order in which they need each other."""
    return Base.metadata.sorted_tables


def pages(session: Session, table: Table) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a table in pages, earlier ones first: a text may have been made from an earlier one."""
    query = select(table).order_by(*table.primary_key.columns)
    for rows in session.execute(query.execution_options(yield_per=_PAGE)).mappings().partitions():
        yield [dict(row) for row in rows]


def continue_numbers(session: Session) -> None:
    """Let PostgreSQL number new rows after the last one copied; SQLite does so by itself."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in _tables():
        number = table.columns.get("id")
        if number is not None and isinstance(number.type, Id) and number.autoincrement is not False:
            last = session.scalar(select(func.max(number)))
            if last is not None:
                sequence = "SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"
                session.execute(text(sequence), {"name": f'"{table.name}"', "last": last})


def _remove(path: Path) -> None:
    for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        name.unlink(missing_ok=True)
