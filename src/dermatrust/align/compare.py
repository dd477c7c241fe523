"""Automatic raters and the baselines against the target, on every dimension and in the mean of the six."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from dermatrust.agreement.bland_altman import lower_limit, proportional_bias, upper_limit
from dermatrust.agreement.clusters import Floats, Ints
from dermatrust.agreement.concordance import concordance, pearson
from dermatrust.agreement.consensus import other_clusters_means
from dermatrust.agreement.differences import (
    agreement_within_one,
    bias,
    exact_agreement,
    mean_absolute_difference,
    root_mean_squared_difference,
)
from dermatrust.agreement.error_difference import error_difference
from dermatrust.agreement.fleiss_kappa import fleiss_kappa
from dermatrust.agreement.gwet_ac import gwet_ac
from dermatrust.agreement.icc import icc_statistic
from dermatrust.agreement.interval import Estimate as Found
from dermatrust.agreement.interval import Question, Resamples, resample
from dermatrust.agreement.krippendorff_alpha import krippendorff_alpha
from dermatrust.agreement.rank import kendall_tau_b, spearman
from dermatrust.agreement.statistic import Statistic
from dermatrust.agreement.weighted_kappa import weighted_kappa
from dermatrust.align.results import AgreementRow, DifferenceRow, Role, Scale
from dermatrust.align.target import Study, rounded
from dermatrust.bench.results import MACRO, Estimate, Measure
from dermatrust.records import DIMENSIONS, HIGHEST_SCORE, LOWEST_SCORE

LEVELS = range(int(LOWEST_SCORE), int(HIGHEST_SCORE) + 1)
ERRORS: dict[str, Statistic] = {
    "MAE": mean_absolute_difference,
    "RMSE": root_mean_squared_difference,
    "within 1": agreement_within_one,
}
"""What can be asked of a guess that never varies, too."""
AS_GIVEN = ERRORS | {
    "bias": bias,
    "lower limit": lower_limit,
    "upper limit": upper_limit,
    "slope": proportional_bias,
    "CCC": concordance,
    "Pearson": pearson,
}
ROUNDED: dict[str, Statistic] = {
    "MAE": mean_absolute_difference,
    "exact": exact_agreement,
    "within 1": agreement_within_one,
    "quadratic kappa": weighted_kappa(LEVELS, "quadratic"),
    "linear kappa": weighted_kappa(LEVELS, "linear"),
    "Spearman": spearman(LEVELS),
    "tau-b": kendall_tau_b(LEVELS),
}
ROUNDED_GUESS = {name: ROUNDED[name] for name in ("MAE", "exact", "within 1")}
WITHIN_AS_GIVEN = {kind: icc_statistic(kind) for kind in ("ICC(2,1)", "ICC(2,k)", "ICC(3,1)")}
WITHIN_ROUNDED: dict[str, Statistic] = {
    "alpha, ordinal": krippendorff_alpha(LEVELS, "ordinal"),
    "alpha, interval": krippendorff_alpha(LEVELS, "interval"),
    "alpha, nominal": krippendorff_alpha(LEVELS, "nominal"),
    "AC2": gwet_ac(LEVELS, "quadratic"),
    "Fleiss kappa": fleiss_kappa(LEVELS),
}


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Settings of all intervals.

    Attributes:
        seed: Of the resampled patients; every table sees the same.
        n_resamples: How many.
        confidence: Nominal coverage.
    """

    seed: int = 0
    n_resamples: int = 10_000
    confidence: float = 0.95

    def answer(self, questions: Sequence[Question], n_clusters: int) -> Resamples:
        """Return the answers in all resamples."""
        return resample(questions, n_clusters, rng=np.random.default_rng(self.seed), n_resamples=self.n_resamples)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """Six questions: one statistic on every dimension."""

    rater: str
    role: Role
    scale: Scale
    statistic: str
    n_expected: int
    questions: tuple[Question, ...]


