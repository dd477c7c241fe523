"""Whether a rater knows what it knows: stated probabilities held against the target, and errors where it is sure."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.bootstrap import percentile_intervals
from dermatrust.agreement.calibration import expected_calibration_error, reliability_curve
from dermatrust.agreement.clusters import Floats
from dermatrust.agreement.differences import bias, mean_absolute_difference
from dermatrust.agreement.interval import Question, Resamples
from dermatrust.agreement.risk_coverage import risk_coverage
from dermatrust.align.compare import Bootstrap, shown
from dermatrust.align.target import Study
from dermatrust.bench.results import MACRO, MEASURES, Estimate, Measure
from dermatrust.records import DIMENSIONS

STEPS = (1.0, 0.5, 0.25)
"""How fine a rater's scores can be, coarsest first: whole, half and quarter points."""
N_BINS = 10
SHARES = (0.25, 0.5)
"""Of the narratives, those the rater is most confident of."""
FEWEST_SURE = 10
"""Narratives below which no error is shown of the most confident."""
_MOST_POINTS = 60
"""Of a drawn curve."""
_N = len(DIMENSIONS)
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Curves:
    """What is drawn of one dimension.

    Attributes:
        bins: Mean stated probability, share of scores that were the target's, and narratives, for each of ten bins.
        coverage: Share of the narratives, the most confident first.
        risk: Their mean absolute error.
    """

    bins: tuple[tuple[float, float, int], ...]
    coverage: tuple[float, ...]
    risk: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ConfidenceRow:
    """How a rater's stated probabilities and its errors go together on one dimension, or in the mean of the six.

    Attributes:
        rater: The rater.
        measure: The dimension, or "macro".
        step: The steps of the rater's scores, to which the target is rounded, in points.
        stated: Mean stated probability.
        right: Share of narratives whose score was the rounded target.
        excess: Stated less right: above 0 the rater is too sure of itself.
        ece: Expected calibration error over ten bins.
        errors: Mean absolute error of the most confident quarter and half, and of all with a stated probability.
        n_sure: Narratives in each of these.
        gain: Error of the most confident half less that of all: below 0, confidence tells where the rater is right.
        curves: What is drawn; None for the macro mean.
    """

    rater: str
    measure: Measure
    step: float
    stated: float
    right: float
    excess: Estimate
    ece: float
    errors: tuple[Estimate, ...]
    n_sure: tuple[int, ...]
    gain: Estimate
    curves: Curves | None


def step_of(scores: Floats) -> float | None:
    """Return the coarsest step that all scores are multiples of: 1, 0.5 or 0.25 points; None where none is.

    Args:
        scores: Any shape; NaN where there is none.

    Example:
        >>> step_of(np.array([1.0, 4.5, np.nan])), step_of(np.array([3.0])), step_of(np.array([3.1]))
        (0.5, 1.0, None)
    """
    known = scores[~np.isnan(scores)]
    return next((step for step in STEPS if np.array_equal(np.round(known / step), known / step)), None)


def hits(given: Floats, wanted: Floats, step: float) -> Floats:
    """Return 1 where a score is the target rounded to the same steps, halves upwards, else 0; NaN where one is missing.

    Example:
        >>> hits(np.array([4.0, 4.0, 2.5]), np.array([3.5, 3.4, 2.6]), 1.0).tolist()
        [1.0, 0.0, 0.0]
        >>> hits(np.array([2.5, np.nan]), np.array([2.6, 1.0]), 0.5).tolist()
        [1.0, nan]
    """
    nearest = np.floor(np.round(wanted / step, 9) + 0.5) * step
    return np.where(np.isnan(given + wanted), np.nan, (np.abs(given - nearest) < step / 2).astype(np.float64))


def most_confident(probabilities: Floats, share: float) -> Flags:
    """Return which items are among the most confident share, those of equal confidence together.

    Args:
        probabilities: Shape (n,); NaN where none is stated.
        share: Above 0, up to 1.

    Returns:
        Shape (n,), True for the smallest set of the most confident that is at least that share of those who state one.

    Example:
        >>> most_confident(np.array([0.9, 0.5, 0.5, 0.1, np.nan]), 0.5).tolist()
        [True, True, True, False, False]
    """
    stated = np.sort(probabilities[~np.isnan(probabilities)])[::-1]
    if not stated.size:
        return np.zeros(probabilities.shape, dtype=bool)
    chosen: Flags = probabilities >= stated[math.ceil(share * stated.size) - 1]
    return chosen


