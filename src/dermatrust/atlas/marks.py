"""Surfaces and secondary findings: what only a view from nearby resolves."""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from dermatrust.atlas.lesions import Patch, bump

Floats = NDArray[np.float32]
_ZERO, _ONE = np.float32(0), np.float32(1)


def draw_surface(patch: Patch, surface: str) -> None:
    """Draw one of `vocabulary.SURFACES`; "Smooth" is what is left as it is."""
    draw = _SURFACES.get(surface)
    if draw:
        draw(patch)


def draw_features(patch: Patch, features: Iterable[str]) -> None:
    """Draw secondary findings of `vocabulary.FEATURES`, one over the other."""
    for feature in features:
        draw = _FEATURES.get(feature)
        if draw:
            draw(patch)


def _steps(values: Floats, above: float, slope: float = 6.0) -> Floats:
    """Return 0 below a level of noise and 1 well above it."""
    steps: Floats = np.clip((values - np.float32(above)) * np.float32(slope), _ZERO, _ONE)
    return steps


def _lines(distance: Floats, width: float) -> Floats:
    lines: Floats = np.clip(_ONE - np.abs(distance) * np.float32(1 / width), _ZERO, _ONE)
    return lines


def _rough(patch: Patch) -> None:
    patch.light(np.float32(34) * patch.noise(3) * patch.mask)


def _shiny(patch: Patch) -> None:
    band = _lines(patch.dx + patch.dy + np.float32(0.5), 0.24)
    patch.light(np.float32(95) * band * patch.mask)


def _waxy(patch: Patch) -> None:
    patch.blend((244, 226, 170), np.float32(0.28) * patch.mask)
    a, b = patch.dx + np.float32(0.2), patch.dy + np.float32(0.25)
    patch.light(np.float32(30) * bump(np.sqrt(a * a + b * b), 0.75) * patch.mask)


def _greasy(patch: Patch) -> None:
    drops = _steps(patch.noise(16), 0.25)
    patch.blend((238, 210, 120), np.float32(0.45) * drops * patch.mask)
    patch.light(np.float32(55) * _steps(patch.noise(7), 0.5) * drops * patch.mask)


def _silvery(patch: Patch) -> None:
    patch.blend((226, 230, 236), np.float32(0.75) * _steps(patch.noise(5), 0.0, 4) * patch.mask)


def _moist(patch: Patch) -> None:
    patch.light(np.float32(110) * _steps(patch.noise(7), 0.45, 8) * patch.mask - np.float32(8) * patch.mask)


def _scale(patch: Patch) -> None:
    flakes = _steps(patch.noise(11), 0.12)
    patch.light(np.float32(-20) * _steps(patch.noise(11), 0.0) * (_ONE - flakes) * patch.mask)
    patch.blend((238, 232, 222), np.float32(0.8) * flakes * patch.mask)


def _crust(patch: Patch) -> None:
    plates = _steps(patch.noise(16), 0.08, 8)
    patch.blend((164, 110, 34), np.float32(0.88) * plates * patch.mask)
    patch.light(np.float32(36) * patch.noise(5) * plates * patch.mask)


def _erosion(patch: Patch) -> None:
    raw = _steps(patch.noise(24) + np.float32(0.5) - patch.r * np.float32(0.8), 0.0, 8)
    patch.blend((206, 54, 58), np.float32(0.8) * raw * patch.mask)
    patch.light(np.float32(60) * _steps(patch.noise(7), 0.5) * raw * patch.mask)


def _excoriation(patch: Patch) -> None:
    inside = np.clip((np.float32(1.2) - patch.r) * np.float32(6), _ZERO, _ONE)
    broken = _steps(patch.noise(11), -0.5)
    for shift in (-0.42, 0.05, 0.48):
        scratch = _lines(patch.dx * np.float32(0.8) + patch.dy * np.float32(0.6) - np.float32(shift), 0.07)
        patch.blend((128, 18, 20), scratch * inside * broken)


