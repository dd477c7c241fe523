"""Which of two raters is nearer to a third, on the items all three scored."""

import numpy as np

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.statistic import Statistic, rating_table


def error_terms(ratings: Floats) -> Floats:
    """Return what each item adds: 1, and the distances of the first two rows from the third, shape (n, 3).

    All are 0 where one of the three is missing.
    """
    first, second, target = rating_table(ratings, 3)
    known = ~np.isnan(first + second + target)
    parts = np.array([known, np.abs(first - target), np.abs(second - target)], dtype=np.float64)
    terms: Floats = np.where(known, parts, 0.0).T
    return terms


error_difference = Statistic(error_terms, lambda sums: ratios(sums[..., 1] - sums[..., 2], sums[..., 0]))
"""Mean absolute error of the first row minus that of the second, both against the third: below 0 where the first is
nearer. Only items with all three scores count, so neither gains by leaving out what is hard.

Willmott & Matsuura (2005), Climate Research 30:79-82, https://doi.org/10.3354/cr030079.

Example:
    >>> error_difference([[3.0, 4.0], [1.0, 5.0], [3.0, 5.0]])
    -0.5
"""
