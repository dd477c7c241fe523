"""Who gets in, what every answer carries, and what no address reaches."""

import pytest

PAGES = (
    "/", "/runs/one", "/runs/one/model?name=strong", "/runs/one/raters", "/runs/one/cases",
    "/runs/one/case?id=case-00", "/runs/one/data", "/runs/one/methods",
)  # fmt: skip
NAMES = (
    "..", "../", "../../etc/passwd", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%2f..%2fetc%2fpasswd", "..\\..\\x",
    "%5c..%5c", "/etc/passwd", "//etc/passwd", "C:\\Windows", "\\\\host\\share", "CON", "nul", "~", "~root", "%00",
    "one%00", "one/../two/../../x", ".", "./one", "one/", "one%2f", "\u202eeno", "o\u0301ne", "x" * 5000, "one.html",
    "one?x", "%ff%fe", "{run}",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_without_the_key_nothing_is_shown(client_of, folder, page):
    stranger = client_of(folder, key="")
    answer = stranger.get(page)
    assert answer.status_code == 401
    assert "strong" not in answer.text
    assert stranger.get(f"{page}{'&' if '?' in page else '?'}key=wrong").status_code == 401


def test_the_key_becomes_a_cookie_that_no_other_site_can_send_and_no_script_read(client_of, folder):
    stranger = client_of(folder, key="")
    answer = stranger.get("/?key=the-key-of-the-tests", follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert cookie.startswith("__Host-explore-8700=")
    assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "the-key" not in cookie
    assert stranger.get("/").status_code == 200


def test_a_cookie_of_another_explorer_opens_nothing(client_of, folder):
    other = client_of(folder)
    stranger = client_of(folder, key="")
    assert (
        stranger.get("/", headers={"Cookie": f"__Host-explore-8700={other.cookies['__Host-explore-8700']}"}).status_code
        == 401
    )


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.2:8700", "", "localhost.evil:80", "[::2]"]
)
def test_a_name_that_is_not_this_machines_gets_nothing(client, host):
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == 421
    assert "one" not in answer.text.split("<h1>")[1].split("</h1>")[0]


@pytest.mark.parametrize("host", ["127.0.0.1:9", "localhost", "LOCALHOST:8700", "[::1]:8700", "[::1]"])
def test_names_of_this_machine_are_answered(client, host):
    cookie = f"__Host-explore-8700={client.cookies['__Host-explore-8700']}"
    assert client.get("/", headers={"Host": host, "Cookie": cookie}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_changed(client, method):
    assert client.request(method, "/runs/one").status_code in (403, 405, 415)


@pytest.mark.parametrize("page", [*PAGES, "/nowhere", "/runs/none", "/static/mark.svg"])
def test_every_answer_has_the_headers(client, page):
    headers = client.get(page).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in policy
    assert ("no-store" in headers["cache-control"]) == (not page.startswith("/static"))


@pytest.mark.parametrize("name", NAMES)
def test_no_name_leads_out_of_what_was_given(client, name):
    for path in (f"/runs/{name}", f"/static/{name}"):
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code in (200, 307, 404), path
        if answer.status_code == 200:  # a client that resolves dots by itself arrives at a page of ours
            assert "<h1>Runs</h1>" in answer.text or "Leaderboard on" in answer.text
        assert "root:" not in answer.text
    assert client.get("/runs/one/case", params={"id": name}).status_code == 404
    assert client.get("/runs/one/model", params={"name": name}).status_code == 404
