"""T31, T32: what the log holds and does not hold, and what a failure shows."""

import logging

import pytest

NARRATIVE = "A red plaque of the elbow"
SECRET = "violet plaque on a tin roof"


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


def ours(log):
    """Return what the server's side logged; the test's own client logs the addresses it asks for."""
    return [record for record in log.records if not record.name.startswith("httpx")]


def test_holds_no_narrative_no_password_and_no_token(site, log):
    client = site.client("ann")
    site.client().post("/login", data={"name": "ann", "password": SECRET})
    site.client().post("/login", data={"name": "ann", "password": "my-wrong-guess"})
    invitation = site.client("root").post("/people", data={"name": "new"}).text.partition('"secret">')[2][:32]
    site.client().post("/welcome", data={"secret": invitation, "password": SECRET, "again": SECRET})
    case = site.take(client)
    client.put(f"/rate/{case['id']}/draft", json={"version": 0, "reason": "hidden by hair"})
    client.put(f"/rate/{case['id']}/draft", json={"version": 7, "reason": "hidden by hair"})
    client.put(f"/rate/{case['id']}/draft?password=query-secret", json={"nonsense": "hidden by hair"})
    text = "\n".join(f"{record.getMessage()} {record.exc_info or ''}" for record in ours(log))
    token = client.headers["Cookie"].partition("=")[2]
    hidden = [SECRET, "my-wrong-guess", invitation, "hidden by hair", "query-secret", token, NARRATIVE, case["text"],
              client.headers["X-CSRF-Token"]]  # fmt: skip
    assert [one for one in hidden if one in text] == []
    assert f"PUT /rate/{case['id']}/draft 200" in text


@pytest.mark.parametrize("path", ["/a%0d%0aforged line", "/a%0aGET /admin 200", "/a%1b[31m", "/a%e2%80%a8b"])
def test_one_request_is_one_line_without_control_characters(site, log, path):
    site.client().get(path)
    lines = [record.getMessage() for record in log.records if record.name == "dermatrust.curate"]
    assert len(lines) == 1
    assert lines[0].isascii()
    assert lines[0].isprintable()


class TestFailure:
    @pytest.fixture
    def broken(self, site, monkeypatch):
        def fail(*_args, **_named):
            raise RuntimeError(f"secret detail: {NARRATIVE}")

        monkeypatch.setattr("dermatrust.curate.routes_pages.load_rubric", fail)
        return site

    def test_shows_a_page_without_a_trace(self, broken):
        answer = broken.client("ann").get("/guideline")
        assert answer.status_code == 500
        assert "Something went wrong" in answer.text
        assert answer.headers["x-request-id"] in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        for hidden in ("secret detail", NARRATIVE, "Traceback", "RuntimeError", ".py"):
            assert hidden not in answer.text

    def test_is_logged_by_its_place_without_its_message(self, broken, log):
        answer = broken.client("ann").get("/guideline")
        text = "\n".join(record.getMessage() for record in log.records)
        assert f"{answer.headers['x-request-id']} failed: RuntimeError in fail test_log.py" in text
        assert "secret detail" not in text
        assert all(record.exc_info is None for record in log.records)

    def test_tells_a_script_in_its_own_form(self, broken):
        answer = broken.client("ann").get("/guideline", headers={"Accept": "application/json"})
        assert set(answer.json()) == {"problem", "request_id"}
