"""What was acknowledged is there, whenever the process is killed."""

import os
import random
import signal
import sqlite3
import subprocess
import sys

from sqlalchemy import select

from dermatrust.curate.database import Database
from dermatrust.curate.tables import Draft
from dermatrust.curate.trail import verify

SAVER = """
import sys
from datetime import UTC, datetime
from dermatrust.curate.database import Database
from dermatrust.curate.ratings import Entered, save_draft
from dermatrust.curate.trail import Actor

database, by, now = Database.open(sys.argv[1]), Actor("r1", int(sys.argv[2])), datetime.now(UTC)
start = int(sys.argv[4])
for version in range(start, start + int(sys.argv[5])):
    with database.writing() as session:
        save_draft(session, by, sys.argv[3], version, Entered(note=f"save {version + 1}"), now)
    print(version + 1, flush=True)
"""


def killed(url, rater, assignment, start, n_saves, after):
    """Save in a process of its own until so many saves were acknowledged, kill it, and return the last acknowledged."""
    words = [sys.executable, "-c", SAVER, url, str(rater), assignment, str(start), str(n_saves)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        last = start
        for line in process.stdout:
            last = int(line)
            if last - start == after:
                os.kill(process.pid, signal.SIGKILL)
    return last


def test_kill_9_during_1000_saves_loses_no_acknowledged_save(database, bench_of):
    bench = bench_of(database, 1)
    mine = bench.next("r1")
    rater = bench.people["r1"].user_id
    url = database.engine.url.render_as_string(hide_password=False)
    database.close()
    rng, stored, n_asked = random.Random(0), 0, 0
    while n_asked < 1000:
        after = rng.randint(20, 180)
        acknowledged = killed(url, rater, mine.id, stored, 200, after)
        n_asked += 200
        reopened = Database.open(url)
        with reopened.reading() as session:
            draft = session.scalars(select(Draft)).one()
        assert draft.version in (acknowledged, acknowledged + 1)  # one more may be stored whose answer was lost
        assert draft.content["note"] == f"save {draft.version}"
        assert verify(reopened).broken is None
        reopened.close()
        stored = draft.version
    assert stored > 200
    if database.engine.dialect.name == "sqlite":
        with sqlite3.connect(database.engine.url.database) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()


def test_a_save_that_was_never_stored_would_be_noticed(open_database, bench_of, monkeypatch):
    """The test above can fail: a process that acknowledges before it commits is caught by it."""
    module = sys.modules[__name__]
    bench = bench_of(open_database("sqlite"), 1)
    mine = bench.next("r1")
    early = SAVER.replace("    print(version + 1, flush=True)\n", "").replace(
        "    with database", "    print(version + 1 + 5, flush=True)\n    with database"
    )
    monkeypatch.setattr(module, "SAVER", early)
    url = bench.database.engine.url.render_as_string()
    acknowledged = killed(url, bench.people["r1"].user_id, mine.id, 0, 200, 30)
    with bench.database.reading() as session:
        assert session.scalars(select(Draft.version)).one() not in (acknowledged, acknowledged + 1)
