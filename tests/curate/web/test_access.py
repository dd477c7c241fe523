"""T06, T07, T11, T14: who may call which route, other people's things, the headers of every answer, forged requests.

All of it goes through the table of routes: a route that is not in `ROUTES` below fails.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from dermatrust.curate.app import ROUTERS
from dermatrust.curate.keeping import keep
from dermatrust.curate.projects import create_project, pick, set_member
from dermatrust.curate.routes_import import uploads_of
from dermatrust.curate.security import COOKIE
from dermatrust.curate.sessions import Sessions
from dermatrust.curate.tables import ApiToken, Assignment, Audit, Draft, Image, Project, Rating, User
from dermatrust.curate.trail import Actor
from dermatrust.curate.uploads import Report
from dermatrust.records import DIMENSIONS

BY = Actor("test")
SIX = {dimension.value: 5 for dimension in DIMENSIONS}
PEOPLE = ("anonymous", "bearer", "stranger", "ann", "judy", "cora", "root")
"""Nobody; a token of the scoring API; a rater of another project; rater, adjudicator, curator; an administrator."""
FORMS = {"application/x-www-form-urlencoded": "data", "application/json": "json"}


@dataclass(frozen=True)
class Expected:
    """Who is let through to a route, and what those in the project and those outside get instead."""

    allowed: tuple[str, ...]
    inside: int = 403
    outside: int = 404


PUBLIC = Expected(PEOPLE)
SIGNED = Expected(("stranger", "ann", "judy", "cora", "root"))
ADMIN = Expected(("root",), outside=403)
RATER, ADJUDICATOR, CURATOR = Expected(("ann",)), Expected(("judy",)), Expected(("cora", "root"))
OWN = Expected(("ann",), inside=404)
DONE = Expected(("ann", "judy"))
BRINGS_IN = Expected(("cora", "root"), outside=403)
OWN_UPLOAD = Expected(("cora",), inside=404)
AFTER_RATING = Expected(("ann",))
ROUTES = {
    "GET /login": (PUBLIC, None),
    "POST /login": (PUBLIC, {"name": "ann", "password": "violet plaque on a tin roof"}),
    "GET /welcome": (PUBLIC, None),
    "POST /welcome": (PUBLIC, {"password": "a", "again": "b"}),
    "GET /static/{version}/{name}": (PUBLIC, None),
    "GET /favicon.ico": (PUBLIC, None),
    "GET /": (SIGNED, None),
    "GET /guideline": (SIGNED, None),
    "GET /help": (SIGNED, None),
    "GET /account": (SIGNED, None),
    "POST /account/password": (SIGNED, {"password": "a", "again": "b"}),
    "POST /account/authenticator": (SIGNED, {"current": "wrong"}),
    "POST /logout": (SIGNED, {}),
    "GET /people": (ADMIN, None),
    "POST /people": (ADMIN, {"name": "somebody"}),
    "POST /people/{user_id}/invite": (ADMIN, {}),
    "POST /people/{user_id}/disable": (ADMIN, {}),
    "POST /projects/{project_id}/members": (ADMIN, {"user_id": "{user_id}", "role": "rater"}),
    "GET /projects/{project_id}/queue": (RATER, None),
    "POST /projects/{project_id}/next": (RATER, {}),
    "GET /projects/{project_id}/certify": (DONE, None),
    "GET /projects/{project_id}/disputes": (ADJUDICATOR, None),
    "GET /projects/{project_id}/progress": (CURATOR, None),
    "GET /projects/{project_id}/agreement": (CURATOR, None),
    "GET /projects/{project_id}/anchors": (CURATOR, None),
    "POST /projects/{project_id}/anchors/{item_id}": (CURATOR, {"accuracy": "5", "tolerance": "1"}),
    "GET /projects/{project_id}/assign": (CURATOR, None),
    "POST /projects/{project_id}/assign": (CURATOR, {"item": "{open_item_id}", "rater": "{user_id}", "days": "7"}),
    "POST /projects/{project_id}/assign/{kept_id}/back": (CURATOR, {}),
    "GET /projects/{project_id}/images": (CURATOR, None),
    "GET /projects/{project_id}/images/{image_id}": (CURATOR, None),
    "POST /projects/{project_id}/images/{image_id}": (CURATOR, {"verdict": "cleared"}),
    "GET /import": (BRINGS_IN, None),
    "GET /import/{upload_id}": (OWN_UPLOAD, None),
    "POST /import/{upload_id}": (OWN_UPLOAD, {"slots": "2"}),
    "POST /import/{upload_id}/drop": (OWN_UPLOAD, {}),
    "PUT /import/file": (BRINGS_IN, b"no dataset"),
    "GET /projects/{project_id}/export": (CURATOR, None),
    "POST /projects/{project_id}/export/folder": (CURATOR, {}),
    "POST /projects/{project_id}/export/download": (CURATOR, {"kind": "ratings.csv"}),
    "GET /rate/{assignment_id}": (OWN, None),
    "GET /rate/{assignment_id}/images/{number}": (OWN, None),
    "PUT /rate/{assignment_id}/draft": (OWN, {"version": 0, "scores": SIX}),
    "POST /rate/{assignment_id}/submit": (OWN, {"version": 1, "scores": SIX}),
    "GET /items/{item_id}/revise": (AFTER_RATING, None),
    "PUT /items/{item_id}/draft": (AFTER_RATING, {"text": "t", "version": 0}),
    "POST /items/{item_id}/compare": (AFTER_RATING, {"text": "t"}),
    "POST /items/{item_id}/text": (AFTER_RATING, {"text": "t", "parent": "1"}),
    "POST /items/{item_id}/certify": (AFTER_RATING, SIX),
    "GET /items/{item_id}/images/{number}": (Expected(("ann", "judy", "cora", "root")), None),
    "GET /items/{item_id}/adjudicate": (ADJUDICATOR, None),
    "POST /items/{item_id}/adjudicate": (ADJUDICATOR, {"reason": "r"}),
}
JSON_ROUTES = {"draft", "submit", "compare"}


def routes():
    """Return method and path of every route there is."""
    return [f"{method} {route.path}" for router in ROUTERS for route in router.routes for method in route.methods]


@pytest.fixture
def site(site_of):
    """Four references, so that one has a place left when the others are worked on."""
    return site_of(4)


@pytest.fixture
def places(site):
    """Every kind of thing that a path names: a case being rated, a disputed item, somebody's account."""
    ann, ben = site.client("ann"), site.client("ben")
    for _ in range(2):
        site.rate(ann, 5)
    for _ in range(3):
        site.rate(ben, 1)
    case = site.take(ann)
    with site.database.writing() as session:
        folder = site.bench.folder
        other = create_project(session, BY, "other", folder, pick(folder, "narratives"), images_of(site))
        set_member(session, BY, other.id, site.user("stranger").id, "rater")
        session.add(ApiToken(token_sha256="0" * 64, name="scoring", scopes=["score"]))
        image_id = session.scalars(select(Image.id).where(Image.project_id == site.bench.id)).first()
    victim = site.add("victim", "rater")
    kept_id, open_item_id = keep_for(site, victim)
    item = next(item for item in site.items() if item.state == "disputed")
    return {
        "project_id": site.bench.id, "assignment_id": case["id"], "item_id": item.id, "user_id": victim.id, "number": 1,
        "image_id": image_id, "kept_id": kept_id, "open_item_id": open_item_id,
        "upload_id": upload_of(site, "cora"),
        "version": "x", "name": "workbench.css",
    }  # fmt: skip


