"""Figures of a differential that publications give: balanced accuracy over diseases, and cancer or not."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from dermatrust.agreement.bootstrap import KeptDraws, percentile_intervals, resample_weights
from dermatrust.agreement.clusters import Floats, Ints, ratios
from dermatrust.agreement.interval import Estimate
from dermatrust.clinic.answer_grid import AnswerGrid
from dermatrust.clinic.estimator import Estimator
from dermatrust.clinic.unvaried import mean_with_width
from dermatrust.lexicon import load_lexicon

_NONE = -1


@dataclass(frozen=True, slots=True)
class Comparable:
    """One model in one arm, by its first diagnosis.

    Attributes:
        model: The model.
        arm: What it was told.
        image_arm: What it was shown.
        n_diseases: Diseases among the cases with an answer and a label that the lexicon knows.
        balanced: Mean over these of the share of their cases with the right disease first, under any name: balanced
            accuracy. One model that always names the commonest has one over `n_diseases`.
        sensitivity: Share of the cases of cancer whose first diagnosis is a cancer, of whatever kind.
        specificity: Share of the other cases whose first diagnosis is none. An answer that names nothing, or cannot
            tell, is wrong in both; one whose first name the lexicon does not know is in neither.
        cancer_balanced: Mean of these two. As they have, it has no interval with fewer than two patients on a side.
    """

    model: str
    arm: str
    image_arm: str
    n_diseases: int
    balanced: Estimate
    sensitivity: Estimate
    specificity: Estimate
    cancer_balanced: Estimate

    @property
    def n(self) -> int:
        """Answers about cases whose label the lexicon knows."""
        return self.balanced.n


def comparables(
    grid: AnswerGrid, draws: KeptDraws, *, n_resamples: int, confidence: float = 0.95
) -> tuple[Comparable, ...]:
    """Return these figures of every model in every arm, with percentile intervals from resampled patients.

    Args:
        grid: The answers.
        draws: Of the resampling.
        n_resamples: Bootstrap resamples over patients; one without a case of a disease leaves that out of its mean, and
            one without a cancer, or with nothing else, has no mean of sensitivity and specificity.
        confidence: Nominal coverage.

    Reference:
        Brodersen et al. (2010), ICPR, https://doi.org/10.1109/ICPR.2010.764, for balanced accuracy.
    """
    known = [load_lexicon().diagnosis(str(grid.answers.label[row] or "")) for row in grid.first_rows]
    number = {one.id: k for k, one in enumerate(one for one in known if one is not None)}
    disease = np.array([_NONE if one is None else number[one.id] for one in known], dtype=np.int64)
    cancer = np.array([_NONE if one is None else int(one.malignant) for one in known], dtype=np.int64)
    estimator = Estimator(grid.cluster, grid.n_clusters)
    rates, means = [], []
    for place in range(len(grid.places)):
        rank, called = grid.column("synonym", place), _calls_right(grid, place, cancer)
        rates.append([estimator.add(np.where(cancer == kind, called, np.nan)) for kind in (1, 0)])
        right = np.where(np.isnan(rank), np.nan, rank == 1)
        balanced = _mean_recall(grid, disease, right, draws, n_resamples, confidence)
        both = _mean_recall(grid, cancer, called, draws, n_resamples, confidence, needs_all=True)
        n_diseases = len(set(disease[~np.isnan(right) & (disease != _NONE)].tolist()))
        means.append((n_diseases, balanced, both))
    found = estimator.solve(draws, n_resamples=n_resamples, confidence=confidence)
    return tuple(
        Comparable(*place, n_diseases, balanced, found[sensitivity], found[specificity], both)
        for place, (sensitivity, specificity), (n_diseases, balanced, both) in zip(
            grid.places, rates, means, strict=True
        )
    )


def _calls_right(grid: AnswerGrid, place: int, cancer: Ints) -> Floats:
    """Return of each case whether the first diagnosis is a cancer where the label is one, and none where it is not."""
    malignant = {name: _is_malignant(name) for name in set(grid.texts("first", place).tolist()) if name is not None}
    called = np.array([math.nan if name is None else malignant[name] for name in grid.texts("first", place)], float)
    right = np.where(np.isnan(called), np.nan, called == cancer)
    is_silent = (grid.column("n_said", place) == 0) | (grid.column("cannot_tell", place) == 1)
    right = np.where(is_silent, 0.0, right)
    return np.where((cancer == _NONE) | ~grid.has_answer(place), np.nan, right)


def _is_malignant(name: str) -> float:
    known = load_lexicon().diagnosis(name)
    return math.nan if known is None else float(known.malignant)


def _mean_recall(
    grid: AnswerGrid, classes: Ints, right: Floats, draws: KeptDraws, n_resamples: int, confidence: float, *,
    needs_all: bool = False,
) -> Estimate:  # fmt: skip
    """Return the mean over classes of the share of their cases that is right; NaN with fewer than two classes.

    With `needs_all` a resample without a case of each class is left out, and so is the interval with a class that has
    one patient.
    """
    kept = (classes != _NONE) & ~np.isnan(right)
    names, number = np.unique(classes[kept], return_inverse=True)
    patients = grid.cluster[kept]
    n, n_patients = len(number), len(np.unique(patients))
    if len(names) < 2:
        return Estimate(math.nan, math.nan, math.nan, n, n_patients, 0)
    shape = len(names), grid.n_clusters
    counts, hits = (csr_array((what, (number, patients)), shape=shape) for what in (np.ones(n), right[kept]))
    least = len(names) if needs_all else 1
    resamples = [
        _over_classes(hits @ weights.T, counts @ weights.T, least)
        for _, weights in resample_weights(grid.n_clusters, n_resamples, draws)
    ]
    shares = ratios(hits.sum(axis=1), counts.sum(axis=1))
    behind = np.bincount(np.unique(np.stack([number, patients]), axis=1)[0])
    varied = behind[(shares > 0) & (shares < 1)]
    few = varied.min() if needs_all and varied.size else None  # with many classes no single one decides
    low, high, n_skipped = percentile_intervals(np.concatenate(resamples)[:, np.newaxis], confidence, few)
    ends = (math.nan, math.nan) if needs_all and behind.min() < 2 else (float(low[0]), float(high[0]))
    found = Estimate(float(shares.mean()), *ends, n, n_patients, int(n_skipped[0]))
    return mean_with_width(found, shares, behind, confidence)


def _over_classes(hits: Floats, counts: Floats, least: int) -> Floats:
    """Return the mean share over the classes (down) that have cases, for each resample (across); NaN of too few."""
    has_cases = counts > 0
    shares = np.where(has_cases, ratios(hits, counts), 0.0)
    n_classes = has_cases.sum(axis=0).astype(np.float64)
    return np.where(n_classes < least, np.nan, ratios(shares.sum(axis=0), n_classes))
