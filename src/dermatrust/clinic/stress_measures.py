"""What a stress test measures of each answer: of a differential, and of a level of urgency."""

import numpy as np

from dermatrust.agreement.clusters import Floats
from dermatrust.clinic.answer_grid import AnswerGrid
from dermatrust.clinic.results import HEADLINE
from dermatrust.clinic.triage_columns import columns_at
from dermatrust.clinic.triage_measures import NO_LEVEL
from dermatrust.clinic.urgency_words import URGENCIES

SURENESS = ("confidence", "overconfidence")
"""Stated confidence; confidence less being right. Both are of answers that state a confidence."""
DIFFERENTIAL = (("top-1", "top-3", *SURENESS, "cannot tell"),)
SHARES = ("right", "under-triage", "over-triage", "unanswered")
"""Of triage; they add up to 1."""
TRIAGE = (*SHARES, *SURENESS, "cannot tell")
TWO_LEVELS = ("sensitivity", "specificity")
THREE_LEVELS = tuple(f"recall {level}" for level in URGENCIES)
PARTS = frozenset((*TWO_LEVELS, *THREE_LEVELS))
"""Of the cases of one true level or two, not of all."""
SIGNED = frozenset({"overconfidence"})
"""Below 0 too; all others are shares."""


def stress_tables(n_levels: int = 0) -> tuple[tuple[str, ...], ...]:
    """Return what is measured, as the tables that show it; the first measure of all is the headline.

    Of a differential: whether the truth is the first diagnosis, and whether it is among the first three. Of triage:
    whether the level is right, less pressing than it should be, more pressing, or not named; and whether it is right
    among the cases of each true level, with `n_levels` of 3 (recall) and of emergent or urgent against routine
    (sensitivity, specificity). Of both: confidence, confidence less being right, and whether the answer says that it
    cannot tell.

    Args:
        n_levels: Levels of triage, 2 or 3; 0 for a differential.

    Example:
        >>> [table[0] for table in stress_tables(2)], stress_tables()[0][:2]
        (['right', 'sensitivity'], ('top-1', 'top-3'))
    """
    if not n_levels:
        return DIFFERENTIAL
    return (TRIAGE, TWO_LEVELS) if n_levels == 2 else (TRIAGE, (*THREE_LEVELS, *TWO_LEVELS))


def stress_columns(grid: AnswerGrid, place: int, n_levels: int = 0) -> dict[str, Floats]:
    """Return every measure of `stress_tables` for each case, NaN where it has no answer or the measure is of others.

    An answer that names nothing is wrong; its level is neither too pressing nor too little so.
    """
    found = _triage(grid, place, n_levels) if n_levels else _differential(grid, place)
    return {name: found[name] for table in stress_tables(n_levels) for name in table}


def _differential(grid: AnswerGrid, place: int) -> dict[str, Floats]:
    rank, stated = grid.column(HEADLINE, place), grid.column("confidence", place)
    within = {f"top-{k}": np.where(np.isnan(rank), np.nan, (rank > 0) & (rank <= k)) for k in (1, 3)}
    return within | _sureness(grid, place, stated, within["top-1"])


def _triage(grid: AnswerGrid, place: int, n_levels: int) -> dict[str, Floats]:
    own = columns_at(grid, place)
    right, pressing = own.right(n_levels), own.is_pressing
    answered = own.said != NO_LEVEL
    ways = {"under-triage": own.said > own.truth, "over-triage": own.said < own.truth}
    ways = {name: way & answered for name, way in ways.items()} | {"unanswered": ~answered}
    levels = {name: own.truth == number for number, name in enumerate(THREE_LEVELS)}
    sides = {"sensitivity": pressing == 1, "specificity": pressing == 0}
    found = {"right": right}
    found |= {name: np.where(np.isnan(right), np.nan, way & (right == 0)) for name, way in ways.items()}
    found |= {name: np.where(has_level, right, np.nan) for name, has_level in levels.items()}
    found |= {name: np.where(side, own.right(2), np.nan) for name, side in sides.items()}
    return found | _sureness(grid, place, np.where(answered, own.confidence, np.nan), right)


def _sureness(grid: AnswerGrid, place: int, stated: Floats, right: Floats) -> dict[str, Floats]:
    return {"confidence": stated, "overconfidence": stated - right, "cannot tell": grid.column("cannot_tell", place)}
