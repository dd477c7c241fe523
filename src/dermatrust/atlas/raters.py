"""Simulated raters of known bias, noise, drift and missing ratings, and the agreement that follows from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import NormalDist

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, HIGHEST_SCORE, LOWEST_SCORE, Dimension, Rating, Unscored

_STANDARD_NORMAL = NormalDist()
_DECIMALS = 9
"""Noise is rounded to so many decimals: the last bits of a logarithm differ between mathematics libraries."""
_STEPS = (0.5, 1.0)


@dataclass(frozen=True, slots=True)
class SimulatedRater:
    """A rater who scores truth + bias - severity + drift + noise, rounded to a step and kept within 0-5.

    Attributes:
        name: The `rater` of its ratings.
        severity: Points it takes off every dimension; negative for a lenient rater.
        bias: Points it adds to single dimensions.
        noise: Standard deviation of its error, points; drawn anew for every score.
        drift: Points by which its scores have risen after 100 narratives; negative if they fall.
        session: After so many narratives it rests, and drift begins anew.
        missing: Chance that it leaves out a score, 0-1.
        step: Distance of two neighbouring scores it gives, 0.5 or 1.
    """

    name: str
    severity: float = 0.0
    bias: Mapping[Dimension, float] = field(default_factory=dict)
    noise: float = 0.0
    drift: float = 0.0
    session: int = 200
    missing: float = 0.0
    step: float = 0.5

    def __post_init__(self) -> None:
        """Refuse parameters that mean nothing.

        Raises:
            DataError: Noise is negative, a chance is not within 0-1, or step or session is none.
        """
        where = f"rater {self.name}"
        if not self.noise >= 0:
            raise DataError(where, f"noise is {self.noise}", "a standard deviation, 0 or more")
        if not 0 <= self.missing <= 1:
            raise DataError(where, f"missing is {self.missing}", "a chance from 0 to 1")
        if self.step not in _STEPS:
            raise DataError(where, f"step is {self.step}", "0.5 or 1")
        if self.session < 1:
            raise DataError(where, f"session is {self.session}", "a number of narratives, 1 or more")

    def offset(self, dimension: Dimension, index: int = 0) -> float:
        """Return by how much it is off on average, in points, at the narrative it rates as number `index` (from 0).

        Example:
            >>> SimulatedRater("r", severity=0.5, drift=0.2).offset(Dimension.SAFETY, index=150)
            -0.2
        """
        drifted = self.drift * (index % self.session) / 100
        return round(self.bias.get(dimension, 0.0) - self.severity + drifted, _DECIMALS)

    def latent(
        self, true_scores: Mapping[Dimension, float], index: int = 0, *, narrative_id: str, seed: int
    ) -> dict[Dimension, float]:
        """Return the scores before they are rounded, kept within 0-5, or left out.

        Args:
            true_scores: What the narrative deserves, for all six dimensions.
            index: How many narratives this rater has rated before.
            narrative_id: Seeds the noise together with `seed` and the rater's name, so that the order of calls and the
                other raters change nothing.
            seed: Of the panel.
        """
        noise, _ = self._chances(narrative_id, seed)
        return {
            dimension: true_scores[dimension] + self.offset(dimension, index) + self.noise * z
            for dimension, z in zip(DIMENSIONS, noise, strict=True)
        }

    def rate(self, true_scores: Mapping[Dimension, float], index: int = 0, *, narrative_id: str, seed: int) -> Rating:
        """Return the rating; arguments as for `latent`. A score left out is unscored, "not rated".

        Example:
            >>> rater = SimulatedRater("strict", severity=1)
            >>> rater.rate(dict.fromkeys(DIMENSIONS, 4.2), narrative_id="n1", seed=0).scores[Dimension.SAFETY]
            3.0
        """
        latent = self.latent(true_scores, index, narrative_id=narrative_id, seed=seed)
        _, places = self._chances(narrative_id, seed)
        given = {d for d, place in zip(DIMENSIONS, places, strict=True) if place >= self.missing}
        return Rating(
            narrative_id=narrative_id,
            rater=self.name,
            scores={d: self._on_scale(latent[d]) for d in DIMENSIONS if d in given},
            unscored={d: Unscored(reason="not rated") for d in DIMENSIONS if d not in given},
        )

    def _on_scale(self, score: float) -> float:
        """Round to the step, halves upwards, and keep within the scale."""
        steps = np.floor(round(score / self.step, _DECIMALS) + 0.5)
        return float(min(HIGHEST_SCORE, max(LOWEST_SCORE, steps * self.step)))

    def _chances(self, narrative_id: str, seed: int) -> tuple[list[float], list[float]]:
        """Return a standard normal number and a uniform one for each dimension."""
        words = (seed, *self.name.encode(), 2**16, *narrative_id.encode())
        uniform = Generator(PCG64(SeedSequence(words))).random(2 * len(DIMENSIONS)).tolist()
        normal = [round(_STANDARD_NORMAL.inv_cdf(max(u, 2.0**-53)), _DECIMALS) for u in uniform[: len(DIMENSIONS)]]
        return normal, uniform[len(DIMENSIONS) :]


PANEL = (
    SimulatedRater("atlas/rater-steady", noise=0.3, missing=0.01),
    SimulatedRater("atlas/rater-strict", severity=0.6, bias={Dimension.SAFETY: -0.3}, noise=0.5, missing=0.03),
    SimulatedRater(
        "atlas/rater-tiring", severity=-0.4, bias={Dimension.REASONING_COHERENCE: 0.3}, noise=0.8, drift=-0.3,
        missing=0.08, step=1.0,
    ),
)  # fmt: skip
"""Three raters: one near the truth, one strict and strictest on safety, one lenient, noisy and coarse who tires."""


@dataclass(frozen=True, slots=True)
class PanelAgreement:
    """The agreement that follows from the raters' parameters; see `panel_agreement`.

    Attributes:
        icc_2_1: ICC(2,1), absolute agreement of single ratings.
        icc_3_1: ICC(3,1), consistency of single ratings: the raters' own levels do not count.
        mean_squared_difference: Of two raters' scores of one narrative, averaged over all pairs of raters.
    """

    icc_2_1: float
    icc_3_1: float
    mean_squared_difference: float


def panel_agreement(
    raters: Sequence[SimulatedRater], dimension: Dimension, *, true_variance: float, n: int
) -> PanelAgreement:
    r"""Return the expected agreement of the raters' latent scores: before rounding, clipping and leaving out.

    Rater j gives narrative i the score x_ij = t_i + b_j + d_j p_ij + e_ij: truth of variance V, bias b_j less
    severity, drift d_j per narrative times the place p_ij in the session, and noise of variance s_j². With sessions of
    one length, k raters and n narratives, write S for the mean of s_j², P and Q for mean and sample variance of p over
    narratives, D for the mean of d_j, and var_j for the sample variance over raters. The expected mean squares of the
    two-way table are

        rows      MSR = k (V + D² Q) + S
        columns   MSC = n var_j(b_j + d_j P) + S
        residual  MSE = var_j(d_j) Q + S

    from which the two coefficients follow by their definitions, ICC(3,1) = (MSR - MSE) / (MSR + (k - 1) MSE) and
    ICC(2,1) = (MSR - MSE) / (MSR + (k - 1) MSE + k (MSC - MSE) / n). Without drift they are V / (V + S) and
    V / (V + var_j(b_j) + S).

    Args:
        raters: At least two.
        dimension: Biases differ between dimensions.
        true_variance: Variance of the true scores over narratives, points squared.
        n: Number of narratives each rater rates, in one order that has nothing to do with the truth; at least two.

    Raises:
        DataError: There are fewer than two raters or narratives, sessions differ, or nothing varies at all.

    Example:
        >>> pair = SimulatedRater("a", noise=0.5), SimulatedRater("b", severity=1, noise=0.5)
        >>> panel_agreement(pair, Dimension.SAFETY, true_variance=0.75, n=50)
        PanelAgreement(icc_2_1=0.5, icc_3_1=0.75, mean_squared_difference=1.5)

    Reference:
        McGraw & Wong (1996), Forming inferences about some intraclass correlation coefficients, Psychological Methods
        1, tables 3 and 4, https://doi.org/10.1037/1082-989X.1.1.30.
    """
    if len(raters) < 2 or n < 2:
        raise DataError("the panel", f"has {len(raters)} raters and {n} narratives", "at least two of each")
    if len({rater.session for rater in raters if rater.drift}) > 1:
        raise DataError("the panel", "has raters whose sessions differ in length", "one length for all who drift")
    session = next((rater.session for rater in raters if rater.drift), n)
    places = np.arange(n) % session
    spread = float(places.var(ddof=1))
    drift = np.array([rater.drift / 100 for rater in raters])
    level = np.array([rater.offset(dimension) for rater in raters]) + drift * places.mean()
    noise = np.array([rater.noise**2 for rater in raters])
    k = len(raters)
    rows = k * (true_variance + drift.mean() ** 2 * spread) + noise.mean()
    residual = drift.var(ddof=1) * spread + noise.mean()
    columns = n * level.var(ddof=1) + noise.mean()
    within = rows + (k - 1) * residual
    if within <= 0:
        raise DataError("the panel", "gives every narrative the same score", "truth, drift or noise that varies")
    pairs = [
        (level[a] - level[b]) ** 2 + (drift[a] - drift[b]) ** 2 * places.var() + noise[a] + noise[b]
        for a, b in combinations(range(k), 2)
    ]
    return PanelAgreement(
        icc_2_1=float((rows - residual) / (within + k * (columns - residual) / n)),
        icc_3_1=float((rows - residual) / within),
        mean_squared_difference=float(np.mean(pairs)),
    )
