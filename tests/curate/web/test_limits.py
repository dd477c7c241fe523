"""T20: too many fields, too deep, too long without saying so, too often: every route that takes a body says no."""

import pytest

from dermatrust.curate.gate import CHANGES_PER_MINUTE

from .conftest import entered
from .test_access import JSON_ROUTES, ROUTES, client_of, places, site, snapshot

__all__ = ["places", "site"]
TAKES_BODY = [route for route in ROUTES if not route.startswith("GET ") and route != "PUT /import/file"]
"""The one for files has limits of its own: test_import.py."""
TAKES_JSON = [route for route in TAKES_BODY if route.rpartition("/")[2] in JSON_ROUTES]
TAKES_FORM = [route for route in TAKES_BODY if route not in TAKES_JSON]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


def allowed(site, route):
    """Somebody whom the route lets through, or the refusal would be another one."""
    return client_of(site, next((who for who in ROUTES[route][0].allowed if who not in ("anonymous", "bearer")), None))


def send(client, route, places, content, headers):
    method, _, path = route.partition(" ")
    return client.request(method, path.format(**places), content=content, headers=headers)


def test_a_thousand_and_one_fields(site, places):
    before = snapshot(site)
    fields = "&".join(f"f{k}=x" for k in range(1_001))
    for route in TAKES_FORM:
        client = allowed(site, route)
        client.headers.pop("X-CSRF-Token")  # so that the token is looked for among the fields
        assert send(client, route, places, fields, FORM).status_code == 400, route
    assert snapshot(site) == before


def test_json_nested_fifty_thousand_deep(site, places):
    before = snapshot(site)
    for route in TAKES_JSON:
        for content in (b"[" * 50_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000, b'{"scores":' + b"[" * 50_000):
            assert send(allowed(site, route), route, places, content, JSON).status_code in (400, 413, 422), route
    assert snapshot(site) == before


@pytest.mark.parametrize("headers", [FORM, JSON], ids=["form", "json"])
def test_in_pieces_without_a_length(site, places, headers):
    before = snapshot(site)
    for route in TAKES_BODY:
        client = allowed(site, route)
        if headers is FORM:
            client.headers.pop("X-CSRF-Token")
        elif route in TAKES_FORM:
            continue  # a route that takes no JSON need not read it
        pieces = (b"a" * 65_536 for _ in range(5))
        assert send(client, route, places, pieces, headers).status_code == 413, route
    assert snapshot(site) == before


def test_somebody_who_changes_more_than_anybody_can_has_to_wait(site, monkeypatch):
    now = 0.0
    allowance = site.app.state.workbench.allowance
    assert allowance._per_minute == CHANGES_PER_MINUTE
    monkeypatch.setattr(allowance, "_clock", lambda: now)
    monkeypatch.setattr(allowance, "_per_minute", 60)
    ann, ben = site.client("ann"), site.client("ben")
    case = site.take(ann)
    bad = {"version": 99}  # refused early, and counted all the same
    codes = [ann.put(f"/rate/{case['id']}/draft", json=bad).status_code for _ in range(60)]
    assert (codes[0], codes[-1]) == (409, 429)
    hurried = ann.put(f"/rate/{case['id']}/draft", json=entered(4))
    assert (hurried.status_code, hurried.headers["retry-after"]) == (429, "1")
    assert "Try again in 1 s." in hurried.json()["problem"]
    assert ann.get(f"/rate/{case['id']}").status_code == 200
    assert site.take(ben)
    now = 1.0
    assert ann.put(f"/rate/{case['id']}/draft", json=entered(4)).status_code == 200
