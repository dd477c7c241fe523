"""What raters said beside their scores: how sure they were, why they were, and why a score is missing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.clusters import Floats
from dermatrust.records import DIMENSIONS, Rating

ABSENT = "no rating"
"""Why a score is missing where the rater has no rating of the narrative at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What raters said beside their scores. Raters and narratives are numbered as in their table.

    Attributes:
        probabilities: Shape (raters, narratives, 6): how likely the rater held a score; of its draws, the first that
            says so. NaN where none does.
        scores: The scores these probabilities are about, same shape. They are those given, not expected values.
        critiques: By (rater, narrative), the first draw's that has one.
        missing: For each rater, how many of its scores are missing for each reason; narratives times six in all.
    """

    probabilities: Floats
    scores: Floats
    critiques: Mapping[tuple[int, int], str]
    missing: tuple[Mapping[str, int], ...]


def said_in(ratings: Sequence[Rating], rater_of: Mapping[str, int], place_of: Mapping[str, int]) -> Said:
    """Return what ratings say beside their scores.

    Args:
        ratings: In any order; draws count by their numbers.
        rater_of: Number of each rater.
        place_of: Number of each narrative.
    """
    shape = (len(rater_of), len(place_of), len(DIMENSIONS))
    probabilities, scores = np.full(shape, np.nan), np.full(shape, np.nan)
    critiques: dict[tuple[int, int], str] = {}
    reasons: dict[tuple[int, int, int], str] = {}
    scored = np.zeros(shape, dtype=bool)
    for rating in sorted(ratings, key=lambda one: one.draw):
        r, n = rater_of[rating.rater], place_of[rating.narrative_id]
        if rating.critique.strip():
            critiques.setdefault((r, n), rating.critique.strip())
        for d, dimension in enumerate(DIMENSIONS):
            if dimension in rating.scores:
                scored[r, n, d] = True
            else:
                reasons.setdefault((r, n, d), rating.unscored[dimension].reason)
            if dimension in rating.probabilities and np.isnan(probabilities[r, n, d]):
                probabilities[r, n, d] = rating.probabilities[dimension]
                scores[r, n, d] = rating.scores[dimension]
    return Said(probabilities, scores, critiques, _missing(scored, reasons))


def _missing(scored: NDArray[np.bool_], reasons: Mapping[tuple[int, int, int], str]) -> tuple[Mapping[str, int], ...]:
    """Count the missing scores of each rater by reason; where nobody gave one, there is no rating."""
    counts = [Counter[str]() for _ in scored]
    for (r, n, d), reason in reasons.items():
        if not scored[r, n, d]:
            counts[r][reason] += 1
    for count, own in zip(counts, scored, strict=True):
        absent = int((~own).sum()) - count.total()
        if absent:
            count[ABSENT] = absent
    return tuple(counts)
