"""What stated probabilities are worth, drawn: ROC with its operating points, decision curve, risk and coverage."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from dermatrust.clinic.abstention import StatedConfidence
from dermatrust.clinic.triage_results import BenefitCurve, StatedProbability, TriageCell
from dermatrust.report.plot import Level, Plot, Scale, percent_ticks
from dermatrust.report.views import plain_number, score_text

_FALSE = Scale(0.0, 1.0, percent_ticks(), "routine cases called urgent (false alarms)")
_TRUE = Scale(0.0, 1.0, percent_ticks(), "urgent cases called urgent")
_STATED = Scale(0.0, 1.0, percent_ticks(), "stated confidence")
_RIGHT = Scale(0.0, 1.0, percent_ticks(), "share right")
_COVERED = Scale(0.0, 1.0, percent_ticks(), "share of answers, most confident first")
_WRONG = Scale(0.0, 1.0, percent_ticks(), "share wrong")
_FEW = 10


def roc_plot(cell: TriageCell, found: StatedProbability, *, ident: str) -> Markup:
    """Return the curve, its diagonal, and the points: at a specificity, of Youden's index, and of the levels said."""
    plot = Plot(_FALSE, _TRUE)
    xs, ys = [1 - point.specificity for point in found.curve], [point.sensitivity for point in found.curve]
    parts = [plot.path([0.0, 1.0], [0.0, 1.0], "ideal"), plot.path(xs, ys, "curve")]
    for point, css in zip(found.points, ("bin few", "bin few"), strict=True):
        parts.append(_dot(plot, 1 - point.specificity, point.sensitivity, css))
    said = cell.measures["sensitivity"].value, cell.measures["specificity"].value
    if not any(map(math.isnan, said)):
        parts.append(_diamond(plot, 1 - said[1], said[0]))
    desc = f"area {score_text(found.area.value)}; levels said: sensitivity {said[0]:.2f}, specificity {said[1]:.2f}"
    return Markup(plot.figure(parts, ident=ident, title=f"{cell.model}: ROC curve", desc=desc))  # noqa: S704


def benefit_plot(model: str, curves: Sequence[tuple[str, BenefitCurve]], *, ident: str) -> Markup:
    """Return net benefit by threshold: of the model, of seeing everybody urgently, and of seeing nobody so."""
    first = curves[0][1]
    values = [x for _, one in curves for x in one.net_benefit if not math.isnan(x)]
    top = max([*values, *first.treat_all, 0.05])
    step = next(step for step in (0.05, 0.1, 0.2, 0.25) if 4 * step >= top)
    low = -step if min([0.0, *values]) < 0 else 0.0
    ticks = tuple((k * step, plain_number(100 * k * step)) for k in range(round(low / step), 5))
    most = max(first.thresholds)
    across = Scale(0.0, most, tuple((k / 10, f"{10 * k} %") for k in range(int(10 * most + 1e-9) + 1)), "threshold")
    plot = Plot(across, Scale(low, 4 * step, ticks, "net benefit per 100 cases"))
    everyone = [(x, y) for x, y in zip(first.thresholds, first.treat_all, strict=True) if y >= low]
    parts = [plot.path([x for x, _ in everyone], [y for _, y in everyone], "limit")]
    parts += plot.levels([Level(0.0, "none", "ideal")])
    for (_, one), css in zip(curves, ("curve", "named")[-len(curves) :], strict=True):
        inside = [(x, y) for x, y in zip(one.thresholds, one.net_benefit, strict=True) if not math.isnan(y)]
        parts.append(plot.path([x for x, _ in inside], [max(y, low) for _, y in inside], css))
    desc = "; ".join(f"{name}: {_points(one)}" for name, one in curves)
    return Markup(plot.figure(parts, ident=ident, title=f"{model}: decision curve", desc=desc))  # noqa: S704


def reliability_plot(model: str, found: StatedConfidence, *, ident: str) -> Markup:
    """Return stated confidence against the share right, one point a bin."""
    plot, filled = Plot(_STATED, _RIGHT), [one for one in found.bins if one[2]]
    xs, ys = [x for x, _, _ in filled], [y for _, y, _ in filled]
    parts = [plot.path([0.0, 1.0], [0.0, 1.0], "ideal"), plot.path(xs, ys, "curve")]
    parts += [_dot(plot, x, y, "bin" if n >= _FEW else "bin few") for x, y, n in filled]
    desc = "; ".join(f"{100 * x:.0f} % stated, {100 * y:.0f} % right, n {n}" for x, y, n in filled)
    return Markup(plot.figure(parts, ident=ident, title=f"{model}: confidence against being right", desc=desc))  # noqa: S704


def risk_plot(model: str, found: StatedConfidence, *, ident: str) -> Markup:
    """Return the share wrong among the most confident answers, for every share of all answers."""
    plot = Plot(_COVERED, _WRONG)
    parts = plot.levels([Level(found.area_by_chance, "chance", "limit")])
    if found.risk_at:
        parts.append(plot.path([x for x, _ in found.risk_at], [y for _, y in found.risk_at], "curve"))
    else:
        parts.append(plot.note("fewer than ten answers"))
    desc = f"area {score_text(found.area.value)}, by chance {score_text(found.area_by_chance)}"
    return Markup(plot.figure(parts, ident=ident, title=f"{model}: risk by coverage", desc=desc))  # noqa: S704


def _points(one: BenefitCurve) -> str:
    pairs = zip(one.thresholds, one.net_benefit, strict=True)
    return ", ".join(f"{100 * y:.1f} at {100 * x:g} %" for x, y in pairs)


def _dot(plot: Plot, x: float, y: float, css: str) -> str:
    at_x, at_y = plot.place(x, y)
    return f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="5" class="{css}"/>'


def _diamond(plot: Plot, x: float, y: float) -> str:
    at_x, at_y = plot.place(x, y)
    points = " ".join(f"{at_x + dx:.1f},{at_y + dy:.1f}" for dx, dy in ((0, -7), (7, 0), (0, 7), (-7, 0)))
    return f'<polygon points="{points}" class="dot mark1"/>'
