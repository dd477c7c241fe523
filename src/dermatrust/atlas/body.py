"""Body sites: a silhouette with its anatomy, shaded, and the region where lesions may lie, from three distances.

Sites are drawn in a unit square and looked at through a frame: the far view shows all of it, the oblique view comes
nearer and squashes the height, the near view shows the middle of the region alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from dermatrust.atlas.skin import SIDE_PX, blurred, smooth_noise
from dermatrust.atlas.vocabulary import Angle

Floats = NDArray[np.float32]
Points = list[tuple[float, float]]

BACKDROP = (70, 92, 110)
"""Cloth behind the body, red, green, blue."""
_SCALE = 2
_ZOOM: dict[Angle, tuple[float, float]] = {"far": (1.0, 1.0), "oblique": (1.7, 1.3), "near": (4.2, 4.2)}
"""How many times nearer than the far view, across and down."""


@dataclass(frozen=True, slots=True)
class Body:
    """One site from one distance, at SIDE_PX.

    Attributes:
        skin: How much of each pixel is skin, 0 to 1.
        shade: Brightness of the skin, about 0.5 to 1.1.
        behind: What shows where there is no skin, shape (SIDE_PX, SIDE_PX, 3), weighted by 1 - skin.
        hair: How densely hair grows, 0 to 1.
        blush: How much of a pixel is lip, 0 to 1.
        plate: How much of a pixel is nail plate, 0 to 1.
        region: Ellipse where lesions may lie: centre x, centre y, half width, half height, pixels.
    """

    skin: Floats
    shade: Floats
    behind: Floats
    hair: Floats
    blush: Floats
    plate: Floats
    region: tuple[float, float, float, float]


class _Sketch:
    """Draws in the unit square, through the frame of a view, at twice the size."""

    def __init__(self, centre: tuple[float, float], zoom: tuple[float, float]) -> None:
        self._centre, self._zoom = centre, zoom
        self._layers = {
            name: Image.new("L", (_SCALE * SIDE_PX,) * 2) for name in ("skin", "line", "hair", "lip", "nail")
        }

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the unit square lies, in pixels of the photograph."""
        (cx, cy), (zx, zy) = self._centre, self._zoom
        shift = (0.5, 0.5) if self._zoom[0] > 1 else (cx, cy)
        return ((x - cx) * zx + shift[0]) * SIDE_PX, ((y - cy) * zy + shift[1]) * SIDE_PX

    def _big(self, points: Points) -> Points:
        return [(round(_SCALE * a), round(_SCALE * b)) for a, b in (self.point(x, y) for x, y in points)]

    def shape(self, points: Points, layer: str = "skin", fill: int = 255) -> None:
        ImageDraw.Draw(self._layers[layer]).polygon(self._big(points), fill=fill)

    def oval(self, x: float, y: float, rx: float, ry: float, layer: str = "skin", fill: int = 255) -> None:
        corners = self._big([(x - rx, y - ry), (x + rx, y + ry)])
        ImageDraw.Draw(self._layers[layer]).ellipse([*corners[0], *corners[1]], fill=fill)

    def limb(self, a: tuple[float, float, float], b: tuple[float, float, float]) -> None:
        """Draw a rounded limb between two joints, each x, y and half width."""
        (ax, ay, ar), (bx, by, br) = a, b
        self.oval(ax, ay, ar, ar)
        self.oval(bx, by, br, br)
        across = abs(by - ay) >= abs(bx - ax)
        side: Points = [(ax - ar, ay), (ax + ar, ay), (bx + br, by), (bx - br, by)]
        level: Points = [(ax, ay - ar), (ax, ay + ar), (bx, by + br), (bx, by - br)]
        self.shape(side if across else level)

    def line(self, points: Points, width: float = 0.008, fill: int = 120) -> None:
        pixels = max(2, round(width * _SCALE * SIDE_PX * min(self._zoom[0], 2.0)))
        ImageDraw.Draw(self._layers["line"]).line(self._big(points), fill=fill, width=pixels, joint="curve")

    def ring(self, x: float, y: float, rx: float, ry: float, fill: int = 110) -> None:
        corners = self._big([(x - rx, y - ry), (x + rx, y + ry)])
        width = max(2, round(0.006 * _SCALE * SIDE_PX * self._zoom[0]))
        ImageDraw.Draw(self._layers["line"]).ellipse([*corners[0], *corners[1]], outline=fill, width=width)

    def layer(self, name: str, soft_px: float = 0.8) -> Floats:
        return blurred(self._layers[name].reduce(_SCALE), soft_px)

    def shade(self) -> Floats:
        """Darken towards the silhouette, as round bodies do, and along drawn lines."""
        wide = self._layers["skin"].reduce(_SCALE).filter(ImageFilter.GaussianBlur(22))
        roundness = np.asarray(wide, dtype=np.float32) / np.float32(255)
        drawn = np.float32(0.4 if self._zoom[0] < 3 else 0.22) * self.layer("line", 1.2 * self._zoom[0])
        return np.float32(0.5) + np.float32(0.46) * roundness - drawn


