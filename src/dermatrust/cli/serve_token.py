"""`dermatrust serve token`: who may ask the scoring API."""

from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from dermatrust.cli.groups import SuggestingGroup
from dermatrust.cli.serve import DB, check_web, open_database

if TYPE_CHECKING:
    from dermatrust.curate.tokens import Scope

_SCOPES = click.Choice(["score", "metrics"])


@click.group(cls=SuggestingGroup)
def token() -> None:
    """Make, list and revoke tokens. The database keeps their hashes alone."""
    check_web()


@token.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", type=_SCOPES, multiple=True, default=("score",), show_default=True, help="Repeatable."
)
@click.option("--days", type=click.IntRange(1, 3650), help="For how long.  [default: until it is revoked]")
@DB
def create(name: str, scopes: "tuple[Scope, ...]", days: int | None, db: str | None) -> None:
    """Make a token called NAME and print it. It is shown this once."""
    from dermatrust.curate.tokens import create_token
    from dermatrust.curate.trail import Actor

    valid = None if days is None else timedelta(days=days)
    with closing(open_database(db)) as database:
        click.echo(create_token(database, name, scopes, Actor("command line"), valid=valid))
    click.echo("keep it as you keep a password; it cannot be shown again", err=True)


@token.command("list")
@DB
def list_all(db: str | None) -> None:
    """Print all tokens, one a line, tab-separated."""
    from dermatrust.curate.tokens import list_tokens

    with closing(open_database(db, must_exist=True)) as database:
        rows = list_tokens(database)
    click.echo("name\tscopes\tcreated\texpires\trevoked\tlast used")
    for row in rows:
        moments = (row.created_at, row.expires_at, row.revoked_at, row.used_at)
        click.echo("\t".join([row.name, ",".join(row.scopes), *map(_moment, moments)]))


@token.command()
@click.argument("name")
@DB
def revoke(name: str, db: str | None) -> None:
    """End the token called NAME at once."""
    from dermatrust.curate.tokens import revoke_token
    from dermatrust.curate.trail import Actor

    with closing(open_database(db, must_exist=True)) as database:
        revoke_token(database, name, Actor("command line"))
    click.echo(f"revoked {name}")


def _moment(moment: datetime | None) -> str:
    return "-" if moment is None else moment.isoformat(timespec="seconds")
