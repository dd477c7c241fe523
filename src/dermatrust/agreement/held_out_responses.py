"""Does item response theory foretell answers it has not seen? Some are hidden, and predicted from the rest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dermatrust.agreement.clusters import ratios
from dermatrust.agreement.item_quadrature import ItemPriors
from dermatrust.agreement.item_response import WEAK, item_response
from dermatrust.agreement.proportion import Proportion, share, zero_or_one


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How many hidden answers were predicted.

    Attributes:
        accuracy: Hidden answers of which the fitted model gave the actual outcome at least even odds.
        of_items: The same for guessing what most of the others did on that item, whoever the person is.
        n_skipped: Hidden answers whose person or item had no other answer.
    """

    accuracy: Proportion
    of_items: Proportion
    n_skipped: int


def held_out_accuracy(
    responses: ArrayLike, priors: ItemPriors = WEAK, *, rng: np.random.Generator, hidden: float = 0.2
) -> HeldOut:
    """Hide a random part of the answers, fit the two-parameter logistic model to the others and predict the hidden.

    Args:
        responses: 1 for right, 0 for wrong, NaN for not known, shape (persons, items).
        priors: As for `item_response`.
        rng: Chooses which answers are hidden.
        hidden: Share of the known answers to hide, above 0 and below 1. What MedIRT hid is not published.

    Returns:
        Shares with Wilson's interval, which takes the hidden answers for independent: those of one person or item are
        not, so that it is somewhat narrow. A model worth having is well above `of_items`.

    Raises:
        ValueError: The responses are not as for `item_response`, or `hidden` leaves nothing hidden or nothing known.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> abilities = rng.normal(size=(40, 1))
        >>> answers = rng.random((40, 60)) < 1 / (1 + np.exp(-2 * (abilities - rng.normal(size=60))))
        >>> found = held_out_accuracy(answers, rng=rng)
        >>> found.accuracy.n, round(found.accuracy.value, 2), round(found.of_items.value, 2)
        (480, 0.78, 0.7)

    Reference:
        The use made of it is MedIRT's, https://arxiv.org/abs/2509.24186.
    """
    table = zero_or_one(responses, "response")
    places = np.flatnonzero(~np.isnan(table))
    n_hidden = round(hidden * places.size)
    if not 0 < n_hidden < places.size:
        raise ValueError(f"hidden is {hidden}: {n_hidden} of {places.size} answers; expected some, and some to be left")
    chosen = rng.permutation(places)[:n_hidden]
    rest = table.copy()
    rest.flat[chosen] = np.nan
    fitted = item_response(rest, priors).probabilities().flat[chosen]
    others = ratios(np.nansum(rest, axis=0), (~np.isnan(rest)).sum(axis=0).astype(np.float64))
    majority = np.broadcast_to(others, table.shape).flat[chosen]
    predictable = ~np.isnan(fitted)
    came = table.flat[chosen][predictable]
    hits = [(guess[predictable] >= 0.5) == (came == 1) for guess in (fitted, majority)]
    return HeldOut(share(hits[0]), share(hits[1]), int((~predictable).sum()))
