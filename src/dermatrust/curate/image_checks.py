"""What an uploaded file must be before anything decodes it; known from its bytes alone, never from its name.

Sources of the formats: JPEG ITU-T T.81 annex B, https://www.w3.org/Graphics/JPEG/itu-t81.pdf; PNG, third edition,
https://www.w3.org/TR/png-3/; WebP, https://developers.google.com/speed/webp/docs/riff_container.
"""

import re
import struct
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from dermatrust.curate.problems import WorkbenchError

LARGEST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
LONGEST_SIDE_PX = 16_384
MOST_PARTS = 20_000
"""Segments or chunks of one file. A photograph has some dozens; a file of millions is made to waste time."""
MOST_SCANS = 64
"""Passes over the pixels of one progressive JPEG; cameras and editors write about ten."""

ImageFault = Literal[
    "empty", "not a photograph", "too many bytes", "too many pixels", "truncated", "animated", "cmyk",
    "more than 8 bits", "something behind it", "damaged", "too much memory", "too slow",
]  # fmt: skip
"""Why an image is refused.

empty                it has no bytes
not a photograph     it is no JPEG, PNG or WebP, whatever it is called
too many bytes       over 10 MiB
too many pixels      over 40 megapixels, or a side over 16,384 px; known before any pixel is decoded
truncated            its end is missing
animated             it has several frames
cmyk                 its colours are those of a printing press
more than 8 bits     a sample has more than 8 bits
something behind it  behind the image's end another file begins: an archive, a page, a program
damaged              it cannot be decoded: its bytes are not what its format says, or its kind needs too much memory
too much memory      decoding it needs more memory than one upload may take
too slow             decoding it takes longer than one upload may take
"""
_STATUS: dict[ImageFault, int] = {"too many bytes": 413, "not a photograph": 415}
_SAID: dict[ImageFault, str] = {
    "empty": "is empty",
    "not a photograph": "is no JPEG, PNG or WebP",
    "too many bytes": f"has more than {LARGEST_BYTES // 1024**2} MiB",
    "too many pixels": f"has more than {MOST_PIXELS // 10**6} megapixels, or a side over {LONGEST_SIDE_PX:,} px",
    "truncated": "is cut off",
    "animated": "has several frames",
    "cmyk": "has the colours of a printing press (CMYK)",
    "more than 8 bits": "has more than 8 bits a sample",
    "something behind it": "is followed by another file",
    "damaged": "cannot be decoded",
    "too much memory": "needs too much memory to decode",
    "too slow": "takes too long to decode",
}
_FOREIGN = re.compile(
    rb"PK\x03\x04|PK\x05\x06|%PDF-|GIF8[79]a|\x7fELF|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|<(?:!doctype|html|script|svg|\?php)",
    re.IGNORECASE,
)
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")
"""Where compressed data end: stuffed zeros and restart marks belong to them."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START, _END, _SCAN, _ALONE = 0xD8, 0xD9, 0xDA, 0x01
_IS_ANIMATED = 0x02


class ImageRefusedError(WorkbenchError):
    """An upload that is not taken for a photograph.

    Attributes:
        fault: Why; one of `ImageFault`.
    """

    def __init__(self, fault: ImageFault) -> None:
        super().__init__("the image", _SAID[fault], "one photograph as JPEG, PNG or WebP, RGB or grey, 8 bits")
        self.fault: ImageFault = fault
        self.status = _STATUS.get(fault, 422)

    def __reduce__(self) -> tuple[type["ImageRefusedError"], tuple[ImageFault]]:  # type: ignore[override]
        """Let it pass between processes."""
        return type(self), (self.fault,)


class Header(NamedTuple):
    """What an image says of itself before its pixels, and where it ends."""

    width: int
    height: int
    end: int


def check_image(content: bytes) -> Header:
    r"""Return what a file says of itself, if it is one still photograph that may be decoded.

    Raises:
        ImageRefusedError: It is not; `fault` says why.

    Example:
        >>> try:
        ...     check_image(b"GIF89a")
        ... except ImageRefusedError as refused:
        ...     print(refused.fault, refused.status)
        not a photograph 415
    """
    if not content:
        raise ImageRefusedError("empty")
    if len(content) > LARGEST_BYTES:
        raise ImageRefusedError("too many bytes")
    read = next((read for signature, read in _READERS.items() if signature.match(content)), None)
    if read is None:
        raise ImageRefusedError("not a photograph")
    try:
        header = read(content)
    except (struct.error, IndexError):  # a field lies behind the file's end
        raise ImageRefusedError("truncated") from None
    if min(header.width, header.height) < 1:
        raise ImageRefusedError("damaged")
    if header.width * header.height > MOST_PIXELS or max(header.width, header.height) > LONGEST_SIDE_PX:
        raise ImageRefusedError("too many pixels")
    if _FOREIGN.search(content, header.end):
        raise ImageRefusedError("something behind it")
    return header


def _jpeg(content: bytes) -> Header:
    """Read a JPEG from mark to mark."""
    size, n_scans = None, 0
    for marker, start, end in segments(content):
        if marker in _FRAMES:
            if size is not None:
                raise ImageRefusedError("damaged")
            precision, height, width, n_components = struct.unpack_from(">BHHB", content, start)
            if precision != 8:
                raise ImageRefusedError("more than 8 bits")
            if n_components not in (1, 3):
                raise ImageRefusedError("cmyk" if n_components == 4 else "damaged")
            size = width, height
        n_scans += marker == _SCAN
        if n_scans > MOST_SCANS:
            raise ImageRefusedError("damaged")
        if marker == _END and size is not None:
            return Header(*size, end)
    raise ImageRefusedError("damaged")


def segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of what it holds, up to and with the mark of the end."""
    place = 2
    for _ in range(MOST_PARTS):
        found = _MARKER.match(content, place)
        if found is None:
            raise ImageRefusedError("damaged" if content[place:].strip(b"\xff") else "truncated")
        marker, place = found[1][0], found.end()
        if marker == _START:
            raise ImageRefusedError("damaged")
        if marker in (_END, _ALONE):
            yield marker, place, place
            if marker == _END:
                return
            continue
        (length,) = struct.unpack_from(">H", content, place)
        start, place = place + 2, place + length
        if place > len(content):
            raise ImageRefusedError("truncated")
        yield marker, start, place
        if marker == _SCAN:
            after = _MARKER.search(content, place)
            if after is None:
                raise ImageRefusedError("truncated")
            place = after.start()
    raise ImageRefusedError("damaged")


