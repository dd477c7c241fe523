"""Where raters go wrong: in which part of the narratives, on which narratives, and as they go on."""

from collections.abc import Iterator, Sequence

import numpy as np

from dermatrust.agreement.clusters import Ints
from dermatrust.agreement.consensus import panel_means
from dermatrust.agreement.differences import bias, exact_agreement, mean_absolute_difference
from dermatrust.agreement.icc import icc_statistic
from dermatrust.agreement.interval import Question
from dermatrust.agreement.trend import slope
from dermatrust.align.compare import Bootstrap, shown, six_and_macro
from dermatrust.align.ratings import FACTORS, AlignFactor
from dermatrust.align.results import GroupRow, StabilityRow, WorstCase
from dermatrust.align.target import Study
from dermatrust.bench.results import FEWEST, MEASURES, Estimate
from dermatrust.records import DIMENSIONS

_PER = 100.0
"""Narratives to which a drift refers."""


def group_rows(study: Study, bootstrap: Bootstrap) -> list[GroupRow]:
    """Return each automatic rater's error and bias in every part of the narratives.

    Parts with fewer than ten narratives that were scored, on whichever dimension, show how many there are and nothing
    else.
    """
    parts = [(factor, level, chosen) for factor in FACTORS for level, chosen in _levels(study, factor)]
    return [row for rater in study.automatic for row in _rater_rows(study, rater, parts, bootstrap)]


def _rater_rows(
    study: Study, rater: int, parts: Sequence[tuple[AlignFactor, str, Ints]], bootstrap: Bootstrap
) -> Iterator[GroupRow]:
    """Yield the rows of one rater, for whom alone all resamples are held at once: parts can be many."""
    table, questions, counts = study.table, [], []
    scored = ~np.isnan(table.scores[rater] + study.target).all(axis=1)
    for _, _, chosen in parts:
        own = chosen[scored[chosen]]
        counts.append((len(own), len(np.unique(table.patients[own]))))
        if len(own) >= FEWEST:
            six = [np.stack([table.scores[rater, chosen, d], study.target[chosen, d]]) for d in range(len(DIMENSIONS))]
            patients = table.patients[chosen]
            questions += [Question(one, two, patients) for one in (mean_absolute_difference, bias) for two in six]
    answers = bootstrap.answer(questions, table.n_patients)
    k = 0
    for (factor, level, chosen), (n, n_patients) in zip(parts, counts, strict=True):
        macro: list[Estimate | None] = [None, None]
        if n >= FEWEST:
            numbers = [range(k, k + 6), range(k + 6, k + 12)]
            found = [shown(answers.mean(one, bootstrap.confidence), len(chosen)) for one in numbers]
            macro = [one if one.n >= FEWEST else None for one in found]  # one dimension may have fewer
            k += 12
        yield GroupRow(table.names[rater], factor, level, n, n_patients, *macro)


def worst_cases(study: Study, n: int) -> list[WorstCase]:
    """Return the narratives on which each automatic rater is farthest from the target, so many a rater."""
    table, found = study.table, []
    for rater in study.automatic:
        distances = np.abs(table.scores[rater] - study.target)
        known = ~np.isnan(distances)
        total = np.where(known, distances, 0.0).sum(axis=1)
        mean = np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), -1.0)
        for k in np.argsort(-mean, kind="stable")[:n]:
            if mean[k] > 0:
                given, wanted = (tuple(map(float, one[k])) for one in (table.scores[rater], study.target))
                files = table.cases[k].file_names
                said = "" if table.said is None else table.said.critiques.get((rater, int(k)), "")
                found.append(
                    WorstCase(table.names[rater], table.narratives[k], files, given, wanted, float(mean[k]), said)
                )
    return found


def stability_rows(study: Study, bootstrap: Bootstrap) -> list[StabilityRow]:
    """Return for every rater whether it repeats itself, and whether it changes as it goes on.

    For its drift a member of the panel is compared with the others, an adjudicator with the panel's mean (the target is
    its own score), and everybody else with the target.
    """
    table, n = study.table, len(study.table.narratives)
    target_of = dict(zip(study.panel, study.others, strict=True))
    target_of |= dict.fromkeys(study.adjudicators, panel_means(study.members))
    raters = range(len(table.names))
    statistics = (exact_agreement, mean_absolute_difference, icc_statistic("ICC(2,1)"))
    questions = []
    for rater in raters:
        twice = [np.ascontiguousarray(table.draws[:, rater, :, d]) for d in range(len(DIMENSIONS))]
        place = table.places[rater] / _PER  # what it has not rated has no lead, so that its place does not matter
        lead = table.scores[rater] - target_of.get(rater, study.target)
        ordered = [np.stack([place, lead[:, d]]) for d in range(len(DIMENSIONS))]
        asked = [(one, two) for one in statistics for two in twice] + [(slope, two) for two in ordered]
        questions += [Question(statistic, ratings, table.patients) for statistic, ratings in asked]
    answers = bootstrap.answer(questions, table.n_patients)
    found = []
    for rater in raters:
        first = 4 * len(DIMENSIONS) * rater
        columns = [dict(six_and_macro(answers, first + len(DIMENSIONS) * j, bootstrap, n)) for j in range(4)]
        found += [StabilityRow(table.names[rater], m, *(one[m] for one in columns)) for m in MEASURES]
    return found


def _levels(study: Study, factor: AlignFactor) -> Iterator[tuple[str, Ints]]:
    """Yield the levels of a factor, most narratives first, with the narratives of each; nothing for a single level."""
    levels = np.array(study.table.factors[factor])
    names, counts = np.unique(levels, return_counts=True)
    if len(names) > 1:
        for k in np.argsort(-counts, kind="stable"):
            yield str(names[k]), np.flatnonzero(levels == names[k])
