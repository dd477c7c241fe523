"""T17 to T21 for zips: names, links, counts, sizes and ratios, types, bombs, metadata."""

import io
import os
import stat
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dermatrust.curate import unpacking
from dermatrust.curate.bare_images import is_bare
from dermatrust.curate.image_checks import check_image
from dermatrust.curate.image_cleaning import Cleaners
from dermatrust.curate.problems import RefusedError
from dermatrust.curate.unpacking import check_directory, check_entry, unpack
from dermatrust.store.folder import DatasetFolder

from . import uploads
from .archives import NAMES, claiming, entry, packed, with_password, zipped


@pytest.fixture(scope="module")
def cleaners():
    with Cleaners(1) as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory, folder_of):
    return folder_of(tmp_path_factory.mktemp("made") / "dataset", 3).path


def unpacked(tmp_path, content, cleaners):
    archive = tmp_path / "a.zip"
    archive.write_bytes(content)
    return unpack(archive, tmp_path / "out", cleaners)


def files_in(path):
    return {one.relative_to(path).as_posix(): one.read_bytes() for one in path.rglob("*") if one.is_file()}


@pytest.mark.parametrize("top", ["", "my dataset/"])
def test_a_dataset_comes_out_byte_for_byte(tmp_path, folder, cleaners, top):
    found = unpacked(tmp_path, zipped(folder, top=top), cleaners)
    assert (found.n_images, found.n_encoded_anew, found.faults, found.left_out) == (3, 0, [], [])
    assert files_in(tmp_path / "out") == files_in(folder)
    assert DatasetFolder.open(tmp_path / "out").content_hash() == DatasetFolder.open(folder).content_hash()


def test_what_no_dataset_has_is_left_out_and_named(tmp_path, folder, cleaners):
    more = {"truth.jsonl": b"{}", "report.html": b"<script>", ".DS_Store": b"x", "images/notes.txt": b"x",
            "images/inner.zip": uploads.zip_file(), "other/card.yaml": b"x", "run.sh": b"x"}  # fmt: skip
    content = packed(files_in(folder) | more)
    assert sorted(unpacked(tmp_path, content, cleaners).left_out) == sorted(more)
    assert files_in(tmp_path / "out") == files_in(folder)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names_that_lead_elsewhere_are_refused(tmp_path, folder, cleaners, name):
    assert len(NAMES) >= 30
    room = tmp_path / "two" / "above" / "it"
    room.mkdir(parents=True)
    with pytest.raises(RefusedError):
        unpacked(room, packed(files_in(folder) | {name: b"x"}), cleaners)
    inside = "two/above/it/"
    assert {one for one in files_in(tmp_path) if not one.startswith(f"{inside}out/")} == {f"{inside}a.zip"}


def test_a_name_cut_off_by_nul_is_refused():
    info = entry("card.yaml\0.png")
    with pytest.raises(RefusedError):
        check_entry(info)
    info = zipfile.ZipInfo("card.yaml\0.png")
    assert info.filename == "card.yaml"  # the library cuts it; what was written counts
    with pytest.raises(RefusedError):
        check_entry(info)


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_and_devices_are_refused(tmp_path, folder, cleaners, mode):
    buffer = io.BytesIO(zipped(folder))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(entry("images/x.png", mode | 0o777), "/etc/passwd")
    with pytest.raises(RefusedError, match="link or a device"):
        unpacked(tmp_path, buffer.getvalue(), cleaners)
    assert not any(os.path.islink(path) for path in tmp_path.rglob("*"))  # noqa: PTH114


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "does not end"),
        (b"PK", "does not end"),
        (b"PK\x03\x04" + bytes(100), "does not end"),
        (uploads.zip_file() + b"behind", "does not end"),
        (uploads.zip_file()[:-1], "does not end"),
        (b"%PDF-1.7", "does not end"),
        (claiming(10_001, 100), "more than 10,000 files"),
        (claiming(100_000, 100), "more than 10,000 files"),
        (claiming(1, 2**31), "more than 10,000 files"),
        (b"PK\x06\x07" + bytes(16) + claiming(1, 1), "more than 10,000 files"),
        (b"PK\x03\x04" + bytes(60) + claiming(1, 46), "cannot be read"),
        (with_password(uploads.zip_file()), "password"),
        (packed({"a.txt": b"x" * 999}, compression=zipfile.ZIP_BZIP2), "packed in a way"),
        (packed({"a.txt": b"x" * 999}, compression=zipfile.ZIP_LZMA), "packed in a way"),
        (packed({"a.txt": b"1", "A.TXT": b"2"}), "twice"),
        (packed({"a.txt": b"1", "a.txt/": b""}), "twice"),
    ],
)
def test_what_is_no_plain_zip_is_refused(tmp_path, cleaners, content, said):
    with pytest.raises(RefusedError, match=said):
        unpacked(tmp_path, content, cleaners)


def test_a_hundred_thousand_files_are_refused_before_their_list_is_read(tmp_path, cleaners, monkeypatch):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for k in range(100_000):
            archive.writestr(f"images/{k}.png", b"")
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(RefusedError, match="files"):
        unpacked(tmp_path, buffer.getvalue(), cleaners)


