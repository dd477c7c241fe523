"""What stated probabilities of being urgent are worth, and what acting on answers gains."""

import numpy as np

from dermatrust.agreement.bootstrap import KeptDraws
from dermatrust.agreement.clusters import Floats, Ints
from dermatrust.agreement.decision_curve import DecisionCurve, act_curve, decision_curve
from dermatrust.agreement.roc import OperatingPoint, RocCurve, auroc, roc_curve, sensitivity_at, youden_point
from dermatrust.agreement.roc_resampling import clustered_roc
from dermatrust.clinic.triage_columns import TriageColumns
from dermatrust.clinic.triage_results import SPECIFICITY, THRESHOLDS, BenefitCurve, StatedProbability
from dermatrust.clinic.unvaried import with_width

MOST_POINTS = 60
"""Of a drawn curve."""


def stated_probability(
    columns: TriageColumns, patients: Ints, *, draws: KeptDraws, n_resamples: int, confidence: float
) -> StatedProbability | None:
    """Return what the stated probabilities at one place are worth; None where no answer states one.

    An answer that says that it cannot tell, and any other without a probability, is in none of it and counted.
    """
    truth, stated = columns.is_pressing, columns.probability
    known = ~np.isnan(truth)
    if np.isnan(stated[known]).all():
        return None
    curve = roc_curve(truth, stated)
    clustered = clustered_roc(
        truth, stated, patients, rng=draws, specificity=SPECIFICITY, n_resamples=n_resamples,
        confidence=confidence,
    )  # fmt: skip
    benefit = decision_curve(truth, stated, THRESHOLDS, patients, confidence=confidence)
    kinds = [np.unique(patients[(truth == kind) & ~np.isnan(stated)]).size for kind in (0, 1)]
    area, at = (
        with_width(found, n_patients=min(kinds), confidence=confidence)
        for found in (clustered.area, clustered.sensitivity_at)
    )
    return StatedProbability(
        n=int((known & ~np.isnan(stated)).sum()),
        n_without=int((known & np.isnan(stated)).sum()),
        delong=auroc(truth, stated, confidence),
        area=area,
        sensitivity_at=at,
        youden=clustered.youden,
        points=(sensitivity_at(curve, SPECIFICITY), youden_point(curve)),
        curve=_drawn(curve),
        benefit=_as_numbers(benefit),
    )


def acting_on_levels(columns: TriageColumns, patients: Ints, confidence: float) -> BenefitCurve:
    """Return the net benefit of acting on the level said at one place; where none is said nobody acts."""
    return _as_numbers(act_curve(columns.is_pressing, columns.acted, THRESHOLDS, patients, confidence=confidence))


def _as_numbers(curve: DecisionCurve) -> BenefitCurve:
    return BenefitCurve(
        thresholds=_numbers(curve.thresholds), net_benefit=_numbers(curve.net_benefit), low=_numbers(curve.low),
        high=_numbers(curve.high), treat_all=_numbers(curve.treat_all), gain=_numbers(curve.gain),
        gain_low=_numbers(curve.gain_low), gain_high=_numbers(curve.gain_high), n=curve.n,
    )  # fmt: skip


def _numbers(row: Floats) -> tuple[float, ...]:
    return tuple(map(float, row))


def _drawn(curve: RocCurve) -> tuple[OperatingPoint, ...]:
    """Return so many points of the curve, both ends among them; none where it is not defined."""
    if not curve.n_positive or not curve.n_negative:
        return ()
    n = curve.thresholds.size
    chosen = np.unique(np.linspace(0, n - 1, min(n, MOST_POINTS)).round().astype(np.int64))
    rows = zip(curve.thresholds[chosen], curve.sensitivity[chosen], curve.specificity[chosen], strict=True)
    return tuple(OperatingPoint(*map(float, row)) for row in rows)
