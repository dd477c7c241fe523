"""How sure a rater is and how often it is right, and its error where it is sure: two plots of stated probabilities."""

import math

from dermatrust.align.confidence import N_BINS, ConfidenceRow, Curves
from dermatrust.bench.text import counted
from dermatrust.records import Dimension
from dermatrust.report.plot import Level, Plot, Scale, percent_ticks
from dermatrust.report.views import plain_number, score_text

FEW = 10
"""Narratives of a bin below which its point is hollow."""
_STATED = Scale(0.0, 1.0, percent_ticks(), "stated probability")
_RIGHT = Scale(0.0, 1.0, percent_ticks(), "share right")
_COVERED = Scale(0.0, 1.0, percent_ticks(), "share of narratives, most confident first")
_STEPS = (0.1, 0.2, 0.25, 0.5, 1.0)


def reliability_plot(row: ConfidenceRow, curves: Curves, *, ident: str) -> str:
    """Return stated probabilities against shares that were right, one point a bin, as inline SVG."""
    plot, filled = Plot(_STATED, _RIGHT), [one for one in curves.bins if one[2]]
    xs, ys, counts = ([x for x, _, _ in filled], [y for _, y, _ in filled], [n for _, _, n in filled])
    parts = [plot.path([0.0, 1.0], [0.0, 1.0], "ideal"), plot.path(xs, ys, "curve")]
    most = max(counts, default=1)
    for x, y, n in zip(xs, ys, counts, strict=True):
        parts += [_bin(plot, x, y, n, most)]
    bins = "; ".join(f"{percent(x)} stated, {percent(y)} right, n {n}" for x, y, n in zip(xs, ys, counts, strict=True))
    title = f"{row.rater}, {_name(row)}: stated probability against share right"
    desc = f"{counted(sum(counts), 'narrative')} in {N_BINS} bins: {bins}"
    return plot.figure(parts, ident=ident, title=title, desc=desc)


def risk_plot(row: ConfidenceRow, curves: Curves, axis: Scale, *, ident: str) -> str:
    """Return the mean absolute error of the most confident share, for every share, as inline SVG."""
    plot, whole = Plot(_COVERED, axis), row.errors[-1]
    parts = [plot.levels([Level(whole.value, score_text(whole.value), "limit")])]
    if curves.coverage:
        parts += [[plot.path(curves.coverage, curves.risk, "curve")]]
    else:
        parts += [[plot.note("fewer than ten narratives")]]
    title = f"{row.rater}, {_name(row)}: error among the most confident"
    desc = (
        f"mean absolute error {score_text(row.errors[0].value)} on the most confident quarter, "
        f"{score_text(row.errors[1].value)} on the most confident half, {score_text(whole.value)} on all"
    )
    return plot.figure([part for some in parts for part in some], ident=ident, title=title, desc=desc)


def risk_axis(rows: list[ConfidenceRow]) -> Scale:
    """Return one axis from 0 that holds the errors of all plots of a rater."""
    most = max((risk for row in rows if row.curves is not None for risk in row.curves.risk), default=1.0)
    step = next((step for step in _STEPS if 5 * step >= most), _STEPS[-1])
    n = max(1, math.ceil(most / step - 1e-9))
    ticks = tuple((k * step, plain_number(k * step)) for k in range(n + 1))
    return Scale(0.0, n * step, ticks, "mean absolute error, points")


def percent(value: float) -> str:
    """Return a share as a whole percentage.

    Example:
        >>> percent(0.256), percent(float("nan"))
        ('26 %', '–')
    """
    return "–" if math.isnan(value) else f"{100 * value:.0f} %"


def _bin(plot: Plot, x: float, y: float, n: int, most: int) -> str:
    at_x, at_y = plot.place(x, y)
    radius = 2.5 + 5.5 * math.sqrt(n / most)
    css = "bin" if n >= FEW else "bin few"
    return f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="{radius:.1f}" class="{css}"/>'


def _name(row: ConfidenceRow) -> str:
    return Dimension(row.measure).title
