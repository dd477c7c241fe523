"""How the tables of the workbench came to be, step by step; `upgrade` brings any older database up to date."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from dermatrust.curate.database import CHAIN_LOCK, Database
from dermatrust.errors import DataError


def upgrade(database: Database) -> None:
    """Make the tables that are missing and change those of an older version; a current database stays as it is.

    It is one transaction: the database is as it was, or up to date.

    Raises:
        DataError: The database was written by a newer version of dermatrust.
    """
    config = _config()
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})
        revision = MigrationContext.configure(connection).get_current_revision()
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if revision is not None and revision not in known:
            do = "Install the version that wrote it, or a newer one."
            raise DataError("the database", f"is of version {revision}, which this dermatrust does not know", do=do)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def newest() -> str:
    """Return the version of the tables that this dermatrust needs.

    Example:
        >>> newest()
        '0001'
    """
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "dermatrust.curate:migrations")
    return config
