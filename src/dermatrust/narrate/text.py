"""Model replies as text our files can hold."""

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_REASONING = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.IGNORECASE | re.DOTALL)


def storable(text: str) -> str:
    r"""Return the text with NUL and lone surrogates, which no record can hold, replaced by the replacement character.

    Example:
        >>> storable("a\0b") == "a\ufffdb"
        True
    """
    if "\0" not in text:
        try:
            text.encode()
        except UnicodeEncodeError:
            pass  # lone surrogates
        else:
            return text
    return _UNSTORABLE.sub("\ufffd", text)


def without_reasoning(text: str) -> str:
    """Return the text without its closed `<think>` blocks."""
    return _REASONING.sub("", text) if "</" in text else text
