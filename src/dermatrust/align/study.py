"""A whole alignment study: from a dataset folder to all its tables."""

from collections.abc import Sequence

from dermatrust.align.breakdown import group_rows, stability_rows, worst_cases
from dermatrust.align.compare import Bootstrap, agreement_rows, difference_rows, panel_rows
from dermatrust.align.models import ranking_rows, replacement_rows
from dermatrust.align.ratings import RatingTable
from dermatrust.align.results import AlignmentStudy
from dermatrust.align.same_narratives import same_narratives
from dermatrust.align.target import adjudication_of, study_of


def align(
    table: RatingTable, bootstrap: Bootstrap, *, panel: Sequence[str] = (), adjudicators: Sequence[str] = (),
    epsilon: float = 0.2, n_worst: int = 10,
) -> AlignmentStudy:  # fmt: skip
    """Compare all raters of a table with those who are taken for the truth.

    Args:
        table: The ratings.
        bootstrap: Of all intervals.
        panel: Names of those who are taken for the truth; people and simulated people where none are given.
        adjudicators: Names of those whose scores come before the panel's mean; as registered where none are given.
        epsilon: Of the alternative-annotator test.
        n_worst: Worst narratives to be shown of each rater.

    Raises:
        DataError: There is nobody to compare with, or a name rated nothing.

    Reference:
        Shen et al. (2025), https://arxiv.org/abs/2511.09195, its alignment study; and what its reviewers asked for.
    """
    study = study_of(table, panel, adjudicators)
    return AlignmentStudy(
        panel=tuple(table.raters[k] for k in study.panel),
        adjudicators=tuple(table.raters[k] for k in study.adjudicators),
        automatic=tuple(table.raters[k] for k in study.automatic),
        n_narratives=len(table.narratives), n_empty=table.n_empty,
        n_patients=table.n_patients, n_cases_without_patient=table.n_cases_without_patient,
        confidence=bootstrap.confidence, epsilon=epsilon,
        agreement=agreement_rows(study, bootstrap),
        within_panel=panel_rows(study, bootstrap),
        differences=difference_rows(study, bootstrap),
        same_narratives=same_narratives(study, bootstrap),
        rankings=ranking_rows(study, bootstrap),
        replacements=replacement_rows(study, epsilon=epsilon),
        groups=group_rows(study, bootstrap),
        stability=stability_rows(study, bootstrap),
        worst=worst_cases(study, n_worst),
        adjudication=adjudication_of(study),
    )  # fmt: skip
