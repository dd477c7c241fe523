"""A correction in one line, "flag sentence correction", as the MEDIQA-CORR challenge asks for it.

Reference: Ben Abacha et al. (2024), https://arxiv.org/abs/2412.19260.
"""

import re

NONE = "NA"
"""The correction of a text without an error."""
_LINE = re.compile(r"^\s*([0-9]+)\s+(-?[0-9]+)\s+(\S.*)$")


def read_correction(reply: str) -> tuple[str, str, str] | None:
    """Return flag, sentence and correction of the last line that states them; without an error the correction is "NA".

    Example:
        >>> read_correction('1 5 "It is eczema."'), read_correction("0 3 It is right."), read_correction("CORRECT")
        (('1', '5', 'It is eczema.'), ('0', '3', 'NA'), None)
    """
    found = [match for line in reply.splitlines() if (match := _LINE.match(line))]
    if not found:
        return None
    flag, sentence, text = found[-1].groups()
    text = unquoted(" ".join(text.split()))
    return flag, sentence, NONE if flag == "0" else text


def unquoted(text: str) -> str:
    """Return a text without the quotation marks around it, however many; one alone stays.

    Example:
        >>> unquoted('""It is eczema."'), unquoted('"')
        ('It is eczema.', '"')
    """
    while text.startswith('"') and len(text) > 1:
        text = text[1:]
    while text.endswith('"') and len(text) > 1:
        text = text[:-1]
    return text
