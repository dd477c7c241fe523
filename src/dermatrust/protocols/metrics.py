"""Metrics that protocols share: from scores to one figure with its interval."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dermatrust.agreement.bootstrap import cluster_bootstrap
from dermatrust.agreement.clusters import ratios
from dermatrust.agreement.interval import Estimate, estimate
from dermatrust.agreement.label_f1 import Average, label_f1, label_terms
from dermatrust.agreement.pass_at_k import Rule, pass_at_k
from dermatrust.agreement.proportion import proportion
from dermatrust.agreement.statistic import Statistic
from dermatrust.protocols.table import Floats, Metric, ScoreTable

N_RESAMPLES = 2_000
_NO_WIDTH = 1e-12
"""What rounding makes of the same sums."""


def mean_score(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Mean of the scores; an accuracy where they are 0 or 1.

    The interval is Wilson's where all scores are 0 or 1 and no items belong together, else that of resampled groups;
    see `mean_of` for scores that are all alike.

    Example:
        >>> from dermatrust.protocols import Item, Score
        >>> table = ScoreTable()
        >>> for k, value in enumerate((1.0, 0.0, 1.0, float("nan"))):
        ...     table.add(Item(id=str(k), question="", target=""), Score(value=value))
        >>> found = mean_score(table, np.random.default_rng(0))
        >>> round(found.value, 3), found.n
        (0.667, 3)
    """
    return mean_of(table.scores, table.groups, rng)


