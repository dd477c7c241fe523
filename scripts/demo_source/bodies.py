"""Outlines of body parts for the views from further away: 0 outside, growing to 0.5 and more within."""

import numpy as np
from demo_source.skin import Floats, Skin


def limb(skin: Skin, *, x: float = 0.5, width: float = 0.5, taper: float = 0.0) -> Floats:
    """An upright arm or leg."""
    half = 0.5 * width * (1 - taper * (skin.y - 0.5))
    return np.clip(1 - np.abs(skin.x - x) / half, 0, 1)


def trunk(skin: Skin) -> Floats:
    """A chest, belly or back, with the arms left out."""
    half = 0.38 - 0.05 * np.cos((skin.y - 0.25) * 5) + 0.25 * np.clip(0.12 - skin.y, 0, 1)
    return np.clip((half - np.abs(skin.x - 0.5)) / 0.35, 0, 1)


def hand(skin: Skin) -> Floats:
    """The back of a hand with four fingers and a thumb."""
    parts = [_capsule(skin, (0.5, 0.78), (0.5, 0.6), 0.2), _capsule(skin, (0.34, 0.74), (0.16, 0.5), 0.06)]
    parts += [
        _capsule(skin, (0.37 + 0.085 * i, 0.6), (0.33 + 0.11 * i, t), 0.052)
        for i, t in enumerate((0.2, 0.12, 0.16, 0.27))
    ]
    parts.append(_capsule(skin, (0.5, 0.8), (0.5, 1.1), 0.14))
    return np.maximum.reduce(parts)


def sole(skin: Skin) -> Floats:
    """The sole of a foot, toes up."""
    parts = [_capsule(skin, (0.5, 0.83), (0.47, 0.55), 0.13), _capsule(skin, (0.44, 0.42), (0.54, 0.4), 0.16)]
    parts += [_capsule(skin, (0.34 + 0.075 * i, 0.2 + 0.022 * i), (0.35 + 0.075 * i, 0.17 + 0.02 * i), r)
              for i, r in enumerate((0.055, 0.038, 0.036, 0.034, 0.032))]  # fmt: skip
    return np.maximum.reduce(parts)


def _capsule(skin: Skin, start: tuple[float, float], end: tuple[float, float], r: float) -> Floats:
    dx, dy = end[0] - start[0], end[1] - start[1]
    t = np.clip(((skin.x - start[0]) * dx + (skin.y - start[1]) * dy) / (dx * dx + dy * dy), 0, 1)
    gap = np.hypot(skin.x - start[0] - t * dx, skin.y - start[1] - t * dy)
    return np.clip((1 - gap / r) * 0.6, 0, 1)
