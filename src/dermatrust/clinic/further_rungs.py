"""Shares of answers that a rung above the lexicon's takes for right, by model and arm, over patients."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from dermatrust.agreement.interval import Estimate
from dermatrust.clinic.answer_grid import NOBODY, answer_grid
from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.draws import seed_of_draws
from dermatrust.clinic.estimator import Estimator
from dermatrust.store.answers import AnswerColumns
from dermatrust.store.columns import Numbers


class Resampling(NamedTuple):
    """How a study resamples its patients.

    Attributes:
        dataset: Name on the dataset's card.
        seed: Of the study. With the dataset it gives the very resamples that the study's own figures see.
        n_resamples: Bootstrap resamples.
    """

    dataset: str
    seed: int = 0
    n_resamples: int = 2_000


@dataclass(frozen=True, slots=True)
class RungCell:
    """One model in one arm, on a rung that is not the lexicon's.

    Attributes:
        model: The model.
        arm: What it was told.
        image_arm: What it was shown.
        n: Answers that the rung decides.
        n_undecided: Answers with a reply and a truth that it does not.
        hits: For each of `CUTS`, the share of the decided answers with a hit so early.
    """

    model: str
    arm: str
    image_arm: str
    n: int
    n_undecided: int
    hits: tuple[Estimate, ...]


def rung_cells(answers: AnswerColumns, ranks: Numbers, resampling: Resampling) -> tuple[RungCell, ...]:
    """Return the shares of every model in every arm that has an answer with a truth.

    Args:
        answers: Of one study.
        ranks: Of each of them the rank at which the rung says that it names the truth, 0 for nowhere; NaN where it does
            not decide, or there is nothing to decide.
        resampling: Of patients. Cases without a recorded one are one each.

    Raises:
        DataError: There are no answers, or a case has two in one arm.
    """
    grid = answer_grid(answers)
    can_be = np.array([label is not None for label in answers.label]) & ~grid.is_missing
    estimator = Estimator(grid.cluster, grid.n_clusters)
    cells: list[RungCell] = []
    for place, rows in zip(grid.places, grid.rows.T, strict=True):
        asked = (rows != NOBODY) & can_be[rows]
        own = np.where(asked, ranks[rows], np.nan)
        for k in CUTS:
            estimator.add(np.where(np.isnan(own), np.nan, (own > 0) & (own <= k)))
        n = int((~np.isnan(own)).sum())
        cells.append(RungCell(*place, n, int(asked.sum()) - n, ()))
    rng = np.random.default_rng(seed_of_draws(grid, resampling.dataset, resampling.seed))
    found = iter(estimator.solve(rng, n_resamples=resampling.n_resamples))
    whole = [replace(cell, hits=tuple(next(found) for _ in CUTS)) for cell in cells]
    return tuple(cell for cell in whole if cell.n + cell.n_undecided)
