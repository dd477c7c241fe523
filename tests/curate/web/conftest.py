"""The workbench as its users meet it: a site with people in it, over HTTP and in a browser."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("argon2")

import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from dermatrust.curate.accounts import Accounts
from dermatrust.curate.app import make_app
from dermatrust.curate.database import Database
from dermatrust.curate.gate import Settings
from dermatrust.curate.passwords import Passwords
from dermatrust.curate.projects import set_member
from dermatrust.curate.rules import Rules
from dermatrust.curate.security import COOKIE
from dermatrust.curate.sessions import Sessions
from dermatrust.curate.tables import Item, User
from dermatrust.curate.trail import Actor

PASSWORD = "violet plaque on a tin roof"
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
ORIGIN = "https://testserver"
SAME = {"Sec-Fetch-Site": "same-origin"}
ROLES = ("rater", "adjudicator", "curator")


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass
class Site:
    """A workbench with one project of references and people called by their roles; `outsider` has none."""

    database: Database
    app: FastAPI
    bench: Any
    clock: Clock
    accounts: Accounts
    clients: dict[str, TestClient] = field(default_factory=dict)

    def user(self, name: str) -> User:
        with self.database.reading() as session:
            user = session.scalars(select(User).where(User.name == name)).one()
            session.expunge_all()
            return user

    def add(self, name: str, role: str | None = None, *, is_admin: bool = False) -> User:
        by = Actor("test")
        self.accounts.accept(self.accounts.invite(name, by, is_admin=is_admin), PASSWORD, by)
        user = self.user(name)
        if role:
            with self.database.writing() as session:
                set_member(session, by, self.bench.id, user.id, role)
        return user

    def client(self, name: str | None = None) -> TestClient:
        """Return a browser's worth of cookies, signed in as somebody; with its token in the headers."""
        client = TestClient(self.app, base_url=ORIGIN, follow_redirects=False, raise_server_exceptions=False)
        client.headers.update(SAME)
        if name:
            token = self.token(name)
            client.cookies.set(COOKIE, token, domain="testserver.local", path="/")
            client.headers["Cookie"] = f"{COOKIE}={token}"
            signed = Sessions(self.database, self.clock).find(token)
            assert signed
            client.headers["X-CSRF-Token"] = signed.csrf
        return client

    def token(self, name: str) -> str:
        return Sessions(self.database, self.clock).begin(self.user(name).id)

    def take(self, client: TestClient) -> dict[str, Any]:
        """Return the next case as the rating page is told it."""
        answer = client.post(f"/projects/{self.bench.id}/next")
        assert answer.status_code == 303, answer.text
        return case_in(client.get(answer.headers["location"]).text)

    def rate(self, client: TestClient, scores: list[int] | int = 4, **more: Any) -> dict[str, Any]:
        case = self.take(client)
        answer = client.post(f"/rate/{case['id']}/submit", json=entered(scores, version=case["version"], **more))
        assert answer.status_code == 200, answer.text
        return case

    def items(self) -> list[Item]:
        with self.database.reading() as session:
            items = list(session.scalars(select(Item).order_by(Item.number)))
            session.expunge_all()
            return items


NAMES = (
    "accuracy", "safety", "medical_groundedness", "clinical_coverage", "reasoning_coherence", "description_precision",
)  # fmt: skip


def entered(scores: list[int] | int, *, version: int = 0, **more: Any) -> dict[str, Any]:
    six = [scores] * 6 if isinstance(scores, int) else scores
    return {"version": version, "scores": dict(zip(NAMES, six, strict=False)), "seconds": 3.5, **more}


def case_in(page: str) -> dict[str, Any]:
    import json

    found = re.search(r'<script type="application/json" id="case">(.*?)</script>', page, re.DOTALL)
    assert found, page[:500]
    return json.loads(found[1])


@pytest.fixture
def site_of(
    tmp_path: Path, open_database: Callable[[str], Database], bench_of: Callable[..., Any], now: datetime
) -> Callable[..., Site]:  # fmt: skip
    """Make a workbench, with two raters, an adjudicator, a curator, an administrator, and somebody without a role."""

    def made(
        n_cases: int = 3, *, rules: Rules | None = None, kind: str = "sqlite", everybody: bool = True, **settings: Any
    ) -> Site:  # fmt: skip
        database, clock = open_database(kind), Clock(now)
        bench = bench_of(database, n_cases, rules=rules, n_raters=0)
        accounts = Accounts(database, CHEAP, clock)
        app = make_app(database, Settings(tmp_path / "images", **settings), passwords=CHEAP, clock=clock)
        site = Site(database, app, bench, clock, accounts)
        if everybody:
            add_everybody(site)
        return site

    return made


@pytest.fixture
def site(site_of: Callable[..., Site]) -> Site:
    """A workbench with three references and everybody."""
    return site_of()


def add_everybody(site: Site) -> None:
    for name, role in {"ann": "rater", "ben": "rater", "judy": "adjudicator", "cora": "curator"}.items():
        site.add(name, role)
    site.add("root", is_admin=True)
    site.add("stranger")


@pytest.fixture
def serve() -> Iterator[Callable[[FastAPI], str]]:
    """Serve an application on a free port of this machine, and return its address."""
    servers: list[tuple[uvicorn.Server, threading.Thread, socket.socket]] = []

    def served(app: FastAPI) -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        servers.append((server, thread, listening))
        while not server.started:
            time.sleep(0.01)
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield served
    for server, thread, listening in servers:
        server.should_exit = True
        thread.join(10)
        listening.close()


@pytest.fixture
def open_page_of(browser: Any, serve: Callable[[FastAPI], str]) -> Iterator[Callable[..., Any]]:
    """Open a page of a site as somebody. What the security policy refuses, an error of a script or a request to another
    host fails the test.

    Failed requests are errors in the console too; a test that means them says so by `page.expected.append("409")`.
    """
    faults: list[str] = []
    contexts: list[Any] = []
    addresses: dict[int, str] = {}

    def opened(site: Site, who: str | None, path: str = "/", **options: Any) -> Any:
        address = addresses.get(id(site)) or addresses.setdefault(id(site), serve(site.app))
        context = browser.new_context(base_url=address, **options)
        contexts.append(context)
        if who:
            cookie = {"name": COOKIE, "value": site.token(who), "url": address.replace("http:", "https:")}
            context.add_cookies([cookie | {"secure": True, "httpOnly": True, "sameSite": "Lax"}])
        page = context.new_page()
        page.expected = []
        watch(page, address, faults)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def open_page(site: Site, open_page_of: Callable[..., Any]) -> Callable[..., Any]:
    """Open a page of the site with everybody."""

    def opened(who: str | None, path: str = "/", **options: Any) -> Any:
        return open_page_of(site, who, path, **options)

    return opened


def watch(page: Any, address: str, faults: list[str]) -> None:
    def said(message: Any) -> None:
        if message.type in ("error", "warning") and not any(part in message.text for part in page.expected):
            faults.append(f"console: {message.text}")

    def asked(request: Any) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            faults.append(f"request to another host: {request.url}")

    page.on("console", said)
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("request", asked)
