"""Options that the data have as one text, "A. this B. that"."""

import re
from collections.abc import Mapping

from dermatrust.protocols.scorers.choice import options_of

LETTERS = "ABCDEFGHIJ"
_BREAK = re.compile(r"\\n|\n")


def split_options(text: str | list[str] | Mapping[str, str]) -> dict[str, str]:
    """Return options by letter from one text, in whose order their letters stand: on lines, in a row, or run together.

    Example:
        >>> split_options("A. this B. that"), split_options("A.甲B.乙；C.丙")
        ({'A': 'this', 'B': 'that'}, {'A': '甲', 'B': '乙', 'C': '丙'})
        >>> split_options("A. virus B. E. coli C. fungus D. E. histolytica")["D"]
        'E. histolytica'
    """
    if not isinstance(text, str):
        return options_of(text)
    options: dict[str, str] = {}
    for letter in LETTERS:
        start = _start_of(letter, text, is_first=not options)
        if start is None:
            break
        if options:
            options[chr(ord(letter) - 1)] = text[: start.start()].strip(" \n\t；;")
        options[letter], text = "", text[start.end() :]
    if options:
        options[list(options)[-1]] = text.strip()
    return options


def _start_of(letter: str, text: str, *, is_first: bool) -> re.Match[str] | None:
    """Return where an option begins: at a line's begin, else after a blank, else after Chinese or a closing sign.

    No option is empty: a letter right after another one belongs to its text.
    """
    before = r"(?:^|\n)\s*", r"(?:^|\s)", r"(?<=[\u4e00-\u9fff；;，,。)）])\s*"
    found = (match for where in before for match in re.finditer(rf"{where}{letter}[.．、]", text))
    return next((match for match in found if is_first or text[: match.start()].strip()), None)


def keyed_options(listed: str | list[Mapping[str, str]]) -> dict[str, str]:
    r"""Return options by letter from one text with one a line, "A this", or from a list of keys and values.

    A line break may be spelled out, as "\n".

    Example:
        >>> keyed_options("A 甲\nB 乙 丙"), keyed_options([{"key": "A", "value": "甲"}])
        ({'A': '甲', 'B': '乙 丙'}, {'A': '甲'})
    """
    if not isinstance(listed, str):
        return {option["key"]: option["value"] for option in listed}
    pairs = [option.split(None, 1) for option in _BREAK.split(listed) if option.strip()]
    return {letter: " ".join(text) for letter, *text in pairs}
