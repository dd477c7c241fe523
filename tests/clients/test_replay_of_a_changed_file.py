import asyncio
import json
import sys
import threading

import pytest

from dermatrust.clients import Message, Request
from dermatrust.clients.replay import ReplayClient
from dermatrust.errors import DataError


def about(case_id):
    return Request((Message("user", "?"),), case_id=case_id)


def asked(client, case_id):
    return asyncio.run(client.ask(about(case_id))).text


def recorded(path, cases, says="of "):
    path.write_text(
        "".join(json.dumps({"id": one, "model": "a", "candidate_text": says + one}) + "\n" for one in cases)
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda path: recorded(path, "321"), id="reordered"),
        pytest.param(lambda path: recorded(path, "123", says="by "), id="written anew, as long as before"),
        pytest.param(lambda path: path.write_text(""), id="emptied"),
        pytest.param(lambda path: path.write_text(path.read_text()[:-9]), id="cut off"),
        pytest.param(lambda path: path.write_text("{}\n" * 99), id="of another shape"),
    ],
)
@pytest.mark.parametrize("is_open", [False, True])
def test_a_line_that_has_changed_is_no_reply(tmp_path, change, is_open):
    path = tmp_path / "out.jsonl"
    recorded(path, "123")
    client = ReplayClient(path)
    if is_open:
        assert asked(client, "1") == "of 1"
    change(path)
    with pytest.raises(DataError, match=r"out\.jsonl: has changed since it was first read \(at byte \d+\)"):
        asked(client, "3")


def test_a_file_that_is_gone_is_said_to_be_gone(tmp_path):
    path = tmp_path / "out.jsonl"
    recorded(path, "1")
    client = ReplayClient(path)
    path.unlink()
    with pytest.raises(DataError, match=r"out\.jsonl: cannot be read any more \(No such file"):
        asked(client, "1")


def test_a_client_that_was_closed_opens_its_file_again(tmp_path):
    path = tmp_path / "out.jsonl"
    recorded(path, "12")
    client = ReplayClient(path)
    assert asked(client, "1") == "of 1"
    asyncio.run(client.close())
    assert asked(client, "2") == "of 2"


def test_threads_that_share_a_client_do_not_read_each_others_lines(tmp_path):
    path = tmp_path / "out.jsonl"
    cases = [str(number) for number in range(1_000)]
    recorded(path, cases)
    client = ReplayClient(path)
    found = []

    def ask_all():
        async def every():
            return [(await client.ask(about(one))).text for one in cases]

        found.append(asyncio.run(every()))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=ask_all) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    finally:
        sys.setswitchinterval(interval)
    assert found == [[f"of {one}" for one in cases]] * 4