def confidence_rows(study: Study, bootstrap: Bootstrap) -> list[ConfidenceRow]:
    """Return how sure each automatic rater that states probabilities is, and how sure it should be.

    A rater whose scores are of no known steps is left out: the chance that a score is exactly right means nothing then.
    """
    said = study.table.said
    if said is None:
        return []
    found = []
    for k in study.automatic:
        step = step_of(said.scores[k])
        known = ~np.isnan(said.probabilities[k] + study.target)
        if step is not None and known.any():
            stated = np.where(known, said.probabilities[k], np.nan)
            found += _rows(study, bootstrap, study.table.names[k], stated, said.scores[k], step)
    return found


def _rows(
    study: Study, bootstrap: Bootstrap, rater: str, stated: Floats, given: Floats, step: float
) -> list[ConfidenceRow]:
    outcomes = hits(given, study.target, step)
    sure = [np.stack([most_confident(stated[:, d], share) for d in range(_N)], axis=1) for share in (*SHARES, 1.0)]
    asked = [Question(bias, np.stack([stated[:, d], outcomes[:, d]]), study.table.patients) for d in range(_N)]
    for chosen in sure:
        pairs = np.stack([np.where(chosen, given, np.nan), study.target])
        asked += [Question(mean_absolute_difference, pairs[:, :, d], study.table.patients) for d in range(_N)]
    answers = bootstrap.answer(asked, study.table.n_patients)
    eces = [_ece(stated[:, d], outcomes[:, d]) for d in range(_N)]
    known = ~np.isnan(stated + outcomes)
    rows = []
    for m, measure in enumerate(MEASURES):
        dims = range(_N) if measure == MACRO else [m]
        mean, right = (_mean([float(x[known[:, d], d].mean()) if known[:, d].any() else math.nan for d in dims])
                       for x in (stated, outcomes))  # fmt: skip
        n_sure = tuple(min(int(chosen[:, d].sum()) for d in dims) for chosen in sure)
        rows.append(
            ConfidenceRow(
                rater, measure, step, mean, right, _estimate(answers, 0, m, bootstrap, len(stated)),
                _mean([eces[d] for d in dims]),
                tuple(_estimate(answers, 1 + j, m, bootstrap, n, least=FEWEST_SURE) for j, n in enumerate(n_sure)),
                n_sure, _gain(answers, m, bootstrap, n_sure[1]),
                None if measure == MACRO else _curves(stated[:, m], outcomes[:, m], given[:, m], study.target[:, m]),
            )
        )  # fmt: skip
    return rows


def _estimate(
    answers: Resamples, block: int, m: int, bootstrap: Bootstrap, n_expected: int, *, least: int = 0
) -> Estimate:
    """Return the answer to one of six questions, or their mean for the seventh measure."""
    first = _N * block
    one = answers.mean(range(first, first + _N), bootstrap.confidence) if m == _N else answers.estimate(
        first + m, bootstrap.confidence)  # fmt: skip
    if one.n < least:
        return Estimate(math.nan, math.nan, math.nan, one.n, max(n_expected - one.n, 0))
    return shown(one, max(n_expected, one.n))


def _gain(answers: Resamples, m: int, bootstrap: Bootstrap, n_half: int) -> Estimate:
    """Return the error of the most confident half less that of all, from the same resamples."""
    columns = [np.array(range(_N) if m == _N else [m]) + _N * block for block in (2, 3)]
    half, whole = (answers.draws[:, list(each)].mean(axis=1) for each in columns)
    value = _mean([answers.value(int(a)) - answers.value(int(b)) for a, b in zip(*columns, strict=True)])
    if n_half < FEWEST_SURE:
        return Estimate(math.nan, math.nan, math.nan, n_half, 0)
    low, high, _ = percentile_intervals((half - whole)[:, np.newaxis], bootstrap.confidence)
    has_two = all(answers.estimate(int(k), bootstrap.confidence).n_clusters > 1 for k in columns[0])
    ends = (float(low[0]), float(high[0])) if has_two else (math.nan, math.nan)
    return Estimate(value, *ends, n_half, 0)


def _curves(stated: Floats, outcomes: Floats, given: Floats, wanted: Floats) -> Curves:
    """Return what is drawn of a dimension, the risk only from ten narratives on and at so many places."""
    curve = risk_coverage(stated, np.abs(given - wanted))
    drawn = np.flatnonzero(curve.coverage * curve.n >= FEWEST_SURE - 0.5)
    if drawn.size > _MOST_POINTS:
        drawn = drawn[np.unique(np.linspace(0, drawn.size - 1, _MOST_POINTS).round().astype(np.int64))]
    bins = reliability_curve(stated, outcomes, N_BINS)
    return Curves(
        tuple(zip(bins.mean_probabilities.tolist(), bins.shares.tolist(), bins.n.tolist(), strict=True)),
        tuple(map(float, curve.coverage[drawn])), tuple(map(float, curve.risk[drawn])),
    )  # fmt: skip


def _ece(stated: Floats, outcomes: Floats) -> float:
    return expected_calibration_error(N_BINS)(np.stack([stated, outcomes]))


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)
