"""Model replies as text to be read."""

import re

_REASONING = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.IGNORECASE | re.DOTALL)
_OPENING_TAG = re.compile(r"<(?:think|thinking|reasoning)>", re.IGNORECASE)
_CLOSING_TAG = re.compile(r"</(?:think|thinking|reasoning)>", re.IGNORECASE)


def without_reasoning(text: str) -> str:
    """Return the text without its closed `<think>` blocks."""
    return _REASONING.sub("", text) if "</" in text else text


def said_aloud(text: str) -> str:
    """Return what a reply says after all reasoning, also where a tag of it is missing; "" if it never got that far.

    Example:
        >>> said_aloud("so it is red</think>A red plaque."), said_aloud("<think>so it is")
        ('A red plaque.', '')
    """
    rest = without_reasoning(text)
    rest = _CLOSING_TAG.split(rest)[-1]
    return _OPENING_TAG.split(rest)[0].strip()
