"""The lexical judge beside every alignment study: what a judge that reads words and nothing else would have scored."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from dermatrust.align.ratings import RatingTable
from dermatrust.judge.lexical import judge_narrative_lexically
from dermatrust.lexicon import load_lexicon
from dermatrust.records import DIMENSIONS
from dermatrust.store.folder import DatasetFolder


def with_lexical_judge(
    table: RatingTable, dataset: DatasetFolder, *, progress: Callable[[int], object] = lambda n: None
) -> RatingTable:
    """Return a table with the scores that the lexical judge gives its narratives; nobody is asked.

    Args:
        table: The ratings of a dataset.
        dataset: The dataset, whose references it compares narratives with.
        progress: Called with 1 after each narrative.

    Returns:
        The same table where the lexical judge is among its raters, and where no narrative has a reference. A narrative
        without one, and a dimension on which there is nothing to compare, have no score.

    Raises:
        DataError: A reference cannot be read.
    """
    if any(rater.kind == "lexical" for rater in table.raters):
        return table
    references = {reference.case_id: reference for reference in dataset.iter_references()}
    scores = np.full((len(table.narratives), len(DIMENSIONS)), np.nan)
    lexicon = load_lexicon()
    for row, narrative, case in zip(scores, table.narratives, table.cases, strict=True):
        progress(1)
        reference = references.get(case.id)
        if reference is not None:
            given = judge_narrative_lexically(narrative, reference, case, lexicon).scores
            row[:] = [given.get(dimension, np.nan) for dimension in DIMENSIONS]
    return table if np.isnan(scores).all() else replace(table, lexical=scores)
