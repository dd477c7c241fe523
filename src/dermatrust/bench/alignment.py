"""Automatic raters against a panel of raters: whether a judge or an evaluator says what people would."""

from collections.abc import Mapping

import numpy as np

from dermatrust.agreement.clusters import Floats, Ints, sum_clusters
from dermatrust.agreement.consensus import other_clusters_means, others_means, panel_means
from dermatrust.bench.estimates import Draws, Sixes, estimate_sixes
from dermatrust.bench.grid import N_DIMENSIONS, Grid
from dermatrust.bench.results import EVALUATORS, JUDGES, PANEL, Alignment, AlignmentRole, AlignmentRow


def align_raters(grid: Grid, kinds: Mapping[str, str], draws: Draws) -> Alignment | None:
    """Return the mean absolute errors of automatic raters, of the panel itself, and of knowing only the mean.

    Args:
        grid: The scores of a run.
        kinds: Rater to its kind.
        draws: Of the bootstrap over patients; all rows see the same resampled patients.

    Returns:
        None without a panel, without an automatic rater, or without a narrative that has text. The panel's own rows
        need two raters.

    Reference:
        Shen et al. (2025), https://arxiv.org/abs/2511.09195, its alignment study, which rounds scores to integers
        first; these are not rounded.
    """
    automatic, panel = _places(grid, kinds, (*JUDGES, *EVALUATORS)), _places(grid, kinds, PANEL)
    scores, clusters = _by_narrative(grid)
    if not automatic or not panel or not len(clusters):
        return None
    members = scores[panel]
    target, others = panel_means(members), others_means(members)
    compared: list[tuple[AlignmentRole, str, Floats, Floats]] = [
        ("automatic", grid.raters[k], scores[k], target) for k in automatic
    ]
    if len(panel) > 1:
        flat = (-1, N_DIMENSIONS)
        compared.append(("panel", "", members.reshape(flat), others.reshape(flat)))
        compared += [("member", grid.raters[k], members[i], others[i]) for i, k in enumerate(panel)]
    compared.append(("mean", "", other_clusters_means(target, clusters), target))
    blocks = [_errors(given, wanted, clusters) for _, _, given, wanted in compared]
    return Alignment(
        rows=tuple(
            AlignmentRow(role, rater, *estimated.means[0])
            for (role, rater, _, _), estimated in zip(
                compared, estimate_sixes(blocks, grid.n_clusters, draws), strict=True
            )
        ),
        panel=tuple(grid.raters[k] for k in panel),
        n_narratives=len(clusters),
        n_empty=int(grid.is_empty.sum()),
    )


def _places(grid: Grid, kinds: Mapping[str, str], wanted: tuple[str, ...]) -> list[int]:
    return [k for k, rater in enumerate(grid.raters) if kinds.get(rater) in wanted]


def _by_narrative(grid: Grid) -> tuple[Floats, Ints]:
    """Return scores, shape (raters, narratives, dimensions), and the patient of each narrative that has text."""
    scores = np.full((len(grid.raters), len(grid.is_empty), N_DIMENSIONS), np.nan)
    scores[grid.rater, grid.answer, grid.dimension] = grid.score
    case = np.empty(len(grid.is_empty), dtype=np.int64)
    case[grid.answer] = grid.case
    return scores[:, ~grid.is_empty], grid.cluster_of_case[case[~grid.is_empty]].astype(np.int64)


def _errors(given: Floats, wanted: Floats, clusters: Ints) -> Sixes:
    """Sum the errors of one row; a panel's members stand one below the other, narrative by narrative."""
    sums = sum_clusters(np.abs(given - wanted), np.tile(clusters, len(given) // len(clusters)))
    return Sixes(sums, np.array([len(given)]))
