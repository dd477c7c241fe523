"""Writes docs/protocols.md from what the protocols say of themselves, so that the page cannot fall behind them.

python scripts/write_protocol_docs.py            write the page
python scripts/write_protocol_docs.py --check    exit with 1 if the page is not what would be written
"""

from collections.abc import Iterator
from pathlib import Path

import click

from dermatrust.protocols import Protocol
from dermatrust.protocols.find import all_protocols
from dermatrust.protocols.list import made_up_rows, protocol_facts, state_of_verification

PAGE = Path(__file__).parents[1] / "docs" / "protocols.md"
INTRODUCTION = """\
# Published benchmarks

Written by `scripts/write_protocol_docs.py` from what each protocol's own file says. `dermatrust protocols` prints the
same table, `dermatrust protocols NAME` one entry, `dermatrust run NAME -m MODEL --data FILE` runs it, and
`dermatrust replay NAME FILE` scores what others recorded. To add one:
[a protocol of your own](protocols-tutorial.md).

"Verified" says which published figures came out of recorded outputs or of the data. "no" means that neither was at
hand: the rule is built as it is stated, and no figure of the authors has been reproduced with it. "A row" is made up:
it shows the fields that a file of data has.

"""


def protocol_page() -> str:
    """Return the page: a table of all protocols, then a section for each."""
    protocols = list(all_protocols().values())
    return INTRODUCTION + "\n".join(_table(protocols)) + "\n\n" + "\n".join(map(_section, protocols))


def _table(protocols: list[Protocol]) -> Iterator[str]:
    yield "| name | mechanism | shown | language | rows | licence | verified |"
    yield "|---|---|---|---|---|---|---|"
    for one in protocols:
        size = "not found" if one.source.size is None else f"{one.source.size:,}"
        cells = (
            f"[`{one.name}`](#{one.name})", one.kind, one.modality, one.language, size, one.source.licence,
            state_of_verification(one),
        )  # fmt: skip
        yield f"| {' | '.join(cells)} |"


def _section(protocol: Protocol) -> str:
    told = protocol_facts(protocol) | {"A row": "; or ".join(f"`{row}`" for row in made_up_rows(protocol))}
    facts = "\n".join(f"- **{name}:** {text}" for name, text in told.items())
    return f"## `{protocol.name}`\n\n{protocol.title}.\n\n{facts}\n"


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if the page is out of date.")
@click.option("--page", type=click.Path(path_type=Path), default=PAGE, help="The page.")
@click.pass_context
def write_protocol_docs(context: click.Context, page: Path, *, check: bool) -> None:
    """Write the page of protocols, or check it."""
    text = protocol_page()
    if not check:
        page.write_text(text, encoding="utf-8")
    elif not page.is_file() or page.read_text(encoding="utf-8") != text:
        click.echo(f"{page} is out of date. Run: python scripts/write_protocol_docs.py", err=True)
        context.exit(1)


if __name__ == "__main__":
    write_protocol_docs()
