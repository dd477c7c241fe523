"""Pairs of images with one question and opposite answers: what choices for both say of a model.

Over all items a pair counts once. Within a category it counts once for each of its images that is in the category, as
MediConfusion's statistics do, and always with both of its choices, whatever category the other image is in.

Reference: Sepehri et al. (2024), https://arxiv.org/abs/2409.15477.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dermatrust.agreement.interval import Estimate
from dermatrust.protocols.metrics import mean_of
from dermatrust.protocols.table import Metric, ScoreTable


class Pair(NamedTuple):
    """The choices for the two images of a pair, empty where invalid, and whether both are right."""

    group: str
    choices: tuple[str, str]
    is_right: bool

    @property
    def is_valid(self) -> bool:
        """Whether both choices are valid."""
        return all(self.choices)

    @property
    def is_confused(self) -> bool:
        """Whether both images get one and the same valid choice."""
        return self.is_valid and self.choices[0] == self.choices[1]


def set_accuracy(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Share of pairs with both choices right."""
    return _share(table, rng, lambda pair: True, lambda pair: pair.is_right)


def confusion(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Share of pairs with one and the same choice for both images, among pairs with two valid choices."""
    return _share(table, rng, lambda pair: pair.is_valid, lambda pair: pair.is_confused)


def precision(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Share of pairs with both right, among pairs with two valid and different choices."""
    return _share(table, rng, lambda pair: pair.is_valid and not pair.is_confused, lambda pair: pair.is_right)


def invalid(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Share of images without a valid choice."""
    flags = np.array([float(not said) for said in table.said], dtype=np.float64)
    return mean_of(np.where(table.is_known, flags, np.nan), table.groups, rng)


def or_zero(metric: Metric) -> Metric:
    """Return a share that is 0, without an interval, where no pair counts; NaN still where every item is missing."""

    def share(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        found = metric(table, rng)
        return replace(found, value=0.0) if found.n == 0 and table.is_known.any() else found

    return share


def _share(
    table: ScoreTable, rng: np.random.Generator, counts: Callable[[Pair], bool], is_hit: Callable[[Pair], bool]
) -> Estimate:
    counted = [pair for pair in _pairs(table) if counts(pair)]
    hits = np.array([float(is_hit(pair)) for pair in counted], dtype=np.float64)
    return mean_of(hits, [pair.group for pair in counted], rng)


def _pairs(table: ScoreTable) -> list[Pair]:
    """Return the pairs that miss nothing; of a part of the data, for each image the pair that it belongs to."""
    whole = table if table.whole is None else table.whole
    members: dict[str, list[int]] = {}
    for k, group in enumerate(whole.groups):
        members.setdefault(group, []).append(k)
    known = {
        group: Pair(group, (whole.said[ks[0]], whole.said[ks[1]]), all(whole.values[k] == 1 for k in ks))
        for group, ks in members.items()
        if len(ks) == 2 and not np.isnan([whole.values[k] for k in ks]).any()
    }
    if table.whole is None:
        return [*known.values()]
    return [known[group] for group in table.groups if group in known]
