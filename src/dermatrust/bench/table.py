"""From scores to the bench table: means with intervals, paired differences, ranks and subgroups."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from dermatrust.agreement.clusters import Ints
from dermatrust.bench.alignment import align_raters
from dermatrust.bench.estimates import Draws, Means, Sixes, estimate_sixes
from dermatrust.bench.gaps import model_gaps, within_gaps
from dermatrust.bench.grid import N_DIMENSIONS, Grid, grid_of
from dermatrust.bench.pairs import paired_differences, paired_sums
from dermatrust.bench.ranks import rank_models
from dermatrust.bench.results import (
    ABSENT,
    MACRO,
    MEASURES,
    BenchTable,
    Estimate,
    Factor,
    Measure,
    ModelGap,
    ModelRow,
    PairedDifference,
    Rank,
    SubgroupRow,
    WithinGap,
)
from dermatrust.bench.subgroups import Subgroup, subgroup_rows, subgroups_of
from dermatrust.errors import DataError
from dermatrust.records import Dimension
from dermatrust.store.scores import ScoreColumns

__all__ = [
    "BenchTable",
    "Estimate",
    "Factor",
    "Measure",
    "ModelRow",
    "PairedDifference",
    "Rank",
    "SubgroupRow",
    "bench_table",
]


def bench_table(
    scores: ScoreColumns,
    *,
    seed: int = 0,
    n_resamples: int = 10_000,
    confidence: float = 0.95,
    significance: float = 0.05,
    kinds: Mapping[str, str] | None = None,
) -> BenchTable:
    """Return models x six dimensions for every rater, with intervals, paired differences, ranks and subgroups.

    Every model is expected to have answered every case of the scores, and every rater to have scored every answer;
    what is not there is counted as missing, never dropped and never 0.

    Args:
        scores: One row per narrative x rater x dimension, in any order; raters keep that of their first rows.
        seed: Seed of all random draws, at least 0. The same scores and seed give the same table.
        n_resamples: Bootstrap resamples over patients, and at least so many sign patterns per test.
        confidence: Nominal coverage of the intervals.
        significance: Adjusted p-values below this separate two models.
        kinds: Rater to its kind, as in its card; without it automatic raters are not compared with a panel.

    Raises:
        DataError: There are no scores, a narrative has two scores by one rater on one dimension, a case has two
            patients, or a dimension is none of the six.
    """
    if not len(scores):
        raise DataError("scores", "there are none", "at least one row", "Run a model and a judge first.")
    grid = grid_of(scores)
    del scores  # where the caller keeps them not either, their memory is free for the resampling
    draws = Draws(seed, n_resamples, confidence)
    rows: list[ModelRow] = []
    differences: list[PairedDifference] = []
    subgroups: list[SubgroupRow] = []
    gaps: list[ModelGap] = []
    within: list[WithinGap] = []
    asked = [_Asked.of(grid, number) for number in range(len(grid.raters))]
    estimates = iter(estimate_sixes([block for one in asked for block in one.blocks], grid.n_clusters, draws))
    for rater, one in zip(grid.raters, asked, strict=True):
        rated, pairs, groups = one.rated, one.pairs, one.groups
        models, paired, *grouped = islice(estimates, len(one.blocks))
        found = paired_differences(grid, rater, pairs, paired.means, draws)
        rows += _model_rows(grid, rater, rated, models.means, _ranks(grid, models.means, found, significance))
        differences += found
        subgroups += subgroup_rows(grid, rater, groups, [one.means for one in grouped])
        gaps += model_gaps(grid, rater, groups, grouped, confidence)
        within += within_gaps(grid, rater, rated, draws)
    return BenchTable(
        rows=tuple(rows),
        differences=tuple(differences),
        subgroups=tuple(subgroups),
        raters=grid.raters,
        authors=grid.authors,
        n_cases=grid.n_cases,
        n_patients=grid.n_patients(),
        n_cases_without_patient=grid.n_cases_without_patient(),
        n_resamples=n_resamples,
        seed=seed,
        confidence=confidence,
        significance=significance,
        kinds=dict(kinds or {}),
        alignment=align_raters(grid, kinds or {}, draws),
        gaps=tuple(gaps),
        within=tuple(within),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of one rater's scores; all raters' is resampled together."""

    rated: Ints
    pairs: Sixes
    groups: list[Subgroup]
    blocks: list[Sixes]

    @classmethod
    def of(cls, grid: Grid, number: int) -> "_Asked":
        rated = np.flatnonzero(grid.rater == number)
        everything = Sixes(grid.sums(rated), grid.n_expected.sum(axis=0))
        pairs, groups = paired_sums(grid, rated), subgroups_of(grid, rated)
        return cls(rated, pairs, groups, [everything, pairs, *(group.sixes for group in groups)])


def _ranks(
    grid: Grid, models: Sequence[Means], differences: Sequence[PairedDifference], significance: float
) -> list[dict[Measure, Rank]]:
    """Return every model's place on every measure."""
    ranks: list[dict[Measure, Rank]] = [{} for _ in grid.authors]
    for measure in MEASURES:
        means = {
            author: macro.value if measure == MACRO else scores[Dimension(measure)].value
            for author, (scores, macro) in zip(grid.authors, models, strict=True)
        }
        places = rank_models(means, [d for d in differences if d.measure == measure], significance)
        for rank, author in zip(ranks, grid.authors, strict=True):
            rank[measure] = places[author]
    return ranks


def _model_rows(
    grid: Grid, rater: str, rated: Ints, models: Sequence[Means], ranks: Sequence[dict[Measure, Rank]]
) -> list[ModelRow]:
    """Return one rater's rows, best macro mean first, undefined last."""
    rows: list[ModelRow] = []
    for number, (author, (scores, macro)) in enumerate(zip(grid.authors, models, strict=True)):
        own = rated[grid.author[rated] == number]
        rows.append(
            ModelRow(
                author=author,
                rater=rater,
                scores=scores,
                macro=macro,
                ranks=ranks[number],
                n_cases=grid.n_cases,
                n_narratives=int(grid.n_narratives[number]),
                n_refused=int(grid.n_refused[number]),
                n_empty=int(grid.n_empty[number]),
                references=_references(grid, own),
                missing=_missing(grid, own, int(grid.n_expected[:, number].sum())),
                n_suspected=_n_answers(grid, own[grid.is_suspected[own]]),
                n_unfamiliar=_n_answers(grid, own[grid.is_unfamiliar[own]]),
                n_with_writing=_n_answers(grid, own[grid.has_writing[own]]),
            )
        )
    return sorted(rows, key=lambda row: (math.isnan(row.macro.value), -row.macro.value, row.author))


def _references(grid: Grid, rows: Ints) -> dict[str, int]:
    """Count the answers by what the rater read beside them."""
    first_of_answer = rows[np.unique(grid.answer[rows], return_index=True)[1]]
    return _counted(Counter(kind or "none" for kind in grid.reference[first_of_answer]))


def _n_answers(grid: Grid, rows: Ints) -> int:
    return len(np.unique(grid.answer[rows]))


def _missing(grid: Grid, rows: Ints, n_expected: int) -> dict[str, int]:
    """Count the missing scores by reason."""
    reasons = Counter(str(reason) for reason in grid.unscored[rows[np.isnan(grid.score[rows])]])
    reasons[ABSENT] += n_expected * N_DIMENSIONS - len(rows)
    return _counted(reasons)


def _counted(counts: Counter[str]) -> dict[str, int]:
    """Return the counts above 0, largest first."""
    return {name: n for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if n}
