"""`dermatrust explore`: finished runs in a browser."""

import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dermatrust.errors import DataError

if TYPE_CHECKING:
    from dermatrust.explore.runs import Runs

FOLDER = click.Path(path_type=Path)
HOST = "127.0.0.1"


@click.command()
@click.argument("runs", nargs=-1, type=FOLDER)
@click.option(
    "--dataset", "-d", "datasets", multiple=True, type=FOLDER, help="A dataset folder behind runs; repeatable."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8700, show_default=True, help="0 takes a free one.")
def explore(runs: tuple[Path, ...], datasets: tuple[Path, ...], port: int) -> None:
    """Look at RUNS in a browser: leaderboard, models, raters, cases and data, live and read-only.

    RUNS are run folders, folders that align, audit or run wrote, or folders that hold such folders.  [default: runs]
    It listens on this machine alone, and only who has the link printed gets in: it shows what raters must not see.
    """
    from dermatrust.cli.serve import check_web

    check_web("dermatrust explore", ("starlette", "uvicorn"))
    from dermatrust.cli.listening import address_of, listen, run
    from dermatrust.explore.app import explore_app
    from dermatrust.explore.datasets import Datasets
    from dermatrust.explore.runs import Runs
    from dermatrust.store.folder import DatasetFolder

    for folder in datasets:
        DatasetFolder.open(folder)
    paths = runs or (Path("runs"),)
    shelf = Runs(paths)
    _check_any(shelf, paths)
    with listen(HOST, port) as listening:
        key = secrets.token_urlsafe(32)
        app = explore_app(shelf, Datasets(datasets, (Path(),)), key=key, port=listening.getsockname()[1])
        click.echo(f"{address_of(listening)}/?key={key}")
        click.echo("Ctrl-C stops it", err=True)
        with suppress(KeyboardInterrupt):
            run(app, listening, logger="dermatrust.curate")


def _check_any(shelf: "Runs", paths: tuple[Path, ...]) -> None:
    """Say what cannot be shown, and refuse to show nothing at all."""
    listed = shelf.listed()
    for one in listed:
        if one.problem:
            click.echo(f"{one.path}: {one.problem}", err=True)
    if all(one.problem for one in listed):
        where = ", ".join(map(str, paths))
        do = "`dermatrust bench DATASET -m MODEL` or `dermatrust demo` makes one."
        raise DataError(where, "holds nothing to show", "a finished run, or a folder of runs", do)
