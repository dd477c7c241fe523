"""Whether a photograph's file holds nothing but its pixels: no camera data, no comment, no profile, nothing behind it.

Sources of the formats: as in `image_checks`; JFIF, https://www.w3.org/Graphics/JPEG/jfif3.pdf.
"""

import struct

from dermatrust.curate.image_checks import Header, segments

_JFIF, _ADOBE = 0xE0, 0xEE
_JFIF_BYTES, _ADOBE_BYTES = 14, 12
"""Of what these segments hold when no thumbnail is in the first and nothing follows in the second."""
_STRUCTURE = frozenset(range(0xC0, 0xE0)) | {0x01}
"""Tables, frames, scans and marks: what a decoder needs."""
_PNG_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"


def suffixes_of(content: bytes) -> tuple[str, ...]:
    """Return how the name of a file with these bytes may end; none for what a dataset folder does not hold."""
    if content.startswith(_JPEG):
        return (".jpg", ".jpeg")
    return (".png",) if content.startswith(_PNG) else ()


def is_bare(content: bytes, header: Header) -> bool:
    """Return whether an image that `check_image` has passed holds nothing but its pixels.

    Args:
        content: The file.
        header: What `check_image` returned of it.
    """
    if header.end != len(content):
        return False
    if content.startswith(_JPEG):
        return all(_is_structure(marker, content[start:end]) for marker, start, end in segments(content))
    return content.startswith(_PNG) and _has_only_pixels(content)


def _is_structure(marker: int, held: bytes) -> bool:
    if marker == _JFIF:
        return len(held) == _JFIF_BYTES and held.startswith(b"JFIF\0")
    if marker == _ADOBE:
        return len(held) == _ADOBE_BYTES and held.startswith(b"Adobe")
    return marker in _STRUCTURE


def _has_only_pixels(content: bytes) -> bool:
    place = len(_PNG)
    while place < len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        if kind not in _PNG_CHUNKS:
            return False
        place += length + 12
    return True
