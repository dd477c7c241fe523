"""Whether a model knows what it knows: stated confidence against being right, and what is gained by not answering."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.bootstrap import KeptDraws, cluster_bootstrap
from dermatrust.agreement.calibration import expected_calibration_error, reliability_curve
from dermatrust.agreement.clusters import Floats, Ints
from dermatrust.agreement.interval import Estimate
from dermatrust.agreement.risk_coverage import risk_coverage, risk_coverage_area
from dermatrust.clinic.unvaried import with_width

N_BINS = 10
MOST_POINTS = 60
"""Of a drawn curve."""
FEWEST = 10
"""Answers below which no point of the risk-coverage curve is drawn."""
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class StatedConfidence:
    """How a model's stated confidence and its being right go together, and what it does when it cannot tell.

    Answers without a level or a diagnosis are wrong in every accuracy of a study; here they are not covered, whether
    the model says that it cannot tell or nothing that can be read. The two are counted apart.

    Attributes:
        n: Answers.
        n_abstained: Answers that say they cannot tell.
        n_silent: Answers that name nothing and do not say so.
        n_without: Answers that name something and state no confidence; they are in no figure of confidence.
        coverage: Share of the answers that name something.
        accuracy_answered: Share of those that is right.
        accuracy_all: Share of all answers that is right: what is not answered is wrong.
        stated: Mean confidence, of answers that name something and state one.
        excess: Mean of confidence less being right, of the same: above 0 the model is too sure of itself.
        ece: Expected calibration error over ten bins; no interval, since resampling makes it larger.
        area: Area under the risk-coverage curve (AURC), risk being the share wrong: the lower, the better.
        area_by_chance: What that would be if confidence said nothing: the share wrong.
        bins: Mean confidence, share right, and answers, for each of ten bins.
        risk_at: Coverage among all answers, and share wrong there, most confident first.
    """

    n: int
    n_abstained: int
    n_silent: int
    n_without: int
    coverage: Estimate
    accuracy_answered: Estimate
    accuracy_all: Estimate
    stated: float
    excess: Estimate
    ece: float
    area: Estimate
    area_by_chance: float
    bins: tuple[tuple[float, float, int], ...]
    risk_at: tuple[tuple[float, float], ...]


def stated_confidence(
    right: Floats, confidence: Floats, answered: Flags, abstained: Flags, patients: Ints, *, draws: KeptDraws,
    n_resamples: int, level: float = 0.95,
) -> StatedConfidence | None:  # fmt: skip
    """Return how confidence and being right go together; None where no answer that names something states any.

    Args:
        right: 1 where the answer is right, 0 where wrong, shape (cases,); NaN where there is no answer or no truth. An
            answer that names nothing is 0.
        confidence: Stated for each answer, 0 to 1, same shape; NaN where none is.
        answered: Whether the answer names something.
        abstained: Whether the answer says that it cannot tell; it is then not answered, whatever it names.
        patients: Number of each case's patient.
        draws: Of patients.
        n_resamples: Bootstrap resamples over patients.
        level: Nominal coverage of the intervals.

    Example:
        >>> right, sure = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.6, 0.8, np.nan])
        >>> said, cannot = np.array([True, True, True, False]), np.array([False, False, False, True])
        >>> found = stated_confidence(right, sure, said, cannot, np.arange(4), draws=KeptDraws(0), n_resamples=50)
        >>> found.coverage.value, round(found.accuracy_answered.value, 2), found.n_abstained, round(found.area.value, 2)
        (0.75, 0.67, 1, 0.11)
    """
    there = ~np.isnan(right)
    said = there & answered & ~abstained
    stated = np.where(said, confidence, np.nan)
    counted = said & ~np.isnan(stated)
    if not counted.any():
        return None
    columns = [np.where(there, said, np.nan), np.where(said, right, np.nan), right, stated - right]
    found = cluster_bootstrap(np.stack(columns, axis=1), patients, rng=draws, n_resamples=n_resamples, confidence=level)
    parts = zip(*(getattr(found, name).tolist() for name in ("means", "low", "high", "n", "n_clusters", "n_skipped")),
                strict=True)  # fmt: skip
    lowest = (0.0, 0.0, 0.0, -1.0)
    coverage, answered_right, all_right, excess = (
        with_width(Estimate(*part), lowest=low, confidence=level) for part, low in zip(parts, lowest, strict=True)
    )
    wrong = np.where(counted, 1 - right, np.nan)
    area = with_width(
        risk_coverage_area(stated, wrong, patients, rng=draws, n_resamples=n_resamples, interval_confidence=level),
        confidence=level,
    )
    bins = reliability_curve(stated[counted], right[counted], N_BINS)
    return StatedConfidence(
        n=int(there.sum()),
        n_abstained=int((there & abstained).sum()),
        n_silent=int((there & ~answered & ~abstained).sum()),
        n_without=int((said & ~counted).sum()),
        coverage=coverage, accuracy_answered=answered_right, accuracy_all=all_right,
        stated=float(stated[counted].mean()),
        excess=excess,
        ece=expected_calibration_error(N_BINS)(np.stack([stated[counted], right[counted]])),
        area=area,
        area_by_chance=float(wrong[counted].mean()),
        bins=tuple(zip(bins.mean_probabilities.tolist(), bins.shares.tolist(), bins.n.tolist(), strict=True)),
        risk_at=_risk_at(stated, wrong, int(there.sum())),
    )  # fmt: skip


def _risk_at(stated: Floats, wrong: Floats, n: int) -> tuple[tuple[float, float], ...]:
    """Return what is drawn of the curve, coverage being among all answers, those that cannot tell too."""
    curve = risk_coverage(stated, wrong)
    covered = curve.coverage * curve.n
    drawn = np.flatnonzero(covered >= FEWEST - 0.5)
    if drawn.size > MOST_POINTS:
        drawn = drawn[np.unique(np.linspace(0, drawn.size - 1, MOST_POINTS).round().astype(np.int64))]
    shares = covered[drawn] / n if n else np.full(drawn.size, math.nan)
    return tuple(zip(shares.tolist(), curve.risk[drawn].tolist(), strict=True))
