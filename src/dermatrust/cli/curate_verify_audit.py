"""`dermatrust curate verify-audit`: whether the trail is as it was written."""

from pathlib import Path

import click

from dermatrust.cli.curate import DB, open_database
from dermatrust.cli.options import FILE

_LOST = "If something was, the trail is lost: look for a backup."


@click.command(name="verify-audit")
@click.argument("dataset", type=FILE)
@click.option("--known", metavar="ROWS:SHA256", help="What this command printed before, kept somewhere else.")
@DB
def verify_audit(dataset: Path, known: str | None, db: str | None) -> None:
    """Check every row of the audit trail of DATASET's workbench, and print how many there are and the last hash.

    Keep what it prints somewhere else: with --known, not even a whole trail put in the place of another goes unseen.
    Exits with 1 where the trail is not as it was written.
    """
    from dermatrust.curate.trail import verify
    from dermatrust.errors import UserError
    from dermatrust.store.folder import DatasetFolder

    DatasetFolder.open(dataset)
    earlier = None
    if known is not None:
        rows, _, sha256 = known.partition(":")
        if not rows.isdecimal() or len(sha256) != 64:
            raise UserError("--known", "is not what this command prints", "ROWS:SHA256")
        earlier = (int(rows), sha256)
    database = open_database(dataset, db, must_exist=True)
    found = verify(database, earlier)
    database.close()
    if found.length == 0:
        raise UserError(db or str(dataset), "its workbench has no audit trail: nothing was ever done there", do=_LOST)
    if found.broken is not None:
        click.echo(f"row {found.broken} of the audit trail {found.why}", err=True)
        raise click.exceptions.Exit(1)
    click.echo(f"{found.length}:{found.sha256}")
