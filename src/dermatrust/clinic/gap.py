"""From benchmark to bedside: the same model on several datasets, and how far apart it is on them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dermatrust.agreement.clusters import Floats
from dermatrust.agreement.two_samples import SampleGap, SampleMeans, sample_gap, sample_means
from dermatrust.agreement.two_samples_within import LabelledSample, WithinGap, within_gap
from dermatrust.bench.results import Estimate
from dermatrust.clinic.answer_grid import AnswerGrid, Place, answer_grid
from dermatrust.clinic.differential_table import N_RESAMPLES
from dermatrust.clinic.draws import seed_of_draws
from dermatrust.clinic.gap_measures import GapMeasures, measures_for
from dermatrust.clinic.gap_results import BedsideGap, DatasetRow
from dermatrust.clinic.gap_settings import check_comparable
from dermatrust.clinic.makeup import disease_names, makeup
from dermatrust.errors import DataError
from dermatrust.records import Manifest
from dermatrust.store.answers import AnswerColumns

_MOST_LISTED = 4
"""Models in an arm that an error names."""


@dataclass(frozen=True, slots=True)
class GapRun:
    """One finished run of `clinic ddx` or `clinic triage`: what was done, and every answer."""

    manifest: Manifest
    answers: AnswerColumns


def bedside_gap(
    runs: Sequence[GapRun], *, allow_differences: bool = False, seed: int = 0, n_resamples: int = N_RESAMPLES,
    confidence: float = 0.95,
) -> BedsideGap:  # fmt: skip
    """Return every model and arm that all runs have, dataset by dataset, with differences from the first.

    Patients of each dataset are resampled on their own, since the datasets share none, and as in its own study: with
    its seed and number of resamples the same value has the same interval here and there.

    Args:
        runs: At least two, of the same task and of different datasets; the first is what others are compared with.
        allow_differences: Warn, and do not refuse, where prompt, model version or manner of asking differ.
        seed: Of the resampling.
        n_resamples: Resamples of the patients of each dataset.
        confidence: Nominal coverage of the intervals.

    Raises:
        DataError: There are fewer than two runs, they share no model in the same arm, or they cannot be compared.
    """
    if len(runs) < 2:
        raise DataError("clinic gap", f"was given {len(runs)} run", "two or more", "The first is compared with each.")
    manifests = [run.manifest for run in runs]
    kind = str(manifests[0].config.get("task"))
    measures = measures_for(kind, where=manifests[0].run_id)
    grids = [answer_grid(run.answers) for run in runs]
    places = _shared(grids, manifests)
    warnings = check_comparable(
        manifests, models=tuple(dict.fromkeys(p.model for p in places)), allow_differences=allow_differences
    )
    seeds = [seed_of_draws(grid, run.manifest.dataset.name, seed) for grid, run in zip(grids, runs, strict=True)]
    sides = [_Side(grid, measures, own) for grid, own in zip(grids, seeds, strict=True)]
    rows = [
        row
        for place in places
        for row in _rows(place, sides, measures, seed, n_resamples, confidence)
    ]  # fmt: skip
    return BedsideGap(
        task=kind,
        datasets=tuple(makeup(run.manifest, grid) for run, grid in zip(runs, grids, strict=True)),
        measures=measures.names,
        headline=measures.headline,
        rows=tuple(rows),
        warnings=warnings,
        left_out=tuple(_left_out(grids, manifests, places)),
        n_resamples=n_resamples,
        seed=seed,
        confidence=confidence,
    )


class _Side:
    """One dataset: its grid, and the means at each place."""

    def __init__(self, grid: AnswerGrid, measures: GapMeasures, seed: int) -> None:
        self.grid, self._measures, self._seed = grid, measures, seed
        self._number = {place: k for k, place in enumerate(grid.places)}
        self.diseases = np.array(disease_names(grid), dtype=object)

    def values(self, place: Place) -> Floats:
        """Return shape (cases, plain measures)."""
        return self._measures.values(self.grid, self._number[place])

    def means(self, values: Floats, n_resamples: int, confidence: float) -> SampleMeans:
        """Return all measures; every place sees the same resampled patients."""
        rng = np.random.default_rng(self._seed)
        return sample_means(
            values, self.grid.cluster, rng=rng, n_resamples=n_resamples, confidence=confidence,
            means_of=self._measures.means_of,
        )  # fmt: skip

    def labelled(self, values: Floats) -> LabelledSample:
        return LabelledSample(values, self.diseases, self.grid.cluster)


def _rows(
    place: Place, sides: Sequence[_Side], measures: GapMeasures, seed: int, n_resamples: int, confidence: float
) -> list[DatasetRow]:
    values = [side.values(place) for side in sides]
    means = [side.means(table, n_resamples, confidence) for side, table in zip(sides, values, strict=True)]
    gaps: list[SampleGap | None] = [None, *(sample_gap(one, means[0]) for one in means[1:])]
    within: list[WithinGap | None] = [None] * len(sides)
    if measures.within:
        columns = [measures.names.index(name) for name in measures.within]
        first, *others = (side.labelled(table[:, columns]) for side, table in zip(sides, values, strict=True))
        rng = np.random.default_rng((seed, len(sides)))
        within = [
            None,
            *(within_gap(one, first, rng=rng, n_resamples=n_resamples, confidence=confidence) for one in others),
        ]
    found = list(zip((side.grid for side in sides), means, gaps, within, strict=True))
    return [
        _row(place, measures, column, number, one, means[0])
        for column in range(len(measures.names))
        for number, one in enumerate(found)
    ]


_Found = tuple[AnswerGrid, SampleMeans, SampleGap | None, WithinGap | None]


def _row(
    place: Place, measures: GapMeasures, column: int, number: int, found: _Found, first: SampleMeans
) -> DatasetRow:  # fmt: skip
    grid, means, gap, within = found
    name, n = measures.names[column], int(means.n[column])
    value = _estimate(means.means, means.low, means.high, column, n, grid.n_cases - n)
    apart = inside = None
    n_diseases = 0
    if gap is not None:
        apart = _estimate(gap.values, gap.low, gap.high, column, min(n, int(first.n[column])), 0)
    if within is not None and name in measures.within:
        at = measures.within.index(name)
        n_inside = int(within.n[0, at])
        inside = _estimate(within.values, within.low, within.high, at, n_inside, n - n_inside)
        n_diseases = int(within.n_labels[at])
    return DatasetRow(*place, name, number, value, apart, inside, n_diseases)


def _estimate(values: Floats, low: Floats, high: Floats, column: int, n: int, n_missing: int) -> Estimate:
    return Estimate(float(values[column]), float(low[column]), float(high[column]), n, n_missing)


def _shared(grids: Sequence[AnswerGrid], manifests: Sequence[Manifest]) -> list[Place]:
    """Return the places that every run has, in the order of the first."""
    shared = [place for place in grids[0].places if all(place in grid.places for grid in grids[1:])]
    if not shared:
        raise DataError(
            manifests[-1].run_id,
            "has no model in the same arm as the other runs",
            f"one of {_listed(grids[0].places)}",
            f"It has {_listed(grids[-1].places)}.",
        )
    return shared


def _listed(places: Sequence[Place]) -> str:
    named = sorted(" / ".join(place) for place in places)
    more = f" and {len(named) - _MOST_LISTED:,} more" if len(named) > _MOST_LISTED else ""
    return ", ".join(named[:_MOST_LISTED]) + more


def _left_out(grids: Sequence[AnswerGrid], manifests: Sequence[Manifest], shared: Sequence[Place]) -> list[str]:
    return [
        f"{manifest.run_id} alone, or not every run, has {' / '.join(place)}."
        for grid, manifest in zip(grids, manifests, strict=True)
        for place in grid.places
        if place not in shared
    ]
