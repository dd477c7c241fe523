"""`dermatrust curate admin`: the first account, and a way back in."""

from pathlib import Path

import click

from dermatrust.cli.curate import DB, open_database
from dermatrust.cli.options import FILE


@click.command()
@click.argument("dataset", type=FILE)
@click.argument("name", default="admin")
@DB
def admin(dataset: Path, name: str, db: str | None) -> None:
    """Make an administrator called NAME (`admin` if left out), and print the secret with which they choose a password.

    The secret is good once, for three days. For an administrator who is there already it is a new one: the way back in
    for somebody who lost the password.
    """
    from sqlalchemy import select

    from dermatrust.curate.accounts import Accounts
    from dermatrust.curate.tables import User
    from dermatrust.curate.trail import Actor
    from dermatrust.errors import UserError
    from dermatrust.store.folder import DatasetFolder

    DatasetFolder.open(dataset)
    database = open_database(dataset, db)
    accounts, by = Accounts(database), Actor("command line")
    with database.reading() as session:
        user = session.scalar(select(User).where(User.name == name))
    if user is None:
        secret = accounts.invite(name, by, is_admin=True)
    elif user.is_admin and user.disabled_at is None:
        secret = accounts.invite_again(user.id, by)
    else:
        raise UserError(name, "has an account, but is no administrator whose account is open", do="Take another name.")
    database.close()
    click.echo(secret)
    click.echo(f"Start `dermatrust curate {dataset}`, open /welcome#{secret} there and choose a password.", err=True)
    click.echo(f"The name to sign in with is {name}.", err=True)
