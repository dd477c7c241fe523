import errno
import os
import stat
from pathlib import Path

import pytest

from dermatrust.errors import DataError
from dermatrust.store import atomic
from dermatrust.store.atomic import replacing, write_bytes, write_text


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_made_with_its_parents_and_nothing_else(tmp_path):
    path = tmp_path / "a" / "b" / "file.txt"
    write_text(path, "Überraschung\n")
    assert path.read_bytes() == "Überraschung\n".encode()
    assert names_in(path.parent) == ["file.txt"]


def test_a_failure_in_the_middle_leaves_the_old_file_and_no_rubbish(tmp_path):
    path = tmp_path / "file"
    write_bytes(path, b"old")
    with pytest.raises(TypeError), replacing(path) as file:
        file.writelines([b"new, but", None])
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["file"]


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "file"
    write_bytes(path, b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_disk_that_is_full_is_a_user_error_and_keeps_the_old_file(tmp_path, monkeypatch, failing):
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    if failing == "fsync":
        monkeypatch.setattr(atomic.os, "fsync", full)
    else:
        monkeypatch.setattr(type(path), "replace", full)
    with pytest.raises(DataError, match=r"file: cannot be written \(No space left on device\)"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["file"]


def test_a_folder_that_is_a_file_is_a_user_error(tmp_path):
    write_bytes(tmp_path / "file", b"")
    with pytest.raises(DataError, match="cannot be written"):
        write_bytes(tmp_path / "file" / "inner", b"")


def test_the_bytes_reach_the_disk_before_the_name_does(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, type(tmp_path).replace
    monkeypatch.setattr(atomic.os, "fsync", lambda fd: (steps.append("sync"), fsync(fd)))
    monkeypatch.setattr(type(tmp_path), "replace", lambda *args: (steps.append("rename"), replace(*args))[1])
    write_bytes(tmp_path / "file", b"new")
    assert steps == ["sync", "rename", "sync"]
    steps.clear()
    write_bytes(tmp_path / "file", b"new", durable=False)
    assert steps == ["rename"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_others_may_read_the_file_as_far_as_the_umask_lets_them(tmp_path):
    before = os.umask(0o022)
    try:
        write_bytes(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_clear_error_and_the_old_file_stays(tmp_path):
    target = tmp_path / "x.txt"
    target.write_text("old")

    def fill(file):
        file.write(b"new")
        with Path("/dev/full").open("wb", buffering=0) as full:
            full.write(b"x")

    with pytest.raises(DataError, match="cannot be written"), replacing(target) as file:
        fill(file)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x.txt", "old")]