def keep_for(site, rater):
    """Keep an item for a rater; return the ids of the assignment and the item."""
    with site.database.writing() as session:
        cora = Actor("cora", site.user("cora").id)
        ids = [item.id for item in site.items() if item.state == "open" and item.project_id == site.bench.id]
        keep(session, cora, site.bench.id, ids, [rater.id], timedelta(days=7), site.clock())
        kept = session.scalars(select(Assignment).where(Assignment.rater_id == rater.id)).one()
        return kept.id, kept.item_id


def upload_of(site, name):
    """Return the id of an upload with a fault."""
    upload = uploads_of(site.app.state.workbench).begin(site.user(name).id)
    upload.say(Report("dataset", faults=(("card.yaml", "is not there"),)))
    return upload.id


def images_of(site):
    from dermatrust.curate.projects import read_images

    return read_images(site.bench.folder, pick(site.bench.folder, "narratives"))


def call(client, route, places, body, **headers):
    method, _, path = route.partition(" ")
    options = {}
    if isinstance(body, bytes):
        options, headers = {"content": body}, {"Content-Type": "application/octet-stream"} | headers
    elif body is not None:
        filled = {key: value.format(**places) if isinstance(value, str) else value for key, value in body.items()}
        options = {"json" if path.rpartition("/")[2] in JSON_ROUTES else "data": filled}
    return client.request(method, path.format(**places), headers=headers, **options)