def agreement_rows(study: Study, bootstrap: Bootstrap) -> list[AgreementRow]:
    """Return automatic raters, the panel's members, the lexical judge and the mean of other patients, each compared."""
    asked: list[_Asked] = []
    for rater, role, given, wanted in _compared(study):
        asked += _pair(rater, role, given, wanted, study.tiled(len(given) // len(study.table.patients)))
    return _rows(asked, study, bootstrap)


def panel_rows(study: Study, bootstrap: Bootstrap) -> list[AgreementRow]:
    """Return how far the panel agrees with itself: nothing with fewer than two members."""
    if len(study.panel) < 2:
        return []
    asked: list[_Asked] = []
    whole: list[tuple[Scale, Floats, Mapping[str, Statistic]]] = [
        ("as given", study.members, WITHIN_AS_GIVEN), ("rounded", rounded(study.members), WITHIN_ROUNDED),
    ]  # fmt: skip
    for scale, scores, statistics in whole:
        tables = [np.ascontiguousarray(scores[:, :, d]) for d in range(len(DIMENSIONS))]
        asked += _asked("", "panel", scale, tables, study.table.patients, statistics)
    for i, j in combinations(range(len(study.panel)), 2):
        names = " and ".join(study.table.names[study.panel[k]] for k in (i, j))
        two = _tables(rounded(study.members[i]), rounded(study.members[j]))
        kappa = {name: ROUNDED[name] for name in ("quadratic kappa", "exact")}
        asked += _asked(names, "member", "rounded", two, study.table.patients, kappa)
    return _rows(asked, study, bootstrap)


def difference_rows(study: Study, bootstrap: Bootstrap) -> list[DifferenceRow]:
    """Return whose error is smaller, for every two automatic raters, on what both scored."""
    table, found = study.table, []
    pairs = list(combinations(study.automatic, 2))
    questions = [
        Question(error_difference, np.stack([scores[:, d] for scores in three]), table.patients)
        for i, j in pairs
        for three in [(table.scores[i], table.scores[j], study.target)]
        for d in range(len(DIMENSIONS))
    ]
    answers = bootstrap.answer(questions, table.n_patients)
    for k, (i, j) in enumerate(pairs):
        for measure, one in six_and_macro(answers, 6 * k, bootstrap, len(table.narratives)):
            found.append(DifferenceRow(table.names[i], table.names[j], measure, one))
    return found


def six_and_macro(
    answers: Resamples, first: int, bootstrap: Bootstrap, n_expected: int
) -> Iterator[tuple[Measure, Estimate]]:
    """Yield the answers to six questions, one a dimension, and their mean.

    Args:
        answers: Of all questions.
        first: Number of the first of the six.
        bootstrap: Of the confidence.
        n_expected: Items that should count.
    """
    numbers = range(first, first + len(DIMENSIONS))
    for dimension, k in zip(DIMENSIONS, numbers, strict=True):
        yield dimension, shown(answers.estimate(k, bootstrap.confidence), n_expected)
    yield MACRO, shown(answers.mean(numbers, bootstrap.confidence), n_expected)


def shown(found: Found, n_expected: int) -> Estimate:
    """Return an estimate with what is missing."""
    return Estimate(found.value, found.low, found.high, found.n, n_expected - found.n)


def _compared(study: Study) -> Iterator[tuple[str, Role, Floats, Floats]]:
    """Yield (rater, role, scores, what they are compared with); a panel's members stand one below the other."""
    table, flat = study.table, (-1, len(DIMENSIONS))
    for k in study.automatic:
        yield table.names[k], "automatic", table.scores[k], study.target
    if len(study.panel) > 1:
        yield "", "panel", study.members.reshape(flat), study.others.reshape(flat)
        for i, k in enumerate(study.panel):
            yield table.names[k], "member", study.members[i], study.others[i]
    if table.lexical is not None:
        yield "", "lexical", table.lexical, study.target
    yield "", "mean", other_clusters_means(study.target, table.patients), study.target


def _pair(rater: str, role: Role, given: Floats, wanted: Floats, clusters: Ints) -> Iterator[_Asked]:
    plain = AS_GIVEN if role != "mean" else ERRORS
    whole = ROUNDED if role != "mean" else ROUNDED_GUESS
    yield from _asked(rater, role, "as given", _tables(given, wanted), clusters, plain)
    yield from _asked(rater, role, "rounded", _tables(rounded(given), rounded(wanted)), clusters, whole)


def _tables(first: Floats, second: Floats) -> list[Floats]:
    """Return the ratings of two on each dimension, each of shape (2, n)."""
    return [np.stack([first[:, d], second[:, d]]) for d in range(len(DIMENSIONS))]


def _asked(
    rater: str, role: Role, scale: Scale, tables: Sequence[Floats], clusters: Ints,
    statistics: Mapping[str, Statistic],
) -> Iterator[_Asked]:  # fmt: skip
    for name, statistic in statistics.items():
        six = tuple(Question(statistic, ratings, clusters) for ratings in tables)
        yield _Asked(rater, role, scale, name, len(clusters), six)


def _rows(asked: Sequence[_Asked], study: Study, bootstrap: Bootstrap) -> list[AgreementRow]:
    answers = bootstrap.answer([one for six in asked for one in six.questions], study.table.n_patients)
    return [
        AgreementRow(one.rater, one.role, one.scale, one.statistic, measure, estimate)
        for k, one in enumerate(asked)
        for measure, estimate in six_and_macro(answers, len(DIMENSIONS) * k, bootstrap, one.n_expected)
    ]
