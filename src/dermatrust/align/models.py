"""Whether raters order models and narratives as the target does, and whether one may stand in for a person."""

import numpy as np

from dermatrust.agreement.alternative_annotator import alternative_annotator_test, can_pass
from dermatrust.agreement.bootstrap import percentile_intervals, resampled_means
from dermatrust.agreement.clusters import ClusterSums, Floats, Ints, sum_clusters
from dermatrust.agreement.interval import Question
from dermatrust.agreement.model_ranking import model_ranking_tau
from dermatrust.agreement.pairwise_accuracy import pairwise_accuracy
from dermatrust.align.compare import Bootstrap, shown
from dermatrust.align.results import RankingRow, ReplacementRow
from dermatrust.align.target import Study
from dermatrust.bench.results import MEASURES, Estimate

_DIGITS = 9
"""Scores equal to so many digits are tied."""


def ranking_rows(study: Study, bootstrap: Bootstrap) -> list[RankingRow]:
    """Return how far each automatic rater orders models as the target does; nothing with fewer than two models.

    The models are those with a target: nothing is known of where the others should stand.
    """
    table = study.table
    author_of, is_held = np.array(table.factors["author"]), ~np.isnan(study.target).all(axis=1)
    authors = np.unique(author_of[is_held])
    if len(authors) < 2:
        return []
    chosen = np.flatnonzero(np.isin(author_of, authors))
    model = np.searchsorted(authors, author_of[chosen]).astype(np.float64)
    tau, target = model_ranking_tau(len(authors)), _with_mean(study.target)
    given = {k: _with_mean(table.scores[k]) for k in study.automatic}
    questions = [
        Question(tau, np.stack([scores[chosen, m], target[chosen, m], model]), table.patients[chosen])
        for scores in given.values()
        for m in range(len(MEASURES))
    ]
    answers = bootstrap.answer(questions, table.n_patients)
    found = []
    for k, (place, scores) in enumerate(given.items()):
        pairs = _pairs(scores, target, study, bootstrap)
        for m, measure in enumerate(MEASURES):
            number = k * len(MEASURES) + m
            estimate = shown(answers.estimate(number, bootstrap.confidence), len(table.narratives))
            found.append(RankingRow(table.names[place], measure, estimate, pairs[m]))
    return found


def replacement_rows(study: Study, *, epsilon: float = 0.2) -> list[ReplacementRow]:
    """Return the alternative-annotator test of each automatic rater; nothing with fewer than two in the panel.

    Args:
        study: The ratings and roles.
        epsilon: How much worse a rater may be for being cheaper; see `alternative_annotator_test`.
    """
    if len(study.panel) < 2:
        return []
    members = np.stack([_with_mean(one) for one in study.members])
    found = []
    for k in study.automatic:
        scores = _with_mean(study.table.scores[k])
        for m, measure in enumerate(MEASURES):
            outcome = alternative_annotator_test(members[:, :, m], scores[:, m], epsilon=epsilon)
            n_patients = _patients_tested(members[:, :, m], scores[:, m], study.table.patients)
            found.append(ReplacementRow(study.table.names[k], measure, outcome, not can_pass(n_patients)))
    return found


def _patients_tested(members: Floats, scores: Floats, patients: Ints) -> list[int]:
    """Return, for each member, the patients with a narrative that the member, the rater and another member scored."""
    known = ~np.isnan(members)
    is_tested = known & (known.sum(axis=0) > 1) & ~np.isnan(scores)
    return [len(np.unique(patients[one])) for one in is_tested]


def _with_mean(scores: Floats) -> Floats:
    """Return scores with a seventh column, the mean of the six; NaN where one of them is."""
    return np.column_stack([scores, scores.mean(axis=1)])


def _pairs(given: Floats, target: Floats, study: Study, bootstrap: Bootstrap) -> list[Estimate]:
    """Return the share of pairs of narratives of a case that are ordered alike, for each measure."""
    table = study.table
    ids = list(dict.fromkeys(case.id for case in table.cases))
    number = {case_id: k for k, case_id in enumerate(ids)}
    cases = np.array([number[case.id] for case in table.cases], dtype=np.int64)
    wanted = target.round(_DIGITS)
    found, asked = (pairwise_accuracy(scores, wanted, cases) for scores in (given.round(_DIGITS), wanted))
    patient_of_case = np.zeros(len(ids), dtype=np.int64)
    patient_of_case[cases] = table.patients
    sums = _by_patient(found, patient_of_case)
    rng = np.random.default_rng(bootstrap.seed)
    (draws,) = resampled_means([sums], table.n_patients, rng=rng, n_resamples=bootstrap.n_resamples)
    low, high, _ = percentile_intervals(draws, bootstrap.confidence)
    missing = asked.n - sums.n
    return [
        Estimate(float(sums.means[m]), float(low[m]), float(high[m]), int(sums.n[m]), int(missing[m]))
        for m in range(len(MEASURES))
    ]


def _by_patient(sums: ClusterSums, patient_of_case: Ints) -> ClusterSums:
    """Return sums of cases added up to sums of patients."""
    patients = patient_of_case[sums.clusters]
    shares, counts = (sum_clusters(part, patients) for part in (sums.sums, sums.counts))
    return ClusterSums(shares.clusters, shares.sums, counts.sums)
