"""Whether a judge puts models in the order the experts put them in."""

from functools import cache

import numpy as np

from dermatrust.agreement.clusters import Floats, Ints, ratios
from dermatrust.agreement.statistic import Statistic, rating_table

_TIE = 1e-9
"""Means closer than this are equal: the same scores were added up in another order."""


@cache
def model_ranking_tau(n_models: int) -> Statistic:
    """Return Kendall's tau-b between the models' mean scores by a judge and by the experts.

    Args:
        n_models: How many models there are.

    Returns:
        A statistic of three rows, shape (3, n): the judge's score of each narrative, the experts', and the number of
        the model that wrote it, from 0. A narrative counts where both scores are there. The statistic is 1 for the same
        order and -1 for the reverse; it is NaN where a model has no narrative that counts, or where all models are tied
        by one of the two. It raises a ValueError for a number that is no model's.

    Raises:
        ValueError: There are fewer than 2 models.

    Example:
        >>> model_ranking_tau(3)([[3, 4, 2, 5], [2, 4, 1, 5], [0, 1, 2, 1]])
        1.0

    Reference:
        Kendall (1945), Biometrika 33(3):239-251, https://doi.org/10.1093/biomet/33.3.239.
    """
    if n_models < 2:
        raise ValueError(f"there are {n_models} models; expected at least 2")
    first, second = (one.astype(np.int64) for one in np.triu_indices(n_models, k=1))

    def terms(ratings: Floats) -> Floats:
        judge, experts, model = rating_table(ratings, 3)
        if not np.isin(model, np.arange(n_models)).all():
            raise ValueError(f"a model's number is none of 0 to {n_models - 1}")
        known = ~np.isnan(judge + experts)
        of_model = known[:, np.newaxis] & (model[:, np.newaxis] == np.arange(n_models))
        scores = [np.where(known, one, 0.0)[:, np.newaxis] * of_model for one in (judge, experts)]
        return np.column_stack([known, of_model, *scores])

    def value(sums: Floats) -> Floats:
        counts, by_judge, by_experts = np.moveaxis(sums[..., 1:].reshape(*sums.shape[:-1], 3, n_models), -2, 0)
        orders = [_signs(ratios(one, counts), first, second) for one in (by_judge, by_experts)]
        surplus = (orders[0] * orders[1]).sum(axis=-1)
        untied = [np.abs(order).sum(axis=-1) for order in orders]
        return ratios(surplus, np.sqrt(untied[0] * untied[1]))

    return Statistic(terms, value)


def _signs(means: Floats, first: Ints, second: Ints) -> Floats:
    differences = means[..., second] - means[..., first]
    return np.where(np.abs(differences) <= _TIE, 0.0, np.sign(differences))
