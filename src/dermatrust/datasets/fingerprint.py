"""Fingerprints of images: the same bytes, and nearly the same picture.

The perceptual hash is pHash: 64 bits that say which low frequencies of the picture are above their median. It
survives re-encoding, resizing and small changes of brightness. It does not survive rotation, mirroring or cropping, so
finding no near-duplicate does not prove that there is none.

Reference:
    Zauner (2010), Implementation and benchmarking of perceptual image hash functions, section 3.2.1,
    https://www.phash.org/docs/pubs/thesis_zauner.pdf.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dermatrust.errors import DataError
from dermatrust.store.pixels import read_pixels

NEAR = 6
"""Two pictures are near-duplicates if at most this many of the 64 bits differ."""

_SIDE_PX = 32
_N_LOW = 8
_READ_AT_PX = 256
_LEAST_CONTRAST = 1.0
_BLOCK_ROWS = 512
THREADS = min(4, os.cpu_count() or 1)
"""Each may hold one whole photograph."""
_EXIF_WITHIN = 1 << 16
"""Bytes. JPEG and PNG writers put the block near the start."""

_steps = np.arange(_SIDE_PX)
_COSINES = 2 * np.cos(np.pi * np.outer(np.arange(_N_LOW), 2 * _steps + 1) / (2 * _SIDE_PX))
"""The lowest eight rows of the type-II cosine transform of 32 values, unnormalised."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What an image file is told apart by."""

    sha256: str
    """Of the file's bytes."""
    perceptual: int | None
    """64 bits; None for a picture of one even colour, which resembles every other such picture."""
    has_exif: bool
    """Whether the file carries a camera's notes, which may tell place and time."""


def perceptual_hash(picture: Image.Image) -> int | None:
    """Return the picture's 64-bit pHash, or None if it is of one even colour.

    The picture is made grey, resized to 32 x 32 and transformed; a bit is set where one of the 8 x 8 lowest
    frequencies is above their median. The first bit is the mean brightness, the last the highest frequency.

    Example:
        >>> perceptual_hash(Image.new("RGB", (64, 64), "brown")) is None
        True
    """
    grey = np.asarray(picture.convert("L").resize((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS), dtype=np.float64)
    if grey.std() < _LEAST_CONTRAST:
        return None
    low = _COSINES @ grey @ _COSINES.T
    bits = (low > np.median(low)).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def fingerprint(path: Path, *, where: str) -> Fingerprint:
    """Return the fingerprint of an image file.

    Raises:
        DataError: The image is missing or cannot be read; the message starts with `where`.
    """
    pixels = read_pixels(path, where=where, side_px=_READ_AT_PX)
    content = path.read_bytes()
    has_exif = b"Exif\0\0" in content[:_EXIF_WITHIN] or b"eXIf" in content[:_EXIF_WITHIN]
    return Fingerprint(hashlib.sha256(content).hexdigest(), perceptual_hash(pixels), has_exif)


def fingerprints(images: Iterable[tuple[str, Path]]) -> Iterator[tuple[str, Fingerprint | DataError]]:
    """Yield name and fingerprint of every image, in order; what cannot be read yields its error instead."""
    with ThreadPoolExecutor(THREADS) as pool:  # Pillow decodes outside the interpreter lock
        yield from pool.map(_named, images)


def _named(image: tuple[str, Path]) -> tuple[str, Fingerprint | DataError]:
    name, path = image
    try:
        return name, fingerprint(path, where=name)
    except DataError as error:
        return name, error


def near_pairs(hashes: Sequence[int], *, threshold: int = NEAR) -> NDArray[np.intp]:
    """Return all pairs of positions whose hashes differ in at most `threshold` bits.

    Args:
        hashes: 64-bit hashes.
        threshold: Most bits that may differ.

    Returns:
        Shape (pairs, 2), the smaller position first, sorted. Every hash is compared with every other, in blocks of
        NumPy operations: about a second for 20,000 images.

    Example:
        >>> near_pairs([0b1111, 0b0111, 2**63]).tolist()
        [[0, 1], [0, 2], [1, 2]]
        >>> near_pairs([0b1111, 0b0111, 2**63], threshold=1).tolist()
        [[0, 1]]
    """
    words = np.asarray(hashes, dtype=np.uint64)
    blocks = [_near_in_block(words, start, threshold) for start in range(0, len(words), _BLOCK_ROWS)]
    return np.concatenate([np.empty((0, 2), np.intp), *blocks])


def _near_in_block(words: NDArray[np.uint64], start: int, threshold: int) -> NDArray[np.intp]:
    rows = words[start : start + _BLOCK_ROWS]
    distances = np.bitwise_count(rows[:, None] ^ words[None, start:])
    pairs = np.argwhere(distances <= threshold)
    return (pairs + start)[pairs[:, 1] > pairs[:, 0]]
