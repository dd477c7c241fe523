"""How unequal a rater is: the parts of the narratives on which it does best and worst, and how far they are apart."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.bootstrap import percentile_intervals, resampled_means
from dermatrust.agreement.clusters import ClusterSums, Floats, Ints, sum_clusters
from dermatrust.agreement.gaps import chance_gap
from dermatrust.agreement.widest_gap import WidestGap
from dermatrust.align.compare import Bootstrap
from dermatrust.align.ratings import FACTORS, NOT_RECORDED, AlignFactor
from dermatrust.align.target import Study
from dermatrust.bench.results import FEWEST, Estimate
from dermatrust.records import DIMENSIONS

GapKind = Literal["MAE", "bias"]
_N = len(DIMENSIONS)
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RaterGap(WidestGap):
    """The parts with the lowest and the highest macro mean of a rater's error, or bias; an error is best where lowest.

    Attributes:
        gap: Its `n` counts the narratives of the two parts.
        rater: The rater.
        factor: What the narratives are parted by.
        statistic: "MAE" or "bias".
        n_lowest: Narratives in the lowest part.
        n_highest: Narratives in the highest part.
    """

    gap: Estimate
    rater: str
    factor: AlignFactor
    statistic: GapKind
    n_lowest: int
    n_highest: int


def gap_rows(study: Study, bootstrap: Bootstrap) -> list[RaterGap]:
    """Return the widest gap of each automatic rater in every factor that has two parts of ten narratives.

    Narratives whose level is not recorded are no part.
    """
    return [row for rater in study.automatic for row in _of_rater(study, bootstrap, rater)]


def parts_of(study: Study, factor: AlignFactor, scored: Flags) -> list[tuple[str, Ints]]:
    """Return the recorded levels of a factor that have ten narratives, most first, each with its narratives.

    Args:
        study: The study.
        factor: What the narratives are parted by.
        scored: Which narratives count, shape (narratives,).
    """
    levels = np.array(study.table.factors[factor])
    names, counts = np.unique(levels[scored], return_counts=True)
    order = [k for k in np.argsort(-counts, kind="stable") if counts[k] >= FEWEST and names[k] != NOT_RECORDED]
    return [(str(names[k]), np.flatnonzero(scored & (levels == names[k]))) for k in order]


def _of_rater(study: Study, bootstrap: Bootstrap, rater: int) -> list[RaterGap]:
    differences = study.table.scores[rater] - study.target
    both = np.hstack([np.abs(differences), differences])
    scored: Flags = (~np.isnan(differences)).sum(axis=1) > 0
    parts = [(factor, level, chosen) for factor in FACTORS for level, chosen in parts_of(study, factor, scored)]
    blocks = [sum_clusters(both[chosen], study.table.patients[chosen]) for _, _, chosen in parts]
    rng = np.random.default_rng(bootstrap.seed)
    draws = resampled_means(blocks, study.table.n_patients, rng=rng, n_resamples=bootstrap.n_resamples)
    found = []
    for factor in FACTORS:
        own = [k for k, part in enumerate(parts) if part[0] == factor]
        if len(own) > 1:
            names, sizes = [parts[k][1] for k in own], [len(parts[k][2]) for k in own]
            kinds: tuple[tuple[GapKind, slice], ...] = (("MAE", slice(0, _N)), ("bias", slice(_N, 2 * _N)))
            for kind, columns in kinds:
                values = np.array([_macro(blocks[k], columns) for k in own])
                drawn = np.stack([draws[k][:, columns].mean(axis=1) for k in own], axis=1)
                patients = np.array([blocks[k].n_clusters[columns].min() for k in own])
                row = _row(
                    study.table.names[rater], factor, kind, names, sizes, values, drawn, patients, bootstrap.confidence
                )
                found += [] if row is None else [row]
    return found


def _macro(block: ClusterSums, columns: slice) -> float:
    return float(block.means[columns].mean())


def _row(
    rater: str, factor: AlignFactor, kind: GapKind, names: list[str], sizes: list[int], values: Floats, draws: Floats,
    n_patients: Ints, confidence: float,
) -> RaterGap | None:  # fmt: skip
    known = np.flatnonzero(~np.isnan(values))
    if known.size < 2:
        return None
    low, high = (int(known[place]) for place in (np.argmin(values[known]), np.argmax(values[known])))
    ends = percentile_intervals((draws[:, high] - draws[:, low])[:, np.newaxis], confidence)
    gap = Estimate(float(values[high] - values[low]), float(ends[0][0]), float(ends[1][0]), sizes[low] + sizes[high], 0)
    chance = chance_gap(draws[:, known], values[known], n_patients[known], confidence)
    at = float(values[low]), float(values[high])
    return RaterGap(names[low], names[high], *at, gap, chance, rater, factor, kind, sizes[low], sizes[high])
