"""A rater's repeated ratings of one narrative, put together for the scores table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from dermatrust.records import DIMENSIONS, Dimension, Rating
from dermatrust.records.rating import Reason


@dataclass(frozen=True, slots=True)
class Combined:
    """One dimension over all draws."""

    mean: float | None
    """Mean over the scored draws; None where no draw was scored."""
    spread: float | None
    """Sample standard deviation over the scored draws; None with fewer than two."""
    n: int
    """How many draws were scored."""
    unscored: Reason | None
    """Why there is no score: the reason most draws give; None where there is a score."""


def combine_draws(ratings: Sequence[Rating]) -> dict[Dimension, Combined]:
    """Return mean, spread and number of scored draws for each dimension.

    A draw without a score is left out of the mean and seen in `n`; it never counts as zero.

    Raises:
        ValueError: No ratings, or ratings of different narratives or by different raters.

    Example:
        >>> three, four = dict.fromkeys(DIMENSIONS, 3.0), dict.fromkeys(DIMENSIONS, 4.0)
        >>> draws = [Rating(narrative_id="n", rater="r", scores=scores) for scores in (three, four)]
        >>> combined = combine_draws(draws)[Dimension.SAFETY]
        >>> combined.mean, round(combined.spread or 0.0, 3), combined.n
        (3.5, 0.707, 2)
    """
    if len({(rating.narrative_id, rating.rater) for rating in ratings}) != 1:
        raise ValueError("expected the ratings of one narrative by one rater")
    return {dimension: _combine(dimension, ratings) for dimension in DIMENSIONS}


def _combine(dimension: Dimension, ratings: Sequence[Rating]) -> Combined:
    scores = [rating.scores[dimension] for rating in ratings if dimension in rating.scores]
    if len(scores) == 1:
        return Combined(mean=scores[0], spread=None, n=1, unscored=None)
    if not scores:
        reasons = Counter(rating.unscored[dimension].reason for rating in ratings)
        return Combined(mean=None, spread=None, n=0, unscored=reasons.most_common(1)[0][0])
    return Combined(mean=fmean(scores), spread=stdev(scores), n=len(scores), unscored=None)
