"""Draws one lesion into a photograph: its outline, colour, relief, surface and secondary findings."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermatrust.atlas.colours import Rgb, lesion_rgb
from dermatrust.atlas.facts import Findings
from dermatrust.atlas.places import Place
from dermatrust.atlas.skin import BANK_PX, SIDE_PX, blend, smooth_noise

Floats = NDArray[np.float32]

_ONE = np.float32(1)
_SOFT = {
    "Well-defined border": 0.07, "Ill-defined border": 0.55, "Irregular border": 0.09, "Raised border": 0.08,
    "Rolled border": 0.08,
}  # fmt: skip
"""Width of the edge as a share of the radius."""
HALO = 1.45
"""How far around a lesion pixels may change, as a multiple of its radius."""
_DOMES = {"Papule": 26.0, "Nodule": 38.0, "Vesicle": 22.0, "Bulla": 30.0, "Pustule": 22.0, "Comedo": 18.0}
"""Light and shade of a dome, grey levels."""


@dataclass(frozen=True, slots=True)
class Patch:
    """The window of the photograph around one lesion.

    Attributes:
        pixels: A view into the photograph, shape (h, w, 3), changed in place.
        u: Place along the lesion's length, -1 to 1 inside.
        v: Place across it.
        dx: Place from left to right in units of the radius; light comes from the upper left.
        dy: Place from top to bottom.
        r: Distance from the centre in units of the outline; 1 at the edge.
        mask: How much of a pixel is lesion, 0 to 1.
        corner: Where noise is cut from the banks.
    """

    pixels: Floats
    u: Floats
    v: Floats
    dx: Floats
    dy: Floats
    r: Floats
    mask: Floats
    corner: tuple[int, int]

    def noise(self, grain_px: int) -> Floats:
        """Return smooth noise for this window."""
        h, w = self.r.shape
        y, x = self.corner
        return smooth_noise(grain_px)[y : y + h, x : x + w]

    def blend(self, rgb: Rgb, how_much: Floats) -> None:
        """Mix a colour in, 0 to 1."""
        blend(self.pixels, rgb, how_much)

    def light(self, levels: Floats) -> None:
        """Add light or shade, grey levels."""
        np.add(self.pixels, levels[:, :, None], out=self.pixels)


def bump(distance: Floats, width: float) -> Floats:
    """Return 1 at distance 0, falling smoothly to 0 at the width."""
    near = np.maximum(_ONE - distance * np.float32(1 / width), np.float32(0))
    smooth: Floats = near * near * (np.float32(3) - np.float32(2) * near)
    return smooth


def window(photograph: Floats, place: Place, findings: Findings, rng: np.random.Generator) -> Patch:
    """Cut out the window of a lesion and measure it."""
    half = int(place.reach * HALO) + 2
    x0, x1 = max(int(place.x) - half, 0), min(int(place.x) + half, SIDE_PX)
    y0, y1 = max(int(place.y) - half, 0), min(int(place.y) + half, SIDE_PX)
    x = (np.arange(x0, x1, dtype=np.float32) - np.float32(place.x))[None, :]
    y = (np.arange(y0, y1, dtype=np.float32) - np.float32(place.y))[:, None]
    turn_cos, turn_sin = np.float32(place.turn_cos), np.float32(place.turn_sin)
    u = (x * turn_cos + y * turn_sin) * np.float32(1 / place.rx)
    v = (y * turn_cos - x * turn_sin) * np.float32(1 / place.ry)
    h, w = u.shape
    corner = int(rng.integers(BANK_PX - h + 1)), int(rng.integers(BANK_PX - w + 1))
    r: Floats = np.sqrt(u * u + v * v).astype(np.float32, copy=False)
    if findings.shape == "Polygonal":
        a, b, c = (
            np.abs(u),
            np.abs(u * np.float32(0.5) + v * np.float32(0.866)),
            np.abs(u * np.float32(0.5) - v * np.float32(0.866)),
        )
        r = np.maximum(np.maximum(a, b), c) * np.float32(1.08)
    cy, cx = corner
    if findings.border == "Irregular border":
        grain = 24 if place.reach > 30 else 7
        r += np.float32(0.32) * np.abs(smooth_noise(grain)[cy : cy + h, cx : cx + w])
    elif findings.border == "Ill-defined border":
        r += np.float32(0.1) * smooth_noise(16)[cy : cy + h, cx : cx + w]
    soft = _SOFT[findings.border] + 1.5 / place.reach
    edge = np.clip((_ONE - r) * np.float32(1 / soft), np.float32(0), _ONE)
    mask = edge * edge * (np.float32(3) - np.float32(2) * edge)
    if findings.shape == "Annular":
        mask = mask * (_ONE - np.float32(0.86) * bump(r, 0.72))
    scale = np.float32(1 / place.reach)
    return Patch(photograph[y0:y1, x0:x1], u, v, x * scale + 0 * y, y * scale + 0 * x, r, mask, corner)


def draw_lesion(patch: Patch, findings: Findings, tone: int) -> None:
    """Draw one lesion into its window: colour, relief and border; `marks` adds what is seen from nearby.

    Args:
        patch: The window.
        findings: What the lesion is like.
        tone: Monk tone, 1-10.
    """
    _paint(patch, findings, lesion_rgb(findings.colour, tone))
    draw_relief = _RELIEF.get(findings.primary)
    if draw_relief:
        draw_relief(patch, findings, tone)
    _draw_border(patch, findings)


def _paint(patch: Patch, findings: Findings, colour: Rgb) -> None:
    if findings.colour == "Skin-coloured":
        patch.light(np.float32(-5) * patch.mask)
        return
    if findings.shape == "Targetoid":
        pale = bump(np.abs(patch.r - np.float32(0.58)), 0.2)
        patch.blend(colour, patch.mask * (_ONE - np.float32(0.8) * pale))
        patch.light(np.float32(-26) * bump(patch.r, 0.4))
        return
    patch.blend(colour, patch.mask * (np.float32(0.94) + np.float32(0.06) * patch.noise(7)))
    if findings.colour == "Variegated colour":
        dark = np.clip(patch.noise(24) * np.float32(4), np.float32(0), _ONE)
        rosy = np.clip(patch.noise(16) * np.float32(-4) - _ONE, np.float32(0), _ONE)
        patch.blend((30, 22, 26), patch.mask * dark)
        patch.blend((178, 92, 88), patch.mask * rosy * np.float32(0.8))


def _slope(patch: Patch, height: float) -> Floats:
    """Light on a dome: the side towards the upper left is bright, the other in shade."""
    return np.float32(-height) * (patch.dx + patch.dy) * patch.mask


def _shine(patch: Patch, levels: float, size: float, x: float = -0.32, y: float = -0.32) -> None:
    a, b = patch.dx - np.float32(x), patch.dy - np.float32(y)
    patch.light(np.float32(levels) * bump(np.sqrt(a * a + b * b), size) * patch.mask)


def _cast(patch: Patch, depth: float) -> None:
    """The shadow that a raised lesion throws to the lower right."""
    a, b = patch.dx - np.float32(0.14), patch.dy - np.float32(0.14)
    shadow = bump(np.sqrt(a * a + b * b), 1.2) * (_ONE - patch.mask)
    patch.light(np.float32(-depth) * shadow)


def _dome(patch: Patch, findings: Findings, tone: int) -> None:
    height = _DOMES[findings.primary]
    patch.light(_slope(patch, height))
    _cast(patch, 0.8 * height)


def _nodule(patch: Patch, findings: Findings, tone: int) -> None:
    _dome(patch, findings, tone)
    _shine(patch, 26, 0.5)


def _plaque(patch: Patch, findings: Findings, tone: int) -> None:
    rim = bump(np.abs(patch.r - np.float32(0.9)), 0.2)
    patch.light(np.float32(-44) * (patch.dx + patch.dy) * rim)
    _cast(patch, 16)


def _blister(patch: Patch, findings: Findings, tone: int) -> None:
    patch.blend((240, 226, 196), np.float32(0.4) * bump(patch.r, 0.85))
    _dome(patch, findings, tone)
    _shine(patch, 120, 0.24)
    patch.light(np.float32(-26) * bump(np.abs(patch.r - np.float32(0.92)), 0.14))


def _pustule(patch: Patch, findings: Findings, tone: int) -> None:
    patch.blend((246, 234, 168), np.float32(0.95) * bump(patch.r, 0.75))
    _dome(patch, findings, tone)
    _shine(patch, 50, 0.25)


def _comedo(patch: Patch, findings: Findings, tone: int) -> None:
    _dome(patch, findings, tone)
    patch.blend(
        (18, 14, 12) if tone < 9 else (210, 200, 180), np.clip(bump(patch.r, 0.5) * np.float32(3), np.float32(0), _ONE)
    )


def _wheal(patch: Patch, findings: Findings, tone: int) -> None:
    patch.blend((250, 226, 216), np.float32(0.35) * bump(patch.r, 0.8))
    rim = bump(np.abs(patch.r - np.float32(0.86)), 0.3)
    patch.light(np.float32(-24) * (patch.dx + patch.dy) * rim)
    patch.blend((205, 90, 84), np.float32(0.3) * bump(np.abs(patch.r - np.float32(1.1)), 0.3))
    _cast(patch, 10)


def _ulcer(patch: Patch, findings: Findings, tone: int) -> None:
    floor = np.clip(bump(patch.r, 0.95) * np.float32(2.4), np.float32(0), _ONE)
    patch.blend((132, 34, 34), floor * np.float32(0.75))
    patch.light(np.float32(-18) * floor + np.float32(16) * floor * patch.noise(7))
    rim = bump(np.abs(patch.r - np.float32(0.8)), 0.16)
    patch.light(np.float32(44) * (patch.dx + patch.dy) * rim)


_RELIEF: dict[str, Callable[[Patch, Findings, int], None]] = {
    "Papule": _dome, "Nodule": _nodule, "Plaque": _plaque, "Vesicle": _blister, "Bulla": _blister, "Pustule": _pustule,
    "Comedo": _comedo, "Wheal": _wheal, "Ulcer": _ulcer,
}  # fmt: skip
"""A macule or patch is flat."""


def _draw_border(patch: Patch, findings: Findings) -> None:
    if findings.border == "Raised border":
        rim = bump(np.abs(patch.r - np.float32(0.9)), 0.16)
        patch.light(np.float32(-52) * (patch.dx + patch.dy) * rim + np.float32(10) * rim)
    elif findings.border == "Rolled border":
        rim = bump(np.abs(patch.r - np.float32(0.86)), 0.2)
        beads = np.clip(patch.noise(7) * np.float32(2), np.float32(0), _ONE)
        patch.blend((250, 228, 220), rim * np.float32(0.5))
        patch.light(rim * beads * np.float32(34) - np.float32(30) * (patch.dx + patch.dy) * rim)