def client_of(site, who):
    client = site.client(None if who in ("anonymous", "bearer") else who)
    if who == "bearer":
        client.headers["Authorization"] = "Bearer " + "t" * 43
    return client


def test_every_route_is_in_the_table_and_nothing_else():
    assert sorted(routes()) == sorted(ROUTES)


def test_every_route_lets_through_whom_it_should_and_nobody_else(site, places):
    wrong = []
    for route, (expected, body) in ROUTES.items():
        for who in sorted(PEOPLE, key=lambda who: who in expected.allowed):
            answer = call(client_of(site, who), route, places, body)
            status, is_sent_away = answer.status_code, answer.headers.get("location") == "/login"
            if who in expected.allowed:
                is_right = status not in (401, 403, 404, 500) or (route == "POST /welcome" and status == 422)
                is_right = is_right and (not is_sent_away or route == "POST /logout")
            elif who in ("anonymous", "bearer"):
                is_right = status == 401 or (is_sent_away and route.startswith("GET "))
            else:
                is_right = status == (expected.outside if who == "stranger" else expected.inside)
            wrong += [] if is_right else [(route, who, status)]
    assert not wrong
    assert len(ROUTES) * len(PEOPLE) >= 7 * 38


def test_what_is_somebody_elses_looks_like_nothing(site, places):
    """T07: every route that names an assignment or an upload, asked by three others, and with an id that is none."""
    nothing, n_asked = places | {"assignment_id": "A" * 16, "upload_id": "A" * 16}, 0
    for who in ("ben", "judy", "stranger"):
        client = site.client(who)
        for route, (expected, body) in ROUTES.items():
            if expected not in (OWN, OWN_UPLOAD):
                continue
            other, none = call(client, route, places, body), call(client, route, nothing, body)
            assert (other.status_code, none.status_code) == (404, 404), (who, route)
            assert without_ids(other.text, places) == without_ids(none.text, nothing), (who, route)
            n_asked += 1
    assert n_asked >= 20
    with site.database.reading() as session:
        assert session.scalars(select(Draft)).all() == []


def without_ids(text, places):
    """Return an answer without the ids that were asked for and what a session puts into its pages."""
    for name in ("assignment_id", "upload_id"):
        text = text.replace(places[name], "ID")
    return re.sub(r"[0-9a-f]{16,}", "", text)


@pytest.mark.parametrize("what", ["revise", "images/1"])
def test_an_item_that_a_rater_has_not_rated_is_closed(site, what):
    site.rate(site.client("ann"), 5)
    rated = {assignment.item_id for assignment in assignments(site)}
    item = next(item for item in site.items() if item.id not in rated)
    assert site.client("ann").get(f"/items/{item.id}/{what}").status_code == 403
    assert site.client("stranger").get(f"/items/{item.id}/{what}").status_code == 404


def assignments(site):
    with site.database.reading() as session:
        rows = session.scalars(select(Assignment)).all()
        session.expunge_all()
        return rows


class TestHeaders:
    """T11."""

    WANTED = {
        "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
        "content-security-policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        ),
        "strict-transport-security": "max-age=31536000; includeSubDomains",
    }  # fmt: skip

    def test_of_every_answer(self, site, places):
        answers = {route: call(site.client("ann"), route, places, body) for route, (_, body) in ROUTES.items()}
        answers["nothing there"] = site.client().get("/nothing")
        answers["other method"] = site.client().delete("/login")
        answers["too large"] = site.client("ann").post("/login", data={"name": "x" * 300_000})
        answers["anonymous"] = site.client().get("/")
        for route, answer in answers.items():
            got = {name: answer.headers.get(name) for name in self.WANTED}
            assert got == self.WANTED, route
            is_static = route in ("GET /static/{version}/{name}", "GET /favicon.ico")
            wanted = "public, max-age=31536000, immutable" if is_static else "no-store"
            assert answer.headers["cache-control"] == wanted, route
            assert "etag" not in answer.headers
            assert "server" not in answer.headers
        assert {answers[name].status_code for name in ("nothing there", "other method", "too large")} == {404, 405, 413}

    def test_without_tls_hsts_is_not_sent(self, site):
        assert "strict-transport-security" not in site.client().get("http://testserver/login").headers


