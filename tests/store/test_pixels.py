import io
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from dermatrust.errors import DataError
from dermatrust.store.pixels import orientation, read_pixels

RED, WHITE = (255, 0, 0), (255, 255, 255)


def corner_photo(size=(64, 48)):
    """A white picture whose top left quarter is red: every orientation looks different."""
    image = Image.new("RGB", size, "white")
    image.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    return image


def read(path, **options):
    return read_pixels(path, where="case c1", **options)


def close(a, b, tolerance=12):
    return all(abs(x - y) <= tolerance for x, y in zip(a, b, strict=True))


def png_header(width, height):
    body = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + body
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(body)) + chunk + struct.pack(">I", zlib.crc32(chunk))


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tif"])
def test_orientation_is_applied_as_pillow_does(tmp_path, value, kind):
    exif = Image.Exif()
    exif[0x0112] = value
    path = tmp_path / f"a.{kind}"
    corner_photo().save(path, exif=exif, **({"lossless": True} if kind == "webp" else {}))
    found = read(path)
    with Image.open(path) as image:
        expected = ImageOps.exif_transpose(image).convert("RGB")
    assert found.size == expected.size == ((64, 48) if value <= 4 else (48, 64))
    assert np.abs(np.asarray(found, int) - np.asarray(expected, int)).max() <= 2


def test_orientation_is_applied_to_the_shrunken_image(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: what it stored as top left belongs to the top right
    corner_photo((640, 480)).save(tmp_path / "a.jpg", exif=exif)
    found = read(tmp_path / "a.jpg", side_px=80)
    assert found.size == (60, 80)
    assert close(found.getpixel((50, 10)), RED)
    assert close(found.getpixel((10, 10)), WHITE)


MALFORMED_EXIF = {
    "empty": b"",
    "only a marker": b"Exif\0\0",
    "text": b"Exif\0\0this is no TIFF header",
    "offset outside": b"Exif\0\0II*\0\xff\xff\xff\x7f",
    "more tags than bytes": b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01",
    "orientation 9": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0\0\0\0\0",
    "orientation as text": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x01\0\0\0\x06\0\0\0\0\0\0\0",
    "resolution that points nowhere": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x1a\0\x05\0\0\0\x01\xff\xff\xff\xff\0\0\0\0",
}


@pytest.mark.parametrize("exif", MALFORMED_EXIF.values(), ids=MALFORMED_EXIF)
def test_malformed_exif_never_costs_the_image(tmp_path, exif):
    buffer = io.BytesIO()
    corner_photo().save(buffer, "JPEG")
    plain = buffer.getvalue()
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    (tmp_path / "a.jpg").write_bytes(plain[:2] + segment + plain[2:])
    assert orientation(exif) == 1
    assert close(read(tmp_path / "a.jpg").getpixel((5, 5)), RED)


@given(st.binary(max_size=64), st.sampled_from([b"", b"II*\0", b"MM\0*", b"Exif\0\0II*\0\x08\0\0\0"]))
def test_no_exif_block_whatever_can_raise(rest, start):
    assert 1 <= orientation(start + rest) <= 8


def test_orientation_is_found_in_both_byte_orders_and_behind_other_tags():
    for order in "<>":
        mark = b"II*\0" if order == "<" else b"MM\0*"
        tags = [(0x010F, 2, 4, b"cam\0"), (0x0112, 3, 1, struct.pack(f"{order}HH", 8, 0))]
        body = b"".join(struct.pack(f"{order}HHI", *tag[:3]) + tag[3] for tag in tags)
        assert orientation(mark + struct.pack(f"{order}IH", 8, len(tags)) + body) == 8


def test_twenty_thousand_squared_is_refused_from_its_header(tmp_path):
    (tmp_path / "bomb.png").write_bytes(png_header(20_000, 20_000) + b"\0\0\0\0IDAT" + b"\0" * 64)
    tracemalloc.start()
    began = time.perf_counter()
    with pytest.raises(DataError, match=r"bomb\.png is too large .*\(20000 x 20000\); expected at most 100 megapixels"):
        read(tmp_path / "bomb.png")
    assert time.perf_counter() - began < 1
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_just_under_the_limit_is_decoded_without_a_warning(tmp_path):
    image = Image.new("L", (10_000, 9_500), 128)  # 95 megapixels: over Pillow's own limit for a warning
    for name in ("a.png", "a.tif", "a.jpg"):
        image.save(tmp_path / name)
        assert read(tmp_path / name, side_px=64).size == (64, 61)


@pytest.mark.parametrize(("kind", "header"), [
    ("bmp", b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 20_000, 20_000, 1, 24, 0, 0, 0, 0, 0, 0)),
    ("gif", b"GIF89a" + struct.pack("<HHBBB", 20_000, 20_000, 0x80, 0, 0) + bytes(6)
        + b"," + struct.pack("<HHHHB", 0, 0, 20_000, 20_000, 0) + b"\x02\x02\x4c\x01\0;"),
    ("webp", b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<II", 10, 0)
        + (15_999).to_bytes(3, "little") * 2),
])  # fmt: skip
def test_other_formats_are_refused_before_decoding_too(tmp_path, kind, header):
    (tmp_path / f"bomb.{kind}").write_bytes(header)
    with pytest.raises(DataError, match=rf"bomb\.{kind} is too large to decode safely"):
        read(tmp_path / f"bomb.{kind}")


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tif", "bmp", "gif"])
def test_a_file_cut_off_in_the_middle_is_an_error_that_names_it(tmp_path, kind):
    rng = np.random.default_rng(0)
    path = tmp_path / f"a.{kind}"
    Image.fromarray(rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)).save(path)
    whole = path.read_bytes()
    for part in (0.9, 0.5, 0.1):
        path.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises(DataError, match=rf"case c1: the image .*a\.{kind} is (truncated|damaged)"):
            read(path)