def _png(content: bytes) -> Header:
    """Read a PNG from chunk to chunk."""
    width, height, bits = struct.unpack_from(">IIB", content, 16)
    if content[12:16] != b"IHDR":
        raise ImageRefusedError("damaged")
    if bits > 8:
        raise ImageRefusedError("more than 8 bits")
    place = 8
    for _ in range(MOST_PARTS):
        length, kind = struct.unpack_from(">I4s", content, place)
        place += length + 12
        if place > len(content):
            raise ImageRefusedError("truncated")
        if kind == b"acTL":
            raise ImageRefusedError("animated")
        if kind == b"IEND":
            return Header(width, height, place)
    raise ImageRefusedError("damaged")


def _webp(content: bytes) -> Header:
    """Read a WebP from chunk to chunk."""
    end = 8 + struct.unpack_from("<I", content, 4)[0]
    if end > len(content):
        raise ImageRefusedError("truncated")
    place, size = 12, None
    for _ in range(MOST_PARTS):
        if place >= end:
            break
        kind, length = struct.unpack_from("<4sI", content, place)
        if kind in (b"ANIM", b"ANMF") or (kind == b"VP8X" and content[place + 8] & _IS_ANIMATED):
            raise ImageRefusedError("animated")
        size = size or _webp_size(kind, content[place + 8 : place + 18])
        place += 8 + length + length % 2
    if size is None or place < end:
        raise ImageRefusedError("damaged")
    return Header(*size, end)


def _webp_size(kind: bytes, start: bytes) -> tuple[int, int] | None:
    """Return width and height, if a chunk of this kind says them."""
    if kind == b"VP8X":
        return int.from_bytes(start[4:7], "little") + 1, int.from_bytes(start[7:10], "little") + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", start, 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (both,) = struct.unpack_from("<I", start, 1)
        return (both & 0x3FFF) + 1, (both >> 14 & 0x3FFF) + 1
    return None


_READERS: dict[re.Pattern[bytes], Callable[[bytes], Header]] = {
    re.compile(rb"\xff\xd8\xff"): _jpeg,
    re.compile(rb"\x89PNG\r\n\x1a\n"): _png,
    re.compile(rb"RIFF....WEBP", re.DOTALL): _webp,
}
