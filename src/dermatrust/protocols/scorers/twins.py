"""Credit for images whose questions have twins: a "yes" counts only beside the "no" to what is not there.

Reference: Yan et al. (2024), ProbMed, https://arxiv.org/abs/2405.20421.
"""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.interval import Estimate, estimate
from dermatrust.agreement.statistic import Statistic
from dermatrust.protocols.metrics import N_RESAMPLES, mean_of, with_width
from dermatrust.protocols.table import Metric, ScoreTable

GT, HALLU, SINGLE = "gt", "hallu", "single"
"""Sides: about what is there, its twin about what is not, and a twin without anything that it is the twin of."""
Pairs = dict[str, dict[str, float]]
"""An image's answers in one family: pair, then side, to score."""


class Kind(NamedTuple):
    """How the questions of one family earn credit.

    Attributes:
        is_paired: Whether an image earns credit by pairs; otherwise every answer stands by itself.
        is_once: Whether an image has one pair, and no credit with any other number of answers.
    """

    is_paired: bool = True
    is_once: bool = False


class _Unit(NamedTuple):
    """The credits of one family in one image type, whose they are, and how much they weigh together."""

    credits: list[float]
    images: list[str]
    weight: int


def twin_credit(kinds: Mapping[str, Kind], *, is_adversarial: bool = True, counts_dropped: bool = True) -> Metric:
    """Return the mean credit over image types and families, each weighted by its images, or by its single answers.

    An image earns credit where all its pairs are right; without twins, where what is there is seen in all of them. A
    question without its twin counts for nothing. All images of a type weigh in every family, those without a credit
    too. Items have the tags "family", "image type", "image", "pair" and "side".

    Args:
        kinds: Family to how it earns credit; those that earn it by single answers have no figure without twins.
        is_adversarial: Whether the twins count.
        counts_dropped: Whether images without their one pair weigh in a family that asks for it.

    Returns:
        A metric whose n is the images, or single answers, with a credit; NaN where there is none.
    """

    def credit(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        chosen = {name: kind for name, kind in kinds.items() if kind.is_paired or is_adversarial}
        return _weighted([*_units(table, chosen, is_adversarial, counts_dropped)], rng)

    return credit


def _units(table: ScoreTable, kinds: Mapping[str, Kind], is_adversarial: bool, counts_dropped: bool) -> Iterator[_Unit]:
    """Yield the units that have a credit."""
    answers: dict[tuple[str, str], list[int]] = {}
    images: dict[str, set[str]] = {}
    for k, (family, image_type) in enumerate(zip(table.tags["family"], table.tags["image type"], strict=True)):
        answers.setdefault((family, image_type), []).append(k)
        images.setdefault(image_type, set()).add(table.tags["image"][k])
    for (family, image_type), places in answers.items():
        if family not in kinds:
            continue
        kind = kinds[family]
        if kind.is_paired:
            found = _credits(table, places, kind, is_adversarial)
            weight = len(images[image_type]) if counts_dropped or not kind.is_once else len(found)
            unit = _Unit([*found.values()], [*found], weight)
        else:
            unit = _Unit([table.values[k] for k in places], [table.tags["image"][k] for k in places], len(places))
        if unit.credits:
            yield unit


def _credits(table: ScoreTable, places: list[int], kind: Kind, is_adversarial: bool) -> dict[str, float]:
    """Return the credit of every image that can have one."""
    found: dict[str, Pairs] = {}
    n_answers: dict[str, int] = {}
    for k in places:
        image, pair, side = (table.tags[name][k] for name in ("image", "pair", "side"))
        found.setdefault(image, {}).setdefault(pair, {})[side] = table.values[k]
        n_answers[image] = n_answers.get(image, 0) + 1
    credits_ = {
        image: _credit(pairs, is_adversarial)
        for image, pairs in found.items()
        if not kind.is_once or n_answers[image] == len((GT, HALLU))
    }
    return {image: one for image, one in credits_.items() if one is not None}


def _credit(pairs: Pairs, is_adversarial: bool) -> float | None:
    """Return what an image earns; None where it has no pair, NaN where an answer is missing."""
    needed = (GT, HALLU) if is_adversarial else (GT,)
    scores = [pair[side] for pair in pairs.values() if {GT, HALLU} <= set(pair) for side in needed]
    scores += [pair[SINGLE] for pair in pairs.values() if SINGLE in pair]
    if not scores:
        return None
    return math.nan if any(map(math.isnan, scores)) else float(all(score == 1 for score in scores))


def _weighted(units: list[_Unit], rng: np.random.Generator) -> Estimate:
    """Return the weighted mean of credits, images resampled whole; see `metrics.mean_of` where all weigh alike."""
    values = np.array([credit for unit in units for credit in unit.credits], dtype=np.float64)
    images = [image for unit in units for image in unit.images]
    known = ~np.isnan(values)
    n_known = [sum(not math.isnan(credit) for credit in unit.credits) for unit in units]
    each = [unit.weight / (n or 1) for unit, n in zip(units, n_known, strict=True) for _ in unit.credits]
    weights = np.array(each, dtype=np.float64)[known]
    if len(set(weights.tolist())) <= 1:
        return mean_of(values, images, rng)
    clusters = [image for image, is_known in zip(images, known, strict=True) if is_known]
    ratings = np.stack([weights * values[known], weights])
    return with_width(estimate(_RATIO, ratings, clusters, rng=rng, n_resamples=N_RESAMPLES))


def _terms(ratings: Floats) -> Floats:
    return np.stack([np.ones(ratings.shape[1]), *ratings], axis=1)


def _ratio(sums: Floats) -> Floats:
    return ratios(sums[..., 1], sums[..., 2])


_RATIO = Statistic(_terms, _ratio)