def spread(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Standard error of an accuracy p, the root of p (1 - p) / n, without an interval; NaN without items.

    Example:
        >>> from dermatrust.protocols import Item, Score
        >>> table = ScoreTable()
        >>> for k, value in enumerate((1.0, 0.0, 1.0, 0.0)):
        ...     table.add(Item(id=str(k), question="", target=""), Score(value=value))
        >>> spread(table, np.random.default_rng(0)).value
        0.25

    Reference:
        Khandekar et al. (2024), https://arxiv.org/abs/2406.12036, which calls it the "std".
    """
    found = mean_score(table, rng)
    value = math.sqrt(found.value * (1 - found.value) / found.n) if found.n else math.nan
    return Estimate(value, math.nan, math.nan, found.n, found.n_clusters, 0)


def answered_rate(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Share of items that the model answered; those whose ask failed or that no judge scored are not counted."""
    answered = np.where(table.is_known, np.array(table.answered, dtype=np.float64), np.nan)
    return mean_of(answered, table.groups, rng)


def accuracy_of_answered(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Mean of the scores over answered items alone. To be read beside `answered_rate`: silence costs nothing here."""
    scores = np.where(np.array(table.answered, dtype=bool), table.scores, np.nan)
    return mean_of(scores, table.groups, rng)


ACCURACIES: Mapping[str, Metric] = {
    "accuracy": mean_score, "answered": answered_rate, "accuracy of answered": accuracy_of_answered,
}  # fmt: skip
"""What most protocols of multiple choice report, the first as their headline."""


def mean_part(name: str, *, is_share: bool = True) -> Metric:
    """Return the metric that is the mean of one further number.

    Args:
        name: The number's.
        is_share: Whether it is a share, from 0 to 1; a count, a cost or a difference is none, even where it happens to
            be 0 or 1 throughout.
    """

    def mean(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        return mean_of(table.part(name), table.groups, rng, is_share=is_share)

    return mean


def pooled(hits: str, of: str) -> Metric:
    """Return the metric that is a share over everything in all items, such as sentences that are correct.

    Args:
        hits: The part that counts how many of an item's are hits.
        of: The part that counts them all. Items are resampled whole.
    """

    def share(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        n_hits, n_all = table.part(hits), table.part(of)
        known = ~(np.isnan(n_hits) | np.isnan(n_all))
        n_hits, n_all = n_hits[known].astype(int), n_all[known].astype(int)
        groups = [group for group, is_known in zip(table.groups, known, strict=True) if is_known]
        flags = [flag for hit, n in zip(n_hits, n_all, strict=True) for flag in (1.0,) * hit + (0.0,) * (n - hit)]
        owners = [group for group, n in zip(groups, n_all, strict=True) for _ in range(n)]
        return mean_of(np.array(flags, dtype=np.float64), owners, rng)

    return share


def all_right(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Share of groups of which every item scores 1."""
    return _share_of_groups(table, lambda scores: bool((scores == 1).all()))


def all_right_of(size: int) -> Metric:
    """Return `all_right` for groups that have so many items; one that lacks an item is missing, as one not asked."""

    def share(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        return _share_of_groups(table, lambda scores: bool((scores == 1).all()), size)

    return share


def any_right(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Share of groups of which at least one item scores 1."""
    return _share_of_groups(table, lambda scores: bool((scores == 1).any()))


def majority_right(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Share of groups of which more than half the items score 1."""
    return _share_of_groups(table, lambda scores: bool((scores == 1).mean() > 0.5))


def pass_at(k: int, rule: Rule = "any") -> Metric:
    """Return the metric pass@k over groups of repeats: would k items drawn from a group pass?

    Args:
        k: How many are drawn; groups with fewer items do not count.
        rule: Whether any, most or all of them have to score 1.
    """

    def share(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        whole = _whole_groups(table)
        runs = (
            np.array([[int((scores == 1).sum()), scores.size] for scores in whole], dtype=np.float64).reshape(-1, 2).T
        )
        runs = runs[:, runs[1] >= k]
        if not runs.size:
            return Estimate(math.nan, math.nan, math.nan, 0, 0, 0)
        return with_width(estimate(pass_at_k(k, rule), runs, rng=rng, n_resamples=N_RESAMPLES))

    return share


def mean_of_groups(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Mean over groups of the mean of their scores: a group counts once, however many items it has."""
    return _over_groups(table, rng, lambda scores: float(scores.mean()))


def spread_in_groups(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Mean over groups of the standard deviation of their scores (of the population): how much repeats differ."""
    return _over_groups(table, rng, lambda scores: float(scores.std()), is_share=False)


def weighted_precision(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Precision of each answer as a label, weighted by how many items have it; 0 for one that is never given.

    Recall weighted so is the accuracy.
    """
    ratings, n_labels = _labels(table)

    def value(sums: Floats) -> Floats:
        true, said, hits = np.split(sums[..., 1:], 3, axis=-1)
        precision = np.where(said > 0, ratios(hits, said), 0.0)
        return ratios((precision * true).sum(axis=-1), true.sum(axis=-1))

    return estimate_of(Statistic(label_terms(n_labels), value), ratings, table, rng)


def estimate_of(statistic: Statistic, ratings: Floats, table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Return a statistic of items with its interval, groups resampled; NaN where no item is known.

    Args:
        statistic: Of `ratings`.
        ratings: Shape (rows, items); items whose score is missing do not count.
        table: The items.
        rng: Of the resampling.
    """
    known = table.is_known & ~np.isnan(ratings).any(axis=0)
    if not known.any():
        return Estimate(math.nan, math.nan, math.nan, 0, 0, 0)
    groups = [group for group, is_known in zip(table.groups, known, strict=True) if is_known]
    return with_width(estimate(statistic, ratings[:, known], groups, rng=rng, n_resamples=N_RESAMPLES))


def macro_mean(tag: str, metric: Metric = mean_score) -> Metric:
    """Return the metric that is the plain mean of another over the levels of a tag. NaN where a level has none.

    Levels are taken for independent samples: the half-widths of their intervals add in squares.
    """

    def mean(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        found = [metric(level, rng) for level in table.by_tag(tag).values()]
        if not found:
            return Estimate(math.nan, math.nan, math.nan, 0, 0, 0)
        value = math.fsum(one.value for one in found) / len(found)
        # Levels are independent samples: half-widths add in squares, each side by itself.
        down = math.sqrt(math.fsum((one.value - one.low) ** 2 for one in found)) / len(found)
        up = math.sqrt(math.fsum((one.high - one.value) ** 2 for one in found)) / len(found)
        n, n_clusters = sum(one.n for one in found), sum(one.n_clusters for one in found)
        return Estimate(value, value - down, value + up, n, n_clusters, max(one.n_skipped for one in found))

    return mean


def of_level(tag: str, level: str, metric: Metric) -> Metric:
    """Return a metric over the items of one level of a tag alone."""

    def of(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        return metric(table.by_tag(tag).get(level, ScoreTable()), rng)

    return of


def f1_of_labels(average: Average, *, several: str = "", counts_unanswered: bool = True) -> Metric:
    """Return the F1 of the labels said against the true ones, averaged over the labels that occur.

    Args:
        average: "micro", "macro", or "weighted" by how often a label is true.
        several: What separates several labels in one answer; each then counts as an answer of its own. Empty where an
            answer is one label, whatever it holds.
        counts_unanswered: Whether no answer counts as a wrong one; otherwise such items are left out.
    """

    def f1(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        pairs: list[tuple[str, str]] = []
        clusters: list[str] = []
        for target, said, group, is_known in zip(table.targets, table.said, table.groups, table.is_known, strict=True):
            if is_known and (said or counts_unanswered):
                answers = said.split(several) if several else [said]
                pairs += [(target, answer) for answer in answers]
                clusters += [group] * len(answers)
        numbers = {label: k for k, label in enumerate(sorted({label for pair in pairs for label in pair if label}))}
        numbers[""] = -1  # no answer is no label of its own: it would be one more to average over
        ratings = np.array([[numbers[true], numbers[said]] for true, said in pairs], dtype=np.float64).reshape(-1, 2).T
        if not pairs:
            return Estimate(math.nan, math.nan, math.nan, 0, 0, 0)
        statistic = label_f1(max(2, len(numbers) - 1), average)  # with one label, two rows would be flags of it
        found = estimate(statistic, ratings, clusters, rng=rng, n_resamples=N_RESAMPLES)
        return replace(with_width(found), n=found.n_clusters)

    return f1


def mean_of(scores: Floats, groups: list[str], rng: np.random.Generator, *, is_share: bool = True) -> Estimate:
    """Return the mean of numbers, NaN missing, with its interval; see `mean_score`.

    Where every number is 0, or every one 1, resamples would all be alike and claim certainty: the interval is then
    Wilson's over groups. Other numbers that are all alike have none.
    """
    known = ~np.isnan(scores)
    values = scores[known]
    clusters = [group for group, is_known in zip(groups, known, strict=True) if is_known]
    n_clusters = len(set(clusters))
    is_single = n_clusters == values.size
    if is_share and np.isin(values, (0.0, 1.0)).all() and (is_single or (values == values[0]).all()):
        found = proportion(float(values.sum()) if is_single else float(values[0]) * n_clusters, n_clusters)
        return Estimate(found.value, found.low, found.high, values.size, n_clusters, 0)
    drawn = cluster_bootstrap(values, clusters, rng=rng, n_resamples=N_RESAMPLES)
    ends = float(drawn.low[0]), float(drawn.high[0])
    return with_width(Estimate(float(drawn.means[0]), *ends, values.size, n_clusters, int(drawn.n_skipped[0])))


def with_width(found: Estimate) -> Estimate:
    """Return a figure without its interval where no resample differed: that is no certainty."""
    return found if found.high - found.low > _NO_WIDTH else replace(found, low=math.nan, high=math.nan)


def _labels(table: ScoreTable) -> tuple[Floats, int]:
    """Return right answers and answers as numbers, shape (2, items), -1 for none, and how many there are."""
    numbers = {answer: k for k, answer in enumerate(sorted({*table.targets, *table.said} - {""}))}
    pairs = [[numbers.get(answer, -1) for answer in answers] for answers in (table.targets, table.said)]
    return np.array(pairs, dtype=np.float64).reshape(2, -1), max(2, len(numbers))


def _over_groups(
    table: ScoreTable, rng: np.random.Generator, number: Callable[[Floats], float], *, is_share: bool = True
) -> Estimate:
    found = np.array([number(scores) for scores in _whole_groups(table)], dtype=np.float64)
    return mean_of(found, [str(k) for k in range(found.size)], rng, is_share=is_share)


def _whole_groups(table: ScoreTable) -> list[Floats]:
    """Return the scores of each group; one with a missing item is missing."""
    members: dict[str, list[float]] = {}
    for group, value in zip(table.groups, table.values, strict=True):
        members.setdefault(group, []).append(value)
    return [scores for scores in map(np.array, members.values()) if not np.isnan(scores).any()]


def _share_of_groups(table: ScoreTable, is_hit: Callable[[Floats], Any], size: int | None = None) -> Estimate:
    """Return the share of groups that are hits; a group with a missing item, or of another size, is missing."""
    whole = [scores for scores in _whole_groups(table) if size in (None, len(scores))]
    found = proportion(sum(bool(is_hit(scores)) for scores in whole), len(whole))
    return Estimate(found.value, found.low, found.high, found.n, found.n, 0)
