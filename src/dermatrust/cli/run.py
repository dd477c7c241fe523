"""`dermatrust run`: a published benchmark on a model."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dermatrust.cli.options import RUN_OPTIONS, Number, named_run_folder, pace_for, tell_failures, with_options
from dermatrust.cli.protocol_options import CUTOFF, DATA, METHOD_OPTIONS, PROTOCOL, VARIANT, open_protocol, tell_result
from dermatrust.errors import DataError

if TYPE_CHECKING:
    from dermatrust.clients import Client
    from dermatrust.protocols.protocol import Source


@click.command()
@PROTOCOL
@click.option("--model", "-m", required=True, help="The model under test.")
@click.option("--judge", "-j", help="The model that judges, where the protocol has one judged.")
@click.option("--role", "roles", multiple=True, help="ROLE=MODEL, for protocols in which others take part; repeatable.")
@DATA
@VARIANT
@CUTOFF
@with_options(*METHOD_OPTIONS)
@click.option("--prompt", help="A prompt of your own, a file, in place of the protocol's.")
@click.option("--temperature", type=Number(min=0), help="Of the model under test.  [default: the protocol's, else 0]")
@click.option("--side", type=click.IntRange(min=16), default=1024, show_default=True, help="Longest image side, px.")
@with_options(*RUN_OPTIONS)
@click.option("--replace", is_flag=True, help="Overwrite another run's results in the run folder.")
def run(protocol: str, **options: Any) -> None:
    """Run PROTOCOL on a model: ask every item, score it, print each metric with its interval.

    The run folder gets the replies, scored.jsonl (every item; `dermatrust replay` scores it again), result.json and
    table.csv. The same command again resumes. Exits with 1 if asks failed; run it again for those.
    """
    from dermatrust.clients import Sampling
    from dermatrust.protocols.flat import result_csv
    from dermatrust.protocols.open_data import open_data
    from dermatrust.protocols.run import ProtocolRun, check_roles, earlier_name, run_name, run_protocol
    from dermatrust.store.atomic import write_text
    from dermatrust.store.images import ImageCache

    chosen, method_settings = open_protocol(protocol, options)
    temperature = options["temperature"] if options["temperature"] is not None else chosen.temperature or 0.0
    asked = ProtocolRun(
        protocol=chosen,
        data=open_data(chosen.source, options["data"]),
        clients=_clients(chosen.roles, chosen.source, options),
        sampling=Sampling(temperature, options["max_tokens"], options["seed"]),
        images=ImageCache(options["out"] / "image-cache", side_px=options["side"]),
        variant=options["variant"] or "",
        method=options["method"] or "",
        method_settings=method_settings,
        limit=options["limit"],
        seed=options["seed"],
    )
    check_roles(asked)
    folder = named_run_folder(options, run_name(asked))
    if not folder.manifest_path.exists() and not options["run_id"]:
        _tell_earlier(earlier_name(asked), options["out"])
    command = shlex.join(["dermatrust", *sys.argv[1:]])
    pace = pace_for(list(asked.clients.values()), options)
    result, failures = run_protocol(asked, folder, command=command, pace=pace, replace_other=options["replace"])
    write_text(folder.table_path, result_csv(result))
    tell_result(result)
    click.echo(f"table: {folder.table_path}", err=True)
    tell_failures(failures, folder)


def _tell_earlier(name: str | None, out: Path) -> None:
    """Say where an earlier version kept the run that begins anew now, and how its replies are used."""
    from dermatrust.store.run import RunFolder

    if name and RunFolder(out / name).manifest_path.exists():
        what = f"{out / name} is this run, named by an earlier version that left out the files beside the data"
        click.echo(f"{what}; all is asked anew. To keep its replies: --run-id {name} --replace.", err=True)


def _clients(roles: tuple[str, ...], source: "Source", options: dict[str, Any]) -> "dict[str, Client]":
    """Return who plays which role, refusing a role that the protocol does not have."""
    from dermatrust.clients import open_client
    from dermatrust.protocols.asking import MODEL

    named = {MODEL: options["model"]} | ({"judge": options["judge"]} if options["judge"] else {})
    for text in options["roles"]:
        role, is_given, name = text.partition("=")
        if not is_given or not role or not name:
            raise DataError("--role", f"is {text!r}", "ROLE=MODEL")
        if role == MODEL:
            raise DataError("--role", "names the model under test", "a role besides it", "Name that one with -m.")
        named[role] = name
    for role in named:
        if role != MODEL and role not in roles:
            expected = f"one of {', '.join(roles)}" if roles else "no other role: this protocol asks the model alone"
            raise DataError("--role" if role != "judge" else "--judge", f"nobody plays a {role} here", expected)
    opened: dict[str, Client] = {}
    for role, name in named.items():
        opened[role] = next((opened[other] for other in opened if named[other] == name), None) or open_client(name)
    return opened
