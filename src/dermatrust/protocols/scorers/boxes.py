"""Bounding boxes in replies, their coordinates' conventions, and how far two boxes agree."""

import re
from typing import Literal

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""
Convention = Literal["pixels", "per mille", "per mille, y first"]
"""How a model states coordinates. Models of one family differ, and none says which: the user must."""
_F = r"\s*(-?\d+(?:\.\d+)?)\s*"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"\({_F},{_F}\)\s*,\s*\({_F},{_F}\)",
        rf"\[{_F},{_F},{_F},{_F}\]",
        rf"\({_F},{_F},{_F},{_F}\)",
        rf"<box>\s*{_F}[\s,]{_F}[\s,]{_F}[\s,]{_F}\s*</box>",
    )
)


def first_box(reply: str) -> Box | None:
    """Return the first box of a reply as it stands, by the first of four forms that it has; None without any.

    The forms, in order: "(a,b),(c,d)", "[a,b,c,d]", "(a,b,c,d)", "<box>a b c d</box>".

    Example:
        >>> first_box("It is at <|box_start|>(10,20),(30,40)<|box_end|>.")
        (10.0, 20.0, 30.0, 40.0)
    """
    for form in _FORMS:
        found = form.search(reply)
        if found:
            left, top, right, bottom = map(float, found.groups())
            return left, top, right, bottom
    return None


def in_pixels(box: Box, convention: Convention, size: tuple[int, int]) -> Box:
    """Return a box as a model states it in pixels of the image.

    Args:
        box: Four numbers as stated.
        convention: What they mean.
        size: Width and height of the image, in pixels.

    Example:
        >>> in_pixels((100, 200, 300, 400), "per mille, y first", (336, 336))
        (67.2, 33.6, 134.4, 100.8)
    """
    if convention == "pixels":
        return box
    a, b, c, d = box if convention == "per mille" else (box[1], box[0], box[3], box[2])
    width, height = size
    return a * width / 1000, b * height / 1000, c * width / 1000, d * height / 1000


def intersection_over_union(one: Box, other: Box) -> float:
    """Return the area two boxes share over the area either covers; 0 where they do not meet or one has no area.

    Corners may come in any order.

    Example:
        >>> intersection_over_union((0, 0, 2, 2), (1, 0, 3, 2))
        0.3333333333333333

    Reference:
        Jaccard (1912), New Phytologist 11(2):37-50, https://doi.org/10.1111/j.1469-8137.1912.tb05611.x.
    """
    a, b = _ordered(one), _ordered(other)
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    covered = _area(a) + _area(b) - shared
    return shared / covered if covered > 0 else 0.0


def _ordered(box: Box) -> Box:
    return min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
