"""Steps of the EM algorithm behind `item_response`: abilities given items, items given abilities, and their scale.

Items are written as slope * ability + intercept here, in which the log-likelihood has one maximum.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.hermite import hermgauss
from scipy.special import expit

from dermatrust.agreement.clusters import Floats

_BLOCK = 100_000
"""Probabilities held at once: few enough to stay in a processor's cache."""
_LONGEST_STEP = 1.0
"""Newton's method would overshoot from where the curve is flat."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Who got what right.

    Attributes:
        right: 1 for right, 0 for wrong or missing, shape (persons, items).
        known: 1 for answered, 0 for missing, same shape.
    """

    right: Floats
    known: Floats


@dataclass(frozen=True, slots=True)
class ItemPriors:
    """Normal distributions that slopes and intercepts are drawn towards.

    Attributes:
        slope: Mean and standard deviation of the slopes (discriminations).
        intercept: Mean and standard deviation of the intercepts: log odds of a right answer at ability 0.
    """

    slope: tuple[float, float] = (1.0, 0.5)
    intercept: tuple[float, float] = (0.0, 3.0)

    def __post_init__(self) -> None:
        """Refuse what is no normal distribution."""
        for name, (mean, spread) in (("slope", self.slope), ("intercept", self.intercept)):
            if not (np.isfinite(mean) and np.isfinite(spread) and spread > 0):
                raise ValueError(f"prior of the {name} is ({mean:g}, {spread:g}); expected a mean and a spread above 0")

    @property
    def means(self) -> Floats:
        """Means of slope and intercept."""
        return np.array([self.slope[0], self.intercept[0]])

    @property
    def precisions(self) -> Floats:
        """1 over the variances of slope and intercept."""
        return 1 / np.array([self.slope[1], self.intercept[1]]) ** 2


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """What is known of abilities, given the items.

    Attributes:
        nodes: Abilities at which each person's distribution is taken, shape (persons, nodes).
        weights: Their probabilities, same shape; 1 for each person in all.
        log_likelihood: Of all answers, abilities integrated out.
    """

    nodes: Floats
    weights: Floats
    log_likelihood: float

    @property
    def means(self) -> Floats:
        """Expected abilities, shape (persons,)."""
        means: Floats = (self.weights * self.nodes).sum(axis=1)
        return means

    @property
    def spreads(self) -> Floats:
        """Standard deviations of the abilities, shape (persons,)."""
        spreads: Floats = np.sqrt((self.weights * (self.nodes - self.means[:, np.newaxis]) ** 2).sum(axis=1))
        return spreads


def posterior(answers: Answers, items: Floats, start: Floats, n_nodes: int) -> Posterior:
    """Return each person's distribution of abilities, a standard normal one before the answers.

    Gauss-Hermite nodes stand around each person's own most likely ability, as wide apart as the answers leave it
    uncertain: with a thousand items that is far less than fixed nodes are apart, which would then all but one be empty.

    Args:
        answers: Who got what right.
        items: Slopes and intercepts, shape (2, items).
        start: Abilities to start the search from, shape (persons,).
        n_nodes: How many nodes a person has.

    Reference:
        Pinheiro & Bates (1995), J. Comput. Graph. Stat. 4(1):12-35, https://doi.org/10.1080/10618600.1995.10474663.
    """
    modes, scales = _modes(answers, items, start)
    points, masses = hermgauss(n_nodes)
    nodes = modes[:, np.newaxis] + np.sqrt(2) * scales[:, np.newaxis] * points
    logs = nodes * (answers.right @ items[0])[:, np.newaxis] + (answers.right @ items[1])[:, np.newaxis]
    for block in _blocks(nodes.size, items.shape[1]):
        odds = nodes[:, :, np.newaxis] * items[0, block] + items[1, block]
        softplus = np.maximum(odds, 0) + np.log1p(np.exp(-np.abs(odds)))
        logs -= np.einsum("pnj,pj->pn", softplus, answers.known[:, block])
    logs += points**2 + np.log(masses) - nodes**2 / 2 + np.log(scales)[:, np.newaxis] - np.log(np.pi) / 2
    most = logs.max(axis=1, keepdims=True)
    weights = np.exp(logs - most)
    total = weights.sum(axis=1, keepdims=True)
    return Posterior(nodes, weights / total, float((most + np.log(total)).sum()))


