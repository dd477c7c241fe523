import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance
from scipy.fft import dctn

from dermatrust.datasets.fingerprint import NEAR, fingerprint, fingerprints, near_pairs, perceptual_hash
from dermatrust.errors import DataError

hashes = st.lists(st.integers(0, 2**64 - 1), max_size=40)


def recoded(image, quality):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer)


def distance(a, b):
    return (perceptual_hash(a) ^ perceptual_hash(b)).bit_count()


def test_the_hash_of_a_picture_whose_frequencies_are_known():
    # One half-wave from bright left to dark right: of the 8 x 8 lowest frequencies only the mean (first bit) and the
    # first horizontal one (second bit) are clearly positive. Rounding to whole grey levels adds little ones.
    wave = 128 + 100 * np.cos(np.pi * (2 * np.arange(32) + 1) / 64)
    picture = Image.fromarray(np.tile(wave.round().astype(np.uint8), (32, 1)))
    assert perceptual_hash(picture) >> 62 == 0b11
    upside_down = Image.fromarray(np.tile((255 - wave.round()).astype(np.uint8), (32, 1)))
    assert perceptual_hash(upside_down) >> 62 == 0b10


@pytest.mark.parametrize("seed", range(20))
def test_the_hash_matches_scipys_cosine_transform(picture, seed):
    image = picture(seed)
    grey = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.LANCZOS), dtype=float)
    low = dctn(grey, type=2)[:8, :8]
    bits = "".join("1" if value > np.median(low) else "0" for value in low.ravel())
    assert perceptual_hash(image) == int(bits, 2)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: recoded(image, 40),
        lambda image: image.resize((48, 40)),
        lambda image: image.resize((300, 250)),
        lambda image: ImageEnhance.Brightness(image).enhance(0.85),
        lambda image: image.convert("L"),
    ],
    ids=["recoded", "halved", "enlarged", "darker", "grey"],
)
def test_a_changed_copy_is_near_and_another_picture_is_not(picture, change):
    for seed in range(10):
        assert distance(picture(seed), change(picture(seed))) <= NEAR
        assert distance(picture(seed), picture(seed + 100)) > NEAR


def test_a_picture_of_one_colour_has_no_perceptual_hash():
    assert perceptual_hash(Image.new("RGB", (50, 50), (200, 150, 120))) is None


@given(hashes, st.integers(0, 64))
def test_near_pairs_are_those_of_counting_bits_one_by_one(values, threshold):
    expected = [
        [i, j]
        for i in range(len(values))
        for j in range(i + 1, len(values))
        if bin(values[i] ^ values[j]).count("1") <= threshold
    ]
    assert near_pairs(values, threshold=threshold).tolist() == expected


def test_near_pairs_are_found_across_blocks():
    values = np.random.default_rng(0).integers(0, 2**64, 1500, dtype=np.uint64).tolist()
    values[1400] = values[3] ^ 0b111
    values[1401] = values[1400]
    assert near_pairs(values).tolist() == [[3, 1400], [3, 1401], [1400, 1401]]


def test_near_pairs_of_nothing_are_none():
    assert near_pairs([]).shape == (0, 2)
    assert near_pairs([7]).shape == (0, 2)


def test_a_fingerprint_knows_the_bytes_and_the_cameras_notes(picture, tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    picture(1).save(tmp_path / "plain.jpg")
    picture(1).save(tmp_path / "noted.jpg", exif=exif)
    picture(1).save(tmp_path / "noted.png", exif=exif)
    found = {name: fingerprint(tmp_path / name, where=name) for name in ("plain.jpg", "noted.jpg", "noted.png")}
    assert [f.has_exif for f in found.values()] == [False, True, True]
    assert len({f.sha256 for f in found.values()}) == 3
    assert found["plain.jpg"].perceptual == found["noted.jpg"].perceptual


def test_what_cannot_be_read_yields_its_error_in_its_place(picture, tmp_path):
    picture(1).save(tmp_path / "a.png")
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff\xe0 not really")
    names = ["a.png", "b.jpg", "c.jpg"]
    results = dict(fingerprints((name, tmp_path / name) for name in names))
    assert list(results) == names
    assert [isinstance(result, DataError) for result in results.values()] == [False, True, True]
