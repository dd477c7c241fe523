"""Rubrics: weighted criteria, some of them penalties, judged one by one; and what is done about the extremes.

Three families: signed points that are met or not (`signed_share`), scores up to a weight less penalties
(`penalised_share`), and levels in groups of unequal weight, with truncation and saturation (`levelled_share`).
"""

import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dermatrust.agreement.interval import Estimate
from dermatrust.protocols.table import Floats, Metric, ScoreTable

N_DRAWS = 1_000
MET, UNMET = "true", "false"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a rubric.

    Attributes:
        text: What is looked for.
        points: What it is worth where it is met; below 0 for what ought not to be there.
        tags: What it is about, e.g. "axis:accuracy".
    """

    text: str
    points: float
    tags: tuple[str, ...] = ()


def criteria_of(rows: Iterable[Mapping[str, Any]], *, may_be_worthless: bool = False) -> tuple[Criterion, ...]:
    """Return the criteria of a published rubric: objects with "criterion", "points" and perhaps "tags".

    Args:
        rows: Of the data.
        may_be_worthless: Let pass a rubric without points above 0; its share is NaN, or what `unread` says.

    Raises:
        ValueError: No criterion has points above 0, so that nothing could be scored.
    """
    criteria = tuple(Criterion(str(row["criterion"]), float(row["points"]), tuple(row.get("tags", ()))) for row in rows)
    if not may_be_worthless and not any(criterion.points > 0 for criterion in criteria):
        raise ValueError("it has no criterion with points above 0")
    return criteria


async def judge_criteria(
    criteria: Sequence[Criterion], judge: Callable[[Criterion], Awaitable[str | None]]
) -> dict[str, str | None]:
    """Return one verdict per criterion, "true" or "false", counted from "1"; None where it could not be read."""
    return {str(number): await judge(criterion) for number, criterion in enumerate(criteria, 1)}


def signed_share(
    criteria: Sequence[Criterion], verdicts: Mapping[str, str | None], *, unread: float = math.nan
) -> float:
    """Return the points of what is met, of all points above 0: at most 1, and below 0 where penalties outweigh.

    Args:
        criteria: The rubric, or the part of it that is asked about.
        verdicts: "true" or "false" by the criterion's number in `criteria`, from "1" on; None or none is unread.
        unread: What an unread verdict counts as: NaN makes the share missing, 0 is "not met".

    Returns:
        What an unread verdict counts as where no criterion has points above 0.

    Example:
        >>> rubric = [Criterion("names it", 5), Criterion("advises a visit", 3), Criterion("frightens", -4)]
        >>> signed_share(rubric, {"1": "true", "2": "false", "3": "true"})
        0.125
        >>> signed_share(rubric, {"1": "false", "2": "false", "3": "true"})
        -0.5

    Reference:
        Arora et al. (2025), HealthBench, https://arxiv.org/abs/2505.08775.
    """
    possible = math.fsum(criterion.points for criterion in criteria if criterion.points > 0)
    if possible == 0:
        return unread
    worth = {MET: 1.0, UNMET: 0.0, None: unread}
    said = (worth[verdicts.get(str(number))] for number in range(1, len(criteria) + 1))
    return math.fsum(criterion.points * is_met for criterion, is_met in zip(criteria, said, strict=True)) / possible


def shares_by_tag(criteria: Sequence[Criterion], verdicts: Mapping[str, str | None]) -> dict[str, float]:
    """Return the signed share of the criteria of each tag; tags without points above 0 are left out."""
    shares: dict[str, float] = {}
    for tag in dict.fromkeys(tag for criterion in criteria for tag in criterion.tags):
        places = [number for number, criterion in enumerate(criteria, 1) if tag in criterion.tags]
        part = [criteria[number - 1] for number in places]
        if any(criterion.points > 0 for criterion in part):
            said = {str(k): verdicts.get(str(number)) for k, number in enumerate(places, 1)}
            shares[tag] = signed_share(part, said)
    return shares


def clip(share: float) -> float:
    """Return a share within 0 and 1; NaN stays NaN.

    Example:
        >>> clip(-0.5), clip(0.25)
        (0.0, 0.25)
    """
    return share if math.isnan(share) else min(1.0, max(0.0, share))


def clipped(metric: Metric) -> Metric:
    """Return a metric whose figure and interval are clipped to 0 and 1, where single items may lie outside."""

    def within(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        found = metric(table, rng)
        ends = clip(found.value), clip(found.low), clip(found.high)
        return Estimate(*ends, found.n, found.n_clusters, found.n_skipped)

    return within


def bootstrap_deviation(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Standard deviation of the clipped mean over 1,000 resamples of the items, as HealthBench reports it."""
    values: Floats = np.sort(table.scores[table.is_known])  # sorted, so that the order of items does not matter
    if not values.size:
        return Estimate(math.nan, math.nan, math.nan, 0, 0, 0)
    means = np.clip([rng.choice(values, values.size).mean() for _ in range(N_DRAWS)], 0, 1)
    return Estimate(float(np.std(means)), math.nan, math.nan, values.size, values.size, 0)