def item_step(answers: Answers, items: Floats, abilities: Posterior, priors: ItemPriors) -> Floats:
    """Return slopes and intercepts after one step of Newton's method towards the best ones for these abilities."""
    nodes, weights = abilities.nodes, abilities.weights
    gradient, curvature = np.empty_like(items), np.empty((3, items.shape[1]))
    powers = np.stack([weights, weights * nodes, weights * nodes**2])
    moments = powers.sum(axis=2)
    for block in _blocks(nodes.size, items.shape[1]):
        p = expit(nodes[:, :, np.newaxis] * items[0, block] + items[1, block])
        p *= answers.known[:, np.newaxis, block]
        right = moments[:2] @ answers.right[:, block]
        gradient[:, block] = (right - np.einsum("kpn,pnj->kj", powers[:2], p, optimize=True))[::-1]
        p *= 1 - p  # where nothing is known, p is 0 and stays so
        curvature[:, block] = np.einsum("kpn,pnj->kj", powers, p, optimize=True)
    gradient -= priors.precisions[:, np.newaxis] * (items - priors.means[:, np.newaxis])
    flat, mixed, steep = curvature
    steep, flat = steep + priors.precisions[0], flat + priors.precisions[1]
    step = np.stack([flat * gradient[0] - mixed * gradient[1], steep * gradient[1] - mixed * gradient[0]])
    moved: Floats = items + np.clip(step / (steep * flat - mixed**2), -_LONGEST_STEP, _LONGEST_STEP)
    return moved


def rescaled(items: Floats, abilities: Posterior, priors: ItemPriors) -> tuple[Floats, float, float]:
    """Return items on the scale on which abilities are standard normal, with the mean and spread they had before.

    Answers fix abilities only up to origin and unit, so that plain EM creeps along these two directions. Here the
    distribution of abilities is estimated too and then made standard normal again, against what the priors say of the
    items that result; the maximum is the same, and is reached in a few steps.

    Reference:
        Liu, Rubin & Wu (1998), Biometrika 85(4):755-770, https://doi.org/10.1093/biomet/85.4.755.
    """
    slopes, intercepts = items
    n, means = len(abilities.nodes), abilities.means
    first, second = priors.precisions
    (slope, intercept), mean, spread = priors.means, 0.0, 1.0
    for _ in range(5):
        squares = ((means - mean) ** 2 + abilities.spreads**2).sum()
        weight = first * (slopes**2).sum(), first * slope * slopes.sum()
        roots = np.roots([-weight[0], weight[1], -float(n), 0.0, squares])
        real = roots[(np.abs(roots.imag) < 1e-9) & (roots.real > 0)].real
        spread = float(real[np.argmin(np.abs(real - spread))])
        pull = second * (slopes * (intercept - intercepts)).sum()
        mean = float((means.sum() / spread**2 + pull) / (n / spread**2 + second * (slopes**2).sum()))
    return np.stack([slopes * spread, intercepts + slopes * mean]), mean, spread


def information(answers: Answers, items: Floats, abilities: Posterior, priors: ItemPriors) -> Floats:
    """Return the observed information on each item's slope and intercept, the other items held fixed.

    It is what would be known if abilities were, less what is lost because they are not.

    Returns:
        Shape (3, items): of the slope, of both, of the intercept.

    Reference:
        Louis (1982), J. R. Stat. Soc. B 44(2):226-233, https://doi.org/10.1111/j.2517-6161.1982.tb01203.x.
    """
    nodes, weights = abilities.nodes, abilities.weights
    found = np.empty((3, items.shape[1]))
    powers = [weights * nodes**2, weights * nodes, weights]
    for block in _blocks(nodes.size, items.shape[1]):
        p = expit(nodes[:, :, np.newaxis] * items[0, block] + items[1, block])
        known = answers.known[:, np.newaxis, block]
        rest = (answers.right[:, np.newaxis, block] - p) * known
        complete = p * (1 - p) * known - rest**2
        steep, flat = (np.einsum("pn,pnj->pj", power, rest) for power in powers[1:])
        means = np.stack([steep**2, steep * flat, flat**2]).sum(axis=1)
        found[:, block] = np.einsum("kpn,pnj->kj", np.stack(powers), complete, optimize=True) + means
    found[[0, 2]] += priors.precisions[:, np.newaxis]
    return found


def _modes(answers: Answers, items: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Return each person's most likely ability, and 1 over the root of the curvature there."""
    modes = start
    known_right = answers.right @ items[0]
    for _ in range(100):
        p = expit(modes[:, np.newaxis] * items[0] + items[1]) * answers.known
        curvature = (p * (1 - p)) @ items[0] ** 2 + 1
        step = np.clip((known_right - p @ items[0] - modes) / curvature, -_LONGEST_STEP, _LONGEST_STEP)
        modes = modes + step
        if np.abs(step).max(initial=0.0) < 1e-6:
            break
    return modes, 1 / np.sqrt(curvature)


def _blocks(n_nodes: int, n_items: int) -> Iterator[slice]:
    """Yield slices of the items, few enough for memory."""
    size = max(1, _BLOCK // max(n_nodes, 1))
    for start in range(0, n_items, size):
        yield slice(start, min(start + size, n_items))
