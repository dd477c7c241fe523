"""The JSON schema a judge's reply should follow, for servers that have structured output."""

from typing import Any

from dermatrust.records import DIMENSIONS, HIGHEST_SCORE, LOWEST_SCORE


def verdict_schema(*, allow_null: bool = False) -> dict[str, Any]:
    """Return the schema of a verdict: six objects, the reason before the score so that it is thought of first.

    Args:
        allow_null: Let the judge leave a score open, for references that are label facts only.
    """
    score: dict[str, Any] = {"type": "number", "minimum": LOWEST_SCORE, "maximum": HIGHEST_SCORE}
    if allow_null:
        score = {"anyOf": [score, {"type": "null"}]}
    names = [d.value for d in DIMENSIONS]
    field = {
        "type": "object",
        "properties": {"reason": {"type": "string"}, "score": score},
        "required": ["reason", "score"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": dict.fromkeys(names, field),
        "required": names,
        "additionalProperties": False,
    }
