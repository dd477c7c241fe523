"""What an alignment study shows of each rater and dimension beyond its tables: for plots, and for looking closer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dermatrust.agreement.bland_altman import bland_altman_points
from dermatrust.agreement.clusters import Floats
from dermatrust.align.compare import Bootstrap
from dermatrust.align.confidence import ConfidenceRow, confidence_rows
from dermatrust.align.confusion import confusion
from dermatrust.align.gaps import RaterGap, gap_rows
from dermatrust.align.results import AlignmentStudy
from dermatrust.align.target import Study
from dermatrust.align.within import WithinRow, within_rows
from dermatrust.records import DIMENSIONS, DatasetCard, Dimension

MOST_POINTS = 400
"""Pairs of scores that a plot shows one by one."""
_GRID = 0.25


@dataclass(frozen=True, slots=True)
class DimensionDetail:
    """One rater against the target on one dimension.

    Attributes:
        rater: The rater.
        dimension: The dimension.
        points: Of a Bland-Altman plot: (mean of both scores, rater minus target, narratives) for every pair of scores.
        is_grouped: Whether scores were moved to the nearest quarter point, since there are too many different pairs.
        confusion: Narratives by rounded scores: the target's by row, the rater's by column, from 0 to 5.
    """

    rater: str
    dimension: Dimension
    points: tuple[tuple[float, float, int], ...]
    is_grouped: bool
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class StudyDetails:
    """Everything the page of a study shows that its tables do not hold.

    Attributes:
        dimensions: By automatic rater, then dimension.
        confidence: By automatic rater that states probabilities, then measure.
        gaps: Widest gaps between parts of the narratives.
        within: Gaps within the same disease.
        missing: For every rater, its missing scores by reason.
    """

    dimensions: Sequence[DimensionDetail]
    confidence: Sequence[ConfidenceRow]
    gaps: Sequence[RaterGap]
    within: Sequence[WithinRow]
    missing: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class StudyResult:
    """All that a page needs of a finished study, so that it can be kept and shown again.

    Attributes:
        card: Of the dataset.
        study: Its tables.
        details: What is shown beyond them.
        bootstrap: Of the intervals.
    """

    card: DatasetCard
    study: AlignmentStudy
    details: StudyDetails
    bootstrap: Bootstrap


def details_of(study: Study, bootstrap: Bootstrap) -> StudyDetails:
    """Return the details of a study, with the intervals of the same resampled patients as its tables have."""
    table = study.table
    return StudyDetails(
        dimensions=[
            _dimension(table.names[k], dimension, table.scores[k, :, d], study.target[:, d])
            for k in study.automatic
            for d, dimension in enumerate(DIMENSIONS)
        ],
        confidence=confidence_rows(study, bootstrap),
        gaps=gap_rows(study, bootstrap),
        within=within_rows(study, bootstrap),
        missing={} if table.said is None else dict(zip(table.names, table.said.missing, strict=True)),
    )


def _dimension(rater: str, dimension: Dimension, given: Floats, wanted: Floats) -> DimensionDetail:
    pair = np.stack([given, wanted])
    points = bland_altman_points(pair)
    is_grouped = len(points.counts) > MOST_POINTS
    if is_grouped:
        points = bland_altman_points(np.round(pair / _GRID) * _GRID)
    drawn = zip(points.means.tolist(), points.differences.tolist(), points.counts.tolist(), strict=True)
    counts = tuple(map(tuple, confusion(given, wanted).tolist()))
    return DimensionDetail(rater, dimension, tuple(drawn), is_grouped, counts)
