"""T43: eight raters on one core: how long a save takes, when a case is there, and how large the workbench grows.

    python benchmarks/workbench_saves.py [--raters 8] [--saves 10000] [--db URL]

The workbench runs as its users start it, in a process of its own on core 0 (taskset); the raters are threads on core 1
that save as fast as they are answered, without a pause to look: more than any eight people do. Each takes a case, loads
its page and first photograph, saves a draft after each of the six scores, and submits, which brings the next case. A
save is a draft or a submission. "A case is there" is the time from asking for it to the last byte of its page and of
its first photograph. On a machine that does other work besides, the times are that machine's, not the workbench's; the
CPU seconds are the workbench's alone.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import select

from dermatrust.curate.accounts import Accounts
from dermatrust.curate.opening import open_current
from dermatrust.curate.projects import create_project, pick, read_images, set_member
from dermatrust.curate.rules import Rules
from dermatrust.curate.security import COOKIE
from dermatrust.curate.sessions import Sessions
from dermatrust.curate.tables import User
from dermatrust.curate.trail import Actor
from dermatrust.records import DIMENSIONS
from dermatrust.store.folder import DatasetFolder

BY = Actor("benchmark")
SAVES_OF_A_CASE = len(DIMENSIONS) + 1


class Rater(threading.Thread):
    """One rater: a connection, a session, and what took how long, in ms."""

    def __init__(self, port: int, token: str, csrf: str, project: int, turns: Any) -> None:
        super().__init__()
        self._http = HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Cookie": f"{COOKIE}={token}", "X-CSRF-Token": csrf, "Sec-Fetch-Site": "same-origin"}
        self._project = project
        self._turns = turns
        self.saves: list[float] = []
        self.shown: list[float] = []
        self.fault: Exception | None = None

    def run(self) -> None:
        """Rate until all saves of all raters are made."""
        try:
            while next(self._turns) is not None:
                self._rate_one()
        except Exception as error:
            self.fault = error

    def look(self, name: str) -> float:
        """Return how long a page of the project takes, in seconds."""
        begun = perf_counter()
        status, _, body = self._ask("GET", f"/projects/{self._project}/{name}")
        if status != 200:
            raise RuntimeError(f"{name}: {status} {body[:200]!r}")
        return perf_counter() - begun

    def _rate_one(self) -> None:
        begun = perf_counter()
        _, headers, _ = self._ask("POST", f"/projects/{self._project}/next", form=True)
        _, _, page = self._ask("GET", headers["location"])
        case = json.loads(re.search(rb'id="case">(.*?)</script>', page, re.DOTALL)[1])
        self._ask("GET", case["images"][0])
        self.shown.append(1000 * (perf_counter() - begun))
        scores: dict[str, int] = {}
        for version, dimension in enumerate(DIMENSIONS, start=case["version"]):
            scores[dimension.value] = 4
            self._save("PUT", f"/rate/{case['id']}/draft", version, scores)
        self._save("POST", f"/rate/{case['id']}/submit", case["version"] + len(DIMENSIONS), scores)

    def _save(self, method: str, path: str, version: int, scores: dict[str, int]) -> None:
        sent = {"version": version, "scores": scores, "seconds": 3.5, "note": "As the text says, on the whole."}
        begun = perf_counter()
        status, _, body = self._ask(method, path, sent)
        self.saves.append(1000 * (perf_counter() - begun))
        if status != 200:
            raise RuntimeError(f"{method} {path}: {status} {body[:200]!r}")

    def _ask(self, method: str, path: str, sent: Any = None, *, form: bool = False) -> tuple[int, Any, bytes]:
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        body = b"" if form else None if sent is None else json.dumps(sent).encode()
        more = {"Content-Type": kind} if body is not None else {}
        self._http.request(method, path, body, self._headers | more)
        answer = self._http.getresponse()
        return answer.status, answer.headers, answer.read()


def make(folder: Path, n_cases: int, n_raters: int, db: str | None) -> tuple[str, int, list[tuple[str, str]]]:
    """Draw a dataset, make its project, raters and curator; return the database, the project and each one's session."""
    atlas = [sys.executable, "-m", "dermatrust", "atlas", str(folder / "d"), "-n", str(n_cases), "--quiet"]
    subprocess.run(atlas, check=True, capture_output=True)
    dataset = DatasetFolder.open(folder / "d")
    where = db or str(folder / "w.db")
    database = open_current(where)
    picked = pick(dataset, "references")
    images = read_images(dataset, picked)
    name = f"{dataset.card.name}: references"
    with database.writing() as session:
        rules = Rules(slots=n_raters, anchor_share=0)
        project = create_project(session, BY, name, dataset, picked, images, rules=rules).id
    accounts, sessions, signed = Accounts(database), Sessions(database), []
    for name in [*(f"rater{k}" for k in range(n_raters)), "curator"]:
        accounts.invite(name, BY)
        with database.writing() as session:
            user = session.scalars(select(User).where(User.name == name)).one().id
            set_member(session, BY, project, user, "curator" if name == "curator" else "rater")
        token = sessions.begin(user)
        found = sessions.find(token)
        assert found
        signed.append((token, found.csrf))
    database.close()
    return where, project, signed


