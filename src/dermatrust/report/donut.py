"""The mix of categories: a donut of the eight largest and the rest, labelled directly."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dermatrust.bench.text import counted
from dermatrust.report.svg import BOLD, document, element, titled, wrapped
from dermatrust.report.views import share_text

WIDTH = 640.0
_LEAST_HEIGHT = 330.0
_OUTER = 104.0
_INNER = 64.0
_LABEL_AT = _OUTER + 34
_LABEL_WIDTH = BOLD * (WIDTH / 2 - _LABEL_AT - 12)
_LINE = 14.0
_MOST_LINES = 3
_GAP = 6.0
N_SLICES = 8


@dataclass(frozen=True, slots=True)
class Slice:
    """A named part of the whole; `css` is its colour class."""

    name: str
    n: int
    css: str


@dataclass(frozen=True, slots=True)
class _Label:
    """A slice's name in lines, and where round the ring its middle is, as a share of the whole."""

    part: Slice
    lines: tuple[str, ...]
    middle: float

    @property
    def is_right(self) -> bool:
        return self.middle < 0.5

    @property
    def height(self) -> float:
        return (len(self.lines) + 1) * _LINE


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
    """Return the donut as inline SVG, as high as its labels need; empty where nothing was counted."""
    parts = slices(counts)
    total = sum(part.n for part in parts)
    if not total:
        return ""
    ends = [0.0]
    for part in parts:
        ends.append(ends[-1] + part.n / total)
    labels = [
        _Label(part, wrapped(part.name, _LABEL_WIDTH, _MOST_LINES), (ends[place] + ends[place + 1]) / 2)
        for place, part in enumerate(parts)
    ]
    sides = [[label for label in labels if label.is_right == is_right] for is_right in (True, False)]
    height = max(_LEAST_HEIGHT, *(sum(label.height + _GAP for label in side) for side in sides))
    centre = height / 2
    drawn = [_arc(ends[place], ends[place + 1], part.css, centre) for place, part in enumerate(parts)]
    for side in sides:
        drawn += _side(side, total, height)
    drawn.append(element("text", f"{total:,}", x=WIDTH / 2, y=centre + 4, class_="total", text_anchor="middle"))
    noun = "case" if total == 1 else "cases"
    drawn.append(element("text", noun, x=WIDTH / 2, y=centre + 22, class_="sub", text_anchor="middle"))
    desc = "; ".join(f"{part.name}: {counted(part.n, 'case')}, {share_text(part.n, total)}" for part in parts)
    return document(drawn, ident="chart-categories", title=title, desc=desc, width=WIDTH, height=height, css="donut")


def _point(share: float, radius: float, centre: float) -> tuple[float, float]:
    angle = 2 * math.pi * share
    return WIDTH / 2 + radius * math.sin(angle), centre - radius * math.cos(angle)


def _arc(start: float, end: float, css: str, centre: float) -> str:
    if end - start > 0.9999:  # an arc from a point to itself is drawn as nothing
        middle = (_OUTER + _INNER) / 2
        return element("circle", cx=WIDTH / 2, cy=centre, r=middle, stroke_width=_OUTER - _INNER, class_=f"ring {css}")
    large = int(end - start > 0.5)
    ring = ((start, _OUTER), (end, _OUTER), (end, _INNER), (start, _INNER))
    a, b, c, d = (f"{x:.2f} {y:.2f}" for x, y in (_point(share, radius, centre) for share, radius in ring))
    path = f"M{a}A{_OUTER:g} {_OUTER:g} 0 {large} 1 {b}L{c}A{_INNER:g} {_INNER:g} 0 {large} 0 {d}Z"
    return element("path", d=path, class_=f"slice {css}")


def _side(labels: list[_Label], total: int, height: float) -> list[str]:
    """Draw the labels of one side, from the top down, moved apart so that none overlap and none leaves the picture."""
    centre = height / 2
    ordered = sorted(labels, key=lambda label: _point(label.middle, _OUTER, centre)[1])
    tops: list[float] = []
    least = 0.0
    for label in ordered:
        tops.append(max(least, _point(label.middle, _OUTER, centre)[1] - _LINE))
        least = tops[-1] + label.height + _GAP
    most = height
    for place in range(len(ordered) - 1, -1, -1):
        tops[place] = min(tops[place], most - ordered[place].height - _GAP)
        most = tops[place]
    drawn: list[str] = []
    for label, top in zip(ordered, tops, strict=True):
        drawn += _label(label, total, top + _LINE, centre)
    return drawn


def _label(label: _Label, total: int, y: float, centre: float) -> list[str]:
    sign = 1 if label.is_right else -1
    x0, y0 = _point(label.middle, _OUTER + 2, centre)
    x = WIDTH / 2 + sign * _LABEL_AT
    anchor = "start" if label.is_right else "end"
    lead = f"{x0:.1f},{y0:.1f} {x - sign * 14:.1f},{y - 4:.1f} {x - sign * 4:.1f},{y - 4:.1f}"
    drawn = [element("polyline", points=lead, class_="lead")]
    for number, line in enumerate(label.lines):
        text = element("text", line, x=x, y=y + number * _LINE, class_="name", text_anchor=anchor)
        drawn.append(titled(text, label.part.name, " ".join(label.lines)))
    count = f"{label.part.n:,} · {share_text(label.part.n, total)}"
    below = y + len(label.lines) * _LINE
    return [*drawn, element("text", count, x=x, y=below, class_="sub", text_anchor=anchor)]