def _lichenification(patch: Patch) -> None:
    for slant in (0.55, -0.55):
        across = (patch.dx + patch.dy * np.float32(slant)) * np.float32(5.5)
        fold = np.abs(across - np.floor(across) - np.float32(0.5))
        patch.light((np.float32(34) * fold - np.float32(22)) * patch.mask)


def _telangiectasia(patch: Patch) -> None:
    vessels = np.maximum(_lines(patch.noise(24), 0.06), _lines(patch.noise(16), 0.06))
    patch.blend((196, 14, 40), np.float32(0.85) * vessels * patch.mask)


def _umbilicated(patch: Patch) -> None:
    patch.light(np.float32(-58) * bump(patch.r, 0.34) + np.float32(24) * bump(np.abs(patch.r - np.float32(0.42)), 0.14))


def _hyperkeratosis(patch: Patch) -> None:
    horn = np.clip(bump(patch.r, 0.95) * np.float32(1.6), _ZERO, _ONE) * (
        np.float32(0.75) + np.float32(0.25) * patch.noise(11)
    )
    patch.blend((206, 188, 136), np.float32(0.75) * horn)
    patch.light(np.float32(40) * patch.noise(11) * horn)


def _warty(patch: Patch) -> None:
    patch.light((np.float32(62) * patch.noise(9) - np.float32(26) * _lines(patch.noise(9), 0.16)) * patch.mask)


def _atrophy(patch: Patch) -> None:
    patch.blend((246, 236, 232), np.float32(0.34) * bump(patch.r, 0.9))
    folds = (patch.dx * np.float32(0.3) + patch.dy + np.float32(0.08) * patch.noise(16)) * np.float32(9)
    wrinkle = np.abs(folds - np.floor(folds) - np.float32(0.5))
    patch.light((np.float32(26) * wrinkle - np.float32(15)) * patch.mask)


def _fissure(patch: Patch) -> None:
    inside = np.clip((np.float32(0.95) - patch.r) * np.float32(6), _ZERO, _ONE)
    bent = np.float32(0.12) * patch.noise(16)
    for slant, shift in ((0.25, -0.2), (-0.3, 0.3)):
        crack = _lines(patch.dx * np.float32(slant) + patch.dy - np.float32(shift) + bent, 0.055)
        patch.blend((74, 6, 10), crack * inside)


def _purpura(patch: Patch) -> None:
    around = np.clip((np.float32(1.25) - patch.r) * np.float32(4), _ZERO, _ONE)
    patch.blend((84, 8, 52), np.float32(0.9) * _steps(patch.noise(9), 0.42, 8) * around)


def _punctum(patch: Patch) -> None:
    patch.blend((22, 8, 8), np.clip(bump(patch.r, 0.2) * np.float32(3), _ZERO, _ONE))


def _oedema(patch: Patch) -> None:
    around = bump(np.abs(patch.r - np.float32(1.1)), 0.35)
    patch.light(np.float32(12) * around - np.float32(34) * around * (patch.dx + patch.dy))


def _necrosis(patch: Patch) -> None:
    dead = _steps(np.float32(0.55) - patch.r + np.float32(0.25) * patch.noise(24), 0.0, 7)
    patch.blend((16, 12, 14), np.float32(0.95) * dead)
    patch.light(np.float32(16) * patch.noise(5) * dead)


_SURFACES: dict[str, Callable[[Patch], None]] = {
    "Rough": _rough, "Shiny": _shiny, "Waxy": _waxy, "Greasy": _greasy, "Silvery": _silvery, "Moist": _moist,
}  # fmt: skip
_FEATURES: dict[str, Callable[[Patch], None]] = {
    "Scale": _scale, "Crust": _crust, "Erosion": _erosion, "Excoriation": _excoriation, "Fissure": _fissure,
    "Lichenification": _lichenification, "Telangiectasia": _telangiectasia, "Umbilicated": _umbilicated,
    "Hyperkeratosis": _hyperkeratosis, "Warty/Papillomatous": _warty, "Atrophy": _atrophy, "Necrosis": _necrosis,
    "Purpura/Petechiae": _purpura, "Central punctum": _punctum, "Oedema": _oedema,
}  # fmt: skip
"""Hair loss is drawn with the hair."""
