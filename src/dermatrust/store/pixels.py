"""Reading an image file, whatever camera or editor it came from, to upright sRGB pixels and nothing else."""

import io
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from dermatrust.errors import DataError

MOST_PIXELS = 100_000_000
FORMATS = "JPEG, PNG, WebP, TIFF, BMP or GIF"

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_DAMAGE = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, struct.error, zlib.error, OverflowError)
"""What Pillow's readers raise on damaged files."""
_QUIET = threading.Lock()


class _Jpeg(JpegImagePlugin.JpegImageFile):
    def _read_dpi_from_exif(self) -> None:
        """Pillow reads EXIF here for the resolution in print, which we do not want, and warns if it is malformed."""


_READERS: dict[bytes, type[ImageFile.ImageFile]] = {
    b"\xff\xd8\xff": _Jpeg,
    b"\x89PNG\r\n\x1a\n": PngImagePlugin.PngImageFile,
    b"RIFF": WebPImagePlugin.WebPImageFile,
    b"II*\0": TiffImagePlugin.TiffImageFile,
    b"MM\0*": TiffImagePlugin.TiffImageFile,
    b"BM": BmpImagePlugin.BmpImageFile,
    b"GIF87a": GifImagePlugin.GifImageFile,
    b"GIF89a": GifImagePlugin.GifImageFile,
}
"""First bytes to reader. `PIL.Image.open` would try every format it knows, and warn about images over 89 megapixels."""


def read_pixels(path: Path, *, where: str, side_px: int | None = None) -> Image.Image:
    """Return the image as RGB: upright, in sRGB, without any metadata; the first frame if there are many.

    Transparent pixels become white, the background of print and of most viewers: black would read as a dark border.
    An embedded colour profile is applied. A colour profile or EXIF block that is malformed is ignored, since the
    pixels are still good. Grey of 16 bits keeps its 8 high bits.

    Args:
        path: The image file; its contents say what format it is, not its name.
        where: What to name in an error besides the file.
        side_px: Shrink to this longest side, in pixels; None keeps the size.

    Raises:
        DataError: The file is missing, empty, truncated, damaged, over 100 megapixels (known before any pixel is
            decoded), or not an image of a supported kind.
    """
    named = f"the image {path}"
    try:
        with path.open("rb") as file:
            return _read(file, side_px, where, named)
    except FileNotFoundError:
        raise DataError(where, f"{named} is missing") from None
    except OSError as error:
        raise _unreadable(error, where, named) from None


def decode_pixels(content: bytes, *, where: str, side_px: int | None = None) -> Image.Image:
    """Return the image in these bytes, as `read_pixels` returns that in a file.

    Raises:
        DataError: As for `read_pixels`.
    """
    return _read(io.BytesIO(content), side_px, where, "the image")


def _read(file: BinaryIO, side_px: int | None, where: str, named: str) -> Image.Image:
    try:
        reader = _reader(file.read(8), where, named)
        file.seek(0)
        return _decode(reader, file, side_px, where, named)
    except Image.DecompressionBombError:
        raise _too_large(where, named) from None
    except _DAMAGE as error:
        raise _unreadable(error, where, named) from None


def _reader(start: bytes, where: str, named: str) -> type[ImageFile.ImageFile]:
    for signature, reader in _READERS.items():
        if start.startswith(signature):
            return reader
    what = f"{named} is empty" if not start else f"{named} is not an image we can read"
    raise DataError(where, what, FORMATS)


def _decode(
    reader: type[ImageFile.ImageFile], file: BinaryIO, side_px: int | None, where: str, named: str
) -> Image.Image:
    with _quietly(reader), reader(file) as image:
        if image.width * image.height > MOST_PIXELS:
            raise _too_large(where, named, f" ({image.width} x {image.height})")
        if side_px is not None:
            image.draft("", (2 * side_px, 2 * side_px))  # a JPEG decodes faster at a fraction of its size
        image.load()
        profile, exif = image.info.get("icc_profile"), image.info.get("exif")
        pixels = _plain_mode(image)
        if side_px is not None:
            pixels.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    turn = _UPRIGHT.get(orientation(exif)) if isinstance(exif, bytes) else None
    if turn is not None:
        pixels = pixels.transpose(turn)
    pixels = _to_srgb(pixels, profile)
    pixels.info.clear()  # Pillow's writers would copy comments and profiles from here
    return pixels


@contextmanager
def _quietly(reader: type[ImageFile.ImageFile]) -> Iterator[None]:
    """Silence Pillow's warnings about TIFF tags; one thread at a time, since the filters belong to all threads."""
    if reader is not TiffImagePlugin.TiffImageFile:
        yield
        return
    with _QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _plain_mode(image: Image.Image) -> Image.Image:
    """Return the pixels in a mode that can be resized and colour-managed: L, RGB, CMYK, YCbCr."""
    if image.mode == "F":
        raise ValueError("its pixels are fractions, on a scale the file does not say")
    if image.mode.startswith("I"):
        values = np.asarray(image)
        if values.min(initial=0) < 0 or values.max(initial=0) > 0xFFFF:
            raise ValueError("its pixels have more than 16 bits")
        return Image.fromarray((values >> 8).astype(np.uint8))
    if image.has_transparency_data:
        with_alpha = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, with_alpha).convert("RGB")
    if image.mode in ("L", "RGB", "CMYK", "YCbCr"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _to_srgb(pixels: Image.Image, profile: object) -> Image.Image:
    if isinstance(profile, bytes) and profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            managed = ImageCms.profileToProfile(pixels, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            managed = None  # broken, or for another kind of pixels
        if managed is not None:
            return managed
    return pixels.convert("RGB")


def orientation(exif: bytes) -> int:
    """Return the orientation (1 to 8) an EXIF block records, and 1 where it is malformed or says nothing.

    Read here, not by Pillow, which parses every tag and warns about those that are malformed.

    Reference:
        Exif 3.0 (CIPA DC-008), 4.6.5.1.2, tag 0x0112, type SHORT, in the 0th IFD of a TIFF header.
    """
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (n_tags,) = struct.unpack_from(f"{order}H", tiff, start)
        for place in range(start + 2, start + 2 + 12 * n_tags, 12):
            tag, kind, count, value = struct.unpack_from(f"{order}HHIH", tiff, place)
            if (tag, kind, count) == (_ORIENTATION, 3, 1):
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def _too_large(where: str, named: str, size: str = "") -> DataError:
    limit = f"at most {MOST_PIXELS // 1_000_000} megapixels"
    return DataError(where, f"{named} is too large to decode safely{size}", limit, "Shrink it first.")


def _unreadable(error: Exception, where: str, named: str) -> DataError:
    if isinstance(error, IsADirectoryError):
        return DataError(where, f"{named} is a folder", "an image file")
    if isinstance(error, PermissionError):
        return DataError(where, f"{named} cannot be read ({error.strerror})")
    if "truncated" in str(error).lower():
        return DataError(where, f"{named} is truncated", do="Copy it again from its source.")
    return DataError(where, f"{named} is damaged or of an unsupported kind ({error})", FORMATS)
