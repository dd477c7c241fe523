"""Whether a judge says the same twice, answers at all, and is moved by length: repeatability, missing, verbosity."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.icc import icc_statistic
from dermatrust.agreement.statistic import Statistic
from dermatrust.audit.judged import Judged, Resampling
from dermatrust.audit.kinds import PADDED
from dermatrust.bench.results import Estimate
from dermatrust.records import DIMENSIONS, Dimension

ASKED_ONCE = "asked once, see --repeats"
BY_RULE = "it answers by rule, alike every time"
"""A judge that no number of repeats would show anything about: it is asked once whatever --repeats says."""
slope = Statistic(
    terms=lambda table: _slope_terms(table),
    value=lambda sums: ratios(sums[..., 1], sums[..., 2]),
)
"""Slope of the second row on the first, both already taken as differences from their case's mean."""


@dataclass(frozen=True, slots=True)
class Repeatability:
    """How far a judge's repeated ratings of the same text differ.

    Attributes:
        n_draws: Ratings of each text.
        spread: By dimension: standard deviation within a text, points.
        same: By dimension: share of texts that get the same score every time.
        icc: By dimension: ICC(2,1) of the draws; NaN where scores do not vary at all.
    """

    n_draws: int
    spread: dict[Dimension, Estimate]
    same: dict[Dimension, Estimate]
    icc: dict[Dimension, Estimate]


@dataclass(frozen=True, slots=True)
class Missing:
    """Verdicts that should be there and are not: their share, and why."""

    share: Estimate
    reasons: Counter[str]


def repeatability(judged: Judged, resampling: Resampling) -> Repeatability | str:
    """Return how repeatable a judge is, or why that is not measured."""
    draws, patients = judged.draws, judged.patients
    if draws.shape[1] < 2:
        return BY_RULE if judged.card.kind == "lexical" else ASKED_ONCE
    known = (~np.isnan(draws)).sum(axis=1)
    means = judged.scores[:, np.newaxis, :]
    squares = np.nansum((draws - means) ** 2, axis=1)
    variances = np.where(known > 1, squares / np.maximum(known - 1, 1), np.nan)
    same = np.where(known > 1, squares < 1e-12, np.nan)
    spread = [_root(found) for found in resampling.columns(variances, patients)]
    icc = icc_statistic("ICC(2,1)")
    correlations = [resampling.statistic(icc, draws[:, :, k].T, patients) for k in range(len(DIMENSIONS))]
    return Repeatability(
        draws.shape[1],
        dict(zip(DIMENSIONS, spread, strict=True)),
        dict(zip(DIMENSIONS, resampling.columns(same, patients), strict=True)),
        dict(zip(DIMENSIONS, correlations, strict=True)),
    )


def missing_verdicts(judged: Judged, resampling: Resampling) -> Missing:
    """Return the share of verdicts (one dimension of one draw of one text) that are missing."""
    absent = np.isnan(judged.draws).mean(axis=(1, 2))
    return Missing(resampling.column(absent, judged.patients), judged.reasons)


def padding_slopes(judged: Judged, resampling: Resampling) -> dict[Dimension, Estimate]:
    """Return the points by which a score moves where a text doubles in length and says nothing more.

    The slope of the score on the base-2 logarithm of the number of words, over references and their padded twins,
    each taken as a difference from its case's mean. 0 is right.
    """
    rows = np.flatnonzero([v.role == "unchanged" or v.kind in PADDED for v in judged.variants])
    words = np.log2([judged.variants[k].n_words for k in rows])
    cases = np.array([judged.variants[k].case_id for k in rows])
    return {
        dimension: case_slope(words, judged.scores[rows, k], cases, judged.patients[rows], resampling)
        for k, dimension in enumerate(DIMENSIONS)
    }


def case_slope(
    words: Floats, scores: Floats, cases: ArrayLike, patients: ArrayLike, resampling: Resampling
) -> Estimate:
    """Return the slope of scores on log words within cases; a case with fewer than two scores says nothing.

    Args:
        words: Base-2 logarithms of lengths, shape (n,).
        scores: Shape (n,), NaN where missing.
        cases: The case of each, shape (n,).
        patients: The patient of each, shape (n,).
        resampling: Of patients.
    """
    numbers = np.unique(cases, return_inverse=True)[1]
    known = ~np.isnan(scores)
    counts = np.bincount(numbers, weights=known, minlength=1)
    known &= (counts > 1)[numbers]
    x, y = np.where(known, words, 0.0), np.where(known, scores, 0.0)
    totals = np.bincount(numbers, weights=known).astype(float)
    means = [ratios(np.bincount(numbers, weights=v).astype(float), totals)[numbers] for v in (x, y)]
    table = np.where(known, np.stack([x - means[0], y - means[1]]), np.nan)
    return resampling.statistic(slope, table, patients)


def _slope_terms(table: Floats) -> Floats:
    x, y = table
    known = ~np.isnan(x + y)
    terms: Floats = np.where(known, np.stack([known.astype(float), x * y, x * x]), 0.0).T
    return terms


def _root(found: Estimate) -> Estimate:
    value, low, high = (float(np.sqrt(end)) for end in (found.value, found.low, found.high))
    return Estimate(value, low, high, found.n, found.n_missing)
