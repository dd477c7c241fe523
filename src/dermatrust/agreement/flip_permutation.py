"""Does an attack on an item flip the answer more than control changes of the same item do? A permutation test each."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import hypergeom

from dermatrust.agreement.clusters import Floats, Ints, ratios

Unit = Literal["change", "draw"]
_TIE = 1e-9
"""Mean effects closer than this are equal: the same draws were added up in another order."""


@dataclass(frozen=True, slots=True, eq=False)
class FlipTest:
    """The test of every attack; every array has shape (attacks,).

    Attributes:
        p: One-sided p-value: how often a change picked at random from attack and controls has an effect at least as
            large. NaN without an effect of the attack, or without controls.
        effects: Mean effect of the attack over its draws.
        control_effects: Mean effect of its controls.
        n_controls: Controls with a known effect.
        least_p: The smallest p-value that so many controls, or draws, allow. With 10 controls it is 1 / 11: no attack
            can then be told from chance at 0.05.
    """

    p: Floats
    effects: Floats
    control_effects: Floats
    n_controls: Ints
    least_p: Floats


def flip_permutation(attacks: ArrayLike, controls: ArrayLike, *, unit: Unit = "change") -> FlipTest:
    """Compare the effect of every attack with that of control changes, which alter what has no bearing on the answer.

    If the attack is no more than one more change, each of the changes of an item is as likely as any other to have the
    largest effect. The p-value is the share of changes, the attack included, with an effect at least as large as the
    attack's; equal effects count against it. It is exact; many attacks call for the adjustments of
    `multiplicity`.

    Args:
        attacks: Effect of each attack, shape (attacks,) or (attacks, draws) if the model was asked repeatedly: 1 where
            the answer flipped from right to wrong and 0 where not, or any number that is larger the more it succeeded,
            such as 1 less the probability of the right option. Items that were wrong before have nothing to flip and
            should be left out. NaN marks a missing draw.
        controls: The same of the controls of each attack, shape (attacks, controls) or (attacks, controls, draws); NaN
            where an attack has fewer.
        unit: What is exchanged: "change", whole changes with the mean of their draws; or "draw", single draws of 0 or
            1, the controls' pooled (Fisher's exact test), which takes draws of one text for independent of each other
            and all controls for alike, and so finds more.

    Returns:
        One test an attack.

    Raises:
        ValueError: The shapes do not fit, or with unit "draw" an effect is neither 0 nor 1.

    Example:
        >>> flip_permutation([1, 0], [[0, 0, 0, 0], [0, 0, 1, 0]]).p.tolist()
        [0.2, 1.0]

    Reference:
        MedFuzz, https://arxiv.org/abs/2406.06573, for the comparison with control changes; its test statistic and how
        many controls there are have not been found published, hence `unit`. The p-value: Phipson & Smyth (2010), Stat.
        Appl. Genet. Mol. Biol. 9(1):39, https://doi.org/10.2202/1544-6115.1585.
    """
    attack, control = np.asarray(attacks, dtype=np.float64), np.asarray(controls, dtype=np.float64)
    if attack.ndim not in {1, 2} or control.ndim != attack.ndim + 1 or len(control) != len(attack):
        raise ValueError(
            f"attacks of shape {attack.shape} do not fit controls of shape {control.shape}; "
            "expected (attacks,) and (attacks, controls), or one axis more in both"
        )
    if attack.ndim == 1:
        attack, control = attack[:, np.newaxis], control[:, :, np.newaxis]
    effects, means = _means(attack), _means(control)
    n_controls = (~np.isnan(means)).sum(axis=1)
    if unit == "draw":
        p, least = _by_draw(attack, control.reshape(len(control), -1))
    else:
        at_least = (means >= (effects - _TIE)[:, np.newaxis]).sum(axis=1)
        p, least = (1 + at_least) / (1 + n_controls), 1 / (1 + n_controls)
    usable = ~np.isnan(effects) & (n_controls > 0)
    p, least = np.where(usable, p, np.nan), np.where(usable, least, np.nan)
    return FlipTest(p, effects, _means(means), n_controls.astype(np.int64), least)


def _means(values: Floats) -> Floats:
    """Return means over the last axis of what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    return ratios(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1).astype(np.float64))


def _by_draw(attack: Floats, control: Floats) -> tuple[Floats, Floats]:
    """Return Fisher's one-sided p-values of flips in the attack's draws against the controls', and the least ones."""
    for values in (attack, control):
        wrong = ~np.isnan(values) & (values != 0) & (values != 1)
        if wrong.any():
            raise ValueError(f"effect is {values[wrong][0]:g}; expected 0 or 1 where draws are exchanged")
    flips, n_flips = np.nansum(attack, axis=1), np.nansum(attack, axis=1) + np.nansum(control, axis=1)
    n_own = (~np.isnan(attack)).sum(axis=1)
    n_all = n_own + (~np.isnan(control)).sum(axis=1)
    p = hypergeom.sf(flips - 1, n_all, n_flips, n_own)
    return p, hypergeom.pmf(n_own, n_all, n_own, n_own)
