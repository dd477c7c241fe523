"""How close two raters' scores lie to one line: to the line of equal scores (concordance), or to any (Pearson).

Example:
    >>> strict, generous = [0, 1, 2, 3], [1, 2, 3, 4]
    >>> round(pearson([strict, generous]), 3), round(concordance([strict, generous]), 3)
    (1.0, 0.714)
"""

import numpy as np

from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.moments import moments, none_if_rounding, pair_terms
from dermatrust.agreement.statistic import Statistic


def _concordance(sums: Floats) -> Floats:
    found = moments(sums)
    apart = none_if_rounding(found.first + found.second + found.n * found.bias**2, found.squares)
    return _correlation(2 * found.both, np.where(found.n >= 2, apart, 0.0))


def _pearson(sums: Floats) -> Floats:
    found = moments(sums)
    return _correlation(found.both, np.sqrt(found.first * found.second))


def _correlation(both: Floats, most: Floats) -> Floats:
    # Rounding must not carry it beyond 1, where Fisher's transformation has no value.
    return np.clip(ratios(both, most), -1.0, 1.0)


concordance = Statistic(pair_terms, _concordance)
"""Lin's concordance correlation coefficient: Pearson's correlation, lowered by differences of means and of spreads.

The moments are divided by n, as in the paper, not by n - 1. It is 0 where the scores of one rater do not vary, and NaN
with fewer than 2 items or where all scores of both are one and the same.

Lin (1989), Biometrics 45(1):255-268, section 2, https://doi.org/10.2307/2532051.
"""

pearson = Statistic(pair_terms, _pearson)
"""Pearson's product-moment correlation; NaN with fewer than 2 items, or where a rater's scores do not vary.

Pearson (1895), Proc. R. Soc. Lond. 58:240-242, https://doi.org/10.1098/rspl.1895.0041.
"""
