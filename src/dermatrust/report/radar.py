"""One model's six mean scores as a radar, an outline for every rater."""

import math
from collections.abc import Sequence

from dermatrust.bench.results import ModelRow
from dermatrust.records import DIMENSIONS, HIGHEST_SCORE
from dermatrust.report.intervals import N_MARKS
from dermatrust.report.svg import document, element, labelled, wrapped
from dermatrust.report.views import score_text

WIDTH, HEIGHT = 540.0, 400.0
_CENTRE = 270.0, 196.0
_RADIUS = 138.0
_LABEL_PX = 128.0
_LINE_PX = 15.0


def radar(rows: Sequence[ModelRow], *, ident: str = "radar") -> str:
    """Return the chart as inline SVG, or nothing where no rater scored any dimension.

    Args:
        rows: One model as each rater sees it. The first four raters are drawn: more outlines cannot be told apart.
        ident: Of the figure on its page.

    The area of an outline says nothing, since it depends on the order of the dimensions; the table beside it has the
    numbers and their intervals. A mean that is missing leaves a gap in the outline.
    """
    drawn = [row for row in rows if any(row.scores[d].n for d in DIMENSIONS)][:N_MARKS]
    if not drawn:
        return ""
    parts = [*_rings(), *_axes()]
    for mark, row in enumerate(drawn):
        parts += _outline(row, mark)
    parts += _legend([row.rater for row in drawn])
    height = HEIGHT + _LINE_PX * len(drawn) + 6
    desc = "; ".join(
        f"{row.rater}: " + ", ".join(f"{d.title} {score_text(row.scores[d].value)}" for d in DIMENSIONS)
        for row in drawn
    )
    title = f"{drawn[0].author}: mean scores from 0 to 5 on six dimensions"
    return document(parts, ident=ident, title=title, desc=desc, width=WIDTH, height=height, css="radar")


def _point(place: int, share: float) -> tuple[float, float]:
    """Return the pixel at a share of the radius on the axis of a dimension; the first points upwards."""
    angle = 2 * math.pi * place / len(DIMENSIONS) - math.pi / 2
    return _CENTRE[0] + _RADIUS * share * math.cos(angle), _CENTRE[1] + _RADIUS * share * math.sin(angle)


def _path(points: Sequence[tuple[float, float]], *, is_closed: bool) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + ("Z" if is_closed else "")


def _rings() -> list[str]:
    rings = []
    for score in range(1, int(HIGHEST_SCORE) + 1):
        corners = [_point(place, score / HIGHEST_SCORE) for place in range(len(DIMENSIONS))]
        rings.append(element("path", d=_path(corners, is_closed=True), class_="ring-line"))
        rings.append(element("text", str(score), x=_CENTRE[0] + 4, y=corners[0][1] + 12, class_="sub"))
    return rings


def _axes() -> list[str]:
    parts = []
    for place, dimension in enumerate(DIMENSIONS):
        x, y = _point(place, 1)
        parts.append(element("line", x1=_CENTRE[0], y1=_CENTRE[1], x2=x, y2=y, class_="grid"))
        x, y = _point(place, 1.09)
        lines = wrapped(dimension.title, _LABEL_PX, 2)
        side = x - _CENTRE[0]
        anchor = "middle" if abs(side) < 1 else "start" if side > 0 else "end"
        first = y - _LINE_PX * (len(lines) - 1) * (1 if place == 0 else 0 if place == 3 else 0.5) + 4
        parts += [
            element("text", line, x=x, y=first + _LINE_PX * k, text_anchor=anchor, class_="name")
            for k, line in enumerate(lines)
        ]
    return parts


def _outline(row: ModelRow, mark: int) -> list[str]:
    """Draw what is known: pieces between missing means, and a point on each mean."""
    means = [row.scores[d].value for d in DIMENSIONS]
    known = [not math.isnan(mean) for mean in means]
    points = [_point(place, mean / HIGHEST_SCORE) for place, mean in enumerate(means)]
    if all(known):
        paths = [element("path", d=_path(points, is_closed=True), class_=f"outline mark{mark}")]
    else:
        sides = [(k, (k + 1) % len(means)) for k in range(len(means))]
        paths = [
            element("path", d=_path([points[a], points[b]], is_closed=False), class_=f"outline mark{mark}")
            for a, b in sides
            if known[a] and known[b]
        ]
    dots = [
        element("circle", cx=x, cy=y, r=3.5, class_=f"dot mark{mark}")
        for (x, y), is_known in zip(points, known, strict=True)
        if is_known
    ]
    return paths + dots


def _legend(raters: Sequence[str]) -> list[str]:
    parts = []
    for mark, rater in enumerate(raters):
        y = HEIGHT + _LINE_PX * mark
        parts.append(element("line", x1=150, y1=y - 4, x2=178, y2=y - 4, class_=f"outline mark{mark}"))
        parts.append(element("circle", cx=164, cy=y - 4, r=3.5, class_=f"dot mark{mark}"))
        parts.append(labelled(rater, 330, x=186, y=y))
    return parts