def test_a_truncated_jpeg_says_that_it_is_truncated(tmp_path):
    corner_photo((200, 200)).save(tmp_path / "a.jpg")
    whole = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"a\.jpg is truncated\. Copy it again from its source\."):
        read(tmp_path / "a.jpg")


def test_what_is_no_image_is_named_for_what_it_is(tmp_path):
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("This is a text.")
    (tmp_path / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    (tmp_path / "folder.jpg").mkdir()
    for name, complaint in {
        "empty.jpg": "is empty; expected JPEG, PNG",
        "text.jpg": "is not an image we can read; expected JPEG, PNG",
        "photo.heic": "is not an image we can read",
        "folder.jpg": "is a folder; expected an image file",
        "none.jpg": "is missing",
    }.items():
        with pytest.raises(DataError, match=rf"case c1: the image .*{name} {complaint}"):
            read(tmp_path / name)


def test_the_contents_say_what_a_file_is_and_not_its_name(tmp_path):
    corner_photo().save(tmp_path / "a.jpg", "PNG")
    assert read(tmp_path / "a.jpg").getpixel((5, 5)) == RED


def test_cmyk_with_and_without_a_colour_profile(tmp_path):
    corner_photo().convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    assert close(read(tmp_path / "a.jpg").getpixel((5, 5)), RED)
    assert close(read(tmp_path / "a.jpg").getpixel((60, 40)), WHITE)


def test_transparency_becomes_white(tmp_path):
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 20, 40))
    image.paste((0, 0, 255, 128), (20, 0, 40, 20))
    image.save(tmp_path / "rgba.png")
    image.convert("LA").save(tmp_path / "la.png")
    image.quantize(8).save(tmp_path / "p.png")
    image.save(tmp_path / "a.webp", lossless=True)
    Image.new("RGB", (8, 8), (1, 2, 3)).save(tmp_path / "rgb_key.png", transparency=(1, 2, 3))
    Image.new("L", (8, 8), 7).save(tmp_path / "l_key.png", transparency=7)
    for name in ("rgba.png", "p.png", "a.webp"):
        found = read(tmp_path / name)
        assert found.mode == "RGB"
        assert found.getpixel((10, 10)) == RED
        assert close(found.getpixel((30, 10)), (127, 127, 255), 4)
        assert found.getpixel((30, 30)) == WHITE
    assert read(tmp_path / "la.png").getpixel((30, 30)) == WHITE
    assert read(tmp_path / "rgb_key.png").getpixel((3, 3)) == WHITE
    assert read(tmp_path / "l_key.png").getpixel((3, 3)) == WHITE


