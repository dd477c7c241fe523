"""What a protocol is: data to items, items to conversations, conversations to scores, scores to metrics."""

import re
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dermatrust.errors import DataError
from dermatrust.protocols.asking import Ask, ask_once
from dermatrust.protocols.item import Item, Played, Row, Score, Turn
from dermatrust.protocols.read_recorded import read_recorded
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.table import Metric

Play = Callable[[Item, Ask], Coroutine[Any, Any, Played]]
"""How one item is asked."""
StandIn = Callable[[Item, Sequence[Turn]], str]
"""A scripted party that knows the item: what it says to a conversation. For tests and tutorials, never for a result."""
_FACT = re.compile(r"^(Paper|Data|Measures|Not for|Deviates|Verified)[ ]{2,}(.+(?:\n[ ]{4,}.+)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a protocol's data come from.

    Attributes:
        dataset: The repository on the Hugging Face hub, or an address.
        files: Names of the files, within the repository or the folder a user gives; the first that is there is read.
        revision: The commit, 40 hexadecimal digits; None where nobody has pinned one yet: then the user must.
        split: Its name.
        size: Rows; None where it was not found.
        licence: As stated; "not stated" where it is not.
        is_on_hub: Whether `dataset` is a repository on the hub.
        may_leave_machine: Whether it may be sent to a model elsewhere.
    """

    dataset: str
    files: tuple[str, ...] = ()
    revision: str | None = None
    split: str = ""
    size: int | None = None
    licence: str = "not stated"
    is_on_hub: bool = False
    may_leave_machine: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A made-up row, by which every protocol is held to the same contract.

    Attributes:
        row: As the data's file would have it.
        target: Of its item; a tuple with one for each item, where a row makes several.
        wrong_reply: What a model could say that must not get full credit; a sequence for one that speaks several times.
        wrong_value: What that is worth.
        other: Fields of the same row that make another answer right. The prompt may not depend on them.
        silent_value: What silence is worth, where the paper rules that it is not 0 (`Deviates` says so then).
    """

    row: Row
    target: Any
    wrong_reply: str | Sequence[str]
    other: Row
    wrong_value: float = 0.0
    silent_value: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """One published benchmark.

    Attributes:
        name: As on the command line; its file's name with hyphens.
        version: Bumped when old and new scores stop being comparable.
        about: The docstring of its file: a title line, then Paper, Data, Measures, Not for, Deviates, Verified.
        kind: Its mechanism in a few words, e.g. "multiple choice".
        modality: "text", or what is shown, e.g. "image", "image pair".
        language: ISO 639-1 codes, e.g. "en", "zh, en".
        source: Where its data come from.
        prompt: The template of what is asked; an item may bring its own.
        to_item: A row's item, or items.
        score: What an outcome is worth; asks nobody.
        metrics: Name to metric; the first is the headline.
        gold_reply: What a perfect model would say; a sequence for one that speaks several times.
        examples: Made-up rows.
        play: How an item is asked.
        roles: Who is asked besides the model under test.
        stand_ins: For each of them a scripted party.
        by: Tags that results are broken down by.
        best: The value of a perfect outcome.
        variants: Name to what differs from this protocol, by attribute, e.g. where the released code differs.
        read: How its files are read.
        recorded: How outputs that somebody recorded are read, in the authors' format; given the items of the data.
        records_bring_items: Whether such a file holds its own questions and answers, so that it needs no data.
        temperature: Of the model under test; None for the run's.
    """

    name: str
    version: int
    about: str
    kind: str
    source: Source
    to_item: Callable[[Row], Item | tuple[Item, ...]]
    score: Callable[[Item, Played], Score]
    metrics: Mapping[str, Metric]
    gold_reply: Callable[[Item], str | Sequence[str]]
    examples: tuple[Example, ...]
    prompt: str = "{question}"
    modality: str = "text"
    language: str = "en"
    play: Play = ask_once
    roles: tuple[str, ...] = ()
    stand_ins: Mapping[str, StandIn] = field(default_factory=dict)
    by: tuple[str, ...] = ()
    best: float = 1.0
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    read: Callable[[Path], Iterator[tuple[str, Row]]] = read_rows
    recorded: Callable[[Path, Iterable[Item]], Iterator[tuple[Item, Played | None]]] = read_recorded
    records_bring_items: bool = False
    temperature: float | None = None

    @property
    def title(self) -> str:
        """The first line of what it says about itself, without the full stop."""
        return self.about.strip().partition("\n")[0].rstrip(".")

    @property
    def facts(self) -> dict[str, str]:
        """What it says about itself, by heading: Paper, Data, Measures, Not for, Deviates, Verified."""
        return {name: " ".join(text.split()) for name, text in _FACT.findall(self.about)}

    def items(self, row: Row, *, where: str = "row") -> tuple[Item, ...]:
        """Return a row's items, with the protocol's prompt where they bring none.

        Raises:
            DataError: The row is not as the protocol's data are.
        """
        try:
            made = self.to_item(row)
        except KeyError as error:
            lacked = [example for example in self.examples if error.args[0] in example.row] or self.examples
            nearest = max(lacked, key=lambda example: len(example.row.keys() & row.keys()))
            expected = f"rows of {self.name} with the fields {', '.join(nearest.row)}"
            raise DataError(where, f"has no field {error}", expected) from None
        except (ValueError, TypeError, AttributeError, IndexError, StopIteration, SyntaxError, RecursionError) as error:
            raise DataError(where, f"is not a row of {self.name} ({error or type(error).__name__})") from None
        made = made if isinstance(made, tuple) else (made,)
        for item in made:
            if fault := item.fault():
                raise DataError(where, f"is not a row of {self.name}: {fault}")
        return tuple(item if item.template else replace(item, template=self.prompt) for item in made)

    def variant(self, name: str) -> "Protocol":
        """Return the protocol as one of its variants has it.

        Raises:
            DataError: It has no such variant.
        """
        if name not in self.variants:
            known = ", ".join(self.variants)
            expected, do = (f"one of: {known}", "") if known else ("", "It has none at all: leave --variant out.")
            raise DataError("--variant", f"{self.name} has no variant {name!r}", expected, do)
        return replace(self, **self.variants[name])
