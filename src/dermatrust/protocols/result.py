"""What one protocol found about one model: every metric with its interval, overall and broken down."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from dermatrust.protocols.list import protocol_facts, state_of_verification
from dermatrust.protocols.protocol import Protocol, Source
from dermatrust.protocols.table import ScoreTable
from dermatrust.records import DatasetCard
from dermatrust.records.cards import KNOWN_LICENCES

SILENT_JUDGE = "a judge did not answer"
NOT_RECORDED = "not recorded"
"""Why an item is missing of which a record holds nothing; nobody was asked for it."""
STATE = "Was verified"
"""Heading of the fact that says yes, partly or no."""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One figure.

    Attributes:
        metric: Its name.
        tag: What it is broken down by; empty for all items.
        level: Which level of that.
        value: The figure; NaN where it is not defined.
        low: Lower end of its 95 % interval.
        high: Upper end.
        n: Items, or groups of items, that count.
    """

    metric: str
    tag: str
    level: str
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, besides what the protocol's version fixes: runs can be compared where it is the same.

    Attributes:
        data: The name of the data's file; empty where the record brought its own questions, or nobody wrote it down.
        data_hash: Its SHA-256; where other files beside it were read too, that of the SHA-256 of all.
        limit: Only the first so many rows.
        prompt_hash: SHA-256 of the prompt's template.
        settings: What the method hangs on besides its name.
    """

    data: str = ""
    data_hash: str = ""
    limit: int | None = None
    prompt_hash: str = ""
    settings: dict[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProtocolResult:
    """What one protocol found about one model.

    Attributes:
        protocol: Its name.
        version: Its version: results of different ones cannot be compared.
        title: What it is.
        variant: Which variant; empty for the protocol's default.
        method: How it was asked; empty for plainly.
        model: The model under test.
        others: Who played the other roles, by role.
        n_items: Items of the data.
        n_missing: Of these, items that no score could be given to: an ask failed, or a judge did not answer.
        n_unanswered: Of the rest, items that the model did not answer; they are wrong unless the protocol rules else.
        rows: The figures.
        missing: Why items are missing, and how many.
        card: Of the data as they were published.
        facts: What the protocol says about itself, by heading.
        asked: What was asked.
        is_recorded: Whether outputs that were recorded before were scored, and nobody was asked.
    """

    protocol: str
    version: int
    title: str
    variant: str
    method: str
    model: str
    others: dict[str, str]
    n_items: int
    n_missing: int
    n_unanswered: int
    rows: tuple[MetricRow, ...]
    missing: dict[str, int]
    card: DatasetCard = field(default_factory=lambda: _card("not recorded", Source(dataset="not recorded"), ""))
    facts: dict[str, str] = field(default_factory=dict)
    asked: Asked = field(default_factory=Asked)
    is_recorded: bool = False

    @property
    def n_silent_judge(self) -> int:
        """Items of which a judge's verdict is missing."""
        return self.missing.get(SILENT_JUDGE, 0)

    @property
    def n_not_recorded(self) -> int:
        """Items of which the record that was scored holds nothing."""
        return self.missing.get(NOT_RECORDED, 0)

    @property
    def n_failed(self) -> int:
        """Items whose ask failed."""
        return self.n_missing - self.n_silent_judge - self.n_not_recorded


def protocol_result(
    protocol: Protocol, table: ScoreTable, *, model: str, others: dict[str, str], variant: str = "", method: str = "",
    seed: int = 0, missing: Counter[str] | None = None, asked: Asked | None = None, is_recorded: bool = False,
) -> ProtocolResult:  # fmt: skip
    """Return every metric of a protocol with its interval, over all items and over each level of each tag.

    Args:
        protocol: The protocol.
        table: The scores.
        model: The model under test.
        others: Who played the other roles.
        variant: The variant's name.
        method: The method's name.
        seed: Of the resampling.
        missing: Why items are missing.
        asked: What was asked.
        is_recorded: Whether nobody was asked.
    """
    is_known = table.is_known
    n_unanswered = int((is_known & ~np.array(table.answered, dtype=bool)).sum())
    return ProtocolResult(
        protocol.name, protocol.version, protocol.title, variant, method, model, others, len(table.ids),
        int((~is_known).sum()), n_unanswered, tuple(_rows(protocol, table, seed)),
        dict((missing or Counter()).most_common()), protocol_card(protocol), _facts(protocol),
        asked or Asked(prompt_hash=prompt_hash(protocol)), is_recorded,
    )  # fmt: skip


def _facts(protocol: Protocol) -> dict[str, str]:
    """Return what a protocol says about itself, without the made-up row, and whether it was verified."""
    told = {name: text for name, text in protocol_facts(protocol).items() if name != "A row"}
    return told | {STATE: state_of_verification(protocol)}


def protocol_card(protocol: Protocol) -> DatasetCard:
    """Return the card of a protocol's data, as they were published."""
    return _card(protocol.name, protocol.source, protocol.title)


def prompt_hash(protocol: Protocol) -> str:
    """Return the SHA-256 of a protocol's prompt."""
    return hashlib.sha256(protocol.prompt.encode()).hexdigest()


def _card(name: str, source: Source, title: str) -> DatasetCard:
    return DatasetCard(
        name=name,
        version=source.revision or "not pinned",
        source=source.dataset,
        licence=source.licence if source.licence in KNOWN_LICENCES else "not-stated",
        consent="as published",
        may_leave_machine=source.may_leave_machine,
        notes=title,
    )


def _rows(protocol: Protocol, table: ScoreTable, seed: int) -> Iterator[MetricRow]:
    for name, metric in protocol.metrics.items():
        found = metric(table, np.random.default_rng(seed))
        yield MetricRow(name, "", "", found.value, found.low, found.high, found.n)
    for tag in (tag for tag in protocol.by if tag in table.tags):
        for level, part in table.by_tag(tag).items():
            for name, metric in protocol.metrics.items():
                found = metric(part, np.random.default_rng(seed))
                yield MetricRow(name, tag, level, found.value, found.low, found.high, found.n)
