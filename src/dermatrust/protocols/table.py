"""Scores in columns, and what a metric is."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.interval import Estimate
from dermatrust.protocols.item import Item, Score

Floats = NDArray[np.float64]
T = TypeVar("T")
SEVERAL = "; "
"""Between the levels of a tag where an item has several."""


@dataclass(slots=True)
class ScoreTable:
    """One entry per item, in the order of the data.

    Attributes:
        ids: Of the items.
        targets: What is known to be right, as text.
        said: The answers as they were read; empty where there is none.
        groups: Items that stand or fall together share one; an item alone has its own id.
        answered: Whether the model gave an answer.
        values: What it was worth; NaN where an ask failed or a judge did not answer: missing.
        tags: By name, one text per item.
        parts: Further numbers by name; NaN is missing.
        whole: The table that this is a part of; None for all items. There are the other members of a group.
    """

    ids: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    answered: list[bool] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    tags: dict[str, list[str]] = field(default_factory=dict)
    parts: dict[str, list[float]] = field(default_factory=dict)
    whole: "ScoreTable | None" = None

    def add(self, item: Item, score: Score | None) -> None:
        """Add an item's outcome; None where an ask of it failed."""
        n = len(self.ids)
        self.ids.append(item.id)
        self.targets.append(item.target if isinstance(item.target, str) else repr(item.target))
        self.groups.append(item.group or item.id)
        self.said.append(score.said if score else "")
        self.answered.append(score.answered if score else False)
        self.values.append(score.value if score else np.nan)
        _append(self.tags, item.tags, n, "")
        _append(self.parts, score.parts if score else {}, n, np.nan)

    @property
    def scores(self) -> Floats:
        """The values, shape (items,)."""
        return np.array(self.values, dtype=np.float64)

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """Where the value is not missing, shape (items,)."""
        return ~np.isnan(self.scores)

    def part(self, name: str) -> Floats:
        """Return one further number of every item, shape (items,); all NaN where no item has it."""
        return np.array(self.parts.get(name, [np.nan] * len(self.ids)), dtype=np.float64)

    def where(self, chosen: Iterable[bool]) -> "ScoreTable":
        """Return the chosen items."""
        places = [k for k, is_chosen in enumerate(chosen) if is_chosen]

        def of(column: Sequence[T]) -> list[T]:
            return [column[k] for k in places]

        return ScoreTable(
            of(self.ids), of(self.targets), of(self.said), of(self.groups), of(self.answered), of(self.values),
            {name: of(column) for name, column in self.tags.items()},
            {name: of(column) for name, column in self.parts.items()}, self if self.whole is None else self.whole,
        )  # fmt: skip

    def by_tag(self, name: str) -> dict[str, "ScoreTable"]:
        """Return the items of each level of a tag, levels in order; items without it are under "".

        An item whose tag names several levels, as "skin; face", is under each of them.
        """
        column = [text.split(SEVERAL) for text in self.tags.get(name, [""] * len(self.ids))]
        levels = sorted({level for levels in column for level in levels})
        return {level: self.where(level in one for one in column) for level in levels}


Metric = Callable[[ScoreTable, np.random.Generator], Estimate]
"""From scores to one figure with its interval; missing items are not counted in its n."""


def _append(columns: dict[str, list[T]], entry: Mapping[str, T], n: int, missing: T) -> None:
    """Add one entry to columns that may not exist yet."""
    for name in entry:
        if name not in columns:
            columns[name] = [missing] * n
    for name, column in columns.items():
        column.append(entry.get(name, missing))
