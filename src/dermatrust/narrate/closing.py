"""What a narrative ends with: the diagnosis it commits to."""

import re

_CLOSING = re.compile(r"\bthe\s+(?:final\s+)?answer\s+is\b[\s*_:\-–—]*", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!]\W*\s+(?=[A-Z\W])")
_BOXED = re.compile(r"\\(?:boxed|text(?:bf)?)\s*")
_WRAPPING = " \t\r*_`'\"“”‘’«»{}[]<>$."
_NO_DIAGNOSIS = re.compile(r"(?:disease name|not|unclear|unknown|uncertain|none|n/a)\b|$", re.IGNORECASE)
_LONGEST = 120
"""Characters. No disease has a longer name; what is longer is a sentence that happens to begin alike."""


def closing_diagnosis(text: str) -> str | None:
    r"""Return the disease named by the last "The answer is …", or None where no disease is named so.

    Markdown, quotes, braces and the final full stop are taken off; the words are left as they are. An echo of
    the prompt's own line, and an answer that is "unclear", name no disease.

    Example:
        >>> closing_diagnosis("At first sight eczema.\n\n**The answer is:** Tinea corporis.")
        'Tinea corporis'
        >>> closing_diagnosis("This could be eczema.") is None
        True
    """
    for match in reversed(list(_CLOSING.finditer(text))):
        line = text[match.end() : match.end() + 2 * _LONGEST].partition("\n")[0]
        named = _BOXED.sub("", _SENTENCE_END.split(line)[0]).strip(_WRAPPING).rstrip(",;!")
        if len(named) <= _LONGEST and not _NO_DIAGNOSIS.match(named):
            return _close_brackets(named)
    return None


def _close_brackets(named: str) -> str:
    """Drop emphasis left inside, e.g. between a name and its synonym."""
    return named.replace("**", "").replace("__", "").strip()
