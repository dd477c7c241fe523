"""For whom a model is worse: by skin type, skin tone, age, sex, site and category, and within the same disease."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.bootstrap import KeptDraws, percentile_intervals, resample_weights
from dermatrust.agreement.clusters import Floats, Ints, ratios, sum_clusters
from dermatrust.agreement.gaps import chance_gap, with_unseen, within_label_gaps
from dermatrust.agreement.interval import Estimate
from dermatrust.agreement.proportion import unseen_in_shares, unvaried_interval
from dermatrust.agreement.widest_gap import WidestGap
from dermatrust.bench.results import FEWEST, NOT_RECORDED
from dermatrust.clinic.subgroup_levels import Factor
from dermatrust.clinic.unvaried import with_width

WITHIN: tuple[Factor, ...] = ("skin type", "skin tone", "sex", "age")
"""What is compared within a disease."""
ALWAYS: Factor = "skin type"
"""What has its rows also where all cases are alike in it, or nobody recorded it."""
_CELLS_AT_ONCE = 1_000
"""So many figures times levels are resampled together: it bounds the memory."""
_TOO_FEW = -1
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure of one model in one arm, whose mean over some cases is what is compared.

    Attributes:
        model: The model.
        arm: What it was told.
        image_arm: What it was shown.
        measure: What it is called.
        values: What each case adds, shape (cases,); NaN where it is in no mean, such as a routine case in sensitivity.
    """

    model: str
    arm: str
    image_arm: str
    measure: str
    values: Floats


@dataclass(frozen=True, slots=True)
class SubgroupRow:
    """A figure in one part of the cases.

    Attributes:
        model: The model.
        arm: What it was told.
        image_arm: What it was shown.
        measure: The figure.
        factor: What the cases are parted by.
        level: The part; "not recorded" is one.
        n: Cases the figure rests on.
        n_patients: Patients they come from.
        value: The figure; None where it rests on too few cases.
        difference: Less that of all other cases whose level is recorded; None likewise, on either side, and for "not
            recorded".
        ratio: Over that of these; without an interval where either is 0 or 1, since resamples know no other value.
    """

    model: str
    arm: str
    image_arm: str
    measure: str
    factor: Factor
    level: str
    n: int
    n_patients: int
    value: Estimate | None
    difference: Estimate | None
    ratio: Estimate | None


@dataclass(frozen=True, slots=True)
class PartsGap(WidestGap):
    """The parts where a figure is lowest and highest; of a share that is right the lowest is the worst.

    Attributes:
        gap: Its interval is over patients; `n` counts the cases of the two parts.
        model: The model.
        arm: What it was told.
        image_arm: What it was shown.
        measure: The figure.
        factor: What the cases are parted by.
        ratio: Lowest over highest, likewise.
    """

    gap: Estimate
    model: str
    arm: str
    image_arm: str
    measure: str
    factor: Factor
    ratio: Estimate


@dataclass(frozen=True, slots=True)
class WithinRow:
    """A figure in one part less that in the part with most cases, within the same disease.

    Attributes:
        model: The model.
        arm: What it was told.
        image_arm: What it was shown.
        measure: The figure.
        factor: What the cases are parted by.
        level: The part.
        beside: The part it is compared with.
        n_diseases: Diseases with cases in both.
        n_level: Cases of these diseases in the part.
        n_beside: Cases of these diseases in the other.
        difference: Mean over these diseases by Mantel-Haenszel weights; None with too few cases on a side.
    """

    model: str
    arm: str
    image_arm: str
    measure: str
    factor: Factor
    level: str
    beside: str
    n_diseases: int
    n_level: int
    n_beside: int
    difference: Estimate | None


@dataclass(frozen=True, slots=True)
class Parts:
    """How cases are parted, and how patients are drawn.

    Attributes:
        levels: Factor to the level of each case.
        labels: The disease of each case; None where it is not known.
        cluster: Number of each case's patient.
        n_clusters: Patients.
        seed: Of the resampling.
        n_resamples: Bootstrap resamples over patients.
        confidence: Nominal coverage of the intervals.
        fewest: Cases below which a part shows no figure.
    """

    levels: Mapping[Factor, Sequence[str]]
    labels: Sequence[str | None]
    cluster: Ints
    n_clusters: int
    seed: int = 0
    n_resamples: int = 2_000
    confidence: float = 0.95
    fewest: int = FEWEST


