"""Zips of dataset folders, as people and attackers make them."""

import io
import stat
import struct
import zipfile
from pathlib import Path


def zipped(folder: Path, *, top: str = "", **changed: bytes | None) -> bytes:
    """Return a folder as a zip; files by name, `__` for the dot, get other bytes, or None and are left out."""
    content = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    content |= {name.replace("__", "."): given for name, given in changed.items()}
    return packed({f"{top}{name}": given for name, given in content.items() if given is not None})


def packed(content: dict[str, bytes], **options) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", options.pop("compression", zipfile.ZIP_DEFLATED)) as archive:
        for name, given in content.items():
            archive.writestr(entry(name, **options), given, archive.compression)
    return buffer.getvalue()


def entry(name: str, mode: int = stat.S_IFREG | 0o644, flags: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = name
    info.external_attr, info.flag_bits = mode << 16, flags
    return info


def with_password(content: bytes) -> bytes:
    """Say of every file that it is encrypted."""
    some = bytearray(content)
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = some.find(signature)
        while at >= 0:
            some[at + place] |= 1
            at = some.find(signature, at + 1)
    return bytes(some)


def claiming(n_entries: int, n_bytes: int) -> bytes:
    """An archive's end that claims so many files and so long a list of them."""
    return b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, min(n_entries, 65535), min(n_entries, 65535), n_bytes, 0, 0)


NAMES = (
    "../card.yaml", "../../etc/passwd", "images/../../x.png", "/etc/passwd", "//server/share/x", "C:/x.png", "C:x.png",
    "images\\x.png", "..\\x.png", "\\\\server\\share\\x", "%2e%2e/x.png", "images/%2e%2e%2fx.png", "images/..",
    "images/./x.png", "images//x.png", "./card.yaml", "images/con.jpg", "CON", "nul.png", "images/LPT1.png",
    "images/" + "x" * 300 + ".png", "a/" * 10 + "x.png", "images/\u202egnp.x", "images/x\n.png", "images/x.png ",
    "images/x.png.", "images/ .png", "images/x\x7f.png", "images/<svg onload=alert(1)>.png", "images/x:stream.png",
    "~/x.png", "$HOME/x.png", "images/x|y.png", "images/*.png", "..", ".", "",
)  # fmt: skip
"""What no file of a dataset may be called."""
