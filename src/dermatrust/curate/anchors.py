"""How far each rater is from the scores that curators expect of anchors. Never shown to raters."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean

from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.curate.assignment import FIRST
from dermatrust.curate.tables import Anchor, Assignment, Item, Rating, User


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far one rater's first scores of anchors are from those expected, in points.

    Attributes:
        rater: Name.
        n_items: Anchors rated of which something is expected.
        n_scores: Scores of them with an expected one beside.
        mean: Mean of the rater's scores minus those expected: over 0 is generous.
        mean_absolute: Mean distance.
        n_missed: Scores that are farther off than the anchor tolerates.
    """

    rater: str
    n_items: int
    n_scores: int
    mean: float
    mean_absolute: float
    n_missed: int


def deviations(session: Session, project_id: int) -> list[Deviation]:
    """Return the deviation of every rater who rated an anchor with expected scores, by name; repeats do not count."""
    query = (
        select(User.name, Rating, Anchor)
        .join(Assignment, Assignment.rater_id == User.id)
        .join(Rating, Rating.assignment_id == Assignment.id)
        .join(Anchor, Anchor.item_id == Assignment.item_id)
        .join(Item, Item.id == Assignment.item_id)
        .where(Item.project_id == project_id, Assignment.round == FIRST)
    )
    off: dict[str, list[list[tuple[float, float]]]] = defaultdict(list)
    for name, rating, anchor in session.execute(query):
        scores = {dimension.value: score for dimension, score in rating.scores.items()}
        if own := [(scores[key] - expected, anchor.tolerance) for key, expected in anchor.expected.items()]:
            off[name].append(own)
    return [_deviation(name, off[name]) for name in sorted(off)]


def _deviation(name: str, items: list[list[tuple[float, float]]]) -> Deviation:
    pairs = [pair for item in items for pair in item]
    distances = [distance for distance, _ in pairs]
    n_missed = sum(abs(distance) > tolerance for distance, tolerance in pairs)
    return Deviation(name, len(items), len(pairs), fmean(distances), fmean(map(abs, distances)), n_missed)
