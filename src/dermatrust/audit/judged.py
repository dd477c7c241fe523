"""A judge's scores of the variants as arrays, and estimates from them with intervals over patients."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dermatrust.agreement.bootstrap import cluster_bootstrap
from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.interval import Estimate as Found
from dermatrust.agreement.interval import estimate
from dermatrust.agreement.statistic import Statistic
from dermatrust.audit.known_variants import Variant
from dermatrust.bench.results import Estimate
from dermatrust.records import DIMENSIONS, JudgeCard, Rating

N_RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Resampling:
    """How intervals are made: resampling patients, always with the same draws for the same rows."""

    seed: int = 0
    n_resamples: int = N_RESAMPLES

    def columns(self, values: Floats, patients: ArrayLike) -> list[Estimate]:
        """Return the mean of each column with its 95 % interval; NaN is a missing value.

        Args:
            values: Shape (n, columns).
            patients: The patient of each row, shape (n,).
        """
        if not len(values):
            return [Estimate(np.nan, np.nan, np.nan, 0, 0)] * values.shape[1]
        rng = np.random.default_rng(self.seed)
        found = cluster_bootstrap(values, patients, rng=rng, n_resamples=self.n_resamples)
        ends = zip(found.means, found.low, found.high, found.n, strict=True)
        return [Estimate(float(m), float(a), float(b), int(n), len(values) - int(n)) for m, a, b, n in ends]

    def column(self, values: Floats, patients: ArrayLike) -> Estimate:
        """Return the mean of one column, shape (n,), with its interval."""
        return self.columns(values[:, np.newaxis], patients)[0]

    def statistic(self, statistic: Statistic, ratings: Floats, patients: ArrayLike) -> Estimate:
        """Return a statistic of ratings, shape (raters, n), with its interval."""
        n = ratings.shape[1]
        if not n:
            return Estimate(np.nan, np.nan, np.nan, 0, 0)
        rng = np.random.default_rng(self.seed)
        found: Found = estimate(statistic, ratings, patients, rng=rng, n_resamples=self.n_resamples)
        return Estimate(found.value, found.low, found.high, found.n, n - found.n)


@dataclass(frozen=True, slots=True)
class Judged:
    """One judge's scores of all variants.

    Attributes:
        card: Who judged.
        variants: What was judged.
        draws: Shape (variants, draws, dimensions); NaN is a missing verdict.
        reasons: Why verdicts are missing, each dimension of each draw counted once.
    """

    card: JudgeCard
    variants: tuple[Variant, ...]
    draws: Floats
    reasons: Counter[str]

    @property
    def scores(self) -> Floats:
        """Mean over the scored draws, shape (variants, dimensions); NaN where none was scored."""
        return ratios(np.nansum(self.draws, axis=1), (~np.isnan(self.draws)).sum(axis=1).astype(float))

    @property
    def patients(self) -> NDArray[np.str_]:
        """The patient of each variant; the case where none is recorded."""
        return np.array([variant.patient_id or f"case {variant.case_id}" for variant in self.variants])

    @property
    def moved(self) -> Floats:
        """Scores minus those of the same case's unchanged reference, shape (variants, dimensions)."""
        base = {v.case_id: k for k, v in enumerate(self.variants) if v.role == "unchanged"}
        scores = self.scores
        moved: Floats = scores - scores[[base[v.case_id] for v in self.variants]]
        return moved

    def rows(self, kind: str) -> NDArray[np.intp]:
        """Return which variants are of a kind."""
        return np.flatnonzero([variant.kind == kind for variant in self.variants])


def judged(variants: Sequence[Variant], ratings: Iterable[Rating], cards: Sequence[JudgeCard]) -> list[Judged]:
    """Return each judge's scores.

    A draw that is in no rating was asked for and not answered: it is missing with the reason "no answer". Where one is
    there twice, the last counts.

    Args:
        variants: What was judged.
        ratings: Of any narratives by any raters; the others are left aside.
        cards: The judges, with how often each was to rate a narrative.
    """
    place = {variant.narrative_id: k for k, variant in enumerate(variants)}
    by_judge: dict[str, dict[tuple[int, int], Rating]] = {card.judge: {} for card in cards}
    for rating in ratings:
        if rating.rater in by_judge and rating.narrative_id in place:
            by_judge[rating.rater][place[rating.narrative_id], rating.draw] = rating
    return [_judged(variants, by_judge[card.judge], card) for card in cards]


def _judged(variants: Sequence[Variant], ratings: Mapping[tuple[int, int], Rating], card: JudgeCard) -> Judged:
    draws = np.full((len(variants), card.repeats, len(DIMENSIONS)), np.nan)
    reasons: Counter[str] = Counter()
    for row, draw, k in np.ndindex(draws.shape):
        rating, dimension = ratings.get((row, draw)), DIMENSIONS[k]
        if rating is None:
            reasons["no answer"] += 1
        elif dimension in rating.scores:
            draws[row, draw, k] = rating.scores[dimension]
        else:
            reasons[rating.unscored[dimension].reason] += 1
    return Judged(card, tuple(variants), draws, reasons)
