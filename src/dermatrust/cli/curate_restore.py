"""`dermatrust curate restore`: a workbench from a backup."""

from contextlib import closing
from pathlib import Path

import click

from dermatrust.cli.curate import DB, open_database, show_digest
from dermatrust.cli.options import FILE


@click.command()
@click.argument("dataset", type=FILE)
@click.argument("file", type=FILE)
@DB
def restore(dataset: Path, file: Path, db: str | None) -> None:
    """Fill the workbench of DATASET, which must be empty or not there, from a FILE that `backup` wrote.

    Nothing is written unless all of it is, and the same. Prints each table's number of rows and their hash.
    """
    from dermatrust.curate import copying
    from dermatrust.curate.opening import open_backup
    from dermatrust.store.folder import DatasetFolder

    DatasetFolder.open(dataset)
    open_backup(file).close()  # so that a slip leaves no empty workbench
    with closing(open_database(dataset, db)) as database:
        show_digest(copying.restore(file, database))
