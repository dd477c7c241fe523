"""What photographers add: a ruler beside the lesion, and a camera's date in the corner."""

import numpy as np
from numpy.typing import NDArray

from dermatrust.atlas.skin import SIDE_PX

Floats = NDArray[np.float32]

_DIGITS = (
    "111101101101111", "010110010010111", "111001111100111", "111001111001111", "101101111001001",
    "111100111001111", "111100111101111", "111001001001001", "111101111101111", "111101111001111",
)  # fmt: skip
"""Digits 0-9 in 3 x 5 dots, row by row."""
_DOT_PX = 3
RULER_PX = 26


def draw_ruler(pixels: Floats, size_mm: float, radius_px: float) -> None:
    """Lay a white ruler along the lower edge whose millimetres fit the lesion's size.

    Args:
        pixels: The photograph, changed in place.
        size_mm: Longest diameter of a lesion, mm.
        radius_px: Half of that in the photograph, pixels.
    """
    pixels[SIDE_PX - RULER_PX :] = np.float32(236)
    px_per_mm = 2 * radius_px / size_mm
    step = next(mm for mm in (1, 5, 10, 50, 100, 500) if mm * px_per_mm >= 5 or mm == 500)
    for mark in range(int(SIDE_PX / (step * px_per_mm)) + 1):
        x = int(mark * step * px_per_mm)
        tall = 16 if mark % 5 == 0 else 9
        pixels[SIDE_PX - RULER_PX : SIDE_PX - RULER_PX + tall, x : x + 2] = np.float32(30)


def draw_date(pixels: Floats, rng: np.random.Generator) -> None:
    """Print a date into the lower right corner, in the orange of old cameras. It says nothing about the case."""
    text = f"{int(rng.integers(1, 29)):02}{int(rng.integers(1, 13)):02}{int(rng.integers(18, 27)):02}"
    x, y = SIDE_PX - 6 * 4 * _DOT_PX - 22, SIDE_PX - RULER_PX - 5 * _DOT_PX - 8
    for place, digit in enumerate(text):
        left = x + place * 4 * _DOT_PX + place // 2 * _DOT_PX
        for dot, is_on in enumerate(_DIGITS[int(digit)]):
            if is_on == "1":
                top = y + dot // 3 * _DOT_PX
                at = left + dot % 3 * _DOT_PX
                pixels[top : top + _DOT_PX, at : at + _DOT_PX] = np.array((240, 150, 40), dtype=np.float32)
