"""What stated probabilities are worth, drawn: ROC with its operating points, risk and coverage."""

import math

from markupsafe import Markup

from dermatrust.clinic.abstention import StatedConfidence
from dermatrust.clinic.triage_results import StatedProbability, TriageCell
from dermatrust.report.plot import Level, Plot, Scale, percent_ticks
from dermatrust.report.views import score_text

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
    parts = plot.levels([Level(found.area_by_chance, "chance", "ideal")])
    if found.risk_at:
        parts.append(plot.path([x for x, _ in found.risk_at], [y for _, y in found.risk_at], "curve"))
        parts += [_dot(plot, *found.risk_at[place], "bin") for place in (0, -1)]  # seen even where it is a level line
    else:
        parts.append(plot.note("fewer than ten answers"))
    desc = f"area {score_text(found.area.value)}, by chance {score_text(found.area_by_chance)}"
    return Markup(plot.figure(parts, ident=ident, title=f"{model}: risk by coverage", desc=desc))  # noqa: S704


def _dot(plot: Plot, x: float, y: float, css: str) -> str:
    at_x, at_y = plot.place(x, y)
    return f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="5" class="{css}"/>'


def _diamond(plot: Plot, x: float, y: float) -> str:
    at_x, at_y = plot.place(x, y)
    points = " ".join(f"{at_x + dx:.1f},{at_y + dy:.1f}" for dx, dy in ((0, -7), (7, 0), (0, 7), (-7, 0)))
    return f'<polygon points="{points}" class="dot mark1"/>'
