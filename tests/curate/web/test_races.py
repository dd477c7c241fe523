"""T10 and T33 over HTTP, and the core of the work once, on SQLite and PostgreSQL."""

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from dermatrust.curate.assignment import next_assignment
from dermatrust.curate.rules import Rules
from dermatrust.curate.security import COOKIE
from dermatrust.curate.sessions import Sessions
from dermatrust.curate.tables import Assignment, Draft, Rating
from dermatrust.curate.trail import Actor, verify

from .conftest import NAMES, PASSWORD, entered

KINDS = ["sqlite", "postgresql"]
JSON = {"Content-Type": "application/json"}
SERVER = """
import sys
from pathlib import Path
from dermatrust.cli.listening import address_of, listen, run
from dermatrust.curate.app import make_app
from dermatrust.curate.database import Database
from dermatrust.curate.gate import Settings

app = make_app(Database.open(sys.argv[1]), Settings(Path(sys.argv[2])))
with listen("127.0.0.1", 0) as listening:
    print(address_of(listening), flush=True)
    run(app, listening, logger="dermatrust.curate")
"""
"""What `dermatrust curate` starts, on a database that is there."""


def headers_of(site, who):
    """A session of today, since a server of its own has a clock of its own."""
    sessions = Sessions(site.database)
    token = sessions.begin(site.user(who).id)
    return {"Cookie": f"{COOKIE}={token}", "X-CSRF-Token": sessions.find(token).csrf, "Sec-Fetch-Site": "same-origin"}


def put(http, headers, case, version, note):
    body = json.dumps(entered(4, version=version, note=note))
    http.request("PUT", f"/rate/{case}/draft", body, headers | JSON)
    answer = http.getresponse()
    return answer.status, json.loads(answer.read())


@pytest.mark.parametrize("kind", KINDS)
def test_of_64_racing_saves_of_one_version_one_is_kept(site_of, serve, kind):
    site = site_of(1, kind=kind)
    client = site.client("ann")
    case = site.take(client)["id"]
    headers = {name: client.headers[name] for name in ("Cookie", "X-CSRF-Token", "Sec-Fetch-Site")}
    place = urlsplit(serve(site.app)).netloc
    ready = threading.Barrier(64)

    def save(k):
        with closing(HTTPConnection(place, timeout=60)) as http:
            http.connect()
            ready.wait(60)
            return k, *put(http, headers, case, 0, f"save {k}")

    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(save, range(64)))
    assert sorted(status for _, status, _ in answers) == [200] + [409] * 63
    (winner,) = [k for k, status, _ in answers if status == 200]
    with site.database.reading() as session:
        draft = session.scalars(select(Draft)).one()
    assert (draft.version, draft.content["note"]) == (1, f"save {winner}")
    stored = {json.dumps(body["stored"]["content"]["note"]) for _, status, body in answers if status == 409}
    assert stored == {json.dumps(f"save {winner}")}
    assert verify(site.database).broken is None


@pytest.mark.parametrize("kind", KINDS)
def test_sixteen_raters_who_take_at_once_get_no_case_more_often_than_allowed(site_of, serve, kind):
    site = site_of(20, kind=kind, rules=Rules(anchor_share=0, slots=2), everybody=False)
    names = [f"r{k}" for k in range(16)]
    for name in names:
        site.add(name, "rater")
    clients = {name: site.client(name) for name in names}
    place, ready = urlsplit(serve(site.app)).netloc, threading.Barrier(16)

    def work(name):
        headers = {key: clients[name].headers[key] for key in ("Cookie", "X-CSRF-Token", "Sec-Fetch-Site")}
        with closing(HTTPConnection(place, timeout=60)) as http:
            ready.wait(60)
            for _ in range(4):
                http.request("POST", f"/projects/{site.bench.id}/next", b"", headers)
                answer = http.getresponse()
                answer.read()
                case = answer.headers["location"].rpartition("/")[2]
                if case == "queue":
                    return
                http.request("POST", f"/rate/{case}/submit", json.dumps(entered(3)), headers | JSON)
                sent = http.getresponse()
                assert sent.status == 200, sent.read()
                sent.read()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, names))
    with site.database.reading() as session:
        turns = session.scalars(select(Assignment).where(Assignment.state != "returned")).all()
        assert len(session.scalars(select(Rating)).all()) >= 16
    given = [(turn.item_id, turn.rater_id) for turn in turns]
    assert len(set(given)) == len(given)
    assert max(sum(item == one for item, _ in given) for one, _ in given) <= 2
    assert verify(site.database).broken is None