def test_a_gigabyte_out_of_a_megabyte_is_refused_while_it_is_unpacked(tmp_path, folder, cleaners, monkeypatch):
    monkeypatch.setattr(unpacking, "LARGEST_RECORDS", 2**40)
    monkeypatch.setattr(unpacking, "largest_of", lambda name: 2**40)
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("drafts.jsonl", "w") as file:
        for _ in range(1024):
            file.write(bytes(1024**2))
    assert path.stat().st_size < 1.1 * 1024**2
    with pytest.raises(RefusedError, match=r"unpacks to more than \d+ MiB; expected at most 100 times its size"):
        unpack(path, tmp_path / "out", cleaners)
    assert sum(len(content) for content in files_in(tmp_path / "out").values()) == 0


@pytest.mark.parametrize(
    ("name", "n_bytes"),
    [("card.yaml", 64 * 1024), ("images/c1.png", 10 * 1024**2), ("narratives.jsonl", 64 * 1024**2)],
)
def test_a_file_may_not_be_larger_than_its_kind(tmp_path, folder, cleaners, name, n_bytes):
    content = packed(files_in(folder) | {name: os.urandom(64) + bytes(n_bytes)}, compression=zipfile.ZIP_STORED)
    with pytest.raises(RefusedError, match=f"has more than {n_bytes:,} bytes"):
        unpacked(tmp_path, content, cleaners)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_forty_files_that_are_no_photograph_are_faults_and_not_stored(tmp_path, folder, cleaners, suffix):
    bad = {f"images/bad-{k}.{suffix}": one for k, (one, _) in enumerate(uploads.refused_files().values())}
    found = unpacked(tmp_path, packed(files_in(folder) | bad), cleaners)
    assert len(bad) >= 40
    assert {name for name, _ in found.faults} == set(bad)
    assert files_in(tmp_path / "out") == files_in(folder)


def test_bombs_are_faults(tmp_path, folder, cleaners):
    bombs = {}
    for k, (content, fault) in enumerate(uploads.bombs().values()):
        if fault:
            suffix = "png" if content[1:4] == b"PNG" else "jpg"
            bombs[f"images/b{k}.{suffix}"] = content
    found = unpacked(tmp_path, packed(files_in(folder) | bombs), cleaners)
    assert {name for name, _ in found.faults} == set(bombs)
    (pid,) = cleaners.pids
    peak = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    assert int(peak.split()[1]) / 1024 < 300


@pytest.mark.parametrize(("name", "kind"), [("a.png", "jpg"), ("a.jpg", "png"), ("a.jpg", "webp"), ("a.jpeg", "png")])
def test_an_image_is_what_its_name_says(tmp_path, folder, cleaners, name, kind):
    content = packed(files_in(folder) | {f"images/{name}": uploads.encoded(kind=kind)})
    ((where, what),) = unpacked(tmp_path, content, cleaners).faults
    assert (where, "another kind" in what) == (f"images/{name}", True)


def test_marked_photographs_come_in_with_nothing_but_their_pixels(tmp_path, folder, cleaners):
    (tmp_path / "marked").mkdir()
    marked = uploads.marked_files(tmp_path / "marked")
    own = {f"images/{name}.{path.suffix[1:]}": path.read_bytes() for name, path in marked.items()}
    own = {name: content for name, content in own.items() if not name.endswith("webp")}
    found = unpacked(tmp_path, packed(files_in(folder) | own), cleaners)
    assert (len(own), found.n_encoded_anew, found.faults) == (16, 16, [])
    tags = uploads.tags_of(tmp_path / "out" / name for name in own)
    assert uploads.SECRET not in tags
    assert not {"[IFD0]", "[GPS]", "[XMP-dc]", "[IPTC]", "[PNG-Text]", "Comment"} & set(tags.replace(" ", "\n").split())
    with Image.open(tmp_path / "out/images/png6.png") as turned:
        assert turned.size == (48, 64)


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_what_is_bare(kind):
    whole = uploads.encoded(kind=kind)
    assert is_bare(whole, check_image(whole))
    profile = uploads.encoded(kind=kind, icc_profile=uploads.adobe_rgb_profile())
    assert not is_bare(profile, check_image(profile))
    assert not is_bare(whole + b"\0", check_image(whole + b"\0"))
    exif = Image.Exif()
    exif[0x010F] = "Canon"
    marked = uploads.encoded(kind=kind, exif=exif)
    assert not is_bare(marked, check_image(marked))


@given(st.binary(max_size=400), st.sampled_from(["", "zip", "end"]))
def test_no_bytes_whatever_raise_anything_else(content, start):
    with tempfile.TemporaryDirectory() as room:
        archive = Path(room) / "a.zip"
        whole = uploads.zip_file()
        archive.write_bytes(
            {"": content, "zip": whole[:30] + content + whole[-90:], "end": content + whole[-22:]}[start]
        )
        try:
            check_directory(archive)
            with Cleaners(0) as none:
                unpack(archive, Path(room) / "out", none)
        except RefusedError:
            pass
