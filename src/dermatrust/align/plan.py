"""How many patients a study of raters needs for intervals of a given width, from the ratings of one that was made."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.clusters import Floats
from dermatrust.agreement.icc import icc_statistic
from dermatrust.agreement.krippendorff_alpha import krippendorff_alpha
from dermatrust.agreement.planning import (
    NO_VARIANCE,
    Jackknife,
    Spread,
    icc_inflation,
    icc_variance,
    jackknife,
    patients_for_mean,
    residual_variance,
    spread_of,
    subjects_for_icc,
)
from dermatrust.agreement.weighted_kappa import weighted_kappa
from dermatrust.align.compare import LEVELS
from dermatrust.align.target import Study, rounded
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Dimension

Bools = NDArray[np.bool_]
PANELS = (None, 2, 3, 4, 5)
"""Sizes of the panel for which a plan is made; None is the panel as it is."""
Planned = Literal["MAE", "bias", "quadratic kappa", "ICC(2,1)", "alpha, ordinal"]
_KAPPA = weighted_kappa(LEVELS, "quadratic")
_ALPHA = krippendorff_alpha(LEVELS, "ordinal")


@dataclass(frozen=True, slots=True)
class PlanRow:
    """How many patients one statistic needs on one dimension.

    Attributes:
        rater: Who is compared with the panel's mean; empty for the panel's own agreement.
        statistic: Which.
        dimension: Which.
        value: The statistic of the ratings there are.
        spread: Of what is averaged, the absolute or signed differences; None for what is no mean.
        n_narratives: Narratives that count.
        per_patient: Narratives a patient, on average.
        patients: How many are needed, for each size of the panel in `PANELS`; None where the ratings do not
            tell: too few of them, or nothing varies.
    """

    rater: str
    statistic: Planned
    dimension: Dimension
    value: float
    spread: Spread | None
    n_narratives: int
    per_patient: float
    patients: tuple[int | None, ...]


def plan_rows(study: Study, width: float, confidence: float) -> list[PlanRow]:
    """Return what intervals of a width need, as `align` would make them: over patients, the panel as it is.

    A larger panel has a steadier mean, which the plan takes into account by the variance that neither narratives nor
    members' own levels explain; narratives a patient are taken as they are.

    Args:
        study: Ratings with the roles of their raters.
        width: Of the whole interval: points for errors, the statistic's own unit for kappa, ICC(2,1) and alpha.
        confidence: Nominal coverage.

    Raises:
        DataError: There is neither an automatic rater nor a panel of two.
    """
    dimensions = range(len(DIMENSIONS))
    statistics: tuple[Planned, ...] = ("MAE", "bias")
    rows: list[PlanRow] = []
    for rater in study.automatic:
        rows += [_error_row(study, rater, one, d, width, confidence) for one in statistics for d in dimensions]
        rows += [_kappa_row(study, rater, d, width, confidence) for d in dimensions]
    if len(study.panel) > 1:
        rows += [_icc_row(study, d, width, confidence) for d in dimensions]
        rows += [_alpha_row(study, d, width, confidence) for d in dimensions]
    if not rows:
        do = "Rate some narratives with a judge, or take in a second person's ratings."
        raise DataError("the ratings", "have neither an automatic rater nor two people to plan by", do=do)
    return rows


def worst_of(rows: Sequence[PlanRow]) -> tuple[int | None, ...]:
    """Return the most patients that any of the rows needs, for each size of the panel; None where one is unknown."""
    columns = zip(*(row.patients for row in rows), strict=True)
    return tuple(None if None in column else max(n for n in column if n is not None) for column in columns)


def _error_row(study: Study, rater: int, statistic: Planned, d: int, width: float, confidence: float) -> PlanRow:
    lead: Floats = study.table.scores[rater, :, d] - study.target[:, d]
    found = spread_of(np.abs(lead) if statistic == "MAE" else lead, study.table.patients)
    counted = ~np.isnan(lead)
    patients: list[int | None] = []
    for size in PANELS:
        change = 0.0 if size is None else _noise_change(study, d, counted, size)
        between, within = _with_panel(found, statistic, change, lead[counted])
        is_known = _varies(found.sd_between, found.sd_within) and _varies(between, within)
        patients.append(patients_for_mean(width, between, within, found.per_patient, confidence) if is_known else None)
    name, n = study.table.names[rater], int(counted.sum())
    return PlanRow(name, statistic, DIMENSIONS[d], found.mean, found, n, found.per_patient, tuple(patients))


def _varies(between: float, within: float) -> bool:
    """Return whether these standard deviations say anything; not if they are NaN."""
    return between**2 + within**2 > NO_VARIANCE


def _noise_change(study: Study, d: int, counted: Bools, size: int) -> float:
    """Return by how much the variance of the target's noise changes with the size of the panel.

    Args:
        study: The ratings.
        d: Number of the dimension.
        counted: Which narratives count, shape (narratives,).
        size: Of the panel planned.

    Returns:
        NaN where a single member, who leaves noise and truth one, is all there is.
    """
    members = study.members[:, counted, d]
    settled = ~np.isnan(study.table.scores[list(study.adjudicators)][:, counted, d]).all(axis=0)
    n_members = (~np.isnan(members)).sum(axis=0)
    of_panel = ~settled & (n_members > 0) if study.adjudicators else n_members > 0
    if not of_panel.any():
        return 0.0
    if len(members) < 2:
        return math.nan
    shares = 1 / size - 1 / n_members[of_panel]
    return residual_variance(study.members[:, :, d]) * float(shares.sum()) / len(of_panel)


def _with_panel(found: Spread, statistic: Planned, change: float, lead: Floats) -> tuple[float, float]:
    """Return the spread between and within patients with a panel whose mean has this much more or less noise.

    Noise is new for every narrative, so signed differences change within patients. Of absolute differences the whole
    spread is taken to change in the proportion of the differences themselves.
    """
    if math.isnan(found.sd_between + change):
        return math.nan, math.nan
    if statistic == "bias":
        return found.sd_between, math.sqrt(max(found.sd_within**2 + change, 0.0))
    size = float(np.mean(lead**2))
    factor = math.sqrt(max(1 + change / size, 0.0)) if size > 0 else 1.0
    return factor * found.sd_between, factor * found.sd_within


def _icc_row(study: Study, d: int, width: float, confidence: float) -> PlanRow:
    table = np.ascontiguousarray(study.members[:, :, d])
    complete = ~np.isnan(table).any(axis=0)
    n, n_patients = int(complete.sum()), len(np.unique(study.table.patients[complete]))
    icc, inflation = icc_statistic("ICC(2,1)")(table), icc_inflation(table, study.table.patients)
    per_patient = n / n_patients if n_patients else math.nan
    patients: list[int | None] = [None] * len(PANELS)
    if inflation > NO_VARIANCE and icc < 1:
        subjects = [subjects_for_icc(width, max(icc, 0.0), size or len(table), confidence) for size in PANELS]
        patients = [max(2, math.ceil(n_subjects * inflation / per_patient)) for n_subjects in subjects]
    return PlanRow("", "ICC(2,1)", DIMENSIONS[d], icc, None, n, per_patient, tuple(patients))


def _kappa_row(study: Study, rater: int, d: int, width: float, confidence: float) -> PlanRow:
    """Return the plan of the quadratic kappa of rounded scores.

    A panel of another size moves the squared distances, those found and those expected by chance alike, by the change
    of its mean's noise. The kappa there, as an intraclass correlation of two, says how its variance changes.
    """
    pair = rounded(np.stack([study.table.scores[rater, :, d], study.target[:, d]]))
    counted = ~np.isnan(pair[0] + pair[1])
    found = jackknife(_KAPPA, pair, study.table.patients)
    apart = float(np.mean((pair[0] - pair[1])[counted] ** 2)) if counted.any() else math.nan
    factors = []
    for size in PANELS:
        change = 0.0 if size is None else _noise_change(study, d, counted, size)
        kappa = found.value
        if change and apart:
            kappa = 1 - max(apart + change, 0.0) / (apart / (1 - found.value) + change)
        factors.append(icc_variance(kappa, 2) / icc_variance(found.value, 2) if not math.isnan(kappa) else math.nan)
    return _jackknife_row(study.table.names[rater], "quadratic kappa", d, found, factors, width, confidence)


def _alpha_row(study: Study, d: int, width: float, confidence: float) -> PlanRow:
    """Return the plan of the panel's ordinal alpha; another size changes its variance as that of a correlation."""
    table = rounded(study.members[:, :, d])
    found = jackknife(_ALPHA, table, study.table.patients)
    sizes = (~np.isnan(table)).sum(axis=0)
    n_raters = float(sizes[sizes > 1].mean()) if (sizes > 1).any() else math.nan
    of_panel = icc_variance(found.value, n_raters)
    factors = [1.0 if size is None else icc_variance(found.value, size) / of_panel for size in PANELS]
    return _jackknife_row("", "alpha, ordinal", d, found, factors, width, confidence)


def _jackknife_row(
    rater: str, statistic: Planned, d: int, found: Jackknife, factors: Sequence[float], width: float, confidence: float
) -> PlanRow:
    """Return the plan of a statistic of whose variance a panel of each size has this multiple."""
    variances = [found.n_patients * found.variance * factor for factor in factors]
    patients = tuple(
        patients_for_mean(width, math.sqrt(one), 0.0, confidence=confidence) if one > NO_VARIANCE else None
        for one in variances
    )
    per_patient = found.n / found.n_patients if found.n_patients else math.nan
    return PlanRow(rater, statistic, DIMENSIONS[d], found.value, None, found.n, per_patient, patients)
