"""What every record is: validated, immutable, and the same after a trip through a file."""

import json
import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticSerializationError

from dermatrust.errors import DataError, shown
from dermatrust.records.expected import expected_at, expected_key

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_IS_LINE, _PLACE = re.compile(r" line \d+$"), re.compile(r" at line (\d+) column (\d+)$")


def _storable(text: str) -> str:
    """Return the text if every file and database we write can hold it; lone surrogates and NUL cannot be."""
    if text.isascii() and "\x00" not in text:  # nearly every text, and many times faster than the search
        return text
    found = _UNSTORABLE.search(text)
    if found:
        raise ValueError(f"character {found.group()!r} at position {found.start()} cannot be stored as text")
    return text


def storable(text: str) -> str:
    r"""Return the text with NUL and lone surrogates, which no record can hold, replaced by the replacement character.

    Example:
        >>> storable("a\0b") == "a\ufffdb"
        True
    """
    return text if text.isascii() and "\0" not in text else _UNSTORABLE.sub("\ufffd", text)


Text = Annotated[str, AfterValidator(_storable)]
"""Text without NUL and lone surrogates."""


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


Name = Annotated[Text, AfterValidator(_not_blank)]
"""Text that says something: ids, authors, raters."""


class Record(BaseModel):
    """A validated, immutable record that is one line of a JSONL file.

    `to_line` and `from_line` are exact inverses. Fields at their default are left out of the line, so that
    a missing value stays missing instead of becoming `null` in some rows and absent in others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=False)

    def to_line(self) -> str:
        """Return the record as one line of JSON, without its line end."""
        return self.model_dump_json(exclude_defaults=True)

    @classmethod
    def from_line(cls, line: str | bytes, *, where: str) -> Self:
        """Read a record from one line of JSON.

        Args:
            line: The line, UTF-8 if bytes.
            where: What to name in an error, e.g. "ratings.jsonl line 17".

        Raises:
            DataError: The line is not JSON, or not this record; the message names the field and its value.
        """
        try:
            return cls.model_validate_json(line)
        except ValidationError as error:
            raise data_error(error, where, cls) from None

    @classmethod
    def from_fields(cls, fields: dict[str, Any], *, where: str) -> Self:
        """Build a record from Python values, with the same errors as `from_line`."""
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raise data_error(error, where, cls) from None


def data_error(error: ValidationError, where: str, model: type[BaseModel]) -> DataError:
    """Turn pydantic's first complaint into one sentence that names field, value and expectation."""
    try:
        first = error.errors(include_url=False, include_context=False)[0]
    except (PydanticSerializationError, UnicodeEncodeError):  # a lone surrogate in the value itself
        return DataError(where, "holds a character that cannot be stored", do="Remove it and try again.")
    field = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    kind = first["type"]
    n_more = error.error_count() - 1
    more = f" (and {n_more} more {'error' if n_more == 1 else 'errors'})" if n_more else ""
    if kind == "json_invalid":
        why = message.removeprefix("Invalid JSON: ")
        if _IS_LINE.search(where):  # a record is one line of its file: the parser's own count of lines would mislead
            why = _PLACE.sub(lambda place: f" at character {place[2]}" if place[1] == "1" else "", why)
        return DataError(where, f"is not valid JSON ({why})")
    if kind == "missing":
        return DataError(where, f"has no field {field!r}{more}", do="Add it.")
    if kind == "extra_forbidden":
        return DataError(
            where, f"has a field {field!r} this record does not know{more}", do="Remove it or fix its name."
        )
    if kind == "value_error":  # one of our own sentences, on a field or on the record as a whole
        return DataError(
            where, f"{field} is {shown(first.get('input'))}: {message}{more}" if field else f"{message}{more}"
        )
    return _unexpected(first, where, model, more)


def _unexpected(first: ErrorDetails, where: str, model: type[BaseModel], more: str) -> DataError:
    """Return the error for a value of the wrong type or off its scale."""
    *outer, last = first["loc"] or ("",)
    if last == "[key]":
        what = f"{'.'.join(map(str, outer))} is not a name we know here"
        return DataError(where, what, expected_key(model, tuple(outer[:-1])) + more)
    what = f"{'.'.join(map(str, first['loc'])) or 'the record'} is {shown(first.get('input'))}"
    expected = expected_at(model, first["loc"])
    return DataError(where, what, expected + more) if expected else DataError(where, f"{what}: {first['msg']}{more}")


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and no spaces: equal values give equal text, so hashes can rely on it.

    Example:
        >>> canonical_json({"b": 1, "a": [1, 2]})
        '{"a":[1,2],"b":1}'
    """
    return _canonical(value)


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode
"""`json.dumps` would make an encoder for every ask."""
