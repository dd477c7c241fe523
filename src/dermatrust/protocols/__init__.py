"""Published medical benchmarks, one file each, on one engine; what a protocol is, and the scorers they share."""

from dermatrust.protocols.asking import MODEL, Ask, ask_once
from dermatrust.protocols.item import Item, Played, Row, Score, Turn, user
from dermatrust.protocols.protocol import Example, Protocol, Source
from dermatrust.protocols.table import Metric, ScoreTable

__all__ = [
    "MODEL", "Ask", "Example", "Item", "Metric", "Played", "Protocol", "Row", "Score", "ScoreTable", "Source", "Turn",
    "ask_once", "user",
]  # fmt: skip