def test_palette_and_bilevel(tmp_path):
    corner_photo().quantize(4).save(tmp_path / "p.png")
    corner_photo().convert("1").save(tmp_path / "one.png")
    assert read(tmp_path / "p.png").getpixel((5, 5)) == RED
    assert read(tmp_path / "one.png").getpixel((60, 40)) == WHITE
    assert read(tmp_path / "p.png", side_px=20).size == (20, 15)


@pytest.mark.parametrize("kind", ["png", "tif"])
def test_grey_of_16_bits_keeps_its_tones(tmp_path, kind):
    ramp = np.linspace(0, 65_535, 256).astype(np.uint16)
    Image.fromarray(np.tile(ramp, (4, 1))).save(tmp_path / f"a.{kind}")
    found = np.asarray(read(tmp_path / f"a.{kind}"))
    assert found[0, :, 0].tolist() == (ramp >> 8).tolist()


def test_grey_of_more_than_16_bits_is_refused(tmp_path):
    Image.fromarray(np.full((4, 4), 1 << 20, dtype=np.int32)).save(tmp_path / "i.tif")
    Image.fromarray(np.full((4, 4), 0.5, dtype=np.float32)).save(tmp_path / "f.tif")
    for name in ("i.tif", "f.tif"):
        with pytest.raises(DataError, match=f"{name} is damaged or of an unsupported kind"):
            read(tmp_path / name)


def test_only_the_first_frame_of_an_animation_is_read(tmp_path):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "green")]
    for name in ("a.gif", "a.png", "a.webp", "a.tif"):
        options = {"lossless": True} if name == "a.webp" else {}
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], **options)
        assert read(tmp_path / name).getpixel((8, 8)) == RED


def linear_profile():
    """A colour profile with the primaries of sRGB and a gamma of 1.0, built from the sRGB one."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (n_tags,) = struct.unpack_from(">I", profile, 128)
    for place in range(132, 132 + 12 * n_tags, 12):
        name, start, _ = struct.unpack_from(">4sII", profile, place)
        if name.endswith(b"TRC"):
            profile[start : start + 16] = b"curv" + bytes(4) + struct.pack(">I", 0) + bytes(4)
            struct.pack_into(">I", profile, place + 8, 12)
    return bytes(profile)


def test_a_colour_profile_is_applied_and_not_kept(tmp_path):
    Image.new("RGB", (16, 16), (55, 55, 55)).save(tmp_path / "a.png", icc_profile=linear_profile())
    found = read(tmp_path / "a.png")
    # Linear 55/255 = 0.2157; the sRGB curve gives 1.055 * 0.2157 ** (1 / 2.4) - 0.055 = 0.502, which is 128.
    assert close(found.getpixel((8, 8)), (128, 128, 128), 2)
    assert not found.info


@pytest.mark.parametrize("profile", [b"garbage", b"\0" * 200, linear_profile()[:150]])
def test_a_broken_colour_profile_is_ignored(tmp_path, profile):
    corner_photo().save(tmp_path / "a.png", icc_profile=profile)
    assert read(tmp_path / "a.png").getpixel((5, 5)) == RED


def test_a_colour_profile_for_other_pixels_is_ignored(tmp_path):
    corner_photo().convert("L").save(tmp_path / "a.png", icc_profile=linear_profile())
    assert read(tmp_path / "a.png").getpixel((60, 40)) == WHITE


def sources():
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"):
        buffer = io.BytesIO()
        exif = Image.Exif()
        exif[0x0112] = 3
        corner_photo((24, 20)).save(buffer, kind, **({} if kind in ("BMP", "GIF") else {"exif": exif}))
        yield buffer.getvalue()


SOURCES = list(sources())


@given(content=st.sampled_from(SOURCES), damage=st.data())
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_an_image_or_a_data_error_and_nothing_else(tmp_path, content, damage):
    broken = bytearray(content)
    for _ in range(damage.draw(st.integers(1, 4))):
        place = damage.draw(st.integers(0, len(broken) - 1))
        broken[place] = damage.draw(st.integers(0, 255))
    (tmp_path / "a").write_bytes(bytes(broken))
    try:
        found = read(tmp_path / "a", side_px=64)
    except DataError:
        return
    assert found.mode == "RGB"
    assert max(found.size) <= 64
