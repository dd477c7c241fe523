"""Ability of persons (models) and difficulty of items from who got what right: the two-parameter logistic model."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, ndtri

from dermatrust.agreement import item_quadrature as steps
from dermatrust.agreement.clusters import Floats, ratios
from dermatrust.agreement.item_quadrature import Answers, ItemPriors
from dermatrust.agreement.proportion import zero_or_one

Flags = NDArray[np.bool_]

WEAK = ItemPriors()
"""The priors of `item_response` where none are given."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemResponse:
    """A fitted two-parameter logistic model: P(right) = 1 / (1 + exp(-discrimination * (ability - difficulty))).

    Abilities have mean 0 and standard deviation 1 in the population these persons stand for; difficulties are on the
    same scale. All standard errors take this scale for given, and those of items take the other items for known.

    Attributes:
        abilities: Expected abilities given the answers (EAP), shape (persons,); NaN for a person without any.
        ability_errors: Standard deviation of each ability given the answers.
        discriminations: How steeply chances rise with ability, shape (items,); NaN for an item without answers.
        discrimination_errors: Standard errors.
        difficulties: Ability at which a right answer has even odds. Far outside the abilities where an item hardly
            discriminates; infinite where it does not at all.
        difficulty_errors: Standard errors, by the delta method; above 1 they are rough.
        shares_right: Share of the known answers to each item that are right.
        log_likelihood: Of all answers, abilities integrated out, priors not included.
        n_answers: Answers that are known.
        n_steps: Steps of the EM algorithm.
        has_converged: Whether the last step moved no slope or intercept by more than the tolerance.
    """

    abilities: Floats
    ability_errors: Floats
    discriminations: Floats
    discrimination_errors: Floats
    difficulties: Floats
    difficulty_errors: Floats
    shares_right: Floats
    log_likelihood: float
    n_answers: int
    n_steps: int
    has_converged: bool

    def probabilities(self) -> Floats:
        """Return the chance of each person on each item, shape (persons, items); NaN without answers of either."""
        with np.errstate(invalid="ignore"):
            p: Floats = expit(self.discriminations * (self.abilities[:, np.newaxis] - self.difficulties))
        return p

    def low(self, least: float = 0.35, *, confidence: float | None = None) -> Flags:
        """Return which items discriminate less than `least`, shape (items,); with 0, those answered worse by the able.

        Such an item may be flawed: a wrong key, two right options, or a question about something else.

        Args:
            least: Below it an item is flagged. 0.35 is where Baker's "very low" ends.
            confidence: If given, flag only items whose discrimination is below at this confidence, one-sided.

        Reference:
            Baker (2001), The Basics of Item Response Theory, 2nd ed., p. 34, https://eric.ed.gov/?id=ED458219.
        """
        margin = 0.0 if confidence is None else float(ndtri(confidence))
        with np.errstate(invalid="ignore"):
            flags: Flags = self.discriminations + margin * self.discrimination_errors < least
        return flags

    @property
    def extreme(self) -> Flags:
        """Items that all got right or all wrong: their parameters are what the priors make of them."""
        flags: Flags = (self.shares_right == 0) | (self.shares_right == 1)
        return flags


