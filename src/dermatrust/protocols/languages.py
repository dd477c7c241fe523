"""Which language a text is in, where a protocol's data do not say."""

import re

_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def is_chinese(text: str) -> bool:
    """Return whether a text holds a Chinese character.

    Example:
        >>> is_chinese("AFP 升高"), is_chinese("AFP is high")
        (True, False)
    """
    return _CHINESE.search(text) is not None
