"""When the scoring API says that its scores should not be relied on without a person.

The rule looks at how far apart the scores are that the evaluator weighed. Each dimension's distribution has a standard
deviation, in points; their mean is the spread of the rating. Above `SPREAD_LIMIT` the API abstains.

The limit is the spread that one in five of 600 drawn cases (atlas, seed 51) exceeds with `nano/evaluator`. What it does
on cases it was not chosen by is measured by `benchmarks/abstention.py` and written in docs/serve.md. The rule is
chance-based: an evaluator that is sure of itself where it is wrong is not caught by it.

Reference:
    Geifman & El-Yaniv (2017), Selective classification for deep neural networks, https://arxiv.org/abs/1705.08500.
"""

import math
from collections.abc import Mapping
from typing import Literal

from dermatrust.evaluator.reading import ScoreChance
from dermatrust.records import DIMENSIONS, Dimension, Rating

SPREAD_LIMIT = 0.44
"""Mean standard deviation of the six scores, in points, above which the API abstains."""
WhyAbstain = Literal["score missing", "certainty not stated", "uncertain"]
"""Why the API abstains.

score missing         the evaluator gave no score on some dimension
certainty not stated  it did not say which scores it weighed, so nobody knows how sure it was
uncertain             the scores it weighed lie too far apart
"""


def spread_of(chances: Mapping[Dimension, ScoreChance]) -> float | None:
    """Return the mean standard deviation of the six scores, in points; None unless all six are stated.

    Example:
        >>> one = ScoreChance(4.0, 0.5, 3.0, ((2.0, 0.5), (4.0, 0.5)))
        >>> spread_of(dict.fromkeys(DIMENSIONS, one)), spread_of({})
        (1.0, None)
    """
    if any(dimension not in chances for dimension in DIMENSIONS):
        return None
    return math.fsum(chances[dimension].spread for dimension in DIMENSIONS) / len(DIMENSIONS)


def why_abstain(rating: Rating, chances: Mapping[Dimension, ScoreChance]) -> list[WhyAbstain]:
    """Return why a rating should not be relied on without a person; nothing if the rule finds no reason."""
    found: list[WhyAbstain] = ["score missing"] if rating.unscored else []
    if any(dimension not in chances for dimension in rating.scores):
        found.append("certainty not stated")
    spread = spread_of(chances)
    if spread is not None and spread > SPREAD_LIMIT:
        found.append("uncertain")
    return found
