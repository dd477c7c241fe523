"""Model replies as text to be read."""

import re

_REASONING = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.IGNORECASE | re.DOTALL)


def without_reasoning(text: str) -> str:
    """Return the text without its closed `<think>` blocks."""
    return _REASONING.sub("", text) if "</" in text else text
