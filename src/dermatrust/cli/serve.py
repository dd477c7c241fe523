"""`dermatrust serve`: the scoring API."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dermatrust.cli.groups import LazyGroup
from dermatrust.cli.options import LOOK_FOR_WRITING, Number, with_options

if TYPE_CHECKING:
    from dermatrust.curate.database import Database
    from dermatrust.evaluator.evaluator import Evaluator

COMMANDS = {"token": "Make, list and revoke the tokens that let a program in."}
"""Name to one line of help, so that `--help` imports none of them."""
_PACKAGES = ("alembic", "fastapi", "python_multipart", "sqlalchemy", "uvicorn")
DB = click.option("--db", metavar="URL", help="SQLite file, or postgresql+psycopg://...  [default: in your home]")
_OPTIONS = (
    click.option("--model", "-m", default="nano/evaluator", show_default=True, help="As of `dermatrust rate`."),
    DB,
    click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
    click.option("--port", type=click.IntRange(0, 65535), default=8600, show_default=True, help="0 takes a free one."),
    click.option("--prompt", help="Prompt name or file, for models without a form of their own."),
    click.option("--max-tokens", type=click.IntRange(min=1), default=1024, show_default=True, help="Longest critique."),
    LOOK_FOR_WRITING,
    click.option("--timeout", type=Number(min=0.1), default=180.0, show_default=True, help="Seconds per answer."),
    click.option("--at-once", type=click.IntRange(1, 256), default=8, show_default=True, help="Requests worked on."),
    click.option("--waiting", type=click.IntRange(0, 4096), default=32, show_default=True, help="Requests that wait."),
    click.option(
        "--per-minute", type=click.IntRange(min=1), default=120, show_default=True, help="Requests of one token."
    ),
    click.option("--may-leave-machine", is_flag=True, help="A model elsewhere may see what is sent in."),
)


@click.group(
    cls=LazyGroup, lines=COMMANDS, module="dermatrust.cli.serve_", invoke_without_command=True,
    subcommand_metavar="[COMMAND] ...",
)  # fmt: skip
@with_options(*_OPTIONS)
@click.pass_context
def serve(context: click.Context, /, **options: Any) -> None:
    """Start the scoring API: a photograph and a narrative in, six scores out.

    It listens on this machine alone, and every request needs a token; make one first:
    `dermatrust serve token create NAME`. The address is printed; /openapi.json describes the rest.
    """
    if context.invoked_subcommand is None:
        _start(**options)


def open_database(db: str | None, *, must_exist: bool = False) -> "Database":
    """Return the database of tokens, with its tables as this version needs them.

    Raises:
        UserError: It must exist, and does not; or it cannot be opened.
    """
    from dermatrust.curate.opening import open_current

    home = Path(click.get_app_dir("dermatrust"))
    if db is None and not must_exist:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    do = "Check --db; `dermatrust serve token create NAME` makes the first token."
    return open_current(
        home / "serve.db" if db is None else db, absent="there are no tokens" if must_exist else "", do=do
    )


def _start(
    *, model: str, db: str | None, host: str, port: int, at_once: int, waiting: int, per_minute: int, timeout: float,
    **asked: Any,
) -> None:  # fmt: skip
    check_web()
    from dermatrust.cli.listening import address_of, listen, run
    from dermatrust.curate.image_cleaning import Cleaners
    from dermatrust.curate.score_service import ScoreService
    from dermatrust.curate.serve_app import Serving, serve_app

    evaluator = _evaluator(model, **asked)
    database = open_database(db)
    with listen(host, port) as listening, Cleaners() as cleaners:
        service = ScoreService(evaluator, cleaners.clean, timeout_s=timeout)
        app = serve_app(service, database, Serving(at_once, waiting, per_minute))
        click.echo(address_of(listening))
        _advise(database, model, host)
        with suppress(KeyboardInterrupt):
            run(app, listening, logger="dermatrust.serve")
    database.close()


def check_web(command: str = "dermatrust serve", packages: tuple[str, ...] = _PACKAGES) -> None:
    """Check that the packages of the web that a command needs are installed.

    Raises:
        UserError: One is missing.
    """
    from importlib.util import find_spec

    from dermatrust.errors import UserError

    for package in packages:
        if find_spec(package) is None:
            do = "pip install 'dermatrust[web]'"
            raise UserError(command, f"needs the package {package}", do=do)


def _evaluator(
    model: str, *, prompt: str | None, max_tokens: int, look_for_writing: bool, may_leave_machine: bool
) -> "Evaluator":
    from dermatrust.clients.open import leaves_machine
    from dermatrust.errors import ModelError
    from dermatrust.evaluator.open import open_evaluator

    if leaves_machine(model) and not may_leave_machine:
        do = "Add --may-leave-machine if photographs and texts may be sent there."
        raise ModelError(model, "is not on this machine", do=do)
    return open_evaluator(model, prompt=prompt, max_tokens=max_tokens, look_for_writing=look_for_writing)


def _advise(database: "Database", model: str, host: str) -> None:
    from dermatrust.bench.text import embedded_notice
    from dermatrust.curate.tokens import list_tokens

    if notice := embedded_notice([model]):
        click.echo(notice, err=True)
    if not list_tokens(database):
        click.echo("nobody can ask yet: `dermatrust serve token create NAME` makes a token", err=True)
    if host not in ("127.0.0.1", "localhost", "::1"):
        click.echo("others can reach this address: put a proxy with TLS before it, or tokens can be read", err=True)
    click.echo("Ctrl-C stops it", err=True)
