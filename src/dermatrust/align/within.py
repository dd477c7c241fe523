"""Gaps within the same disease: a rater's error in one part less that in another, diseases held equal."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.bootstrap import percentile_intervals
from dermatrust.agreement.clusters import Floats, Ints, ratios
from dermatrust.agreement.gaps import within_label_gaps
from dermatrust.align.compare import Bootstrap
from dermatrust.align.gaps import parts_of
from dermatrust.align.ratings import AlignFactor
from dermatrust.align.target import Study
from dermatrust.bench.results import FEWEST, Estimate

WITHIN: tuple[AlignFactor, ...] = ("skin type", "site")
"""What is compared within a disease: a rater may look worse on one skin type only because its diseases are harder."""


@dataclass(frozen=True, slots=True)
class WithinRow:
    """A rater's error and bias in one part less those in another, within the same label.

    Attributes:
        rater: The rater.
        factor: What the narratives are parted by.
        level: The part.
        beside: The part it is compared with: that with most narratives.
        n_labels: Labels with narratives in both.
        n_level: Narratives of these labels in the part.
        n_beside: Narratives of these labels in the other.
        error: Mean over the labels of the difference of mean absolute errors: above 0 where the rater errs more in the
            part. None with fewer than ten narratives on a side.
        bias: The same of the biases: above 0 where the rater is more generous in the part.
    """

    rater: str
    factor: AlignFactor
    level: str
    beside: str
    n_labels: int
    n_level: int
    n_beside: int
    error: Estimate | None
    bias: Estimate | None


def within_rows(study: Study, bootstrap: Bootstrap) -> list[WithinRow]:
    """Return the gaps of each automatic rater within the same label, for every part with ten narratives.

    Narratives whose label or level is not recorded are left out.
    """
    return [
        row
        for factor in WITHIN
        for rater in study.automatic
        for row in _of_rater(study, bootstrap, factor, rater)
    ]  # fmt: skip


def _of_rater(study: Study, bootstrap: Bootstrap, factor: AlignFactor, rater: int) -> list[WithinRow]:
    distance, lead = _per_narrative(study.table.scores[rater] - study.target)
    names, label, level = _cells(study, factor, ~np.isnan(lead))
    if len(names) < 2:
        return []
    chosen = np.flatnonzero(level >= 0)
    both = within_label_gaps(
        np.stack([distance, lead])[:, chosen], label[chosen], level[chosen], study.table.patients[chosen],
        n_clusters=study.table.n_patients, rng=np.random.default_rng(bootstrap.seed),
        n_resamples=bootstrap.n_resamples,
    )  # fmt: skip
    counts = both.counts[0]
    name = study.table.names[rater]
    found = []
    for k in range(1, len(names)):
        shared = (counts[:, 0] > 0) & (counts[:, k] > 0)
        n_level, n_beside = int(counts[shared, k].sum()), int(counts[shared, 0].sum())
        shown: list[Estimate | None] = [None, None]
        if min(n_level, n_beside) >= FEWEST:
            shown = [
                _estimate(float(both.gaps[j, k]), both.draws[:, j, k], n_level + n_beside, bootstrap.confidence)
                for j in range(2)
            ]
        found.append(WithinRow(name, factor, names[k], names[0], int(shared.sum()), n_level, n_beside, *shown))
    return found


def _per_narrative(differences: Floats) -> tuple[Floats, Floats]:
    """Return the mean absolute and the mean difference of each narrative over the dimensions it has; NaN without."""
    known = ~np.isnan(differences)
    n = known.sum(axis=1).astype(np.float64)
    distance = ratios(np.where(known, np.abs(differences), 0.0).sum(axis=1), n)
    return distance, ratios(np.where(known, differences, 0.0).sum(axis=1), n)


def _cells(study: Study, factor: AlignFactor, scored: NDArray[np.bool_]) -> tuple[list[str], Ints, Ints]:
    """Return the levels, most narratives first, and each narrative's label and level; -1 where it is left out."""
    labels = [case.label for case in study.table.cases]
    known = scored & np.array([label is not None for label in labels])
    level = np.full(len(labels), -1, dtype=np.int64)
    parts = parts_of(study, factor, known)
    for k, (_, own) in enumerate(parts):
        level[own] = k
    number = {name: k for k, name in enumerate(dict.fromkeys(one for one in labels if one is not None))}
    label = np.array([-1 if one is None else number[one] for one in labels], dtype=np.int64)
    return [name for name, _ in parts], label, level


def _estimate(value: float, draws: Floats, n: int, confidence: float) -> Estimate:
    low, high, _ = percentile_intervals(draws[:, np.newaxis], confidence)
    return Estimate(value, float(low[0]), float(high[0]), n, 0)