def killed_server(url, folder, headers, case, version, after):
    """Save over HTTP until so many saves are acknowledged; kill the server during the next one; return the last."""
    words = [sys.executable, "-c", SERVER, url, str(folder)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as server:
        place = urlsplit(server.stdout.readline().strip()).netloc
        assert place
        http = HTTPConnection(place, timeout=30)
        killer = None
        try:
            for k in range(10_000):
                if k == after:
                    killer = threading.Timer(0.003 * (after % 7), os.kill, (server.pid, signal.SIGKILL))
                    killer.start()
                status, body = put(http, headers, case, version, f"save {version + 1}")
                assert (status, body["version"]) == (200, version + 1)
                version += 1
        except (OSError, HTTPException):
            pass
        finally:
            http.close()
            if killer:
                killer.join()
            server.kill()
    return version


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_kills", [3, pytest.param(20, marks=pytest.mark.long)])
def test_kill_9_of_the_server_loses_no_acknowledged_save(site_of, tmp_path, kind, n_kills):
    site = site_of(1, kind=kind)
    case = taken_by(site, "ann")
    headers = headers_of(site, "ann")
    url = site.database.engine.url.render_as_string(hide_password=False)
    version = 0
    for k in range(n_kills):
        acknowledged = killed_server(url, tmp_path / "images", headers, case, version, 11 + 13 * k)
        with site.database.reading() as session:
            draft = session.scalars(select(Draft)).one()
        assert draft.version in (acknowledged, acknowledged + 1)  # one more may be stored whose answer was lost
        assert draft.content["note"] == f"save {draft.version}"
        version = draft.version
        assert verify(site.database).broken is None
    assert version >= sum(11 + 13 * k for k in range(n_kills))


def taken_by(site, who):
    """The id of the case that somebody takes now, by the real clock."""
    with site.database.writing() as session:
        return next_assignment(session, Actor(who, site.user(who).id), site.bench.id, datetime.now(UTC)).id


@pytest.mark.parametrize("kind", KINDS)
def test_rate_decide_revise_certify_and_export(site_of, tmp_path, kind):
    site = site_of(1, kind=kind)
    ann, ben, judy, cora = (site.client(name) for name in ("ann", "ben", "judy", "cora"))
    site.rate(ann, 5)
    site.rate(ben, [5, 2, 5, 5, 5, 5])
    (item,) = site.items()
    assert item.state == "disputed"
    page = judy.get(f"/items/{item.id}/adjudicate")
    assert page.status_code == 200
    fives = dict.fromkeys(NAMES, "5")
    decided = judy.post(f"/items/{item.id}/adjudicate", data=fives | {"reason": "The red flag is named."})
    assert decided.status_code == 303, decided.text
    revised = ann.post(f"/items/{item.id}/text", data={"text": "A better text.", "parent": "1"})
    assert revised.status_code == 303, revised.text
    form = ann.get(f"/items/{item.id}/revise").text
    sha256 = form.partition('name="text_sha256" value="')[2].partition('"')[0]
    sent = fives | {"text_sha256": sha256, "password": PASSWORD}
    certified = ann.post(f"/items/{item.id}/certify", data=sent)
    assert certified.status_code == 303, certified.text
    assert site.items()[0].state == "certified"
    assert cora.post(f"/projects/{site.bench.id}/export/folder").status_code in (200, 303)
    (reference,) = site.bench.folder.iter_references()
    assert reference.text == "A better text."
    table = cora.post(f"/projects/{site.bench.id}/export/download", data={"kind": "ratings.csv"})
    assert table.text.count("\n") == 3
    assert verify(site.database).broken is None
