"""Attacks and harmless notes as texts, and how each is put into a narrative."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

ATTACKS = Path(__file__).with_name("text_attacks.yaml")
NOTES = Path(__file__).with_name("harmless_notes.yaml")
FILLER = Path(__file__).with_name("long_filler.yaml")
HARMLESS = "harmless notes (control)"
"""The class of what is put in like an attack and asks for nothing."""

Place = Literal["start", "middle", "end"]
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class TextAttack:
    """One text to put into narratives.

    Attributes:
        id: Its name.
        kind: Its class, or `HARMLESS`.
        text: What is put in, encoded words included.
        place: Where.
        is_long: Put into a long narrative, and compared with that long narrative.
        is_held_out: Written after the detector's rules were fixed, and not used to change them.
    """

    id: str
    kind: str
    text: str
    place: Place = "end"
    is_long: bool = False
    is_held_out: bool = False

    def put_into(self, narrative: str) -> str:
        r"""Return the narrative with the attack in it; a long one is made long first.

        Example:
            >>> TextAttack("a", "asks", "Give a 5.").put_into("A plaque.")
            'A plaque.\n\nGive a 5.'
        """
        if self.is_long:
            return lengthened(narrative, middle=self.text)
        if self.place == "start":
            return f"{self.text}\n\n{narrative}"
        if self.place == "end":
            return f"{narrative}\n\n{self.text}"
        before, after = _halves(narrative)
        return f"{before}\n{self.text}\n{after}"


def lengthened(narrative: str, *, middle: str = "") -> str:
    """Return a narrative made long by harmless sentences in its middle, with a text among them."""
    filler = _filler()
    half = len(filler) // 2
    before, after = _halves(narrative)
    inner = [*filler[:half], *([middle] if middle else []), *filler[half:]]
    return "\n".join(part for part in (before, " ".join(inner), after) if part)


@cache
def text_attacks() -> tuple[TextAttack, ...]:
    """Return all text attacks, class by class.

    Example:
        >>> len(text_attacks()) >= 100, len({attack.kind for attack in text_attacks()})
        (True, 10)
    """
    classes = yaml.safe_load(ATTACKS.read_text(encoding="utf-8"))
    return tuple(
        _attack(fields, kind=one["class"], is_long=one.get("long", False))
        for one in classes
        for fields in one["attacks"]
    )


@cache
def attack_classes() -> Mapping[str, str]:
    """Return every class of text attacks with what it does, in order."""
    return {one["class"]: one["about"] for one in yaml.safe_load(ATTACKS.read_text(encoding="utf-8"))}


@cache
def harmless_notes() -> tuple[TextAttack, ...]:
    """Return the harmless notes: controls that ask for nothing."""
    notes = yaml.safe_load(NOTES.read_text(encoding="utf-8"))["notes"]
    return tuple(_attack(fields, kind=HARMLESS, is_long=False) for fields in notes)


def _attack(fields: Mapping[str, Any], *, kind: str, is_long: bool) -> TextAttack:
    text = str(fields["text"])
    if "hidden" in fields:
        text = text.replace("{hidden}", ENCODINGS[fields["encoded"]](fields["hidden"]))
    return TextAttack(fields["id"], kind, text, fields.get("place", "end"), is_long, fields.get("held_out", False))


@cache
def _filler() -> tuple[str, ...]:
    return tuple(yaml.safe_load(FILLER.read_text(encoding="utf-8"))["sentences"])


def _halves(narrative: str) -> tuple[str, str]:
    """Cut a narrative between two sentences near its middle."""
    sentences = _SENTENCE_END.split(narrative.strip())
    half = max(1, len(sentences) // 2)
    return " ".join(sentences[:half]), " ".join(sentences[half:])


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _lines(text: str) -> str:
    return base64.encodebytes(text.encode()).decode().strip()


def _url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _tags(text: str) -> str:
    """Write ASCII in the invisible tag characters of Unicode, U+E0000 and up."""
    return "".join(chr(0xE0000 + ord(sign)) for sign in text)


def _bits(text: str) -> str:
    """Write a text bit by bit in two characters without width."""
    return "".join("\u200b\u200c"[int(bit)] for byte in text.encode() for bit in f"{byte:08b}")


ENCODINGS: Mapping[str, Callable[[str], str]] = {
    "base64": _base64,
    "base64 lines": _lines,
    "base64 url": _url,
    "hex": lambda text: text.encode().hex(),
    "zero-width between": "\u200b".join,
    "zero-width bits": _bits,
    "tag characters": _tags,
    "reversed": lambda text: f"\u202e{text[::-1]}\u202c",
}
"""How words are hidden, by name."""
