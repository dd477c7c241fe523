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


def data_uri(image: bytes | Path) -> str:
    """Return the image as a `data:` URI: upright, sRGB, without metadata, at most 480 px a side.

    Raises:
        Unreadable: The file is missing, too large, or not an image. The reason names no path of this machine.
    """
    if isinstance(image, Path):
        return _encoded(image)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image"
        path.write_bytes(image)
        return _encoded(path)


def _encoded(path: Path) -> str:
    try:
        pixels = read_pixels(path, where="report", side_px=LONGEST_SIDE_PX)
    except DataError as error:
        raise Unreadable(error.what.replace(f"the image {path}", "the file")) from None
    out = io.BytesIO()
    pixels.save(out, "JPEG", quality=82, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode("ascii")
