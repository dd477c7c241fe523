"""The one chart form behind the score and the difference charts: a dot on its interval, one row per estimate."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dermatrust.report.svg import BOLD, document, element, labelled, text_width

WIDTH = 540.0
WIDE = 680.0
"""Of a chart that stands on a line of its own."""
_SIDE = 8.0
_LABELS = (118.0, 230.0)
"""Least and most room for labels."""
_VALUES = 186.0
"""Most room for values: the longest figure with its interval, "+100.0 [−100.0, +100.0]", is not cut."""
_GROUP_HEIGHT = 20.0
_ROW_HEIGHT = 19.0
_GAP = 7.0
_TOP = 6.0
_AXIS_HEIGHT = 24.0
N_MARKS = 4
"""How many marks can be told apart by shape; a fifth rater shares the first one's, and keeps its label."""


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """One row of the chart.

    Attributes:
        group: Printed above the rows that share it.
        label: Printed left of the row; empty where the group says all.
        value: Where the dot is; NaN draws none.
        low: Lower end of the bar; NaN draws none.
        high: Upper end.
        text: Printed right of the row.
        mark: Number of the mark's shape and colour.
    """

    group: str
    label: str
    value: float
    low: float
    high: float
    text: str
    mark: int = 0


@dataclass(frozen=True, slots=True)
class Axis:
    """The horizontal scale.

    Attributes:
        low: Value at the left end.
        high: Value at the right end.
        ticks: Values with a grid line, and the text below it.
        zero: Value with a stronger line, if any.
        ends: What the left and right end mean, if that needs saying.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    zero: float | None = None
    ends: tuple[str, str] | None = None


def interval_chart(
    rows: Sequence[IntervalRow], axis: Axis, *, ident: str, title: str, desc: str, width: float = WIDTH
) -> str:
    """Return the chart as inline SVG. Rows of one group must stand together; what labels leave is the scale's."""
    left = _SIDE + (_room([row.label for row in rows], *_LABELS) if any(row.label for row in rows) else 0.0)
    right = width - _room([row.text for row in rows], 0.0, _VALUES)
    body: list[str] = []
    bands: list[tuple[float, float]] = []
    y = _TOP
    for place, row in enumerate(rows):
        if place == 0 or row.group != rows[place - 1].group:
            y += _GAP if place else 0.0
            body.append(labelled(row.group, BOLD * (width - 2 * _SIDE), x=_SIDE, y=y + 13, class_="group"))
            y += _GROUP_HEIGHT
        body.extend(_row(row, axis, left, right, width, y + _ROW_HEIGHT / 2))
        if not math.isnan(row.value):
            bands.append((y, y + _ROW_HEIGHT))
        y += _ROW_HEIGHT
    bottom = y + 4
    bands.append((y, bottom))
    height = bottom + _AXIS_HEIGHT + (16 if axis.ends else 0)
    frame = _grid(axis, left, right, bands)
    css = "intervals broad" if width > WIDTH else "intervals"
    return document([*frame, *body], ident=ident, title=title, desc=desc, width=width, height=height, css=css)


def _room(texts: Sequence[str], least: float, most: float) -> float:
    """Return the room for the longest of some texts, with what keeps it from the scale."""
    return min(max(least, max(map(text_width, texts), default=0.0) + 24), most)


def _row(row: IntervalRow, axis: Axis, left: float, right: float, width: float, y: float) -> list[str]:
    css = f"mark{row.mark % N_MARKS}"
    parts = []
    if row.label:
        parts.append(labelled(row.label, left - _SIDE - 14, x=_SIDE, y=y + 4, class_="sub"))
    if math.isnan(row.value):
        parts.append(element("text", "no score", x=left + 6, y=y + 4, class_="sub"))
    else:
        if not (math.isnan(row.low) or math.isnan(row.high)):
            low, high = (_x(value, axis, left, right) for value in (row.low, row.high))
            parts.append(element("line", x1=low, y1=y, x2=high, y2=y, class_=f"bar {css}"))
        parts.append(_mark(row.mark % N_MARKS, _x(row.value, axis, left, right), y, css))
    parts.append(labelled(row.text, width - right - 14, x=width - _SIDE, y=y + 4, class_="value", text_anchor="end"))
    return parts


def _mark(shape: int, x: float, y: float, css: str) -> str:
    if shape == 0:
        return element("circle", cx=x, cy=y, r=5, class_=f"dot {css}")
    corners = {
        1: ((0, -6), (6, 0), (0, 6), (-6, 0)),
        2: ((-4.6, -4.6), (4.6, -4.6), (4.6, 4.6), (-4.6, 4.6)),
        3: ((0, -6), (5.6, 4.6), (-5.6, 4.6)),
    }[shape]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return element("polygon", points=points, class_=f"dot {css}")


def _grid(axis: Axis, left: float, right: float, bands: Sequence[tuple[float, float]]) -> list[str]:
    """Draw the scale behind the rows only, so that it strikes through no words; the last band carries the axis."""
    bottom = bands[-1][1]
    parts = []
    for value, text in axis.ticks:
        x = _x(value, axis, left, right)
        css = "zero" if value == axis.zero else "grid"
        parts += [element("line", x1=x, y1=low, x2=x, y2=high, class_=css) for low, high in _joined(bands)]
        parts.append(element("text", text, x=x, y=bottom + 15, class_="sub", text_anchor="middle"))
    if axis.ends:
        room = (right + 20 - _SIDE) / 2 - 4
        at = bottom + _AXIS_HEIGHT + 8
        parts.append(labelled(f"← {axis.ends[0]}", room, x=_SIDE, y=at, class_="sub"))
        parts.append(labelled(f"{axis.ends[1]} →", room, x=right + 20, y=at, class_="sub", text_anchor="end"))
    return parts


def _joined(bands: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the bands with those that touch made one."""
    joined: list[tuple[float, float]] = []
    for low, high in bands:
        if joined and joined[-1][1] == low:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return joined


def _x(value: float, axis: Axis, left: float, right: float) -> float:
    """Return the pixel of a value; what lies outside the axis is drawn at its end."""
    inset = 10.0
    share = (min(max(value, axis.low), axis.high) - axis.low) / (axis.high - axis.low)
    return left + inset + share * (right - left - 2 * inset)
