"""What one protocol found about one model: every metric with its interval, overall and broken down."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dermatrust.protocols.protocol import Protocol
from dermatrust.protocols.table import ScoreTable


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


def protocol_result(
    protocol: Protocol, table: ScoreTable, *, model: str, others: dict[str, str], variant: str = "", method: str = "",
    seed: int = 0, missing: Counter[str] | None = None,
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
    """
    is_known = table.is_known
    n_unanswered = int((is_known & ~np.array(table.answered, dtype=bool)).sum())
    return ProtocolResult(
        protocol.name, protocol.version, protocol.title, variant, method, model, others, len(table.ids),
        int((~is_known).sum()), n_unanswered, tuple(_rows(protocol, table, seed)),
        dict((missing or Counter()).most_common()),
    )  # fmt: skip


def _rows(protocol: Protocol, table: ScoreTable, seed: int) -> Iterator[MetricRow]:
    for name, metric in protocol.metrics.items():
        found = metric(table, np.random.default_rng(seed))
        yield MetricRow(name, "", "", found.value, found.low, found.high, found.n)
    for tag in (tag for tag in protocol.by if tag in table.tags):
        for level, part in table.by_tag(tag).items():
            for name, metric in protocol.metrics.items():
                found = metric(part, np.random.default_rng(seed))
                yield MetricRow(name, tag, level, found.value, found.low, found.high, found.n)
