"""What the commands of protocols share: their options, and what they print."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dermatrust.cli.options import Number
from dermatrust.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dermatrust.protocols import Item, Protocol
    from dermatrust.protocols.result import ProtocolResult

PROTOCOL = click.argument("protocol")
DATA = click.option("--data", help="Its data: a file, a folder, or hf:OWNER/NAME@COMMIT[/FILE].  [default: the hub]")
VARIANT = click.option("--variant", help="A variant of the protocol, e.g. released-code.")
CUTOFF = click.option(
    "--cutoff", metavar="YYYY-MM", help="Results also before and after this month, where a protocol's items have one."
)
METHOD_OPTIONS = (
    click.option("--method", help="How to ask: NAME or NAME:K, e.g. self-consistency:5.  [default: plainly]"),
    click.option("--pool", type=click.Path(path_type=Path), help="Rows with known answers to take shots from."),
    click.option(
        "--method-temperature", type=Number(min=0), default=0.7, show_default=True, help="Of a method's draws."
    ),
)


def open_protocol(name: str, options: dict[str, Any]) -> "tuple[Protocol, dict[str, Any]]":
    """Return the protocol in the variant and by the method that the options name, with their prompt and cut-off.

    Beside it is what the method hangs on besides its name: with another pool or temperature it is another run.
    """
    from dermatrust.protocols.cutoff import with_cutoff
    from dermatrust.protocols.files_read import FilesRead
    from dermatrust.protocols.find import find_protocol
    from dermatrust.protocols.methods.find import Settings, apply_method
    from dermatrust.protocols.open_data import iter_items

    protocol = find_protocol(name)
    if options["variant"]:
        protocol = protocol.variant(options["variant"])
    if options.get("prompt"):
        protocol = with_prompt(protocol, _own_prompt(options["prompt"]))
    if options.get("cutoff"):
        protocol = with_cutoff(protocol, options["cutoff"])
    if not options.get("method"):
        if options.get("pool"):
            raise DataError("--pool", "is given without a --method that takes shots")
        return protocol, {}
    files = FilesRead()
    pool = tuple(iter_items(protocol, options["pool"], files=files)) if options.get("pool") else ()
    _check_has_shots(options["method"], pool)
    temperature = options.get("method_temperature", 0.7)
    hangs_on = {"method_temperature": temperature} | ({"pool": files.content_hash(options["pool"])} if pool else {})
    settings = Settings(pool=pool, temperature=temperature, seed=options["seed"])
    return apply_method(protocol, options["method"], settings), hangs_on


def with_prompt(protocol: "Protocol", text: str) -> "Protocol":
    """Return the protocol with a prompt in place of its own, also where items bring theirs.

    Raises:
        DataError: It has no place for the question, or, once a row is read, for the options that there are.
    """
    from dataclasses import replace

    made = protocol.to_item
    if "{question}" not in text:
        raise DataError("--prompt", "has no place {question}: nothing would be asked", "{question}, and {options}")

    def to_item(row: Any) -> Any:
        items = made(row)
        several = items if isinstance(items, tuple) else (items,)
        if "{options}" not in text and any(item.options for item in several):
            raise DataError("--prompt", "has no place {options}, and there are some to choose from", "{options}")
        changed = tuple(replace(item, template=text) for item in several)
        return changed if isinstance(items, tuple) else changed[0]

    return replace(protocol, prompt=text, to_item=to_item)


def _own_prompt(name: str) -> str:
    """Return the text of a file of the user's; no prompt of ours can be meant."""
    from dermatrust.narrate.prompt import read_prompt

    if not Path(name).is_file():
        raise DataError("--prompt", f"there is no file {name}")
    return read_prompt(Path(name)).text


def _check_has_shots(method: str, pool: "Sequence[Item]") -> None:
    """Refuse a method that would show fewer shots than its name says."""
    name, _, number = method.partition(":")
    if name.endswith("few-shot") and pool and number.isdigit() and int(number) > len(pool):
        raise DataError("--method", f"is {method}, and the pool holds {len(pool)}", f"at most {name}:{len(pool)}")


def tell_result(result: "ProtocolResult") -> None:
    """Print a result."""
    from dermatrust.protocols.text import result_text

    click.echo(result_text(result))
