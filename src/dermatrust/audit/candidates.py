"""What judges' recorded ratings of real candidates tell about them: favour for kin, and favour for length."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.statistic import Statistic
from dermatrust.audit.judged import Resampling
from dermatrust.audit.steadiness import case_slope
from dermatrust.audit.twins import n_words
from dermatrust.bench.results import Estimate
from dermatrust.clients.family import model_family
from dermatrust.records import DIMENSIONS, JudgeCard
from dermatrust.store.folder import DatasetFolder

contrast = Statistic(
    terms=lambda table: _contrast_terms(table),
    value=lambda sums: ratios(sums[..., 2], sums[..., 1]) - ratios(sums[..., 4], sums[..., 3]),
)
"""Mean of the second row where the first is 1, minus its mean where the first is 0."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """A dataset's candidate narratives and the mean of each rater's six scores of them.

    Attributes:
        cases: The case of each narrative, shape (n,).
        patients: The patient of each, shape (n,).
        families: The family of each author, shape (n,).
        log_words: Base-2 logarithm of each length, shape (n,).
        scores: By rater: mean over dimensions and draws, shape (n,); NaN unless all six are scored.
    """

    cases: NDArray[np.str_]
    patients: NDArray[np.str_]
    families: NDArray[np.str_]
    log_words: Floats
    scores: Mapping[str, Floats]


def read_candidates(dataset: DatasetFolder) -> Candidates:
    """Return the candidate narratives of a dataset folder that have text, with their recorded ratings."""
    patients = {case.id: case.patient_id or f"case {case.id}" for case in dataset.iter_cases()}
    narratives = [n for n in dataset.iter_narratives() if n.text.strip()]
    place = {narrative.id: k for k, narrative in enumerate(narratives)}
    drawn: dict[str, dict[int, list[float]]] = {}
    for rating in dataset.iter_ratings():
        if rating.narrative_id in place and len(rating.scores) == len(DIMENSIONS):
            mean = sum(rating.scores.values()) / len(DIMENSIONS)
            drawn.setdefault(rating.rater, {}).setdefault(place[rating.narrative_id], []).append(mean)
    scores = {rater: np.full(len(narratives), np.nan) for rater in drawn}
    for rater, found in drawn.items():
        for k, means in found.items():
            scores[rater][k] = np.mean(means)
    return Candidates(
        np.array([n.case_id for n in narratives], dtype=str),
        np.array([patients[n.case_id] for n in narratives], dtype=str),
        np.array([model_family(n.author) for n in narratives], dtype=str),
        np.log2([n_words(n.text) for n in narratives]),
        scores,
    )


def self_preference(candidates: Candidates, card: JudgeCard, resampling: Resampling) -> Estimate | str:
    """Return by how many points a judge favours narratives of its own family, or why that cannot be measured.

    Its score minus the mean of raters of other families, on narratives of its own family, less the same on all others:
    what a family's texts deserve drops out as far as the other raters see it. 0 is no favour.
    """
    if not len(candidates.cases):
        return "the dataset holds no candidate narratives"
    own = candidates.scores.get(card.judge)
    if own is None:
        return "this judge has rated no candidate of the dataset"
    is_kin = candidates.families == card.family
    if not is_kin.any() or is_kin.all():
        which = "no candidate is" if not is_kin.any() else "every candidate is"
        return f"{which} by a model of the judge's family, {card.family}"
    others = [s for rater, s in candidates.scores.items() if model_family(rater) != card.family]
    others = [s for s in others if s is not own]
    if not others:
        return "no rater of another family has rated the candidates"
    excess = own - _mean_over(others)
    for which, wanted in (("its own", is_kin), ("another", ~is_kin)):
        if np.isnan(excess[wanted]).all():
            return f"no candidate of {which} family has scores both by it and by raters of other families"
    table = np.stack([is_kin.astype(float), excess])
    return resampling.statistic(contrast, table, candidates.patients)


def length_favour(
    candidates: Candidates, card: JudgeCard, panel: Sequence[str], resampling: Resampling
) -> Estimate | str:
    """Return by how many points a candidate twice as long scores higher within a case, or why it cannot be measured.

    Where a panel has rated the candidates, its mean is taken off first: what longer texts deserve drops out.
    """
    own = candidates.scores.get(card.judge)
    if own is None:
        return "this judge has rated no candidate of the dataset"
    known = [candidates.scores[rater] for rater in panel if rater in candidates.scores and rater != card.judge]
    excess = own - _mean_over(known) if known else own
    found = case_slope(candidates.log_words, excess, candidates.cases, candidates.patients, resampling)
    return found if found.n else "no case has two candidates that were scored"


def _mean_over(raters: Sequence[Floats]) -> Floats:
    table = np.stack(list(raters))
    return ratios(np.nansum(table, axis=0), (~np.isnan(table)).sum(axis=0).astype(float))


def _contrast_terms(table: Floats) -> Floats:
    kin, value = table
    known = (~np.isnan(value)).astype(float)
    filled = np.where(known > 0, value, 0.0)
    terms: Floats = np.stack([known, known * kin, filled * kin, known * (1 - kin), filled * (1 - kin)]).T
    return terms
