"""Whether models follow a planted diagnosis, and how far the text alone leads them."""

from collections import Counter
from collections.abc import Callable

import numpy as np

from dermatrust.agreement.clusters import Floats
from dermatrust.agreement.interval import Estimate
from dermatrust.clinic.answer_grid import AnswerGrid, Place
from dermatrust.clinic.arms import CONTEXT_ONLY, IMAGE_AND_CONTEXT, IMAGE_ONLY, PLANTED_REFERRAL
from dermatrust.clinic.estimator import Estimator
from dermatrust.clinic.ladder import known_diagnosis
from dermatrust.clinic.results import HEADLINE, Anchoring, Shortcut
from dermatrust.lexicon import load_lexicon


def plan_anchoring(grid: AnswerGrid, estimator: Estimator) -> list[Callable[[list[Estimate]], Anchoring]]:
    """Add what anchoring is estimated from; each function returns one model's once the estimates are there."""
    number = {place: k for k, place in enumerate(grid.places)}
    return [
        _anchoring(grid, estimator, place, number)
        for place in grid.places
        if place.arm == PLANTED_REFERRAL
    ]  # fmt: skip


def _anchoring(
    grid: AnswerGrid, estimator: Estimator, place: Place, number: dict[Place, int]
) -> Callable[[list[Estimate]], Anchoring]:
    rank = grid.column("planted_rank", number[place])
    without = next((arm for arm in (IMAGE_AND_CONTEXT, IMAGE_ONLY) if place._replace(arm=arm) in number), "")
    alone = grid.column("planted_rank", number[place._replace(arm=without)]) if without else np.full_like(rank, np.nan)
    paired = np.where(np.isnan(rank), np.nan, alone)
    unnamed = np.where(alone == 0, rank, np.nan)
    columns = [estimator.add(_within(one, k)) for one in (rank, paired, unnamed) for k in (1, 3)]
    n = int((~np.isnan(rank)).sum())

    def filled(found: list[Estimate]) -> Anchoring:
        adopted_1, adopted_3, alone_1, alone_3, newly_1, newly_3 = (found[k] for k in columns)
        return Anchoring(
            place.model, place.image_arm, n, adopted_1, adopted_3, without, alone_1, alone_3, newly_1, newly_3
        )

    return filled


def _within(rank: Floats, k: int) -> Floats:
    found: Floats = np.where(np.isnan(rank), np.nan, (rank > 0) & (rank <= k))
    return found


def plan_shortcuts(
    grid: AnswerGrid, values: list[dict[str, Floats]], estimator: Estimator
) -> list[Callable[[list[Estimate]], Shortcut]]:
    """Add what shortcuts are estimated from; each function returns one model's once the estimates are there."""
    commonest = _commonest(grid)
    return [
        _shortcut(grid, values[number], estimator, number, commonest)
        for number, place in enumerate(grid.places)
        if place.arm == CONTEXT_ONLY
    ]


def _commonest(grid: AnswerGrid) -> tuple[Floats, Floats]:
    """Return of each case whether its disease is the commonest of these cases, and whether it is one of three.

    Of a label that the lexicon does not know this is NaN, as is whether an answer names it: were such a label counted,
    always naming it would seem to be worth nothing.
    """
    lexicon = load_lexicon()
    labels = [grid.answers.label[row] for row in grid.first_rows]
    known = [None if label is None else known_diagnosis(label, lexicon) for label in labels]
    ranked = [name for name, _ in Counter(one.id for one in known if one).most_common(3)]
    return (
        np.array([float(one.id == ranked[0]) if one else np.nan for one in known]),
        np.array([float(one.id in ranked) if one else np.nan for one in known]),
    )


def _shortcut(
    grid: AnswerGrid,
    values: dict[str, Floats],
    estimator: Estimator,
    number: int,
    commonest: tuple[Floats, Floats],
) -> Callable[[list[Estimate]], Shortcut]:
    top_1, top_3 = values[f"top-1 {HEADLINE}"], values[f"top-3 {HEADLINE}"]
    given = grid.column("gives_truth_away", number)
    frequent = [np.where(np.isnan(top_1), np.nan, one) for one in commonest]
    shares = top_1, top_3, *frequent, np.where(given == 1, top_1, np.nan), np.where(given == 0, top_1, np.nan)
    above = top_1 - frequent[0], top_3 - frequent[1]
    columns = [*(estimator.add(one) for one in shares), *(estimator.add(one, lowest=-1) for one in above)]
    n, n_given = int(grid.has_answer(number).sum()), int(np.nansum(given))

    def filled(found: list[Estimate]) -> Shortcut:
        t1, t3, f1, f3, told, untold, a1, a3 = (found[k] for k in columns)
        return Shortcut(grid.places[number].model, n, t1, t3, f1, f3, a1, a3, n_given, told, untold)

    return filled
