"""What a column of the workbench's database may hold, the same on SQLite and PostgreSQL."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, TypeDecorator
from sqlalchemy import Text as SqlText

from dermatrust.curate.problems import RefusedError
from dermatrust.records import canonical_json, storable

LARGEST_ID = 2**63 - 1
"""The largest whole number both databases hold."""


class Text(TypeDecorator[str]):
    """Text without NUL and lone surrogates, which PostgreSQL cannot hold and no page can show.

    Raises:
        RefusedError: Such a text is stored or looked for.
    """

    impl = SqlText
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text, checked."""
        return None if value is None else check_text(value)


class Id(TypeDecorator[int]):
    """A whole number from 1 to 2^63 - 1.

    Raises:
        RefusedError: Another number is stored or looked for.
    """

    impl = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only in an INTEGER
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Return the number, checked."""
        if value is not None and not 1 <= value <= LARGEST_ID:
            raise RefusedError(
                "the id", f"is {_shown(value)}", "a whole number from 1 to 9223372036854775807", reason="unstorable"
            )
        return value


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, to the microsecond; what comes out says that it is UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC; one without a time zone is a bug."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment, which the database holds in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """A JSON value as canonical text, so that equal values are equal bytes in every database."""

    impl = SqlText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return the value as text, its texts checked."""
        if value is None:
            return None
        check_text(json.dumps(value, ensure_ascii=False).replace("\\u0000", "\0"))
        return canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Return the value."""
        return None if value is None else json.loads(value)


def check_text(text: str, where: str = "the text") -> str:
    r"""Return the text, if every database can hold it.

    Raises:
        RefusedError: It holds NUL or a lone surrogate.

    Example:
        >>> check_text("naïve 😀")
        'naïve 😀'
        >>> check_text("a\0b")
        Traceback (most recent call last):
        dermatrust.curate.problems.RefusedError: the text: character 2 is '\x00', which cannot be stored. Remove it.
    """
    clean = storable(text)
    if clean is not text and clean != text:
        place = next(k for k, (a, b) in enumerate(zip(text, clean, strict=True)) if a != b)
        what = f"character {place + 1} is {text[place]!a}, which cannot be stored"
        raise RefusedError(where, what, do="Remove it.", reason="unstorable")
    return text


def _shown(number: int) -> str:
    """Return the number, unless it is so long that Python will not print it."""
    return str(number) if abs(number) < 10**30 else "a number of more than 30 digits"
