"""Several photographs on one sheet, for models that take one image."""

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import PIL.Image

from dermatrust.clients import Image
from dermatrust.store.atomic import write_bytes
from dermatrust.store.images import encode_for_models

_GAP_PX = 8
_WHITE = (255, 255, 255)
_VERSION = "sheet 1"


def contact_sheet(images: Sequence[Image], folder: Path, *, side_px: int) -> Image:
    """Return one image that shows several, from left to right and top to bottom, made if nobody has yet.

    The grid has as few rows as columns, or one fewer, and white gaps. Each photograph is shrunk, never enlarged, to fit
    its field and stands in the middle of it. One photograph is returned as it is.

    Args:
        images: Photographs as models see them, at least one.
        folder: Where the sheet is kept under the hash of what it was made from.
        side_px: Longest side of the sheet, in pixels.

    Raises:
        ValueError: There is no photograph, or not a pixel for each.
    """
    if not images:
        raise ValueError("a contact sheet shows at least one photograph")
    if len(images) == 1:
        return images[0]
    parts = "\0".join([_VERSION, str(side_px), *(image.sha256 for image in images)])
    name = hashlib.sha256(parts.encode()).hexdigest()
    path = folder / name[:2] / f"{name}.jpg"
    content = path.read_bytes() if path.is_file() else b""
    if not content.endswith(b"\xff\xd9"):
        content = encode_for_models(_laid_out(images, side_px))
        write_bytes(path, content, durable=False)
    return Image(hashlib.sha256(content).hexdigest(), path)


def _laid_out(images: Sequence[Image], side_px: int) -> PIL.Image.Image:
    n_columns = math.ceil(math.sqrt(len(images)))
    n_rows = math.ceil(len(images) / n_columns)
    field = (side_px - _GAP_PX * (n_columns - 1)) // n_columns
    if field < 1:
        raise ValueError(f"{len(images)} photographs do not fit on a sheet of {side_px} pixels")
    step = field + _GAP_PX
    sheet = PIL.Image.new("RGB", (step * n_columns - _GAP_PX, step * n_rows - _GAP_PX), _WHITE)
    for place, image in enumerate(images):
        with PIL.Image.open(image.path) as opened:
            picture = opened.convert("RGB")
        picture.thumbnail((field, field), PIL.Image.Resampling.LANCZOS)
        row, column = divmod(place, n_columns)
        left, top = column * step + (field - picture.width) // 2, row * step + (field - picture.height) // 2
        sheet.paste(picture, (left, top))
    return sheet
