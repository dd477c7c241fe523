"""What a check of a dataset finds."""

from dataclasses import dataclass
from typing import Literal

from dermatrust.errors import DataError

Severity = Literal["error", "warning"]
"""error    a run on this dataset would fail, or its results could not be trusted
warning  something its user should know or decide"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or worth knowing: where, what, and what to do."""

    severity: Severity
    kind: str
    """Findings of one kind are counted together, e.g. "missing image"."""
    where: str
    what: str
    do: str = ""

    @classmethod
    def of_error(cls, kind: str, error: DataError) -> "Finding":
        """Return the finding that a reader's error stands for."""
        what = f"{error.what}; expected {error.expected}" if error.expected else error.what
        return cls("error", kind, error.where, what, error.do)

    def __str__(self) -> str:
        """The finding as one line."""
        what = self.what if self.what.endswith((".", "?", "!")) else f"{self.what}."
        return f"{self.severity}: {self.where}: {what} {self.do}".rstrip()


def some(names: list[str], most: int = 4) -> str:
    """Return the names for a sentence: all of them, or the first few and how many more.

    Example:
        >>> some(["a", "b"]), some(list("abcdefg"))
        ('a, b', 'a, b, c, d and 3 more')
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
