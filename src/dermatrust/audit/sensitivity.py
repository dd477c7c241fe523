"""The sensitivity matrix: by how much each kind of known error lowers each score, and whether the right one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.clusters import Floats
from dermatrust.audit.judged import Judged, Resampling
from dermatrust.audit.kinds import ERROR_RULES, OTHER_LANGUAGE, TWINS
from dermatrust.bench.results import Estimate
from dermatrust.records import DIMENSIONS, Dimension

FALLS = (0.5, 1.0)
"""Points by which a score must be lower to count as fallen: half a level of the rubric, or a whole one."""
STEADY = 0.5
"""Points by which a twin's score may differ and still count as the same."""
RARELY = 0.1
"""Share of errors of which fewer must lower a score for the judge to be called blind to them."""
_NOISE = 1e-9
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One kind of error as one judge sees it.

    Attributes:
        kind: The kind.
        n: Variants of it.
        drops: By dimension: mean fall from the unchanged reference's own score; positive is lower.
        detected: By dimension that should fall: share of variants in which it falls by half a point, and by one.
        specific: Mean fall of the scores that should fall minus that of all others.
    """

    kind: str
    n: int
    drops: dict[Dimension, Estimate]
    detected: dict[Dimension, tuple[Estimate, Estimate]]
    specific: Estimate


@dataclass(frozen=True, slots=True)
class DimensionRow:
    """All errors that should lower one dimension, as one judge sees them.

    Attributes:
        dimension: The dimension.
        drop: Mean fall of this score where it should fall.
        detected: Share of those variants in which it falls by half a point, and by one.
        halo: Mean fall of this score where nothing in the error touches it.
    """

    dimension: Dimension
    drop: Estimate
    detected: tuple[Estimate, Estimate]
    halo: Estimate

    @property
    def is_known(self) -> bool:
        """Whether there are patients enough to say anything: at least two whose errors were scored."""
        return self.drop.has_interval

    @property
    def is_blind(self) -> bool:
        """Whether the judge is known not to show that it sees these errors.

        The interval of the mean fall holds 0, or the score surely falls in fewer than one error of ten.
        """
        return self.is_known and (self.drop.low <= 0 or self.detected[0].high < RARELY)


@dataclass(frozen=True, slots=True)
class TwinRow:
    """One kind of twin as one judge sees it.

    Attributes:
        kind: The kind.
        n: Twins of it.
        shifts: By dimension: mean score minus that of the unchanged reference.
        steady: Share of all its scores within half a point of the unchanged reference's.
    """

    kind: str
    n: int
    shifts: dict[Dimension, Estimate]
    steady: Estimate


def unchanged_scores(judged: Judged, resampling: Resampling) -> dict[Dimension, Estimate]:
    """Return what the judge gives the references themselves: from here every fall is counted."""
    rows = np.flatnonzero([variant.role == "unchanged" for variant in judged.variants])
    return _by_dimension(judged.scores[rows], judged, rows, resampling)


def error_rows(judged: Judged, resampling: Resampling) -> tuple[ErrorRow, ...]:
    """Return the sensitivity matrix, one row per kind of which there are variants, in the order of `ERROR_RULES`."""
    falls, should = -judged.moved, _should_fall(judged)
    found = []
    for kind in ERROR_RULES:
        rows = judged.rows(kind)
        if not len(rows):
            continue
        meant = np.where(should[rows], falls[rows], np.nan)
        others = np.where(should[rows], np.nan, falls[rows])
        detected = {
            d: _shares(meant[should[rows, k], k], judged, rows[should[rows, k]], resampling)
            for k, d in enumerate(DIMENSIONS)
            if should[rows, k].any()
        }
        specific = resampling.column(_row_means(meant) - _row_means(others), judged.patients[rows])
        drops = _by_dimension(falls[rows], judged, rows, resampling)
        found.append(ErrorRow(kind, len(rows), drops, detected, specific))
    return tuple(found)


def dimension_rows(judged: Judged, resampling: Resampling) -> tuple[DimensionRow, ...]:
    """Return for each dimension whether the judge sees the errors that should lower it; refusals are left out.

    A refusal should lower every score, so a judge that looks for nothing else would seem to see everything.
    """
    falls, should = -judged.moved, _should_fall(judged)
    may = np.array([[d in v.may_fall for d in DIMENSIONS] for v in judged.variants]).reshape(should.shape)
    is_error = np.array([v.role == "error" and v.kind != "refusal" for v in judged.variants], dtype=bool)
    found = []
    for k, dimension in enumerate(DIMENSIONS):
        meant = np.flatnonzero(is_error & should[:, k])
        apart = np.flatnonzero(is_error & ~should[:, k] & ~may[:, k])
        found.append(
            DimensionRow(
                dimension,
                resampling.column(falls[meant, k], judged.patients[meant]),
                _shares(falls[meant, k], judged, meant, resampling),
                resampling.column(falls[apart, k], judged.patients[apart]),
            )
        )
    return tuple(found)


def twin_rows(judged: Judged, resampling: Resampling) -> tuple[TwinRow, ...]:
    """Return how far the judge moves where nothing has been said differently, one row per kind of twin."""
    moved = judged.moved
    found = []
    for kind in (*TWINS, OTHER_LANGUAGE):
        rows = judged.rows(kind)
        if len(rows):
            shifts = _by_dimension(moved[rows], judged, rows, resampling)
            within = np.where(np.isnan(moved[rows]), np.nan, np.abs(moved[rows]) <= STEADY + _NOISE)
            patients = np.repeat(judged.patients[rows], len(DIMENSIONS))
            found.append(TwinRow(kind, len(rows), shifts, resampling.column(within.ravel(), patients)))
    return tuple(found)


def _should_fall(judged: Judged) -> NDArray[np.bool_]:
    should = [[d in variant.should_fall for d in DIMENSIONS] for variant in judged.variants]
    return np.array(should, dtype=bool).reshape(len(judged.variants), len(DIMENSIONS))


def _shares(falls: Floats, judged: Judged, rows: Rows, resampling: Resampling) -> tuple[Estimate, Estimate]:
    """Return the shares of falls of at least half a point, and of at least one; a missing score is in neither."""
    reached = [np.where(np.isnan(falls), np.nan, falls >= least - _NOISE) for least in FALLS]
    half, whole = resampling.columns(np.stack(reached, axis=1), judged.patients[rows])
    return half, whole


def _by_dimension(values: Floats, judged: Judged, rows: Rows, resampling: Resampling) -> dict[Dimension, Estimate]:
    return dict(zip(DIMENSIONS, resampling.columns(values, judged.patients[rows]), strict=True))


def _row_means(values: Floats) -> Floats:
    """Return the mean of each row over what is not NaN, NaN where all of it is."""
    known = ~np.isnan(values)
    sums, counts = np.nansum(values, axis=1), known.sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
