import errno
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.errors import DataError
from dermatrust.records import Narrative, iter_records
from dermatrust.store import jsonl
from dermatrust.store.jsonl import append_records, write_records


def narrative(number, text="A plaque."):
    return Narrative(id=f"n{number}", case_id=f"c{number}", text=text, author="m")


def test_records_come_back_in_order(tmp_path):
    records = [narrative(i, text) for i, text in enumerate(["", "two\nlines\r\n", "é\u2028x", "{}", '"'])]
    assert write_records(tmp_path / "f.jsonl", records) == 5
    assert list(iter_records(tmp_path / "f.jsonl", Narrative)) == records
    assert (tmp_path / "f.jsonl").read_bytes().count(b"\n") == 5


def test_an_iterator_that_fails_leaves_the_old_file(tmp_path):
    def broken():
        yield narrative(1)
        raise RuntimeError("source gone")

    write_records(tmp_path / "f.jsonl", [narrative(0)])
    with pytest.raises(RuntimeError):
        write_records(tmp_path / "f.jsonl", broken())
    assert list(iter_records(tmp_path / "f.jsonl", Narrative)) == [narrative(0)]


def test_writing_takes_records_one_by_one(tmp_path):
    text = "x" * 10_000
    tracemalloc.start()
    write_records(tmp_path / "f.jsonl", (narrative(i, text + str(i)) for i in range(2_000)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "f.jsonl").stat().st_size > 20_000_000
    assert peak < 1_000_000  # one record, its line and the buffer; all records would be 20 MB


def test_appending_makes_the_file_and_adds_whole_lines(tmp_path):
    path = tmp_path / "new" / "f.jsonl"
    assert append_records(path, [narrative(0)]).n_records == 1
    assert append_records(path, [narrative(1), narrative(2)]).dropped == b""
    assert list(iter_records(path, Narrative)) == [narrative(0), narrative(1), narrative(2)]


@given(st.data())
def test_a_torn_append_is_cut_off_and_reported(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("torn") / "f.jsonl"
    text = data.draw(st.sampled_from(["A plaque.", "é" * 40_000, "line\nend", '"}{"']))
    append_records(path, [narrative(0, text), narrative(1, text)])
    whole = path.read_bytes()
    start = whole.index(b"\n") + 1
    keep = data.draw(st.integers(start, len(whole) - 2))  # anything short of the second line's closing brace
    path.write_bytes(whole[:keep])
    appended = append_records(path, [narrative(2)])
    assert appended.dropped == whole[start:keep]
    assert list(iter_records(path, Narrative)) == [narrative(0, text), narrative(2)]


def test_a_whole_last_line_without_its_end_is_kept(tmp_path):
    path = tmp_path / "f.jsonl"
    path.write_text(narrative(0).to_line())
    assert append_records(path, [narrative(1)]).dropped == b""
    assert list(iter_records(path, Narrative)) == [narrative(0), narrative(1)]


def test_a_torn_line_is_named_by_readers_until_it_is_mended(tmp_path):
    path = tmp_path / "f.jsonl"
    path.write_text(narrative(0).to_line() + "\n" + narrative(1).to_line()[:20])
    with pytest.raises(DataError, match=r"f\.jsonl line 2: is not valid JSON"):
        list(iter_records(path, Narrative))


def test_a_damaged_line_inside_the_file_is_never_touched(tmp_path):
    path = tmp_path / "f.jsonl"
    path.write_text('{"id": \n')
    append_records(path, [narrative(0)])
    assert path.read_text() == '{"id": \n' + narrative(0).to_line() + "\n"


def test_an_append_that_fails_half_way_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "f.jsonl"
    append_records(path, [narrative(0)])
    before = path.read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(jsonl.os, "fsync", full)
    with pytest.raises(DataError, match="No space left"):
        append_records(path, [narrative(1)])
    assert path.read_bytes() == before


def test_lines_are_plain_json(tmp_path):
    write_records(tmp_path / "f.jsonl", [narrative(0)])
    fields = json.loads((tmp_path / "f.jsonl").read_text())
    assert fields == {"id": "n0", "case_id": "c0", "text": "A plaque.", "author": "m"}
