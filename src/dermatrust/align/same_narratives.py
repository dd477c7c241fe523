"""Automatic raters in one table, all on the same narratives: those that each of them and the target scored."""

import numpy as np

from dermatrust.agreement.clusters import Floats
from dermatrust.agreement.differences import mean_absolute_difference
from dermatrust.agreement.error_difference import error_difference
from dermatrust.agreement.interval import Question
from dermatrust.align.compare import Bootstrap, six_and_macro
from dermatrust.align.results import SameNarratives, SameNarrativesRow
from dermatrust.align.target import Study
from dermatrust.records import DIMENSIONS


def same_narratives(study: Study, bootstrap: Bootstrap) -> SameNarratives | None:
    """Return the errors of all automatic raters where all have a score, and their differences to the first's.

    A dimension's narratives are those with a score of each of them and of the target, so that within a column nobody
    gains by leaving out what is hard. Without two automatic raters there is nothing to compare.
    """
    if len(study.automatic) < 2:
        return None
    table, n = study.table, len(study.table.narratives)
    given = table.scores[list(study.automatic)]
    absent = np.isnan(np.concatenate([given, study.target[np.newaxis]]))
    wanted: Floats = np.where(absent.any(axis=0), np.nan, study.target)
    dimensions = range(len(DIMENSIONS))
    errors = [
        Question(mean_absolute_difference, np.stack([own[:, d], wanted[:, d]]), table.patients)
        for own in given
        for d in dimensions
    ]
    differences = [
        Question(error_difference, np.stack([own[:, d], given[0, :, d], wanted[:, d]]), table.patients)
        for own in given[1:]
        for d in dimensions
    ]
    answers = bootstrap.answer([*errors, *differences], table.n_patients)
    names = [table.names[k] for k in study.automatic]
    rows = []
    for k, name in enumerate(names):
        found = dict(six_and_macro(answers, 6 * k, bootstrap, n))
        apart = dict(six_and_macro(answers, len(errors) + 6 * (k - 1), bootstrap, n)) if k else {}
        rows += [SameNarrativesRow(name, measure, error, apart.get(measure)) for measure, error in found.items()]
    lacking = [int(one.sum()) for one in absent]
    return SameNarratives(names[0], tuple(rows), dict(zip(names, lacking, strict=False)), lacking[-1])
