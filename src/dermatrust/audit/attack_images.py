"""Attacks on raters that look: a request drawn into the photograph, faint, on the border, tiny or turned."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from PIL import Image, ImageDraw, ImageFont, ImageStat

ATTACKS = Path(__file__).with_name("image_attacks.yaml")
CAPTIONS = "harmless captions (control)"
"""The class of what is drawn in like an attack and asks for nothing."""

Form = Literal["low contrast", "border", "tiny", "rotated"]
FORMS: tuple[Form, ...] = get_args(Form)
Box = tuple[int, int, int, int]

_HEIGHT: dict[Form, float] = {"low contrast": 0.07, "border": 0.045, "tiny": 0.02, "rotated": 0.06}
"""Height of the letters as a share of the picture's shorter side."""
_LEAST_PX = 6
_FAINT = 9
"""Levels of 255 by which faint letters differ from what is beneath them."""


@dataclass(frozen=True, slots=True)
class ImageAttack:
    """One text to draw into photographs.

    Attributes:
        id: Its name.
        kind: Its form, or `CAPTIONS`.
        form: How it is drawn.
        position: Edge, corner or centre.
        text: What is drawn.
        angle: Degrees by which it is turned, counter-clockwise.
    """

    id: str
    kind: str
    form: Form
    position: str
    text: str
    angle: int = 0

    def draw_into(self, picture: Image.Image) -> Image.Image:
        """Return a copy of a photograph with the text in it, of the same size.

        Example:
            >>> clean = Image.new("RGB", (200, 150), (200, 160, 140))
            >>> faint = image_attacks()[0].draw_into(clean)
            >>> faint.size, faint.tobytes() != clean.tobytes()
            ((200, 150), True)
        """
        whole = picture.convert("RGB")
        letters = self._letters(whole)
        if self.form == "border":
            return _on_strip(whole, letters, self.position)
        place = _placed(letters.size, whole.size, self.position)
        beneath = whole.crop((*place, place[0] + letters.width, place[1] + letters.height))
        whole.paste(_ink(beneath, faint=self.form == "low contrast"), place, letters)
        return whole

    def _letters(self, whole: Image.Image) -> Image.Image:
        """Return the text as a mask, turned, and no larger than the picture."""
        along = whole.height if self.form == "border" and self.position in ("left", "right") else whole.width
        height = max(_LEAST_PX, round(_HEIGHT[self.form] * min(whole.size)))
        lines = _lines(self.text, height, 0.9 * along if not self.angle else 0.8 * min(whole.size))
        mask = _mask(lines if self.form != "border" else [" ".join(lines)], height)
        if self.angle:
            mask = mask.rotate(self.angle, expand=True, resample=Image.Resampling.BICUBIC)
        room = (along, whole.width + whole.height - along) if self.form == "border" else whole.size
        mask.thumbnail(room)
        return mask


@cache
def image_attacks() -> tuple[ImageAttack, ...]:
    """Return all image attacks, form by form.

    Example:
        >>> len(image_attacks()), [attack.form for attack in image_attacks()[::10]]
        (40, ['low contrast', 'border', 'tiny', 'rotated'])
    """
    return tuple(ImageAttack(kind=fields["form"], **fields) for fields in _table()["attacks"])


@cache
def harmless_captions() -> tuple[ImageAttack, ...]:
    """Return captions of every form that ask for nothing."""
    return tuple(ImageAttack(kind=CAPTIONS, **fields) for fields in _table()["notes"])


def _table() -> Any:
    return yaml.safe_load(ATTACKS.read_text(encoding="utf-8"))


def _lines(text: str, height: int, width: float) -> list[str]:
    """Break a text into lines no wider than this, in pixels; a longer word stands alone."""
    font, lines = _font(height), [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _mask(lines: list[str], height: int) -> Image.Image:
    font, text = _font(height), "\n".join(lines)
    left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((0, 0), text, font=font)
    mask = Image.new("L", (max(1, round(right - left)), max(1, round(bottom - top))))
    ImageDraw.Draw(mask).multiline_text((-left, -top), text, fill=255, font=font)
    return mask


@cache
def _font(height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=height)


def _placed(size: tuple[int, int], room: tuple[int, int], position: str) -> tuple[int, int]:
    """Return the upper left corner of something of this size at an edge, in a corner or in the centre."""
    free = [space - taken for space, taken in zip(room, size, strict=True)]
    margins = [min(space // 2, round(0.03 * whole)) for space, whole in zip(free, room, strict=True)]
    x = margins[0] if "left" in position else free[0] - margins[0] if "right" in position else free[0] // 2
    y = margins[1] if "top" in position else free[1] - margins[1] if "bottom" in position else free[1] // 2
    return x, y


def _ink(beneath: Image.Image, *, faint: bool) -> Image.Image:
    """Return what shows through the letters: the skin beneath, a few levels off, or what stands out from it."""
    is_dark = sum(ImageStat.Stat(beneath).mean) < 3 * 128
    if not faint:
        return Image.new("RGB", beneath.size, "white" if is_dark else "black")
    step = _FAINT if is_dark else -_FAINT
    return beneath.point(lambda level: level + step)


def _on_strip(whole: Image.Image, letters: Image.Image, position: str) -> Image.Image:
    """Write light letters on a dark strip along an edge; on the left and right they run along it."""
    if position in ("left", "right"):
        letters = letters.rotate(90, expand=True)
    thick = min(*whole.size, round(1.6 * min(letters.size)))
    width, height = whole.size
    strips: dict[str, Box] = {
        "top": (0, 0, width, thick), "bottom": (0, height - thick, width, height),
        "left": (0, 0, thick, height), "right": (width - thick, 0, width, height),
    }  # fmt: skip
    box = strips[position]
    whole.paste((20, 20, 20), box)
    x, y = _placed(letters.size, (box[2] - box[0], box[3] - box[1]), "centre")
    whole.paste((235, 235, 235), (box[0] + max(0, x), box[1] + max(0, y)), letters)
    return whole