class TestForgery:
    """T14: every route that changes something, five ways to forge a request: nothing happens."""

    WAYS = {
        "cross-site": {"Sec-Fetch-Site": "cross-site"},
        "same-site": {"Sec-Fetch-Site": "same-site"},
        "no token": {"X-CSRF-Token": ""},
        "token of another session": {},
        "text/plain": {"Content-Type": "text/plain"},
        "another origin": {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
    }

    @pytest.mark.parametrize("way", WAYS)
    def test_changes_nothing(self, site, places, way):
        headers = dict(self.WAYS[way])
        if way == "token of another session":
            other = Sessions(site.database, site.clock).find(site.token("ann"))
            headers["X-CSRF-Token"] = other.csrf
        clients = {who: site.client(who) for who in ("ann", "judy", "cora", "root")}
        before = snapshot(site)
        for route, (expected, body) in ROUTES.items():
            method = route.partition(" ")[0]
            if method == "GET":
                continue
            client = clients[next((who for who in expected.allowed if who in clients), "ann")]
            if way == "another origin":
                del client.headers["Sec-Fetch-Site"]
                headers.pop("Sec-Fetch-Site", None)
            answer = call(client, route, places, body, **headers)
            assert answer.status_code in (403, 415), (route, answer.status_code)
            client.headers["Sec-Fetch-Site"] = "same-origin"
        assert snapshot(site) == before

    def test_a_form_carries_the_token_in_a_field(self, site):
        client = site.client("ann")
        token = client.headers.pop("X-CSRF-Token")
        assert client.post("/logout", data={"csrf": "0" * 64}).status_code == 403
        assert client.post("/logout", data={"csrf": token}).status_code == 303

    def test_a_token_of_an_ended_session_is_of_no_use(self, site):
        client = site.client("ann")
        site.client("root").post(f"/people/{site.user('ann').id}/disable")
        assert client.post(f"/projects/{site.bench.id}/next").status_code == 401
        assert COOKIE in client.headers["Cookie"]


def snapshot(site):
    """Return everything a request could have changed."""
    with site.database.reading() as session:
        counts = [
            len(session.execute(select(kind)).all()) for kind in (Rating, Draft, User, Project, Assignment, ApiToken)
        ]
        return counts, [row.action for row in session.scalars(select(Audit))]


class TestBodies:
    """T20, T35 in part: hostile bodies get an answer that says no and quotes nothing."""

    @pytest.mark.parametrize(
        ("body", "statuses"),
        [
            (b"", (422,)),
            (b"{", (422,)),
            (b"[" * 50_000, (400, 422)),
            (b'{"version": 0, "scores": {"accuracy": 6}}', (422,)),
            (b'{"version": 0, "scores": {"accuracy": 4.5}}', (422,)),
            (b'{"version": 0, "scores": {"accuracy": "4"}}', (422,)),
            (b'{"version": 0, "scores": {"beauty": 4}}', (422,)),
            (b'{"version": 0, "secret-field": "secret-value"}', (422,)),
            (b'{"version": 99999999999999999999}', (422,)),
            (b'{"version": -1}', (422,)),
            (b'{"version": 0, "reason": "a\\u0000b"}', (422,)),
            (b'{"version": 0, "reason": "a\\ud800b"}', (422,)),
            (b'{"version": 0, "seconds": 1e999}', (422,)),
            (b'{"version": 0, "reason": "' + b"x" * 262_144 + b'"}', (413,)),
            (b"\xff\xfe", (400, 422)),
        ],
    )  # fmt: skip
    def test_are_refused(self, site, body, statuses):
        client = site.client("ann")
        case = site.take(client)
        headers = {"Content-Type": "application/json"}
        answer = client.put(f"/rate/{case['id']}/draft", content=body, headers=headers)
        assert answer.status_code in statuses, answer.text
        assert set(answer.json()) >= {"problem", "request_id"}
        assert "secret-value" not in answer.text

    @pytest.mark.parametrize("length", ["-1", "abc", "1e9", "9" * 30])
    def test_a_false_length_is_refused(self, site, length):
        answer = site.client().post("/login", content=b"", headers={"Content-Length": length})
        assert answer.status_code in (400, 413)

    @pytest.mark.parametrize("user_id", ["0", "-1", "9" * 30, "x", "1.5", "9223372036854775808"])
    def test_ids_that_are_none_are_refused(self, site, user_id):
        root = site.client("root")
        assert root.post(f"/people/{user_id}/invite").status_code in (404, 422)
        assert root.get(f"/projects/{user_id}/progress").status_code in (404, 422)

    @pytest.mark.parametrize(
        "name", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "workbench.css%00", "/etc/passwd", ""]
    )
    def test_only_files_of_the_pages_are_served(self, site, name):
        assert site.client().get(f"/static/x/{name}").status_code == 404
