"""Where the lesions of a case lie in a photograph, and how large they are drawn."""

from dataclasses import dataclass
from math import cos, pi, sin, sqrt

import numpy as np

from dermatrust.atlas.facts import Findings
from dermatrust.atlas.skin import SIDE_PX
from dermatrust.atlas.vocabulary import Angle

NEAR_RADIUS_PX = {
    "Macule": 36, "Patch": 92, "Papule": 38, "Plaque": 94, "Nodule": 78, "Vesicle": 30, "Bulla": 74, "Pustule": 32,
    "Comedo": 26, "Wheal": 86, "Ulcer": 80,
}  # fmt: skip
"""Half of a solitary lesion's longest side in a near view. A photographer goes near enough to fill the frame."""
_CROWD = {"near": (0.52, 0.8), "oblique": (0.3, 0.52), "far": (0.17, 0.3)}
"""Share of that radius for large and for small lesions, where there are several or the view is wider."""
_MOST = {"near": 6, "oblique": 10, "far": 24}
_SMALL = 40
_ASPECT = {"Oval": 0.6, "Linear": 0.24}
MARGIN_PX = 3
"""Between a lesion's edge and the frame."""


@dataclass(frozen=True, slots=True)
class Place:
    """One lesion in a photograph, pixels: centre, half length, half width, and the turn of its long side."""

    x: float
    y: float
    rx: float
    ry: float
    turn_cos: float
    turn_sin: float

    @property
    def reach(self) -> float:
        """Distance from the centre that holds the whole lesion."""
        return max(self.rx, self.ry)


def place_lesions(
    findings: Findings,
    angle: Angle,
    region: tuple[float, float, float, float],
    rng: np.random.Generator,
    *,
    bottom_px: int = SIDE_PX,
) -> tuple[Place, ...]:
    """Return where the lesions lie, wholly inside the frame.

    Args:
        findings: Number, arrangement, shape and kind of the lesions.
        angle: Of the view. A near view shows at most six lesions of many, an oblique one ten.
        region: Ellipse of the body where they may lie: centre and half axes, pixels.
        rng: Draws the places.
        bottom_px: Lower edge of what is to be seen: a ruler hides what lies below.
    """
    n = min(findings.n_lesions, _MOST[angle])
    full = NEAR_RADIUS_PX[findings.primary]
    fills_frame = n == 1 and angle == "near"
    radius = full * (1.0 if fills_frame else _CROWD[angle][full <= _SMALL])
    if findings.shape == "Linear":
        radius *= 1.25
    cx, cy, half_width, half_height = region
    places = []
    for px, py in _points(findings.distribution, n, radius / min(half_width, half_height), rng):
        size = radius * (0.85 + 0.3 * rng.random()) if n > 1 else radius
        ry = size * _ASPECT.get(findings.shape, 1.0) * (0.8 if angle == "oblique" else 1.0)
        outside = max(1.0, sqrt(px * px + py * py))  # a corner of the square lies off the body
        low, right, bottom = size + MARGIN_PX, SIDE_PX - 1 - size - MARGIN_PX, bottom_px - 1 - size - MARGIN_PX
        x = min(max(cx + px / outside * half_width, low), right)
        y = min(max(cy + py / outside * half_height, low), bottom)
        turn = _exact(2 * pi * rng.random()) if findings.distribution != "Dermatomal" else 0.35
        places.append(Place(x, y, size, ry, _exact(cos(turn)), _exact(sin(turn))))
    return tuple(places)


def _exact(value: float) -> float:
    """Round to 1/65536, so that the last digit of a machine's sine does not matter."""
    return round(value * 65536) / 65536


def _points(distribution: str, n: int, reach: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Return n points of the square from -1 to 1, arranged as the distribution says."""

    def spread(half: float) -> float:
        return half * (2 * rng.random() - 1)

    if n == 1:
        return [(spread(0.12), spread(0.12))]
    if distribution == "Symmetrical":
        points: list[tuple[float, float]] = []
        while len(points) < n:
            x, y = 0.35 + 0.5 * rng.random(), spread(0.85)
            points += [(-x, y), (x, y)]
        return points if n % 2 == 0 else [*points[: n - 1], (0.0, points[n - 1][1])]
    if distribution == "Dermatomal":
        along = [0.02 + 0.96 * (k + 0.5 + spread(0.3)) / n for k in range(n)]
        return [(a, 0.35 * a - 0.2 + spread(0.13)) for a in along]
    if distribution == "Confluent":
        step = min(1.15 * reach, 0.5)
        wide = max(2, round(n**0.5))
        return [
            ((k % wide - (wide - 1) / 2 + spread(0.2)) * step, (k // wide - (n / wide - 1) / 2 + spread(0.2)) * step)
            for k in range(n)
        ]
    if distribution == "Grouped":
        x, y = spread(0.4), spread(0.4)
        return _apart(n, 0.34, 0.6 * reach, rng, x, y)
    half = {"Localised": 0.55, "Scattered": 0.92, "Generalised": 1.0}[distribution]
    return _apart(n, half, (2.2 if distribution != "Localised" else 1.5) * reach, rng)


def _apart(
    n: int, half: float, gap: float, rng: np.random.Generator, x: float = 0.0, y: float = 0.0
) -> list[tuple[float, float]]:
    """Draw points about a centre, each the farthest of a few tries from those before it until the gap is kept."""
    points: list[tuple[float, float]] = []
    for _ in range(n):
        best, best_gap = (x, y), -1.0
        for _ in range(6):
            a, b = x + half * (2 * rng.random() - 1), y + half * (2 * rng.random() - 1)
            nearest = min(((a - p) * (a - p) + (b - q) * (b - q) for p, q in points), default=9.0)
            if nearest > best_gap:
                best, best_gap = (a, b), nearest
            if nearest >= gap * gap:
                break
        points.append(best)
    return points
