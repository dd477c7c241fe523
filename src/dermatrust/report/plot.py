"""A small plot with two axes: grid, lines, points and their labels, placed in the units of the axes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dermatrust.report.svg import document, element

WIDTH = 360.0
HEIGHT = 268.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 48.0, 10.0, 42.0
_INSET = 8.0
_LABEL = 13.0
"""Least distance between the lines of two labels."""
_LARGEST_PX = 9.0


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis.

    Attributes:
        low: Value at the left or lower end.
        high: Value at the other end.
        ticks: Values with a grid line, and their text.
        title: What the axis shows.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    title: str

    def share(self, value: float) -> float:
        """Return where a value is between the ends, from 0 to 1; what lies outside is at the end."""
        return (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line with its text at the right end.

    Attributes:
        value: Where it is.
        text: Its label.
        css: Its class.
    """

    value: float
    text: str
    css: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Two axes, and what is drawn between them."""

    x: Scale
    y: Scale

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return the pixels of a point."""
        wide, high = WIDTH - _LEFT - _RIGHT - 2 * _INSET, HEIGHT - _TOP - _BOTTOM - 2 * _INSET
        return _LEFT + _INSET + wide * self.x.share(x), _TOP + _INSET + high * (1 - self.y.share(y))

    def frame(self) -> list[str]:
        """Draw the grid with its numbers and the titles of the axes."""
        parts = []
        bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
        for value, text in self.x.ticks:
            at, _ = self.place(value, self.y.low)
            parts.append(element("line", x1=at, y1=_TOP, x2=at, y2=bottom, class_="grid"))
            parts.append(element("text", text, x=at, y=bottom + 15, class_="sub", text_anchor="middle"))
        for value, text in self.y.ticks:
            _, at = self.place(self.x.low, value)
            parts.append(element("line", x1=_LEFT, y1=at, x2=right, y2=at, class_="grid"))
            parts.append(element("text", text, x=_LEFT - 6, y=at + 4, class_="sub", text_anchor="end"))
        middle = (_LEFT + right) / 2
        parts.append(element("text", self.x.title, x=middle, y=HEIGHT - 8, class_="sub", text_anchor="middle"))
        turned = f"rotate(-90 10 {(_TOP + bottom) / 2:g})"
        title = element(
            "text", self.y.title, x=10, y=(_TOP + bottom) / 2 + 3, class_="sub", text_anchor="middle", transform=turned
        )
        return [*parts, title]

    def points(self, xs: Sequence[float], ys: Sequence[float], counts: Sequence[int], css: str) -> list[str]:
        """Draw circles whose area grows with the count, the largest first so that none hides another."""
        most = max(counts, default=1)
        order = sorted(range(len(counts)), key=lambda k: -counts[k])
        parts = []
        for k in order:
            at_x, at_y = self.place(xs[k], ys[k])
            radius = max(1.6, _LARGEST_PX * math.sqrt(counts[k] / most) if most > 1 else 2.6)
            parts.append(f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="{radius:.1f}" class="{css}"/>')
        return parts

    def path(self, xs: Sequence[float], ys: Sequence[float], css: str) -> str:
        """Draw a line through points."""
        points = " ".join("{:.1f},{:.1f}".format(*self.place(x, y)) for x, y in zip(xs, ys, strict=True))
        return element("polyline", points=points, class_=css)

    def levels(self, lines: Sequence[Level]) -> list[str]:
        """Draw horizontal lines, the lowest first; labels stand right of them and move up where they would overlap."""
        right = WIDTH - _RIGHT
        known = sorted((line for line in lines if not math.isnan(line.value)), key=lambda line: line.value)
        parts, last = [], math.inf
        for line in known:
            _, at = self.place(self.x.low, line.value)
            parts.append(element("line", x1=_LEFT, y1=at, x2=right, y2=at, class_=line.css))
            if line.text:
                last = min(at + 4, last - _LABEL)
                parts.append(element("text", line.text, x=right + 4, y=last, class_="level"))
        return parts

    def note(self, text: str) -> str:
        """Write a text into the middle of the plot, for one that shows nothing."""
        at_x, at_y = self.place((self.x.low + self.x.high) / 2, (self.y.low + self.y.high) / 2)
        return element("text", text, x=at_x, y=at_y, class_="sub", text_anchor="middle")

    def figure(self, parts: Sequence[str], *, ident: str, title: str, desc: str) -> str:
        """Return the whole plot as inline SVG."""
        drawn = [*self.frame(), *parts]
        return document(drawn, ident=ident, title=title, desc=desc, width=WIDTH, height=HEIGHT, css="plot")


def percent_ticks() -> tuple[tuple[float, str], ...]:
    """Return ticks for shares from 0 to 1."""
    return tuple((k / 4, f"{25 * k} %") for k in range(5))
