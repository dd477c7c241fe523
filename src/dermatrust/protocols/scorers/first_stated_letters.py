"""Reads the letters that a reply states first, one or several, after what was only thought.

Reference: Li et al. (2025), https://arxiv.org/abs/2506.00095; https://github.com/Lycus99/ClinBench-HPB.
"""

import re
from collections.abc import Mapping

from dermatrust.narrate.text import said_aloud
from dermatrust.protocols.scorers.choice import answer_letters

_STATED = re.compile(
    r"\bAnswer\W{0,4}[:：]\W{0,4}((?-i:(?:[A-Z]\b[\s,，、;/&*]*(?:and\b\s*)?)+|[A-Z]{2,10}\b)|[A-Z]{1,10}(?=\W*$))",
    re.IGNORECASE | re.MULTILINE,
)
"""Small letters count only where nothing follows them: "answer: a stone" states none."""
_OPENS = re.compile(r"\bAnswer\W{0,4}[:：]", re.IGNORECASE)
_FINAL, _THOUGHT = "## Final Response", "</think>"
_DROPPED = str.maketrans("", "", ', "')
_RELEASED = re.compile(r"Answer:\s*([A-Z]+)", re.IGNORECASE)


def first_letters(reply: str, options: Mapping[str, str]) -> str:
    """Return the letters first stated after what was only thought, in order and each once.

    The first "Answer: …" counts, up to the first other word; where there is none, the last "the answer is …".

    Example:
        >>> options = dict.fromkeys("ABC", "")
        >>> first_letters("Answer: C, A. Not: Answer: B", options), first_letters("Answer: a stone", options)
        ('AC', '')
    """
    said = said_aloud(reply)
    for found in _STATED.finditer(said):
        letters = set(re.sub(r"\band\b|[^a-z]", "", found[1], flags=re.IGNORECASE).upper())
        if letters and letters <= set(options):
            return "".join(sorted(letters))
    return "" if _OPENS.search(said) else answer_letters(said, options)


def first_letters_by_release(reply: str, options: Mapping[str, str]) -> str:
    """Return what the released pattern finds first, in the case and order it stands in.

    Two signs after "## Final Response" are dropped unseen, as released, and so are commas, blanks and quotation marks.

    Example:
        >>> options = dict.fromkeys("ABC", "")
        >>> first_letters_by_release("Answer: C, A", options), first_letters_by_release("Answer: B because", options)
        ('CA', 'Bbecause')
    """
    if _FINAL in reply:
        reply = reply[reply.index(_FINAL) + len(_FINAL) + 2 :]
    found = _RELEASED.search(reply.partition(_THOUGHT)[2 if _THOUGHT in reply else 0].translate(_DROPPED))
    return found[1] if found else ""
