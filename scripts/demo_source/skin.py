"""Drawing tools: a square of synthetic skin, and the marks a lesion is made of."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float64]
Colour = tuple[float, float, float]

SIDE_PX = 480
"""Drawn at about one and a half times the size it is kept at, so that edges come out smooth."""

TONES: dict[int, Colour] = {
    1: (243, 212, 194),
    2: (231, 190, 163),
    3: (213, 165, 130),
    4: (181, 130, 95),
    5: (128, 84, 58),
    6: (84, 55, 42),
}
"""Skin colour by Fitzpatrick type."""

ERYTHEMA: dict[int, Colour] = {
    1: (214, 96, 92),
    2: (200, 82, 78),
    3: (182, 74, 68),
    4: (141, 66, 66),
    5: (92, 44, 52),
    6: (58, 30, 40),
}
"""Inflamed skin by Fitzpatrick type: red on light skin, violet-brown on dark."""


class Skin:
    """A canvas of skin. Coordinates run from 0 to 1; x to the right, y down."""

    def __init__(self, tone: int, seed: int) -> None:
        self.tone = tone
        self.rng = np.random.default_rng(seed)
        axis = (np.arange(SIDE_PX) + 0.5) / SIDE_PX
        self.x, self.y = np.meshgrid(axis, axis)
        self.rgb = np.ones((SIDE_PX, SIDE_PX, 3)) * np.array(TONES[tone])
        self.rgb *= 1 + 0.035 * self.noise(5)[..., None] + 0.03 * self.noise(90)[..., None]
        self.rgb *= (1.06 - 0.16 * ((self.x - 0.42) ** 2 + (self.y - 0.4) ** 2) * 2)[..., None]

    @property
    def inflamed(self) -> Colour:
        """The colour of erythema on this skin."""
        return ERYTHEMA[self.tone]

    def noise(self, cells: int) -> Floats:
        """Return smooth noise of about unit spread with `cells` bumps along a side."""
        coarse = self.rng.normal(size=(cells + 2, cells + 2)).astype(np.float32)
        image = Image.fromarray(coarse).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
        return np.asarray(image, dtype=np.float64)

    def disc(self, x: float, y: float, r: float, **shape: Any) -> Floats:
        """Return a soft-edged blob as opacities from 0 to 1.

        Args:
            x: Centre.
            y: Centre.
            r: Radius.
            shape: `ratio` of height to width, `angle` in radians, `rough` edge (0 smooth, 0.3 ragged), width of the
                `soft` edge.
        """
        inside = 1.0 - self.distance(x, y, r, **{k: v for k, v in shape.items() if k != "soft"})
        return np.clip(0.5 + inside * r / shape.get("soft", 0.008), 0.0, 1.0)

    def distance(self, x: float, y: float, r: float, *, ratio: float = 1, angle: float = 0, rough: float = 0) -> Floats:
        """Return the distance from a blob's centre, 1 on its edge."""
        dx, dy = self.x - x, self.y - y
        u = dx * np.cos(angle) + dy * np.sin(angle)
        v = (dy * np.cos(angle) - dx * np.sin(angle)) / ratio
        edge = np.ones_like(u)
        if rough:
            theta = np.arctan2(v, u)
            for k in (2, 3, 4, 5, 7, 11):
                edge += 1.7 * rough / k * self.rng.normal() * np.cos(k * theta + self.rng.uniform(0, 6.3))
        return np.hypot(u, v) / (r * np.clip(edge, 0.35, 2.0))

    def paint(self, mask: Floats, colour: Colour, opacity: float = 1.0) -> None:
        """Lay a colour over the skin."""
        alpha = (mask * opacity)[..., None]
        self.rgb = self.rgb * (1 - alpha) + np.array(colour) * alpha

    def shade(self, mask: Floats, factor: float) -> None:
        """Lighten (factor > 1) or darken the skin under the mask."""
        self.rgb *= 1 + (factor - 1) * mask[..., None]

    def raise_up(self, height: Floats, strength: float = 1.0) -> None:
        """Shade a relief as if lit from the upper left."""
        down, right = np.gradient(height * SIDE_PX)
        self.rgb *= np.clip(1 + strength * (right + down), 0.45, 1.6)[..., None]

    def dome(self, x: float, y: float, r: float, *, gloss: float = 0.0, strength: float = 0.35, **shape: Any) -> None:
        """Raise a dome, with a highlight at its upper left."""
        height = np.sqrt(np.clip(1.0 - self.distance(x, y, r, **shape) ** 2, 0.0, 1.0)) * r
        self.raise_up(height, strength)
        if gloss:
            self.paint(self.disc(x - 0.35 * r, y - 0.35 * r, 0.22 * r, soft=0.2 * r), (255, 255, 255), gloss)

    def flakes(self, mask: Floats, amount: float, colour: Colour = (240, 236, 228), cells: int = 70) -> None:
        """Scatter scale over the mask; `amount` from 0 (none) to 1 (covered)."""
        grain = self.noise(cells) + 0.8 * self.noise(cells // 4)
        flake = np.clip((grain - np.quantile(grain, 1 - amount)) * 1.3, 0.0, 1.0) * mask
        self.paint(flake, colour, 0.85)
        self.raise_up(flake * 0.005, 0.6)

    def line(self, points: list[tuple[float, float]], width: float, colour: Colour, opacity: float = 1.0) -> None:
        """Draw a line through the points."""
        mask = np.zeros_like(self.x)
        for (x0, y0), (x1, y1) in pairwise(points):
            dx, dy = x1 - x0, y1 - y0
            t = np.clip(((self.x - x0) * dx + (self.y - y0) * dy) / max(dx * dx + dy * dy, 1e-9), 0.0, 1.0)
            gap = np.hypot(self.x - x0 - t * dx, self.y - y0 - t * dy)
            mask = np.maximum(mask, np.clip(1.5 - gap / width, 0.0, 1.0))
        self.paint(mask, colour, opacity)

    def wander(
        self, x: float, y: float, length: float, heading: float, *, bend: float = 0.5
    ) -> list[tuple[float, float]]:
        """Return a wavering path, e.g. of a vessel or a hair."""
        path, step = [(x, y)], length / 7
        for _ in range(7):
            heading += self.rng.normal() * bend
            path.append((path[-1][0] + step * np.cos(heading), path[-1][1] + step * np.sin(heading)))
        return path

    def spots(
        self, n: int, x: float, y: float, r: float, *, ratio: float = 1.0, gap: float = 0.0
    ) -> list[tuple[float, float]]:
        """Return up to n places inside an ellipse, no two closer than `gap`."""
        places: list[tuple[float, float]] = []
        for _ in range(60 * n):
            far, turn = r * np.sqrt(self.rng.uniform()), self.rng.uniform(0, 6.2832)
            place = (x + far * np.cos(turn), y + far * ratio * np.sin(turn))
            if all(np.hypot(place[0] - a, place[1] - b) >= gap for a, b in places):
                places.append(place)
            if len(places) == n:
                break
        return places

    def cut_out(self, body: Floats, background: Colour = (196, 206, 212)) -> None:
        """Keep the skin inside `body` (0 to 1, round towards its edge) and paint a plain cloth around it."""
        self.rgb *= (0.62 + 0.38 * np.clip(body * 2.2, 0.0, 1.0))[..., None]
        cloth = np.array(background) * (1 + 0.012 * self.noise(60)[..., None])
        alpha = np.clip(body * 40, 0.0, 1.0)[..., None]
        self.rgb = self.rgb * alpha + cloth * (1 - alpha)

    def to_image(self, side_px: int) -> Image.Image:
        """Return the drawing at the size it is kept at."""
        pixels = np.clip(self.rgb, 0, 255).round().astype(np.uint8)
        return Image.fromarray(pixels).resize((side_px, side_px), Image.Resampling.LANCZOS)
