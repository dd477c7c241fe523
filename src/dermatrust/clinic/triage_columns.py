"""What the answers of a study say about urgency, case by case, as columns of numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.clusters import Floats
from dermatrust.clinic.answer_grid import AnswerGrid
from dermatrust.clinic.subgroups import Measured
from dermatrust.clinic.triage_measures import NO_LEVEL
from dermatrust.clinic.urgency_words import URGENCIES

_NUMBER = {level: float(number) for number, level in enumerate(URGENCIES)}
_ROUTINE = _NUMBER["routine"]


@dataclass(frozen=True, slots=True, eq=False)
class TriageColumns:
    """The answers at one place of a grid; every array has shape (cases,).

    Attributes:
        truth: Number of the true level, 0 for emergent to 2 for routine; NaN where it is not known.
        said: Number of the level said, 3 for none; NaN where no reply came.
        probability: Stated probability of being urgent or emergent; NaN where none is.
        confidence: Stated confidence in the level; NaN where none is.
        abstained: Whether the answer says that it cannot tell.
    """

    truth: Floats
    said: Floats
    probability: Floats
    confidence: Floats
    abstained: NDArray[np.bool_]

    @property
    def ratings(self) -> Floats:
        """Truth and level said, as the measures take them, shape (2, cases)."""
        return np.stack([self.truth, self.said])

    @property
    def is_pressing(self) -> Floats:
        """1 where the truth is urgent or emergent, 0 where routine; NaN where truth or reply is missing."""
        return np.where(np.isnan(self.truth + self.said), np.nan, self.truth != _ROUTINE)

    @property
    def acted(self) -> Floats:
        """1 where somebody who follows the answer acts, 0 where not, nor without a level; NaN where no reply came."""
        return np.where(np.isnan(self.said), np.nan, self.said < _ROUTINE)

    def right(self, n_levels: int) -> Floats:
        """Return 1 where the level said is the true one, 0 where not, nor without one; NaN where one is missing."""
        same = self.said == self.truth
        if n_levels == 2:
            same = (self.said != NO_LEVEL) & ((self.said == _ROUTINE) == (self.truth == _ROUTINE))
        return np.where(np.isnan(self.truth + self.said), np.nan, same)


def columns_at(grid: AnswerGrid, place: int) -> TriageColumns:
    """Return what is said at one place of a grid. Whatever stands beside "cannot tell" does not count."""
    answers = grid.answers
    truth = np.array([_NUMBER.get(answers.true_urgency[row], np.nan) for row in grid.first_rows])
    cannot = grid.column("cannot_tell", place)
    abstained = cannot == 1
    named = np.array([_NUMBER.get(level, float(NO_LEVEL)) for level in grid.texts("urgency", place)])
    said = np.where(np.isnan(cannot), np.nan, np.where(abstained, NO_LEVEL, named))
    probability, confidence = (
        np.where(abstained, np.nan, grid.column(name, place)) for name in ("urgent_probability", "confidence")
    )
    return TriageColumns(truth, said, probability, confidence, abstained)


def measured_at(grid: AnswerGrid, place: int, columns: TriageColumns) -> list[Measured]:
    """Return sensitivity and specificity as columns for subgroups: what is not answered is wrong in both."""
    right, pressing = columns.right(2), columns.is_pressing
    kinds = {"sensitivity": pressing == 1, "specificity": pressing == 0}
    return [Measured(*grid.places[place], name, np.where(own, right, np.nan)) for name, own in kinds.items()]