def _hand(s: _Sketch) -> None:
    s.limb((0.5, 0.98, 0.13), (0.5, 0.72, 0.17))
    s.shape([(0.32, 0.78), (0.30, 0.5), (0.70, 0.5), (0.69, 0.78)])
    for x, top in ((0.35, 0.2), (0.45, 0.11), (0.555, 0.13), (0.655, 0.22)):
        s.limb((x, 0.55, 0.052), (x, top, 0.042))
    s.limb((0.32, 0.74, 0.06), (0.16, 0.5, 0.045))


def _foot(s: _Sketch) -> None:
    s.shape([(0.36, 0.98), (0.33, 0.55), (0.28, 0.3), (0.72, 0.3), (0.68, 0.55), (0.62, 0.98)])
    for x, r in ((0.34, 0.075), (0.46, 0.055), (0.55, 0.05), (0.63, 0.046), (0.695, 0.04)):
        s.oval(x, 0.27 + (x - 0.34) * 0.22, r, r * 1.4)


def _torso(s: _Sketch) -> None:
    s.shape(
        [(0.12, 0.0), (0.88, 0.0), (0.84, 0.45), (0.78, 0.72), (0.84, 1.0), (0.16, 1.0), (0.22, 0.72), (0.16, 0.45)]
    )


def _scalp(s: _Sketch) -> None:
    s.oval(0.5, 0.52, 0.4, 0.47)
    s.oval(0.5, 0.42, 0.41, 0.42, "hair", 235)
    for x in (0.09, 0.91):
        s.oval(x, 0.62, 0.05, 0.1)


def _face(s: _Sketch) -> None:
    s.limb((0.5, 0.98, 0.17), (0.5, 0.85, 0.17))
    s.oval(0.5, 0.5, 0.36, 0.46)
    s.oval(0.5, 0.1, 0.34, 0.13, "hair", 235)
    for x in (0.36, 0.64):
        s.line([(x - 0.07, 0.38), (x, 0.355), (x + 0.07, 0.38)], 0.018, 190)
        s.oval(x, 0.43, 0.055, 0.022, "line", 200)
    s.line([(0.5, 0.42), (0.455, 0.6), (0.545, 0.6)], 0.01, 110)
    s.oval(0.5, 0.74, 0.11, 0.03, "lip", 210)
    s.line([(0.39, 0.74), (0.61, 0.74)], 0.008, 150)


def _lip(s: _Sketch) -> None:
    s.shape([(0, 0), (1, 0), (1, 1), (0, 1)])
    s.shape([(0.14, 0.5), (0.38, 0.35), (0.5, 0.39), (0.62, 0.35), (0.86, 0.5), (0.62, 0.68), (0.38, 0.68)], "lip", 235)
    s.line([(0.14, 0.5), (0.5, 0.515), (0.86, 0.5)], 0.014, 220)
    s.line([(0.46, 0.08), (0.46, 0.3)], 0.008, 60)
    s.line([(0.54, 0.08), (0.54, 0.3)], 0.008, 60)


def _neck(s: _Sketch) -> None:
    s.oval(0.5, 0.02, 0.3, 0.25)
    s.shape([(0.31, 0.1), (0.69, 0.1), (0.72, 0.72), (1.0, 0.9), (1.0, 1.0), (0.0, 1.0), (0.0, 0.9), (0.28, 0.72)])
    s.line([(0.28, 0.16), (0.5, 0.27), (0.72, 0.16)], 0.012, 130)
    s.line([(0.36, 0.88), (0.47, 0.8)], 0.012, 90)
    s.line([(0.64, 0.88), (0.53, 0.8)], 0.012, 90)


def _chest(s: _Sketch) -> None:
    _torso(s)
    s.line([(0.14, 0.12), (0.47, 0.17)], 0.014, 110)
    s.line([(0.86, 0.12), (0.53, 0.17)], 0.014, 110)
    s.line([(0.5, 0.2), (0.5, 0.7)], 0.01, 60)
    s.line([(0.24, 0.62), (0.34, 0.68), (0.47, 0.64)], 0.01, 70)
    s.line([(0.76, 0.62), (0.66, 0.68), (0.53, 0.64)], 0.01, 70)


