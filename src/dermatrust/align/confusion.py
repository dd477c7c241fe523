"""Which score a rater gives where the target has which: the table of rounded scores."""

import numpy as np

from dermatrust.agreement.clusters import Floats, Ints
from dermatrust.agreement.levels import level_positions, scale_of
from dermatrust.align.compare import LEVELS
from dermatrust.align.target import rounded


def confusion(given: Floats, wanted: Floats) -> Ints:
    """Count narratives by the target's rounded score and the rater's.

    Args:
        given: The rater's scores, shape (n,); NaN where there is none.
        wanted: The target's, shape (n,).

    Returns:
        Shape (6, 6): row is the target's score, column the rater's, from 0 to 5. Narratives with both scores count.

    Raises:
        ValueError: A score is not on the scale from 0 to 5.

    Example:
        >>> table = confusion(np.array([5.0, 4.4, 1.0, np.nan]), np.array([4.5, 2.5, 1.2, 3.0]))
        >>> {(int(i), int(j)): int(table[i, j]) for i, j in np.argwhere(table)}
        {(1, 1): 1, (3, 4): 1, (5, 5): 1}
    """
    scale = scale_of(LEVELS)
    rows, columns = (level_positions(rounded(scores), scale) for scores in (wanted, given))
    known = (rows >= 0) & (columns >= 0)
    cells = np.bincount(rows[known] * len(scale) + columns[known], minlength=len(scale) ** 2)
    return cells.reshape(len(scale), len(scale)).astype(np.int64)
