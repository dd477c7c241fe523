import pytest

from dermatrust.clients import Message, Reply, Request
from dermatrust.errors import DataError
from dermatrust.store.lock import only_writer
from dermatrust.store.replies import ReplyStore


def put(store, number, text="x"):
    store.put(bytes([number]) * 16, "m", Request((Message("user", "q"),)), Reply(text), None)


def test_a_full_disk_stops_the_store_with_one_error_and_keeps_what_was_committed(tmp_path):
    store = ReplyStore(tmp_path / "replies.sqlite")
    put(store, 1)
    store.flush()
    store._db.execute("PRAGMA max_page_count = 1")  # SQLite then says that the disk is full
    put(store, 2, "y" * 100_000)
    for _ in range(2):  # the engine flushes again on its way out
        with pytest.raises(DataError, match=r"cannot be written .*full.*Replies committed before are kept"):
            store.flush()
    with pytest.raises(DataError):
        store.close()
    again = ReplyStore(tmp_path / "replies.sqlite")
    assert again.get(b"\x01" * 16).text == "x"
    put(again, 2)
    assert again.flush() == 1
    again.close()


def test_a_store_that_cannot_be_opened_is_not_called_damaged(tmp_path):
    (tmp_path / "replies.sqlite").mkdir()
    with pytest.raises(DataError, match="cannot be opened") as caught:
        ReplyStore(tmp_path / "replies.sqlite")
    assert "Move it away" not in str(caught.value)


def test_a_lock_where_nothing_can_be_written_says_so(tmp_path):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(DataError, match="cannot be written to"), only_writer(tmp_path / "runs" / "r1"):
        pass