def item_response(
    responses: ArrayLike, priors: ItemPriors = WEAK, *, n_nodes: int = 9, tolerance: float = 1e-4,
    max_steps: int = 500,
) -> ItemResponse:  # fmt: skip
    """Fit the two-parameter logistic model by marginal maximum likelihood with weak priors on the items.

    Abilities are taken for draws from a standard normal distribution and integrated out by adaptive Gauss-Hermite
    quadrature; items are estimated by an EM algorithm; abilities are their means given the answers. An item's slope
    (discrimination) and intercept (-discrimination * difficulty) have normal priors, by default around 1 with standard
    deviation 0.5, and around 0 with 3. With few persons they matter: without them items that all or the very best got
    right have no finite estimate, and difficulties of flat items wander off. A prior that allows negative slopes is
    chosen on purpose (the usual lognormal one does not), since those are what an audit of items looks for; it draws
    them towards 1. Standard deviations of 100 amount to no prior.

    Args:
        responses: 1 for right, 0 for wrong, NaN for not known, shape (persons, items).
        priors: Of slopes and intercepts.
        n_nodes: Nodes of the quadrature for each person, at least 3. With few items (below ten) take 15 or more.
        tolerance: Largest change of a slope or intercept in the last step.
        max_steps: Steps after which to stop in any case, at least 1.

    Returns:
        The fit. Persons and items without answers do not take part.

    Raises:
        ValueError: The responses are no table of 0, 1 and NaN, hold no answer, or an argument is out of its range.

    Example:
        >>> fit = item_response([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [1, 0, 1, 0]])
        >>> fit.abilities[[0, 2]].round(2).tolist(), fit.extreme.tolist()
        ([0.64, -0.64], [True, False, False, True])

    Reference:
        Birnbaum (1968), in Lord & Novick, Statistical Theories of Mental Test Scores, ch. 17; Bock & Aitkin (1981),
        Psychometrika 46(4):443-459, https://doi.org/10.1007/BF02293801 (the EM algorithm); Mislevy (1986),
        Psychometrika 51(2):177-195, https://doi.org/10.1007/BF02293979 (priors on items).
    """
    table = zero_or_one(responses, "response")
    if table.ndim != 2 or np.isnan(table).all():
        raise ValueError(f"responses of shape {table.shape}; expected (persons, items) with at least one answer")
    if n_nodes < 3 or max_steps < 1 or not tolerance > 0:
        raise ValueError(f"n_nodes is {n_nodes}, max_steps {max_steps}, tolerance {tolerance}; one is too small")
    known = ~np.isnan(table)
    persons, items = np.any(known, axis=1), np.any(known, axis=0)
    answers = Answers(np.nan_to_num(table)[persons][:, items], known[persons][:, items].astype(np.float64))
    fit = _fit(answers, priors, n_nodes, tolerance, max_steps)
    return _spread(fit, persons, items)


def _fit(answers: Answers, priors: ItemPriors, n_nodes: int, tolerance: float, max_steps: int) -> ItemResponse:
    """Return the fit of persons and items that all have answers."""
    hits, counts = answers.right.sum(axis=0), answers.known.sum(axis=0)
    items = np.stack([np.ones(len(hits)), np.log(hits + 0.5) - np.log(counts - hits + 0.5)])
    abilities = steps.posterior(answers, items, np.zeros(len(answers.right)), n_nodes)
    change, n_steps = math.inf, 0
    while change > tolerance and n_steps < max_steps:
        stepped = steps.item_step(answers, items, abilities, priors)
        moved, mean, spread = steps.rescaled(stepped, abilities, priors)
        change, items, n_steps = float(np.abs(moved - items).max()), moved, n_steps + 1
        abilities = steps.posterior(answers, items, (abilities.means - mean) / spread, n_nodes)
    slopes, intercepts = items
    with np.errstate(divide="ignore", invalid="ignore"):
        difficulties = -intercepts / slopes
        steep, mixed, flat = steps.information(answers, items, abilities, priors)
        determinant = np.where((steep > 0) & (steep * flat > mixed**2), steep * flat - mixed**2, np.nan)
        variances = np.stack([flat, -mixed, steep]) / determinant
        gradient = difficulties**2, 2 * difficulties, 1.0
        squares = sum(g * v for g, v in zip(gradient, variances, strict=True)) / slopes**2
        errors = np.sqrt(variances[0]), np.sqrt(squares)
    return ItemResponse(
        abilities.means, abilities.spreads, slopes, errors[0], difficulties, errors[1], ratios(hits, counts),
        abilities.log_likelihood, int(counts.sum()), n_steps, change <= tolerance,
    )  # fmt: skip


def _spread(fit: ItemResponse, persons: Flags, items: Flags) -> ItemResponse:
    """Return the fit with NaN for persons and items that took no part."""

    def among(values: Floats, place: Flags) -> Floats:
        whole = np.full(len(place), np.nan)
        whole[place] = values
        return whole

    return ItemResponse(
        among(fit.abilities, persons), among(fit.ability_errors, persons), among(fit.discriminations, items),
        among(fit.discrimination_errors, items), among(fit.difficulties, items), among(fit.difficulty_errors, items),
        among(fit.shares_right, items), fit.log_likelihood, fit.n_answers, fit.n_steps, fit.has_converged,
    )  # fmt: skip
