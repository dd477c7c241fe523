"""T17 to T19 of the security list: metadata, bombs, and files that are not what they say."""

import contextlib
import hashlib
import io
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from dermatrust.curate.image_checks import ImageRefusedError, check_image
from dermatrust.curate.image_cleaning import Cleaners, clean_image
from dermatrust.store.images import ImageCache, encode_for_models

from . import uploads

STRUCTURAL = {"ExifTool", "System", "File", "JFIF", "Composite"}


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    if shutil.which("exiftool") is None:
        pytest.skip("no exiftool on this machine (apt-get install libimage-exiftool-perl)")
    return uploads.marked_files(tmp_path_factory.mktemp("marked"))


@pytest.fixture(scope="module")
def cleaners():
    with Cleaners(1) as opened:
        yield opened


def test_24_marked_files_come_out_with_nothing_but_their_structure(marked, tmp_path):
    assert len(marked) == 24
    assert uploads.tags_of(marked.values()).count(uploads.SECRET) >= 3 * len(marked)
    cleaned = []
    for name, path in marked.items():
        cleaned.append(tmp_path / f"{name}.jpg")
        cleaned[-1].write_bytes(clean_image(path.read_bytes()))
        assert uploads.SECRET.encode() not in cleaned[-1].read_bytes()
    found = uploads.tags_of(cleaned)
    assert found.count("FileType ") == 24
    assert {line[1 : line.index("]")] for line in found.splitlines() if line.startswith("[")} <= STRUCTURAL
    assert uploads.SECRET not in found
    assert "Comment" not in found


def test_pixels_are_those_of_the_upright_photograph_for_all_8_tags(marked):
    for path in marked.values():
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.info.clear()
        assert clean_image(path.read_bytes()) == encode_for_models(upright), path.name


@pytest.mark.parametrize("kind", uploads.ENCODINGS)
def test_a_colour_profile_is_applied_and_dropped(kind):
    profile = uploads.adobe_rgb_profile()
    assert b"E\0r\0i\0k\0" in profile
    with Image.open(io.BytesIO(clean_image(uploads.encoded(kind=kind, icc_profile=profile)))) as image:
        assert "icc_profile" not in image.info
        assert np.abs(np.asarray(image, int)[30:, 40:] - np.asarray(uploads.corner_photo(), int)[30:, 40:]).mean() < 12


def test_it_is_what_the_image_cache_of_rate_shows(tmp_path):
    content = uploads.encoded(uploads.corner_photo((1500, 900)))
    (tmp_path / "a.jpg").write_bytes(content)
    cached = ImageCache(tmp_path / "cache", side_px=1024).prepare(tmp_path / "a.jpg", where="a")
    assert hashlib.sha256(clean_image(content)).hexdigest() == cached.sha256


@pytest.mark.parametrize(("content", "fault"), uploads.refused_files().values(), ids=uploads.refused_files())
def test_what_is_no_photograph_is_refused_and_says_why(content, fault):
    with pytest.raises(ImageRefusedError) as refused:
        clean_image(content)
    assert refused.value.fault == fault
    assert refused.value.status == (415 if fault == "not a photograph" else 422)


def test_there_are_forty_of_them():
    assert len(uploads.refused_files()) >= 40


@pytest.mark.parametrize("kind", uploads.ENCODINGS)
def test_what_cameras_put_behind_a_photograph_is_dropped(kind):
    whole = uploads.encoded(kind=kind)
    behind = uploads.encoded(Image.new("RGB", (9, 9))) + b"\0\0\0\x18ftypmp42" + b"SEFHk\0\0\0SEFT"
    assert clean_image(whole + behind) == clean_image(whole)


def test_fifty_hostile_files_stay_below_300_mb_and_the_process_goes_on(cleaners):
    bombs = [*uploads.bombs().values()]
    files = [*bombs, *[one for one in uploads.refused_files().values() if one[0]][: 50 - len(bombs)]]
    assert len(files) == 50
    (before,) = cleaners.pids
    for content, fault in files:
        assert _outcome(cleaners, content) == fault
    assert cleaners.pids == [before]
    assert cleaners.clean(uploads.encoded()) == clean_image(uploads.encoded())
    assert _peak_mb(before) < 300


def test_a_process_that_dies_or_hangs_is_replaced():
    with Cleaners(1, timeout_s=0.5) as cleaners:
        cleaners.clean(uploads.encoded())
        (first,) = cleaners.pids
        os.kill(first, signal.SIGKILL)
        cleaned = _tried_twice(cleaners, uploads.encoded())
        (second,) = cleaners.pids
        assert second != first
        os.kill(second, signal.SIGSTOP)
        with pytest.raises(ImageRefusedError, match="takes too long"):
            cleaners.clean(uploads.encoded())
        assert cleaners.clean(uploads.encoded()) == cleaned
    assert cleaners.pids == []


def test_it_may_neither_write_nor_see_the_environment(cleaners):
    cleaners.clean(uploads.encoded())
    (pid,) = cleaners.pids
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert "Max file size             0 " in limits
    assert "Max address space         unlimited" not in limits


@given(st.sampled_from(["jpg", "png", "webp"]), st.data())
@settings(max_examples=300)
def test_bytes_changed_anywhere_are_cleaned_or_refused(kind, data):
    content = bytearray(uploads.encoded(kind=kind))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ImageRefusedError):
        assert clean_image(bytes(content)).startswith(b"\xff\xd8")


@given(st.binary(max_size=99), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x20\0\0\0WEBP"]))
def test_no_bytes_whatever_raise_anything_else(rest, start):
    with pytest.raises(ImageRefusedError):
        check_image(start + rest)


def _outcome(cleaners, content):
    """Return why an image is refused, "" if it was cleaned."""
    try:
        cleaned = cleaners.clean(content)
    except ImageRefusedError as refused:
        return refused.fault
    with Image.open(io.BytesIO(cleaned)) as image:
        return "" if max(image.size) == 1024 else "of another size"


def _tried_twice(cleaners, content):
    """Return a cleaned image; the first try may find the process dead."""
    try:
        return cleaners.clean(content)
    except ImageRefusedError:
        return cleaners.clean(content)


def _peak_mb(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
