"""`dermatrust curate backup`: everything in one file."""

from contextlib import closing
from pathlib import Path

import click

from dermatrust.cli.curate import DB, open_database, show_digest
from dermatrust.cli.options import FILE


@click.command()
@click.argument("dataset", type=FILE)
@click.argument("file", type=FILE)
@DB
def backup(dataset: Path, file: Path, db: str | None) -> None:
    """Write all that DATASET's workbench holds into FILE, which must not exist; it may be in use meanwhile.

    FILE is an SQLite database as it was at one moment, from SQLite and PostgreSQL alike, and as secret as the original.
    Photographs are not in it: they stay in DATASET. Prints each table's number of rows and their hash, which
    `restore` and `copy` print too: the same rows have the same hash in any database.
    """
    from dermatrust.curate import copying
    from dermatrust.store.folder import DatasetFolder

    DatasetFolder.open(dataset)
    with closing(open_database(dataset, db, must_exist=True)) as database:
        show_digest(copying.backup(database, file))
