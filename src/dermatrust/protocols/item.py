"""What a protocol asks, what came of asking, and what that is worth."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Row = Mapping[str, Any]
"""One entry of a protocol's data, as its file has it."""
Picture = Path | bytes
"""An image: a path, relative to the data's folder, or the bytes of an image file."""
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Turn:
    """Something said in a conversation; images come before the text."""

    role: Literal["system", "user", "assistant"]
    text: str
    images: tuple[Picture, ...] = ()


def picture(cell: Any) -> Any:
    """Return an image as a row has it: a name or bytes; of a hub's table, which holds both, the bytes where they are.

    Example:
        >>> picture({"bytes": b"...", "path": "a.png"}), picture({"bytes": None, "path": "a.png"}), picture("a.png")
        (b'...', 'a.png', 'a.png')
    """
    return (cell.get("bytes") or cell.get("path")) if isinstance(cell, Mapping) else cell


def user(text: str, images: tuple[Picture, ...] = ()) -> Turn:
    """Return what is said to a model."""
    return Turn("user", text, images)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing a protocol asks, and what is known of it.

    Attributes:
        id: Unique within the protocol's data.
        question: What is asked; stands in the prompt at `{question}`.
        target: What is known to be right: a letter, a number, a box, a list, whatever the protocol's `score` expects.
        options: Letter to text; stands in the prompt at `{options}`, one "A. text" a line.
        fields: Further texts, each at its `{name}`.
        template: The prompt with places; empty for the protocol's own.
        system: What the model is told beforehand.
        images: What it is shown, before the text.
        group: Items that stand or fall together (a pair, a triplet, the rotations of one question) share one. They are
            also resampled together.
        tags: What results are broken down by, e.g. {"subject": "dermatology"}.
        known: Whatever else `play` and `score` need and no model is shown.
    """

    id: str
    question: str
    target: Any
    options: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    system: str = ""
    images: tuple[Picture, ...] = ()
    group: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, Any] = field(default_factory=dict)

    @property
    def prompt(self) -> str:
        r"""What the model is asked.

        Example:
            >>> item = Item(id="1", question="Which?", target="B", options={"A": "this", "B": "that"},
            ...             template="{question} {options} {other}")
            >>> item.prompt
            'Which? A. this\nB. that {other}'
        """
        texts = {"question": self.question, "options": lettered(self.options), **self.fields}
        return filled(self.template or "{question}", texts)

    def fault(self) -> str:
        """Return what is wrong with it, where its row held something else than texts; empty where nothing is."""
        texts = {"id": self.id, "question": self.question, "system": self.system, "group": self.group}
        texts |= (
            {f"option {letter}": text for letter, text in self.options.items()} | dict(self.fields) | dict(self.tags)
        )
        wrong = next((name for name, text in texts.items() if not isinstance(text, str)), None)
        if wrong is not None:
            return f"its {wrong} is {texts[wrong]!r}; expected a text"
        if not self.id.strip() or self.target is None:
            return f"it has no {'answer' if self.id.strip() else 'id'}"
        picture = next((one for one in self.images if not isinstance(one, str | Path | bytes)), None)
        return "" if picture is None else f"an image is {picture!r}; expected the name of a file, or its bytes"

    def turns(self) -> list[Turn]:
        """Return the conversation that asks it."""
        told = [Turn("system", self.system)] if self.system else []
        return [*told, user(self.prompt, self.images)]


def filled(template: str, texts: Mapping[str, str]) -> str:
    """Return a template with texts at their `{name}`; a place without a text stays, and braces in a text are text.

    Example:
        >>> filled("{question} {other}", {"question": "Is {other} a place?"})
        'Is {other} a place? {other}'
    """
    return _PLACE.sub(lambda place: texts.get(place[1], place[0]), template)


def id_of(*texts: str) -> str:
    """Return a short id for an item whose data have none, which the same texts give again.

    Example:
        >>> id_of("Which of these?", "A") == id_of("Which of these?", "A") != id_of("Which of those?", "A")
        True
    """
    return hashlib.blake2b("\0".join(map(str, texts)).encode(), digest_size=6).hexdigest()


def lettered(options: Mapping[str, str]) -> str:
    r"""Return options one a line.

    Example:
        >>> lettered({"A": "psoriasis", "B": "eczema"})
        'A. psoriasis\nB. eczema'
    """
    return "\n".join(f"{letter}. {text}" for letter, text in options.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of asking one item; all that `score` may look at, so that a recorded one is scored without a model.

    Attributes:
        reply: The last word of the model under test.
        turns: The conversation, where there was one.
        draws: Several replies to the same ask, where there are.
        verdicts: What a judge said, by what it was asked about; None where none of its attempts could be read.
        ending: How a conversation ended, e.g. "turn limit".
        numbers: Measured while it was asked, by name: tokens, seconds, log-probabilities. Never NaN or infinite.
    """

    reply: str
    turns: tuple[Turn, ...] = ()
    draws: tuple[str, ...] = ()
    verdicts: Mapping[str, str | None] = field(default_factory=dict)
    ending: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What one item's outcome is worth.

    Attributes:
        value: By the protocol's own measure, mostly 0 to 1; NaN is missing: a judge did not answer.
        answered: Whether the model gave an answer at all. One that did not is wrong.
        said: The answer as it was read.
        parts: Further numbers, by name; NaN is missing.
    """

    value: float
    answered: bool = True
    said: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)
