"""`dermatrust curate`: the clinicians' workbench in a browser."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dermatrust.cli.groups import OpeningGroup

if TYPE_CHECKING:
    from dermatrust.curate.copying import Digest
    from dermatrust.curate.database import Database

COMMANDS = {
    "start": "Start the workbench on DATASET; the word `start` may be left out.",
    "admin": "Make an administrator, and print the secret with which they choose a password.",
    "verify-audit": "Check that nobody has changed the audit trail.",
    "backup": "Write everything into one file, while the workbench is in use.",
    "restore": "Fill an empty workbench from such a file.",
    "copy": "Copy everything into another database, e.g. from SQLite to PostgreSQL.",
}
"""Name to one line of help, so that `--help` imports none of them."""
DB = click.option("--db", metavar="URL", help="SQLite file, or postgresql+psycopg://...  [default: beside DATASET]")


@click.group(
    cls=OpeningGroup, lines=COMMANDS, module="dermatrust.cli.curate_", subcommand_metavar="[start] DATASET ..."
)
def curate() -> None:
    """Open the workbench in which clinicians rate narratives and certify references, in a browser.

    `dermatrust curate DATASET` starts it; `dermatrust curate admin DATASET` makes the first account.
    """


def home_of(dataset: Path) -> Path:
    """Return the folder of what the workbench keeps of a dataset: beside it, so that the dataset stays as it is."""
    path = dataset.resolve()
    return path.with_name(f"{path.name}-workbench")


def open_database(dataset: Path, db: str | None, *, must_exist: bool = False) -> "Database":
    """Return the workbench's database, with its tables as this version needs them.

    Raises:
        UserError: It must exist, and does not; or it cannot be opened.
    """
    from dermatrust.curate.opening import open_current

    file = home_of(dataset) / "workbench.db"
    if db is None and not must_exist:
        file.parent.mkdir(mode=0o700, exist_ok=True)
    do = "Check DATASET and --db; `dermatrust curate DATASET` makes a workbench."
    return open_current(file if db is None else db, absent="there is no workbench" if must_exist else "", do=do)


def show_digest(digest: "Digest") -> None:
    """Print what a database holds: table, rows and their hash, one table a line, tab-separated."""
    for table, (n_rows, sha256) in digest.items():
        click.echo(f"{table}\t{n_rows}\t{sha256}")
