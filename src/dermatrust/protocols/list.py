"""What protocols there are, as text."""

import json
from collections.abc import Iterable

from dermatrust.protocols.protocol import Protocol, Source

HEADER = ("name", "kind", "modality", "language", "data", "licence", "verified")


def protocol_table(protocols: Iterable[Protocol]) -> str:
    """Return one line per protocol: name, kind, modality, language, data, licence, state of verification."""
    rows = [HEADER, *(protocol_cells(protocol) for protocol in protocols)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(HEADER) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    )


def protocol_cells(protocol: Protocol) -> tuple[str, ...]:
    """Return what the table says of one protocol."""
    source = protocol.source
    size = "size not found" if source.size is None else f"{source.size:,} rows"
    return (
        protocol.name, protocol.kind, protocol.modality, protocol.language, f"{source.dataset} ({size})",
        source.licence, state_of_verification(protocol),
    )  # fmt: skip


def state_of_verification(protocol: Protocol) -> str:
    """Return "yes", "partly" or "no", by how its file's "Verified" begins: figures, partly, or nothing."""
    said = protocol.facts.get("Verified", "Nothing").lower()
    return "no" if said.startswith("nothing") else "partly" if said.startswith("partly") else "yes"


def protocol_text(protocol: Protocol) -> str:
    """Return everything a protocol says about itself."""
    facts = protocol_facts(protocol)
    width = max(map(len, facts))
    return "\n".join([f"{protocol.title}.", "", *(f"{name:<{width}}  {text}" for name, text in facts.items())])


def protocol_facts(protocol: Protocol) -> dict[str, str]:
    """Return everything a protocol says about itself, by heading."""
    return {
        **protocol.facts,
        "Kind": f"{protocol.kind}; {protocol.modality}; {protocol.language}",
        "Source": _source(protocol.source),
        "Roles": ", ".join(("model", *protocol.roles)),
        "Metrics": "; ".join(protocol.metrics),
        "By": ", ".join(protocol.by) or "nothing",
        "Variants": ", ".join(protocol.variants) or "none",
        "A row": "; or ".join(made_up_rows(protocol)),
    }


def made_up_rows(protocol: Protocol) -> list[str]:
    """Return a made-up row of each form that the data may have, as JSON."""
    rows = {frozenset(example.row): example.row for example in reversed(protocol.examples)}
    return [json.dumps(dict(row), ensure_ascii=False) for row in reversed(rows.values())]


def _source(source: Source) -> str:
    files = f", {' or '.join(source.files)}" if source.files else ""
    pinned = f"commit {source.revision}" if source.revision else "pinned to no commit"
    return f"{source.dataset}{files}; {pinned}; licence: {source.licence}"
