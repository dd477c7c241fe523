"""Bounding boxes in replies, their coordinates' conventions, and how far two boxes agree."""

import re
from typing import Literal

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""
Convention = Literal["pixels", "per mille", "per mille, y first"]
"""How a model states coordinates. Models of one family differ, and none says which: the user must."""
Rule = Literal["forms", "forms or others", "any numbers"]
"""What is taken for a box."""
_I, _D, _F = r"(\d+)", r"(\d+\.\d+)", r"\s*(-?\d+(?:\.\d+)?)\s*"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"\({_I},\s*{_I}\),\s*\({_I},\s*{_I}\)",
        rf"\[{_D},\s*{_D},\s*{_D},\s*{_D}\]",
        rf"\({_D},{_D}\),\({_D},{_D}\)",
        rf"\({_D},\s*{_D},\s*{_D},\s*{_D}\)",
        rf"\[{_I},\s*{_I},\s*{_I},\s*{_I}\]",
        rf"<box>{_I}\s+{_I}\s+{_I}\s+{_I}</box>",
    )
)
_FREE_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"\({_F},{_F}\)\s*,\s*\({_F},{_F}\)",
        rf"\[{_F},{_F},{_F},{_F}\]",
        rf"\({_F},{_F},{_F},{_F}\)",
        rf"<box>\s*{_F}[\s,]{_F}[\s,]{_F}[\s,]{_F}\s*</box>",
    )
)


_N, _COMMA = r"(\d+\.?\d*)", r"\s*[,，]\s*"
_PAIR = rf"\(?\s*{_N}{_COMMA}{_N}\s*\)?"
_NUMBERS = re.compile(rf"{_PAIR}\s*[,，]?\s*{_PAIR}")
_SIGNED = re.compile(r"[ ,，]+".join([r"(-?\d+\.?\d*)"] * 4))
RULES: dict[Rule, tuple[re.Pattern[str], ...]] = {
    "forms": _FORMS, "forms or others": (*_FORMS, *_FREE_FORMS), "any numbers": (_NUMBERS, _SIGNED),
}  # fmt: skip


def first_box(reply: str, rule: Rule = "forms or others") -> Box | None:
    """Return the first box of a reply as it stands, by the first of six forms that it has; None without any.

    The forms, in order, i a whole number and d one with a decimal point: "(i,i),(i,i)", "[d,d,d,d]", "(d,d),(d,d)",
    "(d,d,d,d)", "[i,i,i,i]", "<box>i i i i</box>".

    Args:
        reply: What a model said.
        rule: "forms": nothing else is a box. "forms or others": a reply without any of these may have them with numbers
            of either kind, signs and blanks. "any numbers": any four in a row are one, two and two with a comma.

    Example:
        >>> first_box("It is at <|box_start|>(10,20),(30,40)<|box_end|>.")
        (10.0, 20.0, 30.0, 40.0)
        >>> first_box("(10, 20.5, 30, 40)"), first_box("(10, 20.5, 30, 40)", "forms")
        ((10.0, 20.5, 30.0, 40.0), None)
        >>> first_box("from 10, 20 to 30, 40"), first_box("10, 20, 30, 40", "any numbers")
        (None, (10.0, 20.0, 30.0, 40.0))

    Reference:
        MedSG-Bench's script, by Yue et al. (2025), https://arxiv.org/abs/2505.11852.
    """
    for form in RULES[rule]:
        found = form.search(reply)
        if found:
            left, top, right, bottom = map(float, found.groups())
            return left, top, right, bottom
    return None


def in_pixels(box: Box, convention: Convention, size: tuple[int, int]) -> Box:
    """Return a box as a model states it in pixels of the image.

    Where no number of a box in thousandths is above 1, they are shares of the side, as models of that kind state too.

    Args:
        box: Four numbers as stated.
        convention: What they mean.
        size: Width and height of the image, in pixels.

    Example:
        >>> in_pixels((100, 200, 300, 400), "per mille, y first", (336, 336))
        (67.2, 33.6, 134.4, 100.8)
        >>> in_pixels((0.25, 0.5, 0.75, 1), "per mille", (336, 336))
        (84.0, 168.0, 252.0, 336.0)
    """
    if convention == "pixels":
        return box
    a, b, c, d = box if convention == "per mille" else (box[1], box[0], box[3], box[2])
    width, height = size
    whole = 1000 if max(box) > 1 else 1
    return a * width / whole, b * height / whole, c * width / whole, d * height / whole


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