def _back(s: _Sketch) -> None:
    _torso(s)
    s.line([(0.5, 0.0), (0.5, 1.0)], 0.014, 120)
    s.line([(0.26, 0.14), (0.4, 0.3), (0.3, 0.44)], 0.012, 90)
    s.line([(0.74, 0.14), (0.6, 0.3), (0.7, 0.44)], 0.012, 90)


def _abdomen(s: _Sketch) -> None:
    _torso(s)
    s.oval(0.5, 0.58, 0.022, 0.032, "line", 210)
    s.line([(0.3, 0.05), (0.5, 0.16), (0.7, 0.05)], 0.012, 90)


def _buttock(s: _Sketch) -> None:
    s.shape([(0.2, 0.0), (0.8, 0.0), (0.9, 0.35), (0.9, 0.75), (0.86, 1.0), (0.14, 1.0), (0.1, 0.75), (0.1, 0.35)])
    s.line([(0.5, 0.3), (0.5, 0.86)], 0.016, 200)
    s.line([(0.14, 0.8), (0.3, 0.88), (0.49, 0.84)], 0.012, 140)
    s.line([(0.86, 0.8), (0.7, 0.88), (0.51, 0.84)], 0.012, 140)


def _arm(s: _Sketch) -> None:
    s.oval(0.52, 0.16, 0.24, 0.2)
    s.limb((0.52, 0.2, 0.2), (0.5, 0.98, 0.15))


def _elbow(s: _Sketch) -> None:
    s.limb((0.5, 0.0, 0.15), (0.5, 0.56, 0.16))
    s.limb((0.5, 0.56, 0.16), (1.0, 0.8, 0.12))
    for x in (0.42, 0.47):
        s.line([(x, 0.5), (x + 0.03, 0.58), (x, 0.66)], 0.008, 90)


def _forearm(s: _Sketch) -> None:
    s.limb((0.16, 0.16, 0.2), (0.82, 0.82, 0.1))
    s.shape([(0.05, 0.3), (0.3, 0.04), (0.9, 0.75), (0.75, 0.9)])


def _hand_back(s: _Sketch) -> None:
    _hand(s)
    for x, y in ((0.35, 0.52), (0.45, 0.49), (0.555, 0.49), (0.655, 0.53)):
        s.line([(x - 0.025, y), (x + 0.025, y)], 0.01, 110)
        s.line([(x, y + 0.04), (0.5 + (x - 0.5) * 0.5, 0.75)], 0.008, 45)
    for x, y in ((0.35, 0.18), (0.45, 0.09), (0.555, 0.11), (0.655, 0.2)):
        s.oval(x, y, 0.026, 0.034, "nail", 230)


def _palm(s: _Sketch) -> None:
    _hand(s)
    s.line([(0.33, 0.62), (0.45, 0.64), (0.58, 0.76), (0.55, 0.86)], 0.01, 150)
    s.line([(0.33, 0.58), (0.5, 0.6), (0.66, 0.68)], 0.01, 150)
    s.line([(0.42, 0.56), (0.55, 0.55), (0.68, 0.6)], 0.01, 150)
    for x in (0.35, 0.45, 0.555, 0.655):
        s.line([(x - 0.04, 0.38), (x + 0.04, 0.38)], 0.007, 120)


def _finger(s: _Sketch) -> None:
    s.limb((0.5, 1.0, 0.2), (0.5, 0.24, 0.15))
    for y in (0.45, 0.78):
        for step in (-0.02, 0.0, 0.02):
            s.line([(0.38, y + step), (0.5, y + step * 1.6), (0.62, y + step)], 0.007, 120)
    s.oval(0.5, 0.2, 0.085, 0.1, "nail", 230)


def _nail(s: _Sketch) -> None:
    s.limb((0.5, 1.0, 0.4), (0.5, 0.4, 0.34))
    s.oval(0.5, 0.42, 0.23, 0.31, "nail", 245)
    s.ring(0.5, 0.42, 0.24, 0.32, 170)
    s.line([(0.27, 0.68), (0.5, 0.78), (0.73, 0.68)], 0.014, 120)


def _thigh(s: _Sketch) -> None:
    s.limb((0.46, 0.0, 0.34), (0.52, 1.0, 0.22))