def start(folder: Path, db: str) -> tuple[subprocess.Popen[str], int]:
    """Start the workbench on core 0; return its process and port."""
    words = [sys.executable, "-m", "dermatrust", "curate", str(folder / "d"), "--db", db, "--port", "0"]
    log = (folder / "log").open("w")
    server = subprocess.Popen(["taskset", "-c", "0", *words], stdout=subprocess.PIPE, stderr=log, text=True)
    assert server.stdout
    address = server.stdout.readline()
    if not address:
        raise RuntimeError((folder / "log").read_text())
    return server, int(address.rsplit(":", 1)[1].strip("/\n"))


def resident_mb(pid: int) -> tuple[float, float]:
    """Return what a process holds in memory now, and the most it ever held."""
    said = Path(f"/proc/{pid}/status").read_text()
    now, most = (int(re.search(rf"{name}:\s+(\d+) kB", said)[1]) / 1024 for name in ("VmRSS", "VmHWM"))
    return now, most


def cpu_s(pid: int) -> float:
    """Return the CPU seconds a process has used, in user and kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def line(what: str, values: Sequence[float]) -> str:
    """Return the middle, the 95th and 99th percentile and the longest of times in ms."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    shown = "  ".join(f"p{k} {cuts[k - 1]:6.1f}" for k in (50, 95, 99))
    return f"{what:16} n {len(values):6}  {shown}  max {max(values):7.1f} ms"


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raters", type=int, default=8)
    parser.add_argument("--saves", type=int, default=10_000)
    parser.add_argument("--db", help="An empty PostgreSQL database; SQLite without.")
    asked = parser.parse_args()
    n_turns = -(-asked.saves // SAVES_OF_A_CASE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        db, project, signed = make(folder, n_turns // asked.raters + asked.raters, asked.raters, asked.db)
        server, port = start(folder, db)
        try:
            measure(server.pid, port, project, signed, n_turns)
        finally:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(20)


def measure(pid: int, port: int, project: int, signed: list[tuple[str, str]], n_turns: int) -> None:
    """Let the raters rate, and print what it took."""
    os.sched_setaffinity(0, {1})
    numbers = count()
    turns = iter(lambda: number if (number := next(numbers)) < n_turns else None, "")
    *raters, curator = (Rater(port, token, csrf, project, turns) for token, csrf in signed)
    before, load, used = resident_mb(pid)[0], os.getloadavg()[0], cpu_s(pid)
    begun = perf_counter()
    for rater in raters:
        rater.start()
    for rater in raters:
        rater.join()
        if rater.fault:
            raise rater.fault
    took, used = perf_counter() - begun, cpu_s(pid) - used
    saves = [took for rater in raters for took in rater.saves]
    now, most = resident_mb(pid)
    print(line("a save", saves))
    print(line("a case is there", [took for rater in raters for took in rater.shown]))
    print(f"{len(saves) / took:.0f} saves/s, {n_turns / took:.0f} cases/s")
    print(f"{1000 * used / n_turns:.1f} ms of CPU a case, with its {SAVES_OF_A_CASE} saves")
    print(f"resident: {before:.0f} MB at the start, {now:.0f} MB after, {most:.0f} MB at most")
    took = curator.look("agreement")
    now, most = resident_mb(pid)
    print(f"a curator's look at the agreement: {took:.1f} s, then resident {now:.0f} MB, {most:.0f} MB at most")
    print(f"load average of the machine: {load:.1f} before, {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
