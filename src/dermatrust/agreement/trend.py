"""By how much a score changes with something else: the slope of the line of least squares."""

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.moments import moments, pair_terms
from dermatrust.agreement.statistic import Statistic


def _slope(sums: Floats) -> Floats:
    found = moments(sums)
    return ratios(found.both, found.first)


slope = Statistic(pair_terms, _slope)
"""Change of the second row per unit of the first, by least squares; NaN where the first does not vary.

The first row should be of the size of scores (narratives rated in hundreds, say), since it comes from sums of squares.

Draper & Smith (1998), Applied Regression Analysis, eq. 1.2.9, https://doi.org/10.1002/9781118625590.

Example:
    >>> round(slope([[0.0, 1.0, 2.0], [3.0, 3.5, 4.0]]), 3)
    0.5
"""