def subgroup_tables(measured: Sequence[Measured], parts: Parts) -> tuple[list[SubgroupRow], list[PartsGap]]:
    """Return every figure in every part, and where each is lowest and highest.

    A factor in which all cases are alike is left out, except the skin type: that nobody recorded it is worth a row.
    Parts below `fewest` cases show how many they are and nothing
    else; they are among the others that a part is compared with, but in no gap.

    Args:
        measured: The figures.
        parts: The parts, each factor with a level for every case.

    Reference:
        Field & Welsh (2007), J. R. Stat. Soc. B 69(3):369-390, https://doi.org/10.1111/j.1467-9868.2007.00593.x (whole
        clusters); the gap by chance as for `agreement.gaps.chance_gap`.
    """
    rows: list[SubgroupRow] = []
    gaps: list[PartsGap] = []
    draws = KeptDraws(parts.seed)
    for factor, named in parts.levels.items():
        names, level = np.unique(np.asarray(named, dtype=object).astype(str), return_inverse=True)
        if len(names) > 1 or factor == ALWAYS:
            size = max(1, _CELLS_AT_ONCE // len(names))
            for start in range(0, len(measured), size):
                some = measured[start : start + size]
                drawn = _draw(some, level, names.tolist(), parts, draws)
                for column, one in enumerate(some):
                    rows += _rows(one, factor, drawn, column, parts)
                    gaps += _gap(one, factor, drawn, column, parts)
    return rows, gaps


def within_disease(measured: Sequence[Measured], parts: Parts) -> list[WithinRow]:
    """Return the gaps between parts within the same disease.

    They answer what is left of a gap if one skin type merely has harder diseases. Cases whose disease or level is not
    known are left out, and so are diseases that only one of the two parts has.
    """
    draws = KeptDraws(parts.seed)
    return [row for factor in WITHIN if factor in parts.levels for row in _within(measured, factor, parts, draws)]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Sums and counts of some figures in each level: of the sample first, then of every resample."""

    names: list[str]
    sums: Floats
    """Shape (1 + resamples, levels, figures)."""
    counts: Floats
    n_patients: Ints
    """Shape (levels, figures)."""

    @property
    def is_recorded(self) -> Flags:
        return np.array([name != NOT_RECORDED for name in self.names])


def _draw(measured: Sequence[Measured], level: Ints, names: list[str], parts: Parts, draws: KeptDraws) -> _Drawn:
    values = np.stack([one.values for one in measured], axis=1)
    blocks = [sum_clusters(values[level == k], parts.cluster[level == k]) for k in range(len(names))]
    shape = (1 + parts.n_resamples, len(names), len(measured))
    sums, counts = np.empty(shape), np.empty(shape)
    for k, block in enumerate(blocks):
        sums[0, k], counts[0, k] = block.sums.sum(axis=0), block.counts.sum(axis=0)
    for start, weights in resample_weights(parts.n_clusters, parts.n_resamples, draws):
        place = slice(1 + start, 1 + start + len(weights))
        for k, block in enumerate(blocks):
            own = weights[:, block.clusters]
            sums[place, k], counts[place, k] = own @ block.sums, own @ block.counts
    return _Drawn(names, sums, counts, np.stack([block.n_clusters for block in blocks]))


def _rows(one: Measured, factor: Factor, drawn: _Drawn, column: int, parts: Parts) -> Iterator[SubgroupRow]:
    sums, counts = drawn.sums[..., column], drawn.counts[..., column]
    recorded = drawn.is_recorded
    rest = ratios(_others(sums, recorded), _others(counts, recorded))
    own = ratios(sums, counts)
    n, n_patients = counts[0].astype(np.int64), drawn.n_patients[:, column]
    n_rest, patients_rest = _others(counts, recorded)[0], n_patients[recorded].sum() - n_patients
    for k in np.argsort(-n, kind="stable"):
        value = difference = ratio = None
        if n[k] >= parts.fewest:
            value = _share(own[:, k], int(n[k]), int(n_patients[k]), parts)
            if recorded[k] and n_rest[k] >= parts.fewest:
                size = int(n[k] + n_rest[k]), int(n_patients[k] + patients_rest[k])
                patients = int(n_patients[k]), int(patients_rest[k])
                difference, ratio = _apart(own[:, k], rest[:, k], *size, patients, parts)
        about = one.model, one.arm, one.image_arm, one.measure
        yield SubgroupRow(*about, factor, drawn.names[k], int(n[k]), int(n_patients[k]), value, difference, ratio)


def _others(sums: Floats, recorded: Flags) -> Floats:
    """Return the sum over all recorded levels but the own."""
    others: Floats = sums[:, recorded].sum(axis=1, keepdims=True) - sums
    return others


def _gap(one: Measured, factor: Factor, drawn: _Drawn, column: int, parts: Parts) -> Iterator[PartsGap]:
    own = ratios(drawn.sums[..., column], drawn.counts[..., column])
    n, n_patients = drawn.counts[0, :, column].astype(np.int64), drawn.n_patients[:, column]
    shown = np.flatnonzero(drawn.is_recorded & (n >= parts.fewest))
    if len(shown) < 2:
        return
    low, high = (int(shown[place]) for place in (np.argmin(own[0, shown]), _last_greatest(own[0, shown])))
    size = int(n[low] + n[high]), int(n_patients[low] + n_patients[high])
    patients = int(n_patients[low]), int(n_patients[high])
    gap, _ = _apart(own[:, high], own[:, low], *size, patients[::-1], parts)
    _, ratio = _apart(own[:, low], own[:, high], *size, patients, parts)
    rng = np.random.default_rng(parts.seed)
    varied = with_unseen(own[1:, shown], own[0, shown], n_patients[shown], rng)
    chance = chance_gap(*varied, n_patients[shown], parts.confidence)
    about = one.model, one.arm, one.image_arm, one.measure
    ends = drawn.names[low], drawn.names[high], float(own[0, low]), float(own[0, high])
    yield PartsGap(*ends, gap, chance, *about, factor, ratio)


def _last_greatest(values: Floats) -> int:
    """Return the place of the greatest, the last of several: where all are alike, not that of the first least."""
    return len(values) - 1 - int(np.argmax(values[::-1]))


def _within(measured: Sequence[Measured], factor: Factor, parts: Parts, draws: KeptDraws) -> Iterator[WithinRow]:
    level, names = _by_size(parts.levels[factor], parts.fewest)
    number = {name: k for k, name in enumerate(dict.fromkeys(name for name in parts.labels if name is not None))}
    label = np.array([_TOO_FEW if name is None else number[name] for name in parts.labels], dtype=np.int64)
    chosen = np.flatnonzero((level >= 0) & (label >= 0))
    if len(names) < 2 or not chosen.size:
        return
    found = within_label_gaps(
        np.stack([one.values[chosen] for one in measured]), label[chosen], level[chosen], parts.cluster[chosen],
        n_clusters=parts.n_clusters, rng=draws, n_resamples=parts.n_resamples,
        weights="mantel-haenszel",
    )  # fmt: skip
    for m, one in enumerate(measured):
        for k in range(1, len(names)):
            both = (found.counts[m][:, 0] > 0) & (found.counts[m][:, k] > 0)
            n_level, n_beside = (int(found.counts[m][both, side].sum()) for side in (k, 0))
            difference = None
            if min(n_level, n_beside) >= parts.fewest:
                sides = [_items(one, chosen, level, label, side, both) for side in (k, 0)]
                patients = [np.unique(parts.cluster[own]) for own in sides]
                size = n_level + n_beside, len(np.union1d(*patients)), min(map(len, patients))
                values = np.concatenate([[found.gaps[m, k]], found.draws[:, m, k]])
                difference = _estimate(values, *size, parts, *_unseen_within(one, sides, label, parts))
            about = one.model, one.arm, one.image_arm, one.measure
            yield WithinRow(*about, factor, names[k], names[0], int(both.sum()), n_level, n_beside, difference)


def _items(one: Measured, chosen: Ints, level: Ints, label: Ints, side: int, both: Flags) -> Ints:
    """Return the cases of one side that are of diseases which both sides have."""
    own = chosen[(level[chosen] == side) & ~np.isnan(one.values[chosen])]
    shared: Ints = own[both[label[own]]]
    return shared


def _by_size(named: Sequence[str], fewest: int) -> tuple[Ints, list[str]]:
    """Return each case's level, the recorded one with most cases first, and their names; -1 for the others."""
    names, numbers, counts = np.unique(np.asarray(named, dtype=object).astype(str), return_inverse=True,
                                       return_counts=True)  # fmt: skip
    order = [k for k in np.argsort(-counts, kind="stable") if names[k] != NOT_RECORDED and counts[k] >= fewest]
    place = np.full(len(names), _TOO_FEW, dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[numbers], [str(names[k]) for k in order]


def _unseen_within(one: Measured, sides: Sequence[Ints], label: Ints, parts: Parts) -> tuple[float, float]:
    """Return how far below and above the gap may be for what no resample varies in some disease on some side."""
    n_labels = int(label.max()) + 1
    counts, ways = [], []
    for own in sides:
        n = np.bincount(label[own], minlength=n_labels).astype(np.float64)
        pairs = np.unique(np.stack([label[own], parts.cluster[own]]), axis=1)
        behind = np.bincount(pairs[0], minlength=n_labels)
        totals = np.bincount(label[own], one.values[own], n_labels).astype(np.float64)
        counts.append(n)
        ways.append(unseen_in_shares(ratios(totals, n), behind, parts.confidence))
    weight = counts[0] * counts[1] / np.maximum(counts[0] + counts[1], 1)
    weight /= weight.sum()
    (down, up), (other_down, other_up) = ways
    below, above = np.hypot(down, other_up), np.hypot(up, other_down)
    return float(np.hypot.reduce(weight * below)), float(np.hypot.reduce(weight * above))


def _share(draws: Floats, n: int, n_patients: int, parts: Parts) -> Estimate:
    """Return the first of some draws, with an interval from the others if there are two patients."""
    low, high, skipped = percentile_intervals(draws[1:, np.newaxis], parts.confidence, n_patients)
    found = Estimate(float(draws[0]), float(low[0]), float(high[0]), n, n_patients, int(skipped[0]))
    return with_width(found, confidence=parts.confidence)


def _apart(
    first: Floats, second: Floats, n: int, n_patients: int, patients: tuple[int, int], parts: Parts
) -> tuple[Estimate, Estimate]:
    """Return the difference of two shares of different cases, and their ratio, which has no interval if one is flat."""
    alike = [np.fmin.reduce(draws[1:]) == np.fmax.reduce(draws[1:]) for draws in (first, second)]
    down, up = unseen_in_shares([first[0], second[0]], patients, parts.confidence, flat=alike)
    unseen = math.hypot(down[0], up[1]), math.hypot(up[0], down[1])
    fewer = min(patients)
    quotient = ratios(first, second)
    is_flat = any(unseen) or np.unique(quotient[1:][~np.isnan(quotient[1:])]).size < 2
    ratio = _estimate(quotient, n, n_patients, 0 if is_flat else fewer, parts)
    varied = min((n for n, *flat in zip(patients, down, up, strict=True) if not any(flat)), default=fewer)
    return _estimate(first - second, n, n_patients, fewer, parts, *unseen, n_varied=varied), ratio


def _estimate(
    draws: Floats, n: int, n_patients: int, n_fewer: int, parts: Parts, down: float = 0.0, up: float = 0.0, *,
    n_varied: int | None = None,
) -> Estimate:  # fmt: skip
    """Return the first of some draws, with an interval from the others if both sides have two patients.

    It is combined with how far below and above the figure may be for what the draws do not vary. It is expanded for the
    `n_varied` patients of the smaller side that does, which are `n_fewer` where nothing is said.
    """
    low, high, skipped = percentile_intervals(draws[1:, np.newaxis], parts.confidence, n_varied or n_fewer)
    if low[0] == high[0] and not (down or up):  # as where every patient has the same mean
        low, high = unvaried_interval(draws[:1], [n_fewer], lowest=-1.0, highest=1.0, confidence=parts.confidence)
    value, ends = float(draws[0]), (math.nan, math.nan)
    if n_fewer > 1:
        ends = value - math.hypot(value - low[0], down), value + math.hypot(high[0] - value, up)
    if down or up:
        ends = max(ends[0], -1.0), min(ends[1], 1.0)
    return Estimate(value, *ends, n, n_patients, int(skipped[0]))
