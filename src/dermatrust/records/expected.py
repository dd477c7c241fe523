"""What a field of a record may hold, in words: for errors that say what was expected."""

from functools import cache
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

_WORDS = {"string": "text", "boolean": "true or false", "array": "a list", "object": "an object with named fields"}


def expected_at(model: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """Return what the field at this place of a model may hold, or "" where its type does not say.

    Args:
        model: The model a value did not fit.
        place: Where in it, as pydantic's errors say: field names, keys and positions.

    Example:
        >>> from dermatrust.records import Case
        >>> expected_at(Case, ("fitzpatrick",))
        'a whole number from 1 to 6'
        >>> expected_at(Case, ("differential", 0, "weight"))
        'a number above 0 and up to 1'
        >>> expected_at(Case, ("urgency",))
        'one of emergent, urgent, routine'
    """
    whole = _schema(model)
    return _in_words(_at(whole, place), whole)


def expected_key(model: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """Return which keys the mapping at this place of a model may have, or "" where any will do.

    Example:
        >>> from dermatrust.records import Rating
        >>> expected_key(Rating, ("unscored",))[:24]
        'one of accuracy, safety,'
    """
    whole = _schema(model)
    return _in_words(_resolved(_at(whole, place).get("propertyNames", {}), whole), whole)


def _at(whole: Schema, place: tuple[int | str, ...]) -> Schema:
    schema = _resolved(whole, whole)
    for part in place:
        schema = _resolved(_inner(schema, part), whole)
    return schema


@cache
def _schema(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()


def _resolved(schema: Schema, whole: Schema) -> Schema:
    """Follow a reference, and look through "or null"."""
    if "$ref" in schema:
        found: Schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
        return found
    present = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return _resolved(present[0], whole) if len(present) == 1 else schema


def _inner(schema: Schema, part: int | str) -> Schema:
    """Return the schema of one part of a value, {} where there is none such."""
    if isinstance(part, int):
        inner = schema.get("items", {})
    else:
        inner = schema.get("properties", {}).get(part, schema.get("additionalProperties"))
    return inner if isinstance(inner, dict) else {}


def _in_words(schema: Schema, whole: Schema) -> str:
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if "anyOf" in schema:
        kinds = (_in_words(_resolved(one, whole), whole) for one in schema["anyOf"] if one.get("type") != "null")
        return " or ".join(dict.fromkeys(filter(None, kinds)))
    kind = schema.get("type", "")
    if kind in ("integer", "number"):
        noun = "a whole number" if kind == "integer" else "a number"
        return f"{noun} {_range(schema)}".rstrip()
    if kind == "string" and schema.get("minLength"):
        return "text that is not empty"
    return _WORDS.get(kind, "")


def _range(schema: Schema) -> str:
    """Return the bounds of a number in words, both if it has both."""
    least, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    most, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    if least is not None and most is not None:
        return f"from {least:g} to {most:g}"
    words = (
        (f"of at least {least:g}" if least is not None else ""),
        (f"above {above:g}" if above is not None else ""),
        (f"up to {most:g}" if most is not None else ""),
        (f"below {below:g}" if below is not None else ""),
    )
    return " and ".join(filter(None, words))
