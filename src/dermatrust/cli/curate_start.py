"""`dermatrust curate DATASET`: start the workbench."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dermatrust.cli.curate import DB, home_of, open_database
from dermatrust.cli.options import FILE, Number

if TYPE_CHECKING:
    from fastapi import FastAPI

    from dermatrust.curate.database import Database
    from dermatrust.curate.projects import Texts
    from dermatrust.store.folder import DatasetFolder

_SHARE = Number(0, 1)
_FIRST_ONLY = ("queue", "raters_per_narrative", "anchor_share", "rules", "seed")
"""What is settled when a project is made."""
_OPTIONS = (
    click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
    click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes a free one."),
    click.option("--texts", type=click.Choice(["narratives", "references"]), help="[default: narratives, if any]"),
    click.option("--queue", type=FILE, help="CSV with a column case_id: only these cases, in this order."),
    click.option("--project", help="Name of one of several on DATASET; a new name makes one.  [default: by --texts]"),
    click.option("--raters-per-narrative", type=click.IntRange(1, 20), help="[default: 2]"),
    click.option("--anchor-share", type=_SHARE, help="Rated by all, and twice.  [default: 0.05]"),
    click.option("--rules", type=FILE, help="YAML: when somebody has to decide, how long an item is kept, ..."),
    click.option("--seed", type=int, help="Of raters' orders and of the anchors.  [default: 0]"),
    click.option("--need-authenticator", is_flag=True, help="Nobody gets in without a one-time code."),
    click.option("--no-browser-drafts", is_flag=True, help="Browsers keep nothing the server has not confirmed."),
    click.option("--root-path", default="", help="Beginning of the address behind a proxy, e.g. /workbench."),
    click.option("--trusted-proxy", multiple=True, help="Address of a proxy whose word on clients counts; repeatable."),
)


def _options(command: Any) -> Any:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("dataset", type=FILE)
@DB
@_options
def start(dataset: Path, db: str | None, **options: Any) -> None:
    """Start the workbench on DATASET and print its address.

    The first start makes a project of its texts; later ones go on with it. Accounts, ratings and texts are kept in a
    folder beside DATASET, which itself is not changed.
    """
    from dermatrust.cli.listening import address_of, listen, run
    from dermatrust.store.folder import DatasetFolder

    folder = DatasetFolder.open(dataset)
    database = open_database(dataset, db)
    _move_projects(database, folder)
    _make_project(database, folder, options)
    app = _app(database, dataset, options)
    proxies = ",".join(options["trusted_proxy"])
    with listen(options["host"], options["port"]) as listening:
        click.echo(f"{address_of(listening)}{options['root_path']}/")
        _advise(database, dataset, db, options["host"])
        run(
            app, listening, logger="dermatrust.curate", proxy_headers=bool(proxies), forwarded_allow_ips=proxies or None
        )  # fmt: skip
    database.close()


def _move_projects(database: "Database", folder: "DatasetFolder") -> None:
    """Let projects whose folder is gone take their photographs from where it is now: here, or among those imported."""
    from sqlalchemy import select

    from dermatrust.curate.projects import follow_folder
    from dermatrust.curate.tables import Project
    from dermatrust.curate.trail import Actor
    from dermatrust.store.folder import DatasetFolder

    with database.writing() as session:
        for project in session.scalars(select(Project).order_by(Project.id)):
            imported = home_of(folder.path) / "datasets" / Path(project.folder).name
            is_same = project.card.get("name") == folder.card.name
            now = folder if is_same else DatasetFolder.open(imported) if imported.is_dir() else None
            if now is not None and follow_folder(session, Actor("command line"), project, now):
                click.echo(f"project {project.name!r} now takes its photographs from {now.path}", err=True)


def _make_project(database: "Database", folder: "DatasetFolder", options: dict[str, Any]) -> None:
    """Make the project on the first start; its texts and rules stay as they were then."""
    from sqlalchemy import select

    from dermatrust.curate.projects import create_project, pick, read_images
    from dermatrust.curate.queue import read_queue
    from dermatrust.curate.rules_file import read_rules
    from dermatrust.curate.tables import Project
    from dermatrust.curate.trail import Actor

    first: Texts = "narratives" if any(folder.iter_narratives()) else "references"
    texts: Texts = options["texts"] or first
    names = [options["project"]] if options["project"] else [f"{folder.card.name}: {texts}"]
    if not options["project"] and not options["texts"]:
        names += [f"{folder.card.name}: {one}" for one in ("narratives", "references") if one != texts]
    rules = read_rules(
        options["rules"], slots=options["raters_per_narrative"], anchor_share=options["anchor_share"]
    )  # fmt: skip
    with database.reading() as session:
        known = session.scalars(select(Project.name).where(Project.name.in_(names))).all()
    if known:
        if any(options[name] is not None for name in _FIRST_ONLY):
            click.echo(f"project {known[0]!r} is there: its texts and rules stay as they were made", err=True)
        return
    picked = pick(folder, texts, read_queue(options["queue"]) if options["queue"] else None)
    images = read_images(folder, picked)
    with database.writing() as session:
        create_project(
            session, Actor("command line"), names[0], folder, picked, images, rules=rules, seed=options["seed"] or 0
        )  # fmt: skip
    click.echo(f"new project {names[0]!r}: {len(picked)} texts, {rules.slots} raters each", err=True)


def _app(database: "Database", dataset: Path, options: dict[str, Any]) -> "FastAPI":
    from dermatrust.curate.app import make_app
    from dermatrust.curate.gate import Settings

    settings = Settings(
        image_cache=home_of(dataset) / "image-cache",
        needs_authenticator=options["need_authenticator"],
        keeps_drafts=not options["no_browser_drafts"],
    )
    return make_app(database, settings, root_path=options["root_path"].rstrip("/"))


def _advise(database: "Database", dataset: Path, db: str | None, host: str) -> None:
    from sqlalchemy import select

    from dermatrust.curate.tables import User

    with database.reading() as session:
        has_admin = session.scalar(select(User.id).where(User.is_admin).limit(1)) is not None
    if not has_admin:
        where = f" --db {db}" if db else ""
        click.echo(
            f"nobody can sign in yet: `dermatrust curate admin {dataset}{where}` makes the first account", err=True
        )
    if host not in ("127.0.0.1", "localhost", "::1"):
        click.echo("others can reach this address: put a proxy with TLS before it, or nobody can sign in", err=True)
    click.echo("Ctrl-C stops it; everything saved is kept", err=True)