def penalised_share(scores: Sequence[float], weights: Sequence[float], penalties: Sequence[float] = ()) -> float:
    """Return scores, each cut to 0 and its weight, less penalties, of all weights; clipped to 0 and 1.

    Args:
        scores: What each criterion was given.
        weights: The most it can be given, above 0.
        penalties: Magnitudes of what is taken off.

    Example:
        >>> penalised_share([5, 9, 1], [5, 4, 3], penalties=[2])
        0.6666666666666666

    Reference:
        MedVLSynther (2025), https://arxiv.org/abs/2510.25867: questions are kept from 0.967 on.
    """
    earned = math.fsum(min(weight, max(0.0, score)) for score, weight in zip(scores, weights, strict=True))
    return clip((earned - math.fsum(penalties)) / math.fsum(weights))


@dataclass(frozen=True, slots=True)
class LevelGroup:
    """What was reached in one group of a levelled rubric.

    Attributes:
        reached: Sum of levels, by tag.
        top: The highest that could be reached.
    """

    reached: Mapping[str, float] = field(default_factory=dict)
    top: float = 0.0

    @property
    def total(self) -> float:
        """Sum over all tags."""
        return math.fsum(self.reached.values())


@dataclass(frozen=True, slots=True)
class Truncation:
    """When nothing beyond the essentials counts; the paper states no ratios.

    Attributes:
        essential: Less than this share of the essentials.
        pitfall: More than this share of the pitfalls.
    """

    essential: float
    pitfall: float


def levelled_share(
    essential: LevelGroup, important: LevelGroup, highlight: LevelGroup, pitfall: LevelGroup, *,
    weights: tuple[float, float, float, float] = (2, 1, 1, 2), truncation: Truncation | None = None,
    most_per_tag: float | None = None, is_offset: bool = False,
) -> float:  # fmt: skip
    """Return the share of a rubric of levels in four groups, pitfalls being magnitudes that are taken off.

    Args:
        essential: What must be there.
        important: What should be.
        highlight: What excels.
        pitfall: What must not be there.
        weights: Of the groups, in this order.
        truncation: When important and highlight count nothing; None for never.
        most_per_tag: Saturation: one tag of important or highlight counts at most this, and each of the two groups at
            most twice the essentials. None for none; the paper states no number.
        is_offset: Take the range from the worst possible, as a min-max scale does; printed is the numerator without it.

    Returns:
        (weighted reached - weighted pitfalls) / (weighted tops + weighted top of pitfalls); NaN without any top.

    Example:
        >>> levelled_share(LevelGroup({"a": 2}, 4), LevelGroup({"b": 2}, 2), LevelGroup(), LevelGroup({"c": 1}, 2))
        0.2857142857142857

    Reference:
        QuarkMedBench (2026), eqs 2 to 4, https://arxiv.org/abs/2603.13691.
    """
    sums = [essential.total, *(_saturated(group, essential, most_per_tag) for group in (important, highlight))]
    if truncation and (
        essential.total < truncation.essential * essential.top or pitfall.total > truncation.pitfall * pitfall.top
    ):
        sums = [essential.total, 0.0, 0.0]
    tops = (essential.top, important.top, highlight.top)
    worst = weights[3] * pitfall.top
    reach = math.fsum(weight * top for weight, top in zip(weights, tops, strict=False)) + worst
    earned = math.fsum(weight * one for weight, one in zip(weights, sums, strict=False)) - weights[3] * pitfall.total
    return (earned + (worst if is_offset else 0.0)) / reach if reach else math.nan


def _saturated(group: LevelGroup, essential: LevelGroup, most_per_tag: float | None) -> float:
    if most_per_tag is None:
        return group.total
    return min(math.fsum(min(one, most_per_tag) for one in group.reached.values()), 2 * essential.total)
