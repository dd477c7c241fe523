"""The hub, played by a server of our own on this machine: one that holds a file, lacks it, or says nothing."""

import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("huggingface_hub")
CONTENT = b'{"id": 1}\n'
COMMIT = "a" * 40
CODE = f"""
from dermatrust.errors import DataError
from dermatrust.protocols.from_hub import from_hub
try:
    print(from_hub("owner/name", "{COMMIT}", "rows.jsonl").read_text(), end="")
except DataError as error:
    print("error:", error)
"""


class Hub(BaseHTTPRequestHandler):
    """Answers as the hub does: the commit and a tag by HEAD, the file by GET."""

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()
        self.wfile.write(CONTENT)

    def answer(self):
        self.server.asked.append(self.command)
        if self.server.error:
            self.send_response(404 if self.server.error == "EntryNotFound" else 403)
            self.send_header("X-Error-Code", self.server.error)
            self.send_header("Content-Length", "0")
        else:
            self.send_response(200)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{hashlib.sha256(CONTENT).hexdigest()}"')
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.asked, server.error = [], ""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def fetch(tmp_path):
    """Fetch a file from the hub on a port, in a process of its own: the hub's address is read once, at import."""

    def call(port, **environment):
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        kept.pop("HF_HUB_OFFLINE", None)
        kept |= {"HF_ENDPOINT": f"http://127.0.0.1:{port}", "HF_HOME": str(tmp_path / "hub"), **environment}
        began = time.monotonic()
        done = subprocess.run([sys.executable, "-c", CODE], env=kept, capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr, time.monotonic() - began

    return call


def test_a_file_is_fetched_once_and_found_without_the_hub_from_then_on(hub, fetch):
    assert fetch(hub.server_port)[0] == CONTENT.decode()
    n_asked = len(hub.asked)
    assert fetch(hub.server_port)[0] == CONTENT.decode()
    assert fetch(1)[0] == CONTENT.decode()
    assert len(hub.asked) == n_asked > 0


def test_where_nobody_is_there_one_line_says_so_at_once(fetch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        said, seconds = fetch(closed.getsockname()[1])
    assert said.startswith(f"error: hf:owner/name@{COMMIT[:12]}/rows.jsonl: the hub cannot be reached (ConnectError")
    assert said.rstrip().endswith("copy the file here and give its path with --data.")
    assert len(said.splitlines()) == 1
    assert seconds < 12  # of which most is Python's start on a busy machine; the hub's own client takes 24 more


def test_a_hub_that_says_nothing_is_waited_for_as_long_as_was_said(fetch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said, seconds = fetch(silent.getsockname()[1], HF_HUB_ETAG_TIMEOUT="1")
    assert "the hub cannot be reached (" in said
    assert len(said.splitlines()) == 1
    assert seconds < 12


@pytest.mark.parametrize(("error", "told"), [("EntryNotFound", "cannot be fetched"), ("GatedRepo", "an agreement")])
def test_what_the_hub_refuses_is_told_as_it_says(hub, fetch, error, told):
    hub.error = error
    said, _ = fetch(hub.server_port)
    assert said.startswith("error: hf:owner/name@")
    assert told in said
    assert "cannot be reached" not in said


def test_offline_mode_is_one_line(fetch):
    said, _ = fetch(1, HF_HUB_OFFLINE="1")
    assert "offline mode" in said
    assert len(said.splitlines()) == 1