def _knee(s: _Sketch) -> None:
    s.limb((0.5, 0.0, 0.27), (0.5, 0.5, 0.23))
    s.limb((0.5, 0.5, 0.23), (0.5, 1.0, 0.17))
    s.ring(0.5, 0.48, 0.14, 0.13, 100)
    s.line([(0.38, 0.64), (0.5, 0.68), (0.62, 0.64)], 0.01, 90)


def _leg(s: _Sketch) -> None:
    s.limb((0.48, 0.08, 0.2), (0.5, 0.36, 0.21))
    s.limb((0.5, 0.36, 0.21), (0.52, 0.86, 0.1))
    s.limb((0.52, 0.88, 0.1), (0.72, 0.95, 0.07))
    s.line([(0.42, 0.15), (0.5, 0.8)], 0.012, 45)


def _foot_top(s: _Sketch) -> None:
    _foot(s)
    for x in (0.34, 0.46, 0.55, 0.63, 0.695):
        s.oval(x, 0.215 + (x - 0.34) * 0.22, 0.022, 0.026, "nail", 230)
        s.line([(x, 0.36), (0.5 + (x - 0.5) * 0.6, 0.62)], 0.008, 50)


def _sole(s: _Sketch) -> None:
    _foot(s)
    s.oval(0.49, 0.88, 0.13, 0.14)
    s.line([(0.3, 0.36), (0.45, 0.4), (0.7, 0.37)], 0.01, 120)
    s.line([(0.4, 0.5), (0.44, 0.62), (0.43, 0.74)], 0.01, 110)
    s.line([(0.56, 0.5), (0.55, 0.66)], 0.008, 90)


_Site = tuple[Callable[[_Sketch], None], tuple[float, float, float, float]]
_SITES: dict[str, _Site] = {
    "Scalp": (_scalp, (0.5, 0.4, 0.3, 0.28)),
    "Face": (_face, (0.5, 0.56, 0.26, 0.24)),
    "Lip": (_lip, (0.5, 0.52, 0.27, 0.13)),
    "Neck": (_neck, (0.5, 0.46, 0.16, 0.22)),
    "Chest": (_chest, (0.5, 0.42, 0.3, 0.3)),
    "Back": (_back, (0.5, 0.46, 0.29, 0.36)),
    "Abdomen": (_abdomen, (0.5, 0.55, 0.27, 0.33)),
    "Buttock": (_buttock, (0.5, 0.56, 0.32, 0.28)),
    "Arm": (_arm, (0.51, 0.52, 0.13, 0.34)),
    "Elbow": (_elbow, (0.5, 0.55, 0.13, 0.13)),
    "Forearm": (_forearm, (0.46, 0.46, 0.17, 0.17)),
    "Hand": (_hand_back, (0.5, 0.65, 0.15, 0.14)),
    "Palm": (_palm, (0.5, 0.66, 0.15, 0.13)),
    "Finger": (_finger, (0.5, 0.6, 0.11, 0.24)),
    "Nail": (_nail, (0.5, 0.42, 0.15, 0.21)),
    "Thigh": (_thigh, (0.49, 0.45, 0.18, 0.36)),
    "Knee": (_knee, (0.5, 0.48, 0.15, 0.2)),
    "Leg": (_leg, (0.5, 0.44, 0.12, 0.28)),
    "Foot": (_foot_top, (0.49, 0.52, 0.12, 0.18)),
    "Sole": (_sole, (0.49, 0.55, 0.12, 0.26)),
}
"""Site to how it is drawn, and to the ellipse of the unit square where lesions lie."""


@lru_cache(maxsize=64)
def body_of(site: str, angle: Angle) -> Body:
    """Return a body site as one view shows it."""
    draw, (x, y, half_width, half_height) = _SITES[site]
    zoom = _ZOOM[angle]
    sketch = _Sketch((x, y), zoom)
    draw(sketch)
    skin = sketch.layer("skin")
    cloth = (np.float32(1) + np.float32(0.08) * smooth_noise(7)[:SIDE_PX, :SIDE_PX])[:, :, None]
    behind = (np.float32(1) - skin)[:, :, None] * cloth * np.array(BACKDROP, dtype=np.float32)
    centre = sketch.point(x, y)
    limit = 0.44 * SIDE_PX
    region = (*centre, min(half_width * zoom[0] * SIDE_PX, limit), min(half_height * zoom[1] * SIDE_PX, limit))
    return Body(
        skin, sketch.shade(), behind, sketch.layer("hair", 4), sketch.layer("lip", 1.5), sketch.layer("nail", 1), region
    )
