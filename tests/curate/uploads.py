"""Files that people and attackers upload, made here."""

import io
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

SECRET = "Erika Mustermann"
"""What must not come through."""
ENCODINGS = {"jpg": {"quality": 90}, "png": {}, "webp": {"lossless": True}}
FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}


def corner_photo(size=(64, 48)):
    """A white picture with a red quarter and some noise: every orientation looks different."""
    pixels = np.random.default_rng(1).integers(200, 256, (size[1], size[0], 3), dtype=np.uint8)
    pixels[: size[1] // 2, : size[0] // 2] = (200, 10, 10)
    return Image.fromarray(pixels)


def encoded(image=None, kind="jpg", **options):
    buffer = io.BytesIO()
    (image or corner_photo()).save(buffer, FORMATS[kind], **ENCODINGS[kind] | options)
    return buffer.getvalue()


def marked_files(folder: Path) -> dict[str, Path]:
    """24 photographs: three formats in eight orientations, each with all the metadata its format has."""
    thumbnail = folder / "thumbnail.jpg"
    thumbnail.write_bytes(encoded(Image.new("RGB", (16, 12), "blue")))
    (folder / "thumbnail.txt").write_text(SECRET)
    found, commands = {}, []
    for kind in ENCODINGS:
        path = folder / f"all.{kind}"
        options = {}
        if kind == "png":
            options["pnginfo"] = info = PngImagePlugin.PngInfo()
            info.add_text("Comment", SECRET)
            info.add_text("Author", SECRET, zip=True)
            info.add_itxt("Description", SECRET, "de", "Beschreibung")
        path.write_bytes(encoded(kind=kind, **options))
        tags = [
            f"-EXIF:Artist={SECRET}", f"-EXIF:UserComment={SECRET}", "-EXIF:Make=Canon", "-EXIF:SerialNumber=4711",
            "-GPSLatitude=48.137", "-GPSLatitudeRef=N", "-GPSLongitude=11.575", "-GPSLongitudeRef=E",
            f"-XMP-dc:Creator={SECRET}", f"-XMP-dc:Description={SECRET}",
        ]  # fmt: skip
        if kind == "jpg":
            tags += [f"-IPTC:By-line={SECRET}", f"-Comment={SECRET}", f"-EXIF:ThumbnailImage<={thumbnail}"]
        for value in range(1, 9):
            turned = found[f"{kind}{value}"] = folder / f"{kind}{value}.{kind}"
            turned.write_bytes(path.read_bytes())
            commands += [*tags, "-n", f"-EXIF:Orientation={value}", str(turned), "-execute"]
    _exiftool(*commands[:-1], "-common_args", "-q", "-overwrite_original")
    return found


def tags_of(paths) -> str:
    """Everything exiftool finds, one tag a line, with its group."""
    return _exiftool("-a", "-u", "-ee", "-G1", "-s", *map(str, paths))


def _exiftool(*words: str) -> str:
    done = subprocess.run(["exiftool", "-q", *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def png_header(width, height, *, bits=8, colour=2):
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


PNG_END = png_chunk(b"IEND", b"")


def png_bomb(width, height, *, bits=8, colour=2):
    """A PNG of few bytes that claims to be large, whole and valid."""
    row = 1 + (width * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour] * bits + 7) // 8
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(bytes(row)) for _ in range(height)) + packer.flush()
    palette = png_chunk(b"PLTE", bytes(6)) + png_chunk(b"tRNS", b"\0") if colour == 3 else b""
    return png_header(width, height, bits=bits, colour=colour) + palette + png_chunk(b"IDAT", body) + PNG_END


def jpeg_claiming(width, height):
    """A JPEG whose header claims another size than its pixels have."""
    whole = bytearray(encoded())
    place = whole.index(b"\xff\xc0")
    struct.pack_into(">HH", whole, place + 5, height, width)
    return bytes(whole)


def webp_claiming(width, height):
    body = b"VP8X" + struct.pack("<II", 10, 0) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def zip_file():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "hello")
    return buffer.getvalue()


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def adobe_rgb_profile():
    """A profile whose description names somebody."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"s\0R\0G\0B\0", b"E\0r\0i\0k\0", 1)


def refused_files() -> dict[str, tuple[bytes, str]]:
    """Files that are no photograph we take, with why."""
    photo, frames = corner_photo(), [corner_photo(), Image.new("RGB", (64, 48))]
    jpeg, png, webp = (encoded(kind=kind) for kind in ENCODINGS)
    second = b"\xff\xc0\0\x0b\x08\0\x09\0\x09\x01\x01\x11\0"
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    other = "not a photograph"
    return {
        "svg": (svg, other),
        "svg with a declaration": (b'<?xml version="1.0"?>' + svg, other),
        "html": (b"<!doctype html><script>alert(1)</script>", other),
        "gif": (saved(photo, "GIF"), other),
        "animated gif": (saved(photo, "GIF", save_all=True, append_images=frames), other),
        "tiff": (saved(photo, "TIFF"), other),
        "bmp": (saved(photo, "BMP"), other),
        "ico": (saved(photo, "ICO"), other),
        "pdf": (saved(photo, "PDF"), other),
        "eps": (saved(photo, "EPS"), other),
        "avif brand": (b"\0\0\0\x1cftypavif" + bytes(64), other),
        "heic brand": (b"\0\0\0\x18ftypheic" + bytes(64), other),
        "zip": (zip_file(), other),
        "zip before jpeg": (zip_file() + jpeg, other),
        "elf": (b"\x7fELF" + bytes(64), other),
        "text": (b"a photograph, really", other),
        "image url": (b"https://example.org/photo.jpg", other),
        "byte order mark before png": (b"\xef\xbb\xbf" + png, other),
        "riff wave": (b"RIFF\x24\0\0\0WAVEfmt " + bytes(32), other),
        "empty": (b"", "empty"),
        "jpeg + zip": (jpeg + zip_file(), "something behind it"),
        "jpeg + html": (jpeg + b"<html><script>alert(1)</script>", "something behind it"),
        "jpeg + pdf": (jpeg + b"\n%PDF-1.7\n", "something behind it"),
        "png + zip": (png + zip_file(), "something behind it"),
        "png + svg": (png + b"\0\0" + svg, "something behind it"),
        "webp + zip": (webp + zip_file(), "something behind it"),
        "webp + script": (webp + b"<SCRIPT src=x>", "something behind it"),
        "jpeg half": (jpeg[: len(jpeg) // 2], "truncated"),
        "jpeg without its last byte": (jpeg[:-1], "truncated"),
        "jpeg of three bytes": (b"\xff\xd8\xff", "truncated"),
        "png half": (png[: len(png) // 2], "truncated"),
        "png without its end": (png[:-12], "truncated"),
        "png signature": (png[:8], "truncated"),
        "webp half": (webp[: len(webp) // 2], "truncated"),
        "animated png": (saved(frames[0], "PNG", save_all=True, append_images=frames[1:]), "animated"),
        "animated webp": (saved(frames[0], "WEBP", save_all=True, append_images=frames[1:]), "animated"),
        "cmyk jpeg": (encoded(photo.convert("CMYK")), "cmyk"),
        "16-bit grey png": (saved(Image.fromarray(np.zeros((9, 9), np.uint16)), "PNG"), "more than 8 bits"),
        "16-bit colour png": (png_bomb(9, 9, bits=16), "more than 8 bits"),
        "12-bit jpeg": (jpeg.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"), "more than 8 bits"),
        "jpeg without pixels": (b"\xff\xd8\xff\xd9", "damaged"),
        "jpeg with garbage": (b"\xff\xd8\xff" + bytes(range(256)) * 4, "damaged"),
        "png that lies about its length": (png_header(64, 48) + PNG_END, "damaged"),
        "png with a wrong sum": (png[:29] + b"\0\0\0\0" + png[33:], "damaged"),
        "png of width 0": (png_header(0, 48) + PNG_END, "damaged"),
        "jpeg with two frames": (jpeg.replace(b"\xff\xc0", second + b"\xff\xc0"), "damaged"),
    }  # fmt: skip


def bombs() -> dict[str, tuple[bytes, str]]:
    """Small files that would become large, with why they are refused, or "" where they are within the limits."""
    many = "too many pixels"
    return {
        "9000 squared": (png_bomb(9000, 9000, colour=0), many),
        "20000 squared": (png_header(20_000, 20_000) + PNG_END, many),
        "one long row": (png_header(16_385, 1) + PNG_END, many),
        "one long column": (png_header(1, 2**31 - 1) + PNG_END, many),
        "2^32": (png_header(2**32 - 1, 2**32 - 1) + PNG_END, many),
        "jpeg 65500 squared": (jpeg_claiming(65_500, 65_500), many),
        "jpeg 16384 x 2442": (jpeg_claiming(16_384, 2_442), many),
        "webp 16383 squared": (webp_claiming(16_383, 16_383), many),
        "webp 2^24 squared": (webp_claiming(2**24, 2**24), many),
        "40 megapixels of colour": (png_bomb(8000, 5000), ""),
        "40 megapixels of grey": (png_bomb(8000, 5000, colour=0), ""),
        "40 megapixels with transparency": (png_bomb(8000, 5000, colour=6), "too much memory"),
        "40 megapixels of a palette": (png_bomb(8000, 5000, colour=3), "too much memory"),
        "claims 40 megapixels": (png_header(8000, 5000) + png_chunk(b"IDAT", b"") + PNG_END, "truncated"),
        "text that unpacks": (_png_with(b"zTXt", b"a\0\0" + zlib.compress(bytes(90_000_000), 9)), "damaged"),
        "profile that unpacks": (_png_with(b"iCCP", b"a\0\0" + zlib.compress(bytes(90_000_000), 9)), "damaged"),
        "many chunks": (_png_with(b"tEXt", b"a\0b", n=30_000), "damaged"),
        "many scans": (_many_scans(), "damaged"),
    }  # fmt: skip


def _png_with(kind, body, n=1):
    whole = encoded(kind="png")
    return whole[:33] + n * png_chunk(kind, body) + whole[33:]


def _many_scans():
    """A progressive JPEG whose last scan comes a hundred times."""
    whole = encoded(progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + 100 * whole[last:-2] + b"\xff\xd9"
