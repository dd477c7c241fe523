"""What is compared between datasets, case by case: a number between 0 and 1, NaN where it does not apply."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dermatrust.agreement.clusters import Floats
from dermatrust.clinic.answer_grid import AnswerGrid
from dermatrust.clinic.differential_table import measures_at
from dermatrust.clinic.results import HEADLINE, MEASURES
from dermatrust.clinic.triage_columns import columns_at
from dermatrust.clinic.triage_measures import NO_LEVEL
from dermatrust.errors import DataError

SENSITIVITY, SPECIFICITY, BALANCED = "sensitivity", "specificity", "balanced accuracy"
LEVEL, UNDER, OVER = "right level", "under-triage", "over-triage"


@dataclass(frozen=True, slots=True)
class GapMeasures:
    """The measures of one task.

    Attributes:
        names: In the order of every table; the last ones are means of others.
        headline: Those shown first.
        within: Those that are also compared within the same disease.
        values: From a grid and the number of a place to shape (cases, plain measures).
        means_of: For each measure that is a mean of others, their numbers.
    """

    names: tuple[str, ...]
    headline: tuple[str, ...]
    within: tuple[str, ...]
    values: Callable[[AnswerGrid, int], Floats]
    means_of: Sequence[tuple[int, ...]] = ()


def measures_for(task: str, *, where: str) -> GapMeasures:
    """Return the measures of a task.

    Raises:
        DataError: There is no such task.
    """
    if task == "ddx":
        headline = tuple(f"top-{k} {HEADLINE}" for k in (1, 3, 5))
        return GapMeasures(MEASURES, headline, headline, _differential)
    if task == "triage":
        plain = (SENSITIVITY, SPECIFICITY, LEVEL, UNDER, OVER)
        headline = (SENSITIVITY, SPECIFICITY, BALANCED)
        return GapMeasures((*plain, BALANCED), headline, (), triage_values, [(0, 1)])
    raise DataError(where, "is no run of clinic ddx or clinic triage")


def _differential(grid: AnswerGrid, place: int) -> Floats:
    found = measures_at(grid, place)
    return np.column_stack([found[name] for name in MEASURES])


def triage_values(grid: AnswerGrid, place: int) -> Floats:
    """Return of every case whether it is called pressing though it is, not though it is not, and by which level.

    Pressing is emergent or urgent. Columns: sensitivity (pressing cases alone), specificity (the others alone), right
    level, under-triage, over-triage (all cases with an answer). An answer without a level is wrong: it is right in no
    column, and neither under- nor over-triage, since it says nothing too low or too high. NaN without an answer.
    """
    found = columns_at(grid, place)
    answered = found.said != NO_LEVEL
    columns = [
        np.where(found.is_pressing == 1, found.right(2), np.nan),
        np.where(found.is_pressing == 0, found.right(2), np.nan),
        found.right(3),
        answered & (found.said > found.truth),
        answered & (found.said < found.truth),
    ]
    there = ~np.isnan(found.truth + found.said)
    return np.column_stack([np.where(there, column, np.nan) for column in columns])
