"""`dermatrust curate copy`: from one database to another, e.g. from SQLite to PostgreSQL."""

from contextlib import closing
from pathlib import Path

import click

from dermatrust.cli.curate import DB, open_database, show_digest
from dermatrust.cli.options import FILE


@click.command()
@click.argument("dataset", type=FILE)
@click.argument("target")
@DB
def copy(dataset: Path, target: str, db: str | None) -> None:
    """Copy all that DATASET's workbench holds to TARGET, an empty database: postgresql+psycopg://... or a file.

    Nothing is written unless all of it is, and the same. What people save meanwhile is not in the copy: stop the
    workbench first, then start it with --db TARGET. Prints each table's number of rows and their hash.
    """
    from dermatrust.curate.copying import copy_database
    from dermatrust.curate.opening import open_current
    from dermatrust.store.folder import DatasetFolder

    DatasetFolder.open(dataset)
    with closing(open_database(dataset, db, must_exist=True)) as source, closing(open_current(target)) as copied:
        show_digest(copy_database(source, copied))
