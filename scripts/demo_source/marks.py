"""Marks that several drawings share."""

import numpy as np
from demo_source.skin import Colour, Floats, Skin


def plaque(s: Skin, x: float, y: float, r: float, *, scale: float, colour: Colour, ratio: float) -> None:
    """A raised inflamed plaque under scale."""
    body = s.disc(x, y, r, ratio=ratio, rough=0.08, soft=0.01)
    s.paint(body, s.inflamed, 0.85)
    s.raise_up(body * 0.012, 0.7)
    s.flakes(body * s.disc(x, y, r * 0.93, ratio=ratio, soft=0.05), scale, colour, cells=55)


def ring(s: Skin, x: float, y: float, r: float, *, rough: float, scale: Colour) -> None:
    """An inflamed ring: active edge, clearing centre."""
    away = s.distance(x, y, r, rough=rough)
    edge = np.exp(-(((away - 0.92) / 0.1) ** 2))
    s.paint((away < 1) * 1.0, s.inflamed, 0.22)
    s.paint(edge, s.inflamed, 0.85)
    for px, py in s.spots(26, x, y, r * 0.98):
        if np.hypot(px - x, py - y) > 0.75 * r:
            s.dome(px, py, 0.012, strength=0.4)
    s.flakes(edge, 0.25, scale, cells=80)


def vesicle(s: Skin, x: float, y: float, r: float, *, cloudy: bool = False) -> None:
    """A small fluid-filled dome."""
    s.paint(s.disc(x, y, r, soft=0.006), (236, 216, 160) if cloudy else (226, 186, 172), 0.75 if cloudy else 0.55)
    s.dome(x, y, r, gloss=0.8, strength=0.22)


def blister(s: Skin, x: float, y: float, r: float) -> None:
    """A tense, clear, yellowish blister."""
    s.paint(s.disc(x, y, r, rough=0.03, soft=0.008), (232, 186, 134), 0.6)
    s.dome(x, y, r, gloss=0.8, strength=0.2)


def whitehead(s: Skin, x: float, y: float) -> None:
    """A closed comedo."""
    s.dome(x, y, 0.013, strength=0.3)
    s.paint(s.disc(x, y, 0.008, soft=0.008), (250, 240, 226), 0.6)


def crease(s: Skin, y: float, depth: float) -> None:
    """Skin folds across the picture."""
    for k in (-1, 0, 1):
        fold: Floats = np.exp(-(((s.y - y - 0.05 * k - 0.02 * np.sin(5 * s.x + k)) / 0.006) ** 2))
        s.shade(fold, 1 - depth)


def scratches(s: Skin, n: int, colour: Colour) -> None:
    """Straight scratch marks with a little blood crust."""
    for x, y in s.spots(n, 0.5, 0.5, 0.26, ratio=0.6, gap=0.07):
        s.line(s.wander(x, y, s.rng.uniform(0.06, 0.12), 0.9, bend=0.12), 0.003, colour, 0.8)


def ridges(s: Skin) -> None:
    """The pale, ridged skin of a sole."""
    s.paint(np.ones_like(s.x), (188, 142, 116), 0.85)
    s.raise_up(0.002 * np.sin(s.y * 190 + 12 * s.x), 0.6)
