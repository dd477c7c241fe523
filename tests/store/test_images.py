import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from dermatrust.errors import DataError
from dermatrust.store import ImageCache, images


def photo(path, size=(60, 40), seed=0, **options):
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.fixture
def encodings(monkeypatch):
    """Count how often an image is really re-encoded."""
    counted = []
    encode = images._encode
    monkeypatch.setattr(images, "_encode", lambda *args: (counted.append(args[0]), encode(*args))[1])
    return counted


def test_an_image_is_a_jpeg_without_metadata_named_by_its_hash(tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "Name of the patient"
    source = photo(tmp_path / "a.jpg", exif=exif, comment=b"Name of the patient", dpi=(300, 300))
    image = ImageCache(tmp_path / "cache").prepare(source, where="case c1")
    content = image.path.read_bytes()
    assert image.sha256 == hashlib.sha256(content).hexdigest()
    assert b"patient" in source.read_bytes()
    assert b"patient" not in content
    with Image.open(image.path) as made:
        assert (made.format, made.mode, made.size) == ("JPEG", "RGB", (60, 40))
        assert set(made.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize(("size", "side", "made_size"), [
    ((300, 200), 100, (100, 67)), ((200, 300), 100, (67, 100)), ((90, 100), 100, (90, 100)), ((2000, 3), 100, (100, 1)),
])  # fmt: skip
def test_the_longest_side_is_bounded_and_nothing_is_enlarged(tmp_path, size, side, made_size):
    image = ImageCache(tmp_path / "cache", side_px=side).prepare(photo(tmp_path / "a.png", size), where="c1")
    with Image.open(image.path) as made:
        assert made.size == made_size


def test_the_same_source_gives_the_same_bytes_everywhere(tmp_path):
    source = photo(tmp_path / "a.png")
    first, second = (ImageCache(tmp_path / name).prepare(source, where="c1") for name in ("one", "two"))
    assert first.sha256 == second.sha256
    assert first.path != second.path


def test_it_is_made_once_for_this_process_and_for_the_next(tmp_path, encodings, monkeypatch):
    source = photo(tmp_path / "a.png")
    cache = ImageCache(tmp_path / "cache")
    image = cache.prepare(source, where="c1")
    monkeypatch.setattr(images.ImageCache, "_make", None)
    assert cache.prepare(source, where="c1") is image
    monkeypatch.undo()
    assert ImageCache(tmp_path / "cache").prepare(source, where="c1") == image
    assert len(encodings) == 1


def test_two_sizes_share_a_folder(tmp_path):
    source = photo(tmp_path / "a.png")
    small, large = (ImageCache(tmp_path / "cache", side_px=side).prepare(source, where="c1") for side in (20, 50))
    assert small.path != large.path
    assert small.path.is_file()


def test_an_edited_source_is_another_image(tmp_path):
    cache = ImageCache(tmp_path / "cache")
    source = photo(tmp_path / "a.png")
    before = cache.prepare(source, where="c1")
    status = source.stat()
    photo(source, seed=1)
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert cache.prepare(source, where="c1").sha256 != before.sha256


def test_a_source_that_disappears_is_missed_although_it_is_remembered(tmp_path):
    cache = ImageCache(tmp_path / "cache")
    source = photo(tmp_path / "a.png")
    cache.prepare(source, where="c1")
    source.unlink()
    with pytest.raises(DataError, match=r"case c1: the image .*a\.png is missing"):
        cache.prepare(source, where="case c1")


@pytest.mark.parametrize("rest", [0, 1, 100])
def test_a_cached_file_that_a_power_cut_left_unfinished_is_made_again(tmp_path, rest):
    source = photo(tmp_path / "a.png")
    image = ImageCache(tmp_path / "cache").prepare(source, where="c1")
    whole = image.path.read_bytes()
    image.path.write_bytes(whole[:rest])
    assert ImageCache(tmp_path / "cache").prepare(source, where="c1") == image
    assert image.path.read_bytes() == whole


def test_many_threads_ask_for_one_image_and_it_is_made_once(tmp_path, encodings, monkeypatch):
    source = photo(tmp_path / "a.png", (400, 400))
    read = []
    target = ImageCache._target
    monkeypatch.setattr(ImageCache, "_target", lambda *args: (read.append(args), target(*args))[1])
    cache = ImageCache(tmp_path / "cache")
    barrier = threading.Barrier(16)

    def ask(_):
        barrier.wait()
        return cache.prepare(source, where="c1")

    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(ask, range(16)))
    assert len(made) == 1
    assert len(encodings) == len(read) == 1


def test_many_threads_ask_for_many_images_through_two_caches(tmp_path):
    sources = [photo(tmp_path / f"{i}.png", seed=i) for i in range(8)]
    caches = [ImageCache(tmp_path / "cache"), ImageCache(tmp_path / "cache")]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda i: caches[i % 2].prepare(sources[i // 2 % 8], where="c"), range(160)))
    assert len({image.sha256 for image in made}) == 8
    for image in made:
        assert hashlib.sha256(image.path.read_bytes()).hexdigest() == image.sha256
    assert not list((tmp_path / "cache").rglob("*.tmp"))


def test_memory_remembers_the_last_used_and_no_more(tmp_path, monkeypatch, encodings):
    monkeypatch.setattr(images, "_REMEMBERED", 2)
    a, b, c = (photo(tmp_path / f"{name}.png", seed=i) for i, name in enumerate("abc"))
    cache = ImageCache(tmp_path / "cache")
    first = cache.prepare(a, where="c")
    cache.prepare(b, where="c")
    cache.prepare(a, where="c")
    cache.prepare(c, where="c")
    assert cache.prepare(a, where="c") is first
    assert list(cache._seen) == [os.fspath(c), os.fspath(a)]
    assert cache.prepare(b, where="c").path.is_file()
    assert len(encodings) == 3  # b was forgotten in memory but not on disk


def test_a_side_of_no_pixels_is_a_bug(tmp_path):
    with pytest.raises(ValueError, match="at least one pixel"):
        ImageCache(tmp_path, side_px=0)


def test_a_cache_that_cannot_be_written_is_a_user_error(tmp_path):
    source = photo(tmp_path / "a.png")
    (tmp_path / "cache").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        ImageCache(tmp_path / "cache").prepare(source, where="c1")
