"""Finding letters and digits laid over a photograph: dates, names and numbers that cameras and viewers stamp into it.

Characters of one line have one height, stand on one line, are near each other, and are of one even colour that is much
lighter or darker than what is around them. Four such patches in a row are taken for lettering; nothing is read. Hairs
are too long for it, and lesions not even. Handwriting, slanted lines, and characters under 8 or over 60 pixels (of a
photograph at 800 a side) are not found.

Reference:
    Top-hat transform: Serra (1982), Image Analysis and Mathematical Morphology, Academic Press. Lines from connected
    patches: Fletcher, Kasturi (1988), https://doi.org/10.1109/34.9112.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
SIDE_PX = 800
"""Longest side of what is looked at."""
_STROKE_PX = 13
"""Thicker strokes are taken for what the photograph shows."""
_CONTRAST = 40
"""Grey levels between a stroke and what is around it."""
_HEIGHTS_PX = (8, 60)
_MOST_WIDE, _LEAST_FILLED = 1.6, 0.18
_CORE, _UNEVEN, _UNLIKE = 0.6, 22.0, 16.0
"""Share of a character's contrast from which on a pixel is its stroke, not its rim; grey levels: standard deviation
within a character's strokes, and between the characters of a line."""
_FARTHEST = 1.2
"""Between two characters, in their height: a space is less."""
_LEAST_CHARACTERS, _LEAST_BROAD, _BROAD = 4, 2, 0.4
"""Of a line; and how many are at least how wide, for their height: the ticks of a ruler are not."""


class Box(NamedTuple):
    """A rectangle in pixels of what was looked at: the first column and row, and those behind the last."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left


class _Character(NamedTuple):
    box: Box
    grey: float
    """Mean of its strokes."""


def lettering(picture: Image.Image) -> list[Box]:
    """Return where lines of stamped characters are, in pixels of the picture at 800 a side; nothing where none is.

    Example:
        >>> lettering(Image.new("RGB", (64, 64), "brown"))
        []
    """
    scale = SIDE_PX / max(picture.size)
    size = [max(1, round(side * scale)) for side in picture.size]
    pixels = np.asarray(picture.convert("RGB").resize((size[0], size[1]), Image.Resampling.BICUBIC))
    found = {box for k in range(3) for box in _lines_in(np.ascontiguousarray(pixels[..., k]))}
    return sorted(found, key=lambda box: (box.top, box.left))


def _lines_in(channel: Pixels) -> Iterator[Box]:
    """Yield the lines of light and of dark characters in one colour."""
    for grey in (channel, 255 - channel):
        hat = grey - _spread(_spread(grey, np.minimum), np.maximum)  # white top-hat
        yield from _rows(_characters(hat, grey))


def _spread(grey: Pixels, extreme: np.ufunc) -> Pixels:
    """Return the least or greatest value of the square around each pixel; outside the picture its rim goes on."""
    for axis in (0, 1):
        half = _STROKE_PX // 2
        width = [(half, half) if k == axis else (0, 0) for k in range(2)]
        window, reach = np.moveaxis(np.pad(grey, width, mode="edge"), axis, 0), 1
        while reach < _STROKE_PX:  # each step doubles the window
            step = min(reach, _STROKE_PX - reach)
            window, reach = extreme(window[:-step], window[step:]), reach + step
        grey = np.moveaxis(window, 0, axis)
    return grey


def _characters(hat: Pixels, grey: Pixels) -> list[_Character]:
    """Return the patches that have the size, shape and evenness of characters, from left to right."""
    from scipy.ndimage import find_objects, label

    labels, _ = label(hat > _CONTRAST, np.ones((3, 3), dtype=int))
    found = []
    for number, (rows, columns) in enumerate(find_objects(labels), start=1):
        box = Box(columns.start, rows.start, columns.stop, rows.stop)
        if not _HEIGHTS_PX[0] <= box.height <= _HEIGHTS_PX[1] or box.width > _MOST_WIDE * box.height:
            continue
        inside = labels[rows, columns] == number
        own = hat[rows, columns][inside]
        strokes = grey[rows, columns][inside][own >= _CORE * own.max()]
        if inside.mean() >= _LEAST_FILLED and strokes.std() <= _UNEVEN:
            found.append(_Character(box, float(strokes.mean())))
    return sorted(found)


def _rows(characters: list[_Character]) -> Iterator[Box]:
    """Yield the rows of at least four characters of like height and grey, side by side."""
    used: set[_Character] = set()
    for place, first in enumerate(characters):
        if first in used:
            continue
        row = [first]
        for other in islice(characters, place + 1, None):
            if other.box.left > row[-1].box.right + _FARTHEST * _HEIGHTS_PX[1]:
                break
            if other not in used and _follows(row[-1], other):
                row.append(other)
        if _is_line(row):
            used.update(row)
            boxes = [one.box for one in row]
            tops, bottoms = [box.top for box in boxes], [box.bottom for box in boxes]
            yield Box(boxes[0].left, min(tops), max(box.right for box in boxes), max(bottoms))


def _follows(last: _Character, next_: _Character) -> bool:
    before, box = last.box, next_.box
    low, high = sorted((before.height, box.height))
    is_level = abs((before.top + before.bottom) - (box.top + box.bottom)) <= 0.5 * high
    return is_level and low >= 0.65 * high and 0 <= box.left - before.right <= _FARTHEST * high


def _is_line(row: list[_Character]) -> bool:
    n_broad = sum(one.box.width >= _BROAD * one.box.height for one in row)
    is_like = np.std([one.grey for one in row]) <= _UNLIKE
    return len(row) >= _LEAST_CHARACTERS and n_broad >= _LEAST_BROAD and bool(is_like)
