"""Is acting on the model worth more than seeing everybody urgently, or nobody? The decision curve and its table.

Each way to act stands beside seeing everybody of the same cases. Stated probabilities are often of fewer cases than the
levels named; everybody is then two lines.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dermatrust.bench.text import counted
from dermatrust.clinic.triage_results import BenefitCurve, TriageCell
from dermatrust.report.headline import Cell
from dermatrust.report.percent import signed_points
from dermatrust.report.plot import Level, Plot, Scale
from dermatrust.report.svg import element
from dermatrust.report.views import plain_number

_STEPS = (0.05, 0.1, 0.2, 0.25)
_MOST_STEPS = 8
_LABEL = 13.0
"""Least distance between the lines of two labels."""
_BEYOND_EDGE = 12.0


@dataclass(frozen=True, slots=True)
class WayToAct:
    """One line of a decision curve.

    Attributes:
        name: As the tables call it.
        short: As the drawing calls it.
        css: Its class there.
        curve: The cases that it is of, and what acting on it gains.
        is_everybody: Whether it is seeing everybody of these cases.
    """

    name: str
    short: str
    css: str
    curve: BenefitCurve
    is_everybody: bool = False

    @property
    def values(self) -> tuple[float, ...]:
        """Net benefit at every threshold."""
        return self.curve.treat_all if self.is_everybody else self.curve.net_benefit


def ways_to_act(cell: TriageCell) -> tuple[WayToAct, ...]:
    """Return by stated probability, where there is one, and by the level named, each before everybody of its cases.

    Both are followed by one "everybody" where they are of as many cases: answers that state a probability are among
    those that a level is read from, so that they are then the same.
    """
    ways = [WayToAct("by the level it names", "named", "named", cell.benefit)]
    if cell.probability is not None:
        ways.insert(0, WayToAct("by its stated probability", "stated", "curve", cell.probability.benefit))
    shown: list[WayToAct] = []
    for place, way in enumerate(ways):
        shown.append(way)
        if all(other.curve.n != way.curve.n for other in ways[place + 1 :]):
            n = way.curve.n
            name = f"seeing everybody of these {counted(n, 'case')}"
            shown.append(WayToAct(name, f"all {n:,}", "limit", way.curve, is_everybody=True))
    return tuple(shown)


def threshold_columns(ways: Sequence[WayToAct]) -> tuple[str, ...]:
    """Return the names of the columns of `threshold_lines`."""
    return tuple(
        name for way in ways for name in ([way.name] if way.is_everybody else [way.name, "gain over both rules"])
    )


def threshold_lines(ways: Sequence[WayToAct]) -> list[tuple[str, list[Cell]]]:
    """Return (threshold, net benefit per 100 cases of each way to act, and what a model gains), with intervals."""
    return [
        (f"{100 * threshold:g} %", [cell for way in ways for cell in _cells(way, k)])
        for k, threshold in enumerate(ways[0].curve.thresholds)
    ]


def benefit_plot(model: str, ways: Sequence[WayToAct], *, ident: str) -> Markup:
    """Return net benefit by threshold, on a scale that holds all of the model's curves; nobody is the line at 0.

    Only seeing everybody may leave the drawing, at its lower edge.
    """
    thresholds = ways[0].curve.thresholds
    low, ticks = _scale(ways)
    most = max(thresholds)
    across = Scale(0.0, most, tuple((k / 10, f"{10 * k} %") for k in range(int(10 * most + 1e-9) + 1)), "threshold")
    plot = Plot(across, Scale(low, ticks[-1][0], ticks, "net benefit per 100 cases"))
    parts, ends = plot.levels([Level(0.0, "", "ideal")]), [(most, 0.0, "none")]
    for way in ways:
        points = _above(tuple(zip(thresholds, way.values, strict=True)), low)
        if points:
            parts.append(plot.path([x for x, _ in points], [y for _, y in points], way.css))
            ends.append((*points[-1], way.short))
    desc = "; ".join(f"{way.name}: {_points(way)}" for way in ways)
    parts += _labels(plot, ends)
    return Markup(plot.figure(parts, ident=ident, title=f"{model}: decision curve", desc=desc))  # noqa: S704


def _scale(ways: Sequence[WayToAct]) -> tuple[float, tuple[tuple[float, str], ...]]:
    """Return the lower end and the ticks: whole steps around the model's curves, 0 and the start of everybody's."""
    values = [y for way in ways if not way.is_everybody for y in way.values if not math.isnan(y)]
    top = max([0.05, *values, *(y for way in ways for y in way.curve.treat_all if not math.isnan(y))])
    bottom = min([0.0, *values])
    fitting = (s for s in _STEPS if math.ceil(top / s - 1e-9) - math.floor(bottom / s + 1e-9) <= _MOST_STEPS)
    step = next(fitting, _STEPS[-1])
    first, last = math.floor(bottom / step + 1e-9), math.ceil(top / step - 1e-9)
    return first * step, tuple((k * step, plain_number(100 * k * step)) for k in range(first, last + 1))


def _above(points: Sequence[tuple[float, float]], low: float) -> list[tuple[float, float]]:
    """Return the points of a line down to where it first crosses the lower edge, and that crossing."""
    kept: list[tuple[float, float]] = []
    for x, y in points:
        if math.isnan(y):
            continue
        if y < low:
            if kept:
                last_x, last_y = kept[-1]
                kept.append((last_x + (x - last_x) * (last_y - low) / (last_y - y), low))
            break
        kept.append((x, y))
    return kept


def _labels(plot: Plot, ends: Sequence[tuple[float, float, str]]) -> list[str]:
    """Write the name of each line at its end, the lowest first; one that would overlap moves up."""
    edge, last, parts = plot.place(plot.x.high, plot.y.low)[0], math.inf, []
    for x, y, text in sorted(ends, key=lambda end: end[1]):
        at_x, at_y = plot.place(x, y)
        if at_x < edge:
            parts.append(element("text", text, x=at_x + 4, y=at_y - 4, class_="level"))
            continue
        last = min(at_y + 4, last - _LABEL)
        parts.append(element("text", text, x=edge + _BEYOND_EDGE, y=last, class_="level"))
    return parts


def _cells(way: WayToAct, k: int) -> list[Cell]:
    curve = way.curve
    if way.is_everybody:
        return [Cell(_per_hundred(way.values[k]), "")]
    return [
        _cell((curve.net_benefit[k], curve.low[k], curve.high[k]), _per_hundred),
        _cell((curve.gain[k], curve.gain_low[k], curve.gain_high[k]), signed_points),
    ]


def _cell(found: tuple[float, float, float], text: Callable[[float], str]) -> Cell:
    value, low, high = found
    return Cell(text(value), "" if math.isnan(low) else f"[{text(low)}, {text(high)}]")


def _per_hundred(value: float) -> str:
    return signed_points(value).removeprefix("+")


def _points(way: WayToAct) -> str:
    pairs = zip(way.curve.thresholds, way.values, strict=True)
    return ", ".join(f"{100 * y:.1f} at {100 * x:g} %" for x, y in pairs)
