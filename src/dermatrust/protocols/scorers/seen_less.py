"""What a model loses from a clear to a degraded image of the same question, and whether its confidence knows.

Items are told by their tag "severity", from "L0", not degraded, to "L2"; those of one question share a group.

Reference: MedQ-Deg (2026), https://arxiv.org/abs/2603.07769.
"""

import numpy as np

from dermatrust.agreement.dunning_kruger import dunning_kruger
from dermatrust.agreement.interval import Estimate
from dermatrust.protocols.metrics import mean_of
from dermatrust.protocols.table import Floats, Metric, ScoreTable

SEVERITY = "severity"
LEVELS = "L0", "L1", "L2"
"""Severities; L0 is not degraded."""
SHIFT = "shift"
"""The part of a score that is the confidence less the accuracy."""


def at(level: str, metric: Metric) -> Metric:
    """Return a metric of one severity."""

    def of(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        return metric(table.where(one == level for one in table.tags.get(SEVERITY, [])), rng)

    return of


def drop(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Mean loss of accuracy from L0 to L2 of the same question."""
    pairs = _pairs(table, table.scores)
    return mean_of(np.array([first - last for first, last in pairs]), [str(k) for k in range(len(pairs))], rng,
                   is_share=False)  # fmt: skip


def sure_while_seeing_less(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """1 where accuracy falls from L0 to L2 while confidence exceeds it there no less, else 0; no interval."""
    scores, shifts = (np.array(_pairs(table, values)).reshape(-1, 2) for values in (table.scores, table.part(SHIFT)))
    if not len(scores) or len(scores) != len(shifts):
        return Estimate(float("nan"), float("nan"), float("nan"), 0, 0, 0)
    ratings = [(scores + shifts).T.ravel(), scores.T.ravel(), np.repeat([0.0, 1.0], len(scores))]
    found = dunning_kruger(np.clip(ratings, 0, 1), rng=rng, n_resamples=1)
    return Estimate(float(found.holds), float("nan"), float("nan"), len(scores), len(scores), 0)


def _pairs(table: ScoreTable, values: Floats) -> list[tuple[float, float]]:
    """Return the values at L0 and L2 of every question that has both."""
    levels = table.tags.get(SEVERITY, [])
    found: dict[str, dict[str, float]] = {}
    for group, level, value in zip(table.groups, levels, values.tolist(), strict=True):
        if not np.isnan(value):
            found.setdefault(group, {})[level] = value
    return [(one["L0"], one["L2"]) for one in found.values() if {"L0", "L2"} <= set(one)]
