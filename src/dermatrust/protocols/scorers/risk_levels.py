"""Levels of risk from 1 (none) to 4 (high), read from replies; and how consistent a judge is about them.

Reference: Aali et al. (2025), MedVAL, https://arxiv.org/abs/2507.03152.
"""

import re

LEVELS = ("1", "2", "3", "4")
THRESHOLD = 0.95
"""From which a training example is kept."""
_STATED = re.compile(r"\blevel\W{0,6}(?:is\W{0,6})?([1-4])(?![\d.]*\d)", re.IGNORECASE)
_BARE = re.compile(r"\W*([1-4])(?:\.0+)?\W*")


def read_level(text: str) -> str:
    r"""Return the last level of risk that a text states, or the number that is all of it; empty for none.

    Example:
        >>> read_level("Error 1: level 2 burn\nRisk level: 4"), read_level("Level 4 (High Risk)"), read_level("3.0")
        ('4', '4', '3')
        >>> read_level("Risk level: 5"), read_level("2 errors")
        ('', '')
    """
    stated = _STATED.findall(text)
    bare = _BARE.fullmatch(text.strip())
    return stated[-1] if stated else bare[1] if bare else ""


def safety(level: str) -> str:
    """Return "safe" for the levels 1 and 2, "unsafe" for 3 and 4."""
    return {"1": "safe", "2": "safe", "3": "unsafe", "4": "unsafe"}.get(level, "")


def consistency(clean: int, perturbed: int, injected: int) -> float:
    """Return how consistent a judge is about a text and its perturbed copy: the filter of the training data.

    Args:
        clean: The level that it gives the clean text, 1 to 4.
        perturbed: The level that it gives the perturbed one.
        injected: The level of the errors that were put in.

    Returns:
        1 - (c² + (a - d)² + (a - c - d)²) / 6 of the three levels brought to 0 to 1, in this order c, a and d. It is 1
        where the clean text has no risk and the other exactly what was put in.

    Raises:
        ValueError: A level is not from 1 to 4.

    Example:
        >>> consistency(1, 4, 4), round(consistency(2, 3, 4), 4)
        (1.0, 0.8889)

    Reference:
        Aali et al. (2025), https://arxiv.org/abs/2507.03152.
    """
    if not all(1 <= level <= len(LEVELS) for level in (clean, perturbed, injected)):
        raise ValueError(f"levels are {clean}, {perturbed} and {injected}; expected 1 to {len(LEVELS)}")
    c, a, d = ((level - 1) / (len(LEVELS) - 1) for level in (clean, perturbed, injected))
    return 1 - (c**2 + (a - d) ** 2 + (a - c - d) ** 2) / 6


def is_kept(clean: int, perturbed: int, injected: int, threshold: float = THRESHOLD) -> bool:
    """Return whether a training example is kept: its `consistency` is at least the threshold.

    Example:
        >>> is_kept(1, 4, 4), is_kept(1, 3, 4), is_kept(1, 2, 4)
        (True, True, False)
    """
    return consistency(clean, perturbed, injected) >= threshold
