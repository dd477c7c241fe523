"""What the workbench may answer instead of doing what it was asked: not found, conflict, refused, busy."""

from typing import Any, Literal

from sqlalchemy.exc import DontWrapMixin

from dermatrust.errors import UserError

Reason = Literal[
    "unstorable",
    "incomplete",
    "off the scale",
    "not all five",
    "text changed",
    "role",
    "sign in again",
    "frozen",
    "too early",
    "slot taken",
    "not disputed",
    "own rating",
    "no reason",
    "unfit",
]
"""Why a request is refused.

unstorable     a text holds NUL or a lone surrogate, or a number does not fit the database
incomplete     a score of the six is missing
off the scale  a score is no whole number from 0 to 5
not all five   a certificate needs all six scores to be 5
text changed   the text is no longer the one that was shown
role           the person's role in the project does not allow it
sign in again  it needs a password given within the last minutes
frozen         it was submitted, certified or decided, and stays as it is
too early      it has to be rated, decided or certified first
slot taken     the lease ran out and somebody else has taken the place
not disputed   nothing about the item has to be adjudicated
own rating     an adjudicator rated the item
no reason      something must be said in words and was not
unfit          what was handed in is not what it should be
"""


class WorkbenchError(UserError, DontWrapMixin):
    """An answer other than yes; each kind has one HTTP status, and says after how many seconds to try again if ever."""

    status = 422
    retry_s: int | None = None


class NotFoundError(WorkbenchError):
    """There is no such thing, or not for this person: the two must look the same from outside."""

    status = 404


class ConflictError(WorkbenchError):
    """Somebody, or another window, saved first.

    Attributes:
        stored: What is stored instead, for a comparison.
    """

    status = 409

    def __init__(self, where: str, what: str, expected: str = "", do: str = "", *, stored: Any = None) -> None:
        super().__init__(where, what, expected, do)
        self.stored = stored


class RefusedError(WorkbenchError):
    """A rule of the workbench does not allow it.

    Attributes:
        reason: Which rule.
    """

    def __init__(self, where: str, what: str, expected: str = "", do: str = "", *, reason: Reason = "unfit") -> None:
        super().__init__(where, what, expected, do)
        self.reason = reason


class BusyError(WorkbenchError):
    """The database is held by another writer for longer than anybody should wait."""

    status = 503
    retry_s = 1
