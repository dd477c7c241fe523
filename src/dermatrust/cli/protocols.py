"""`dermatrust protocols`: the published benchmarks there are."""

import click


@click.command()
@click.argument("name", required=False)
def protocols(name: str | None) -> None:
    """List the published benchmarks, or say everything about the one called NAME."""
    from dermatrust.protocols.find import all_protocols, find_protocol
    from dermatrust.protocols.list import protocol_table, protocol_text

    click.echo(protocol_text(find_protocol(name)) if name else protocol_table(all_protocols().values()))
