"""Opening the database that a user named: made or brought up to date, or one clear line."""

from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from dermatrust.curate.database import Database, address_of
from dermatrust.curate.migrations import newest, upgrade
from dermatrust.errors import DataError


def open_current(where: str | Path, *, absent: str = "", do: str = "") -> Database:
    """Return the database in a file or at a URL, with its tables as this version needs them.

    Args:
        where: As of `Database.open`.
        absent: What to say where there is none, which then is an error; without it one is made.
        do: What somebody can do then.

    Raises:
        DataError: It cannot be opened, is another program's, or a newer version wrote it; or `absent`.
    """
    named, file = _named(where)
    if absent and file is not None and not file.exists():
        raise DataError(named, absent, do=do)
    database = Database.open(where)
    try:
        _prepare(database, named, absent, do)
    except DBAPIError as error:
        database.close()
        raise _unopened(named, error) from None
    except DataError:
        database.close()
        raise
    return database


def _prepare(database: Database, named: str, absent: str, do: str) -> None:
    if _revision(database, named) is None and absent:
        raise DataError(named, absent, do=do)
    upgrade(database)


def open_backup(path: Path) -> Database:
    """Return a database that a backup holds, to be read alone: not a byte of it changes.

    Raises:
        DataError: There is no such file, it is no workbench's, or another version of dermatrust wrote it.
    """
    if not path.is_file():
        raise DataError(str(path), "there is no such file", "a backup")
    database = Database.open(path, read_only=True)
    try:
        revision, wanted = _revision(database, str(path)), newest()
    except DBAPIError as error:
        database.close()
        raise _unopened(str(path), error) from None
    if revision == wanted:
        return database
    database.close()
    if revision is None:
        raise DataError(str(path), "is no workbench's", "a file that `dermatrust curate backup` wrote")
    do = "Restore it with the version of dermatrust that wrote it; then start this one on what was restored."
    raise DataError(str(path), f"holds tables of version {revision}", f"version {wanted}", do=do)


def _named(where: str | Path) -> tuple[str, Path | None]:
    """Return what to call a database in a message, without its password, and its file if it is one."""
    url = address_of(where)
    if url.get_backend_name() == "sqlite" and url.database:
        return url.database, Path(url.database)
    return url.render_as_string(hide_password=True), None


def _revision(database: Database, named: str) -> str | None:
    """Return the version of the tables, None where there are no tables at all.

    Raises:
        DataError: There are tables, and they are not ours.
    """
    with database.engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision is None and inspect(connection).get_table_names():
            raise DataError(named, "holds tables of another program", "an empty database or a workbench's")
    return revision


def _unopened(named: str, error: DBAPIError) -> DataError:
    reason = str(error.orig).splitlines()[0]
    return DataError(named, f"cannot be opened ({reason})", do="Check the address, the rights and the server.")
