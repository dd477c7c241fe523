"""Case images as small JPEGs inside the page."""

import base64
import io
import tempfile
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.store.pixels import read_pixels

LONGEST_SIDE_PX = 480


class Unreadable(Exception):  # noqa: N818  # shown in place of the image; never stops the report
    """An image that cannot be shown, and why."""


def data_uri(image: bytes | Path, *, side_px: int = LONGEST_SIDE_PX) -> str:
    """Return the image as a `data:` URI: upright, sRGB, without metadata, at most so many pixels a side.

    Raises:
        Unreadable: The file is missing, too large, or not an image. The reason names no path of this machine.
    """
    if isinstance(image, Path):
        return _encoded(image, side_px)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image"
        path.write_bytes(image)
        return _encoded(path, side_px)


def _encoded(path: Path, side_px: int) -> str:
    try:
        pixels = read_pixels(path, where="report", side_px=side_px)
    except DataError as error:
        raise Unreadable(error.what.replace(f"the image {path}", "the file")) from None
    out = io.BytesIO()
    pixels.save(out, "JPEG", quality=82, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode("ascii")
