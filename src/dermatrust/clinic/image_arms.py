"""Image arms: which photographs of a case a model is shown, and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dermatrust.clinic.chance import shuffled
from dermatrust.errors import DataError

Kind = Literal["all", "first", "one by one", "grid", "shuffled", "none"]
_EXPECTED = "one of all, first:K, one-by-one, grid, shuffled"


@dataclass(frozen=True, slots=True)
class ImageArm:
    """A way to show the photographs of a case.

    Attributes:
        kind: "all": in the order of the dataset. "first": only the first so many. "shuffled": all, in an order drawn
            for the case. "grid": all on one contact sheet. "one by one": one ask for each, and a vote. "none": in the
            context arm that shows none.
        n: How many, for "first".
    """

    kind: Kind
    n: int = 0

    @property
    def name(self) -> str:
        """The arm as tables and recorded replies name it, e.g. "first 3"."""
        return f"first {self.n}" if self.kind == "first" else self.kind

    def shown(self, file_names: Sequence[str], case_id: str, seed: int) -> tuple[tuple[str, ...], ...]:
        """Return the photographs of each ask: one ask, or one per photograph for "one by one".

        Example:
            >>> files = ("a.jpg", "b.jpg", "c.jpg")
            >>> ImageArm("first", 2).shown(files, "case-1", 0), ImageArm("one by one").shown(files, "case-1", 0)
            ((('a.jpg', 'b.jpg'),), (('a.jpg',), ('b.jpg',), ('c.jpg',)))
        """
        if self.kind == "none":
            return ((),)
        if self.kind == "first":
            return (tuple(file_names[: self.n]),)
        if self.kind == "shuffled":
            return (tuple(shuffled(file_names, seed, "shuffled", case_id)),)
        if self.kind == "one by one":
            return tuple((name,) for name in file_names) or ((),)
        return (tuple(file_names),)


NO_IMAGES = ImageArm("none")


def parse_image_arms(texts: Sequence[str]) -> tuple[ImageArm, ...]:
    """Return image arms by the names of the command line, each once, in the order given.

    Raises:
        DataError: One is no image arm.

    Example:
        >>> [arm.name for arm in parse_image_arms(["all,first:3", "one-by-one"])]
        ['all', 'first 3', 'one by one']
    """
    names = [name.strip() for text in texts for name in text.split(",")]
    return tuple(dict.fromkeys(_parse(name) for name in names))


def _parse(name: str) -> ImageArm:
    plain = " ".join(name.lower().replace("one-by-one", "one by one").replace(":", " ").split())
    if plain in ("all", "one by one", "grid", "shuffled"):
        return ImageArm(plain)  # type: ignore[arg-type]  # just compared
    kind, _, number = plain.partition(" ")
    if kind == "first" and number.isascii() and number.isdecimal() and int(number) > 0:
        return ImageArm("first", int(number))
    raise DataError("--images", f"there is no image arm {name!r}", _EXPECTED)
