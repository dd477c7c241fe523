"""The mix of categories: a donut of the eight largest and the rest, labelled directly."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dermatrust.report.svg import BOLD, document, element, labelled
from dermatrust.report.views import plural, share_text

WIDTH = 640.0
HEIGHT = 330.0
_CENTRE = (WIDTH / 2, HEIGHT / 2)
_OUTER = 104.0
_INNER = 64.0
_LABEL_AT = _OUTER + 34
_LINE = 34.0
N_SLICES = 8


@dataclass(frozen=True, slots=True)
class Slice:
    """A named part of the whole; `css` is its colour class."""

    name: str
    n: int
    css: str


def slices(counts: Sequence[tuple[str, int]]) -> list[Slice]:
    """Return the eight largest and one slice for the rest; a rest of a single category keeps its name."""
    ordered = sorted(((name, n) for name, n in counts if n > 0), key=lambda item: (-item[1], item[0]))
    shown = [Slice(name, n, f"slice{i}") for i, (name, n) in enumerate(ordered[:N_SLICES])]
    rest = ordered[N_SLICES:]
    if len(rest) == 1:
        shown.append(Slice(rest[0][0], rest[0][1], "slice-rest"))
    elif rest:
        shown.append(Slice(f"other ({len(rest)} categories)", sum(n for _, n in rest), "slice-rest"))
    return shown


def donut(counts: Sequence[tuple[str, int]], *, title: str) -> str:
    """Return the donut as inline SVG; empty where nothing was counted."""
    parts = slices(counts)
    total = sum(part.n for part in parts)
    if not total:
        return ""
    drawn: list[str] = []
    middles: list[float] = []
    start = 0.0
    for part in parts:
        end = start + part.n / total
        drawn.append(_arc(start, end, part.css))
        middles.append((start + end) / 2)
        start = end
    drawn += _labels(parts, middles, total)
    x, y = _CENTRE
    drawn.append(element("text", f"{total:,}", x=x, y=y + 4, class_="total", text_anchor="middle"))
    drawn.append(element("text", "case" if total == 1 else "cases", x=x, y=y + 22, class_="sub", text_anchor="middle"))
    desc = "; ".join(f"{part.name}: {plural(part.n, 'case')}, {share_text(part.n, total)}" for part in parts)
    return document(drawn, ident="chart-categories", title=title, desc=desc, width=WIDTH, height=HEIGHT, css="donut")


def _point(share: float, radius: float) -> tuple[float, float]:
    angle = 2 * math.pi * share
    return _CENTRE[0] + radius * math.sin(angle), _CENTRE[1] - radius * math.cos(angle)


def _arc(start: float, end: float, css: str) -> str:
    if end - start > 0.9999:  # an arc from a point to itself is drawn as nothing
        middle = (_OUTER + _INNER) / 2
        x, y = _CENTRE
        return element("circle", cx=x, cy=y, r=middle, stroke_width=_OUTER - _INNER, class_=f"ring {css}")
    large = int(end - start > 0.5)
    corners = (_point(start, _OUTER), _point(end, _OUTER), _point(end, _INNER), _point(start, _INNER))
    a, b, c, d = (f"{x:.2f} {y:.2f}" for x, y in corners)
    path = f"M{a}A{_OUTER:g} {_OUTER:g} 0 {large} 1 {b}L{c}A{_INNER:g} {_INNER:g} 0 {large} 0 {d}Z"
    return element("path", d=path, class_=f"slice {css}")


def _labels(parts: list[Slice], middles: list[float], total: int) -> list[str]:
    drawn: list[str] = []
    for is_right in (True, False):
        side = [i for i, middle in enumerate(middles) if (middle < 0.5) == is_right]
        side.sort(key=lambda i: _point(middles[i], _OUTER)[1])
        heights = _spread([_point(middles[i], _OUTER)[1] for i in side])
        for i, y in zip(side, heights, strict=True):
            drawn += _label(parts[i], middles[i], total, y=y, is_right=is_right)
    return drawn


def _label(part: Slice, middle: float, total: int, *, y: float, is_right: bool) -> list[str]:
    sign = 1 if is_right else -1
    x0, y0 = _point(middle, _OUTER + 2)
    x = _CENTRE[0] + sign * _LABEL_AT
    width = WIDTH / 2 - _LABEL_AT - 12
    anchor = "start" if is_right else "end"
    lead = f"{x0:.1f},{y0:.1f} {x - sign * 14:.1f},{y:.1f} {x - sign * 4:.1f},{y:.1f}"
    count = f"{part.n:,} · {share_text(part.n, total)}"
    return [
        element("polyline", points=lead, class_="lead"),
        labelled(part.name, BOLD * width, x=x, y=y, class_="name", text_anchor=anchor),
        element("text", count, x=x, y=y + 14, class_="sub", text_anchor=anchor),
    ]


def _spread(wanted: list[float]) -> list[float]:
    """Return label heights as wanted, moved apart so that no two overlap and none leaves the picture."""
    lowest, highest = 14.0, HEIGHT - 20.0
    heights: list[float] = []
    for place, height in enumerate(wanted):
        least = lowest if not place else heights[-1] + _LINE
        heights.append(max(least, height))
    ceiling = highest
    for place in range(len(heights) - 1, -1, -1):
        heights[place] = min(heights[place], ceiling)
        ceiling = heights[place] - _LINE
    return heights
