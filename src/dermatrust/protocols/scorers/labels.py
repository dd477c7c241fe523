"""Judges that put a text into one of several classes of error, and what a class costs.

Classes are tried in order, worst first: a judge that names two has found the worse.
"""

import math
import re
from collections.abc import Mapping, Sequence

from dermatrust.narrate.text import said_aloud
from dermatrust.protocols.scorers.judge import Read

_SENTENCE_END = re.compile(r"""(?:(?<=[.!?])|(?<=[.!?]["')\]]))\s+|(?<=[。！？])\s*""")


def first_named(words: Mapping[str, Sequence[str]], *, whole_words: bool = True) -> Read:
    """Return the reader that takes the first class, in order, one of whose words a reply holds.

    Args:
        words: Class to what names it, in the order of matching.
        whole_words: "incorrect" does not hold "correct". Released code often looks for any part of a word.

    Example:
        >>> words = {"critical": ("critical",), "correct": ("correct", "no hallucination")}
        >>> first_named(words)("No critical error: correct"), first_named(words)("incorrect")
        ('critical', None)
        >>> first_named(words, whole_words=False)("incorrect")
        'correct'
    """
    edge = (r"(?<!\w)", r"(?!\w)") if whole_words else ("", "")
    patterns = {
        label: re.compile(rf"{edge[0]}(?:{'|'.join(map(re.escape, names))}){edge[1]}", re.IGNORECASE)
        for label, names in words.items()
    }

    def read(reply: str) -> str | None:
        text = said_aloud(reply) if whole_words else reply
        return next((label for label, pattern in patterns.items() if pattern.search(text)), None)

    return read


def mean_severity(labels: Sequence[str | None], weights: Mapping[str, float], *, unread: float = math.nan) -> float:
    """Return the mean worth of labels: of the sentences of a report, or of one whole answer.

    Args:
        labels: None where the judge's verdict could not be read.
        weights: Label to worth.
        unread: What such a one is worth. NaN, by default: the mean is missing then, since a judge that stays silent
            about the hard sentences would otherwise raise it.

    Returns:
        The mean; NaN for no labels at all.

    Raises:
        KeyError: A label has no weight.

    Example:
        >>> weights = {"critical": 0.2, "correct": 1.0}
        >>> mean_severity(["correct", "critical"], weights), mean_severity(["correct", None], weights, unread=0.0)
        (0.6, 0.5)
        >>> mean_severity(["correct", None], weights)
        nan
    """
    if not labels:
        return math.nan
    return math.fsum(unread if label is None else weights[label] for label in labels) / len(labels)


def sentences(text: str) -> list[str]:
    """Return the sentences of a report; a line break ends one too, a decimal point does not.

    Example:
        >>> sentences("The nodule is 2.5 cm wide. It is round!  No effusion")
        ['The nodule is 2.5 cm wide.', 'It is round!', 'No effusion']
    """
    parts = (part.strip() for line in text.splitlines() for part in _SENTENCE_END.split(line))
    return [part for part in parts if any(letter.isalnum() for letter in part)]
