"""From what is true of a case to a schematic clinical photograph, the same bytes on every machine."""

import numpy as np
from numpy.typing import NDArray

from dermatrust.atlas.body import Body, body_of
from dermatrust.atlas.draw import DARK_FROM_MONK
from dermatrust.atlas.facts import Facts, View
from dermatrust.atlas.lesions import draw_lesion, window
from dermatrust.atlas.marks import draw_features, draw_surface
from dermatrust.atlas.places import Place, place_lesions
from dermatrust.atlas.skin import SIDE_PX, blend, camera_noise, cut, hair_overlay, monk_rgb, skin_texture
from dermatrust.atlas.stamps import RULER_PX, draw_date, draw_ruler

__all__ = ["SIDE_PX", "lesions_in", "render"]

Floats = NDArray[np.float32]

_GRID = np.arange(SIDE_PX, dtype=np.float32) / np.float32(SIDE_PX) - np.float32(0.5)
_ONE = np.float32(1)
_HAIR = (46, 32, 24)
_BLACK_HAIR = (8, 6, 6)
"""On dark skin: brown hair would have the colour of the darkest tones, and a bald patch could not be seen."""
_NO_BODY_HAIR = ("Lip", "Palm", "Sole", "Nail", "Scalp", "Finger")


def render(facts: Facts, view: View) -> NDArray[np.uint8]:
    """Draw one photograph of a case.

    Args:
        facts: What is true of the case.
        view: Angle, seed and extras of this photograph.

    Returns:
        Red, green and blue from 0 to 255, shape (SIDE_PX, SIDE_PX, 3). The arithmetic is IEEE-exact, and Pillow draws
        and filters in bytes, so the same facts and view give the same bytes on every machine.

    Example:
        >>> from dermatrust.atlas import draw_facts
        >>> facts = draw_facts(0, "train", 0)
        >>> render(facts, facts.views[0]).shape
        (336, 336, 3)
    """
    rng = np.random.default_rng(view.seed)
    findings = facts.findings
    body = body_of(findings.site, view.angle)
    places = _places(facts, view, rng)
    pixels = _bare_skin(body, facts.monk, rng)
    if body.plate.any():
        blend(pixels, (238, 206, 196), body.plate * np.float32(0.7))
    if body.blush.any():
        blend(pixels, (186, 82, 84), body.blush * np.float32(0.55))
    for place in places:
        patch = window(pixels, place, findings, rng)
        draw_lesion(patch, findings, facts.monk)
        if view.angle != "far":
            draw_surface(patch, findings.surface)
            draw_features(patch, findings.features)
    if findings.site == "Scalp":
        _grow_hair(pixels, body, places, facts.monk, thinned="Hair loss" in findings.features, rng=rng)
    if findings.site not in _NO_BODY_HAIR and rng.random() < 0.4:
        hair = hair_overlay(int(rng.integers(8))) * body.skin
        blend(pixels, (40, 30, 26), hair * np.float32(0.55))
    _take(pixels, rng)
    if view.has_ruler:
        typical = sorted(place.reach for place in places)[len(places) // 2]
        draw_ruler(pixels, findings.size_mm, typical)
    if view.has_text:
        draw_date(pixels, rng)
    return np.clip(pixels, np.float32(0), np.float32(255)).astype(np.uint8)


def lesions_in(facts: Facts, view: View) -> tuple[Place, ...]:
    """Return where `render` draws the lesions of a photograph."""
    return _places(facts, view, np.random.default_rng(view.seed))


def _places(facts: Facts, view: View, rng: np.random.Generator) -> tuple[Place, ...]:
    region = body_of(facts.findings.site, view.angle).region
    bottom_px = SIDE_PX - RULER_PX if view.has_ruler else SIDE_PX
    return place_lesions(facts.findings, view.angle, region, rng, bottom_px=bottom_px)


def _bare_skin(body: Body, tone: int, rng: np.random.Generator) -> Floats:
    slope_x, slope_y = (np.float32(0.3 * rng.random() - 0.15) for _ in range(2))
    shade = body.shade + np.float32(0.07) * cut(skin_texture(), rng)
    shade += slope_x * _GRID[None, :] + slope_y * _GRID[:, None]
    shade *= body.skin
    pixels = np.empty((SIDE_PX, SIDE_PX, 3), dtype=np.float32)
    for channel, value in enumerate(monk_rgb(tone)):
        np.multiply(shade, np.float32(value), out=pixels[:, :, channel])
    pixels += body.behind
    return pixels


def _grow_hair(
    pixels: Floats, body: Body, places: tuple[Place, ...], tone: int, *, thinned: bool, rng: np.random.Generator
) -> None:
    """Cover the scalp with hair: parted over the lesions so that they can be seen, gone over bald ones."""
    strands = np.maximum(hair_overlay(int(rng.integers(8))), hair_overlay(int(rng.integers(8)))[:, ::-1])
    cover = body.hair * (np.float32(0.8) + np.float32(0.2) * strands)
    for place in places:
        half = int(place.reach * 1.3) + 1
        x0, y0 = max(int(place.x) - half, 0), max(int(place.y) - half, 0)
        piece = cover[y0 : int(place.y) + half, x0 : int(place.x) + half]
        h, w = piece.shape
        dx = (np.arange(x0, x0 + w, dtype=np.float32) - np.float32(place.x))[None, :]
        dy = (np.arange(y0, y0 + h, dtype=np.float32) - np.float32(place.y))[:, None]
        gone = np.clip(np.float32(4) - np.sqrt(dx * dx + dy * dy) * np.float32(3.4 / place.reach), np.float32(0), _ONE)
        piece *= _ONE - gone * np.float32(1.0 if thinned else 0.7)
    blend(pixels, _HAIR if tone < DARK_FROM_MONK else _BLACK_HAIR, cover)


def _take(pixels: Floats, rng: np.random.Generator) -> None:
    """Add the camera: noise, and an exposure that differs a little."""
    noise = cut(camera_noise(), rng)
    spread = np.float32(1.5 + 2.0 * rng.random())
    pixels *= np.float32(0.94 + 0.12 * rng.random())
    pixels += noise * spread
