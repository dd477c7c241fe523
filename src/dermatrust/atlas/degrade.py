"""What spoils photographs, each at three severities, as corruption benchmarks do."""

import io
from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from dermatrust.atlas.skin import GRAIN_SPREAD, grain
from dermatrust.atlas.vocabulary import Attribute

Pixels = NDArray[np.uint8]
Degradation = Literal["blur", "noise", "low light", "colour cast", "jpeg", "crop", "occlusion"]
DEGRADATIONS: tuple[Degradation, ...] = get_args(Degradation)
Severity = Literal[1, 2, 3]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

HIDES: dict[tuple[Degradation, Severity], tuple[Attribute, ...]] = {
    ("blur", 2): ("features", "surface"),
    ("blur", 3): ("features", "surface", "border"),
    ("noise", 3): ("surface",),
    ("low light", 3): ("colour", "features", "surface"),
    ("colour cast", 2): ("colour",),
    ("colour cast", 3): ("colour",),
    ("jpeg", 3): ("features", "surface"),
    ("crop", 2): ("count", "distribution"),
    ("crop", 3): ("count", "distribution", "site"),
    ("occlusion", 3): ("count", "distribution"),
}
"""What an observer can no longer be held to. Argued from what each does to a picture, not measured on observers."""

_BLUR_PX = (1.5, 3.0, 6.0)
_NOISE = (10, 22, 42)
_LIGHT = (0.6, 0.38, 0.2)
_CAST = ((1.06, 1.0, 0.9), (1.16, 0.98, 0.74), (1.3, 0.92, 0.52))
_QUALITY = (30, 14, 5)
_KEPT = (0.8, 0.62, 0.45)
_COVERED = (0.2, 0.34, 0.5)


def degrade(pixels: Pixels, kind: Degradation, severity: Severity, seed: int) -> Pixels:
    """Return a spoilt copy of a photograph.

    Args:
        pixels: Red, green, blue, shape (h, w, 3).
        kind: One of DEGRADATIONS.
        severity: 1 mild, 2 marked, 3 severe.
        seed: Decides what chance decides: noise, the side light comes from, what is cropped or covered.

    Returns:
        The same shape. The same bytes on every machine, but for "jpeg", which depends on Pillow's encoder.

    Raises:
        ValueError: Kind or severity is unknown, or the array is no picture.

    Example:
        >>> spoilt = degrade(np.full((8, 8, 3), 200, np.uint8), "low light", 3, seed=0)
        >>> int(spoilt.max()) < 80
        True

    Reference:
        Graded corruptions: Hendrycks & Dietterich (2019), https://arxiv.org/abs/1903.12261; the values are ours.
    """
    if kind not in DEGRADATIONS:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(DEGRADATIONS)}")
    if severity not in SEVERITIES:
        raise ValueError(f"severity is {severity!r}; expected 1, 2 or 3")
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"pixels are {pixels.dtype} of shape {pixels.shape}; expected uint8 of shape (h, w, 3)")
    return _HOW[kind](pixels, severity - 1, np.random.default_rng([seed, DEGRADATIONS.index(kind), severity]))


def _as_bytes(values: NDArray[np.float32]) -> Pixels:
    return np.clip(values, np.float32(0), np.float32(255)).astype(np.uint8)


def _blur(pixels: Pixels, degree: int, rng: np.random.Generator) -> Pixels:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(_BLUR_PX[degree])))


def _noise(pixels: Pixels, degree: int, rng: np.random.Generator) -> Pixels:
    return _as_bytes(pixels.astype(np.float32) + grain(rng, pixels.shape) * np.float32(_NOISE[degree] / GRAIN_SPREAD))


def _low_light(pixels: Pixels, degree: int, rng: np.random.Generator) -> Pixels:
    dim = pixels.astype(np.float32) * np.float32(_LIGHT[degree])
    speckle = rng.integers(-6, 7, size=pixels.shape, dtype=np.int32).astype(np.float32)
    return _as_bytes(dim + speckle * np.float32(1 + degree))


def _colour_cast(pixels: Pixels, degree: int, rng: np.random.Generator) -> Pixels:
    """Tungsten light, or its opposite, the blue of shade."""
    gains = _CAST[degree] if rng.random() < 0.5 else _CAST[degree][::-1]
    return _as_bytes(pixels.astype(np.float32) * np.array(gains, dtype=np.float32))


def _jpeg(pixels: Pixels, degree: int, rng: np.random.Generator) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=_QUALITY[degree])
    with Image.open(buffer) as opened:
        return np.asarray(opened.convert("RGB"))


def _crop(pixels: Pixels, degree: int, rng: np.random.Generator) -> Pixels:
    """Keep a part of the frame, enlarged to the whole."""
    height, width = pixels.shape[:2]
    kept_h, kept_w = max(1, int(height * _KEPT[degree])), max(1, int(width * _KEPT[degree]))
    y, x = int(rng.integers(height - kept_h + 1)), int(rng.integers(width - kept_w + 1))
    part = Image.fromarray(pixels[y : y + kept_h, x : x + kept_w])
    return np.asarray(part.resize((width, height), Image.Resampling.BILINEAR))


def _occlusion(pixels: Pixels, degree: int, rng: np.random.Generator) -> Pixels:
    """Lay a strip of gauze over the frame."""
    covered = pixels.copy()
    across = covered if rng.random() < 0.5 else covered.transpose(1, 0, 2)  # both are views of `covered`
    height, width = across.shape[:2]
    thick = max(1, int(height * _COVERED[degree]))
    top = int(rng.integers(height - thick + 1))
    weave = (np.arange(thick)[:, None] // 3 + np.arange(width)[None, :] // 3) % 2 * 14
    across[top : top + thick] = (226 - weave).astype(np.uint8)[:, :, None]
    return covered


_HOW: dict[str, Callable[[Pixels, int, np.random.Generator], Pixels]] = {
    "blur": _blur, "noise": _noise, "low light": _low_light, "colour cast": _colour_cast, "jpeg": _jpeg, "crop": _crop,
    "occlusion": _occlusion,
}  # fmt: skip
