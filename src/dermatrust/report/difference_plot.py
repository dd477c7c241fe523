"""Bland-Altman plots: by how much a rater and the target differ, along the scale."""

import math

from dermatrust.align.details import DimensionDetail
from dermatrust.bench.results import Estimate
from dermatrust.bench.text import counted
from dermatrust.records import HIGHEST_SCORE, LOWEST_SCORE
from dermatrust.report.plot import Level, Plot, Scale
from dermatrust.report.views import signed_text

_X = Scale(
    LOWEST_SCORE, HIGHEST_SCORE, tuple((float(k), str(k)) for k in range(int(HIGHEST_SCORE) + 1)),
    "mean of rater and target",
)  # fmt: skip


def difference_axis(details: list[DimensionDetail], limits: list[Estimate]) -> Scale:
    """Return one axis, symmetric about 0, that holds all differences and limits of a rater's plots."""
    ends = [abs(end) for detail in details for _, end, _ in detail.points]
    ends += [abs(limit.value) for limit in limits if not math.isnan(limit.value)]
    farthest = min(max(2, math.ceil(max(ends, default=0.0) - 1e-9)), 5)
    step = 1 if farthest < 4 else 2
    ticks = [k for k in range(-farthest, farthest + 1) if k % step == 0]
    return Scale(-farthest, farthest, tuple((float(k), _tick(k)) for k in ticks), "rater minus target, points")


def difference_plot(
    detail: DimensionDetail, axis: Scale, bias: Estimate, lower: Estimate, upper: Estimate, *, ident: str
) -> str:
    """Return one Bland-Altman plot as inline SVG."""
    plot = Plot(_X, axis)
    counts = [n for _, _, n in detail.points]
    means, differences = ([point[k] for point in detail.points] for k in range(2))
    drawn = plot.points(means, differences, counts, "pair")
    levels = [
        Level(0.0, "", "zero"),
        Level(bias.value, signed_text(bias.value), "bias"),
        Level(lower.value, signed_text(lower.value), "limit"),
        Level(upper.value, signed_text(upper.value), "limit"),
    ]
    title = f"{detail.rater} minus target, {detail.dimension.title}"
    desc = (
        f"{counted(sum(counts), 'narrative')}, {counted(len(counts), 'point')}; bias {signed_text(bias.value)}, "
        f"limits of agreement {signed_text(lower.value)} to {signed_text(upper.value)}"
    )
    parts = [*drawn, *plot.levels(levels)] if counts else [plot.note("no narrative has both scores")]
    return plot.figure(parts, ident=ident, title=title, desc=desc)


def _tick(value: int) -> str:
    return f"+{value}" if value > 0 else f"−{-value}" if value else "0"
