"""What people say of a sample, led back to the answers it was drawn from: the last rung of the ladder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.bootstrap import KeptDraws, percentile_intervals, resample_weights
from dermatrust.agreement.clusters import Floats, Ints, ratios
from dermatrust.agreement.interval import Estimate
from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.filled_sheets import KeyItem
from dermatrust.clinic.unvaried import with_width
from dermatrust.store.columns import Numbers

N_RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class SampleShare:
    """What one rater makes of one model in one arm.

    Attributes:
        rater: A person, a rung or the adjudicator.
        model: The model.
        arm: What it was told.
        image_arm: What it was shown.
        n: Answers of the sample that the rater decides.
        n_missing: Answers of the sample that the rater does not.
        hits: For each of `CUTS`, the share of the answers that name a diagnosis which name the truth so early: every
            answer of the sample counts for as many as it stands for. The interval is over cases.
    """

    rater: str
    model: str
    arm: str
    image_arm: str
    n: int
    n_missing: int
    hits: tuple[Estimate, ...]


def shares_by_rater(
    key: Sequence[KeyItem], raters: Mapping[str, Numbers], *, seed: int = 0, n_resamples: int = N_RESAMPLES,
    confidence: float = 0.95,
) -> tuple[SampleShare, ...]:  # fmt: skip
    """Return the shares of every model and arm of the sample, by every rater.

    Shares among the sample are not the study's, since it is drawn evenly from what the synonym rung says. Weighted by
    how many answers each stands for they estimate what the rater would say of all answers that name a diagnosis, as
    long as each kind of answer is in the sample.

    Args:
        key: The sample.
        raters: Rater to the rank at which each answer names the truth, 0 for nowhere; NaN where not decided, which
            counts for nothing.
        seed: Of the resampling.
        n_resamples: Bootstrap resamples over cases; the key does not tell which cases are of one patient.
        confidence: Nominal coverage of the intervals.

    Reference:
        Horvitz & Thompson (1952), J. Am. Stat. Assoc. 47(260):663-685, https://doi.org/10.1080/01621459.1952.10483446
        (the weights), over their sum as Hájek has it; intervals by resampling whole cases, Field & Welsh (2007),
        https://doi.org/10.1111/j.1467-9868.2007.00593.x.
    """
    weights = np.array([one.weight for one in key])
    _, case = np.unique([one.case for one in key], return_inverse=True)
    draws = KeptDraws(seed)
    found = []
    for place in sorted({one.about[1:] for one in key}):
        own = np.array([one.about[1:] == place for one in key])
        for rater, ranks in raters.items():
            decided = own & ~np.isnan(ranks)
            counts = np.where(decided, weights, 0.0)
            named = [(ranks > 0) & (ranks <= k) for k in CUTS]
            hits = tuple(_share(one, counts, case, draws, n_resamples, confidence) for one in named)
            model, arm, image_arm = place
            n, n_missing = int(decided.sum()), int((own & ~decided).sum())
            found.append(SampleShare(rater, model, arm, image_arm, n, n_missing, hits))
    return tuple(found)


def _share(
    hit: NDArray[np.bool_], weights: Floats, case: Ints, draws: KeptDraws, n_resamples: int, confidence: float
) -> Estimate:
    """Return the weighted share of hits among what has a weight, with an interval over cases."""
    n_cases = int(case.max()) + 1
    total, right = (np.bincount(case, one, minlength=n_cases) for one in (weights, weights * hit))
    resamples = np.concatenate(
        [ratios(drawn @ right, drawn @ total) for _, drawn in resample_weights(n_cases, n_resamples, draws)]
    )
    value = float(ratios(right.sum(), total.sum()))
    n_own = int((total > 0).sum())
    low, high, n_skipped = percentile_intervals(resamples[:, np.newaxis], confidence)
    found = Estimate(value, float(low[0]), float(high[0]), int((weights > 0).sum()), n_own, int(n_skipped[0]))
    return with_width(found, confidence=confidence)
