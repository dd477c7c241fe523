"""Skin as a backdrop: Monk tones, texture, hair and camera noise, made once per process and cut out where needed.

Pixels must be the same on every machine. So everything here is integers or IEEE-exact arithmetic (+ - * / and square
roots), and no sum, power or exponential whose result depends on the processor.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SIDE_PX = 336
"""Side of every photograph, pixels: what LLaVA-1.5's vision tower takes (CLIP ViT-L/14 at 336 px)."""

MONK_HEX = ("f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420")
"""The ten swatches of the Monk Skin Tone scale, lightest first. Reference: https://skintone.google/get-started"""

BANK_PX = 512
"""Side of the banks that texture and noise are cut from."""

GRAIN_SPREAD = 148
"""Standard deviation of the sum of four uniform bytes: 2 times 73.9."""

Floats = NDArray[np.float32]


def monk_rgb(tone: int) -> tuple[int, int, int]:
    """Return the colour of a Monk tone, 1-10, as red, green, blue from 0 to 255.

    Example:
        >>> monk_rgb(1), monk_rgb(10)
        ((246, 237, 228), (41, 36, 32))
    """
    code = MONK_HEX[tone - 1]
    return int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16)


@lru_cache(maxsize=16)
def smooth_noise(grain_px: int) -> Floats:
    """Return a bank of smooth noise, shape (BANK_PX, BANK_PX), roughly -1 to 1, with grains of about this size."""
    rng = np.random.default_rng([5, grain_px])
    n = -(-BANK_PX // grain_px) + 4
    coarse = Image.fromarray(rng.integers(0, 256, size=(n, n), dtype=np.uint8))
    side = n * grain_px
    fine = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))
    start = 2 * grain_px
    cut = fine[start : start + BANK_PX, start : start + BANK_PX].astype(np.float32)
    return (cut - np.float32(127.5)) / np.float32(127.5)


@lru_cache(maxsize=1)
def skin_texture() -> Floats:
    """Return pores, fine lines and blotches together, shape (BANK_PX, BANK_PX), roughly -1 to 1."""
    lines = smooth_noise(3) * np.float32(0.35) + smooth_noise(7) * np.float32(0.3)
    texture: Floats = lines + smooth_noise(48) * np.float32(0.45)
    return texture


@lru_cache(maxsize=1)
def camera_noise() -> Floats:
    """Return sensor noise, shape (BANK_PX, BANK_PX, 3), mean about 0 and spread 1: sums of four uniform integers."""
    rng = np.random.default_rng(6)
    noise: Floats = grain(rng, (BANK_PX, BANK_PX, 3)) / np.float32(GRAIN_SPREAD)
    return noise


def grain(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Return noise near a normal one that no machine draws differently: centred sums of four bytes.

    Mean 0, standard deviation GRAIN_SPREAD.
    """
    total = rng.integers(0, 256, size=(4, *shape), dtype=np.int32)
    centred: Floats = (total[0] + total[1] + total[2] + total[3] - 510).astype(np.float32)
    return centred


@lru_cache(maxsize=8)
def hair_overlay(number: int) -> Floats:
    """Return one of eight pictures of body hair, shape (SIDE_PX, SIDE_PX): how much of each pixel is hair, 0 to 1."""
    rng = np.random.default_rng([7, number])
    drawn = Image.new("L", (2 * SIDE_PX, 2 * SIDE_PX))
    pen = ImageDraw.Draw(drawn)
    lean = int(rng.integers(-30, 31))
    for _ in range(26):
        x, y = (int(v) for v in rng.integers(0, 2 * SIDE_PX, size=2))
        dx, dy = lean + int(rng.integers(-25, 26)), 60 + int(rng.integers(-15, 60))
        bend = int(rng.integers(-12, 13))
        pen.line([(x, y), (x + dx // 2 + bend, y + dy // 2), (x + dx, y + dy)], fill=150, width=2, joint="curve")
    return np.asarray(drawn.reduce(2), dtype=np.float32) / np.float32(255)


def cut(bank: Floats, rng: np.random.Generator) -> Floats:
    """Return a piece of a bank, as large as a photograph, from a place drawn at random."""
    y, x = int(rng.integers(BANK_PX - SIDE_PX + 1)), int(rng.integers(BANK_PX - SIDE_PX + 1))
    return bank[y : y + SIDE_PX, x : x + SIDE_PX]


def blend(pixels: Floats, rgb: tuple[float, float, float], how_much: Floats) -> None:
    """Mix a colour into pixels, shape (h, w, 3), in place.

    Args:
        pixels: Changed.
        rgb: Red, green, blue, 0 to 255.
        how_much: Shape (h, w), 0 to 1.
    """
    for channel, value in enumerate(rgb):
        layer = pixels[:, :, channel]
        layer += how_much * (np.float32(value) - layer)


def blurred(mask: Image.Image, radius_px: float) -> Floats:
    """Return a mask from 0 to 1 with soft edges; Pillow blurs bytes in integers."""
    return np.asarray(mask.filter(ImageFilter.GaussianBlur(radius_px)), dtype=np.float32) / np.float32(255)
