"""T01-T05: passwords, failed sign-ins, sessions, the first account."""

import statistics
import time

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from dermatrust.curate.passwords import Passwords, check_password, common_passwords
from dermatrust.curate.problems import NotFoundError, RefusedError
from dermatrust.curate.security import COOKIE
from dermatrust.curate.sessions import Sessions
from dermatrust.curate.tables import Audit, LoginSession, User
from dermatrust.curate.totp import code_at, matching_step
from dermatrust.curate.trail import Actor

PASSWORD = "violet plaque on a tin roof"
BY = Actor("test")


class TestPasswords:
    @pytest.mark.parametrize(
        "password",
        ["", "short", "eleven char", "x" * 1001, "password1234", "PassWord1234", "qwertyuiop123", "123456123456",
         "passwordpassword", "iloveyoudragon", "ann-marie-ann-marie", "dermatrust 1"],
    )  # fmt: skip
    def test_weak_ones_are_refused(self, password):
        with pytest.raises(RefusedError):
            check_password(password, "ann-marie")

    @pytest.mark.parametrize("password", ["violet plaque", "x7" * 32, "ü" * 64 + "nördlich", "a" * 400 + " tail"])
    def test_long_ones_are_allowed(self, password):
        assert check_password(password, "ann") == password

    def test_none_of_the_three_thousand_most_common_is_allowed(self):
        assert len(common_passwords()) >= 3_000
        for password in common_passwords():
            with pytest.raises(RefusedError):
                check_password(password, "ann")

    def test_the_end_of_a_long_one_counts(self, site):
        kept = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        stored = kept.hash("a" * 500 + "b")
        assert kept.is_right(stored, "a" * 500 + "b")
        assert not kept.is_right(stored, "a" * 500 + "c")

    def test_without_a_stored_hash_nothing_is_right_not_even_the_stand_in(self, monkeypatch):
        monkeypatch.setattr("dermatrust.curate.passwords.secrets.token_urlsafe", lambda n_bytes: "the stand-in")
        kept = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        assert not kept.is_right(None, "")
        assert not kept.is_right(None, "the stand-in")


def sign_in(client, name, password=PASSWORD, code=""):
    return client.post("/login", data={"name": name, "password": password, "code": code})


class TestSigningIn:
    def test_opens_the_start_page_with_a_strict_cookie(self, site):
        answer = sign_in(site.client(), "ann")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        parts = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
        assert answer.headers["set-cookie"].startswith(f"{COOKIE}=")
        assert parts == {"path=/", "secure", "httponly", "samesite=lax"}

    @pytest.mark.parametrize(("name", "password"), [("nobody", PASSWORD), ("ann", "wrong " + PASSWORD), ("", "")])
    def test_a_wrong_name_looks_like_a_wrong_password(self, site, name, password):
        wrong, other = sign_in(site.client(), "ann", "something else"), sign_in(site.client(), name, password)
        assert (other.status_code, other.text) == (401, wrong.text)
        assert "set-cookie" not in other.headers

    def test_takes_as_long_for_unknown_people(self, site):
        kept = Passwords(PasswordHasher(time_cost=2, memory_cost=8_192, parallelism=1))
        stored = kept.hash(PASSWORD)

        def median_s(hashed):
            took = []
            for _ in range(15):
                begun = time.perf_counter()
                kept.is_right(hashed, "wrong " + PASSWORD)
                took.append(time.perf_counter() - begun)
            return statistics.median(took)

        assert median_s(None) > 0.5 * median_s(stored)  # without the stand-in it is some thousandths

    def test_is_refused_after_ten_failures_until_a_quarter_of_an_hour_has_passed(self, site):
        for _ in range(10):
            assert sign_in(site.client(), "ann", "wrong").status_code == 401
        limited = sign_in(site.client(), "ann")
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "900")
        site.clock.move(minutes=15, seconds=1)
        assert sign_in(site.client(), "ann").status_code == 303

    def test_is_refused_from_an_address_that_tries_many_names(self, site):
        for k in range(10):
            sign_in(site.client(), f"guess{k}", "wrong")
        assert sign_in(site.client(), "ann").status_code == 429
        assert "login.limited" in actions(site)

    def test_that_succeeds_does_not_count(self, site):
        for _ in range(12):
            assert sign_in(site.client(), "ann").status_code == 303

    def test_leaves_no_typed_name_in_the_trail(self, site):
        sign_in(site.client(), "my-secret-password-in-the-wrong-field", "x")
        with site.database.reading() as session:
            rows = session.scalars(select(Audit)).all()
            assert not any("my-secret" in f"{row.actor}{row.subject}{row.after}" for row in rows)
        assert "login.failed" in actions(site)

    def test_of_a_shut_account_looks_like_a_wrong_password(self, site):
        wrong = sign_in(site.client(), "ann", "something else")
        site.accounts.disable(site.user("ann").id, BY)
        assert (sign_in(site.client(), "ann").status_code, sign_in(site.client(), "ann").text) == (401, wrong.text)


def actions(site):
    with site.database.reading() as session:
        return list(session.scalars(select(Audit.action)))


def is_in(site, client):
    return client.get("/account").status_code == 200


class TestSessions:
    def test_tokens_are_kept_as_hashes_only(self, site):
        token = site.token("ann")
        with site.database.reading() as session:
            rows = session.scalars(select(LoginSession.token_sha256)).all()
        assert rows
        assert all(len(row) == 64 and token not in row for row in rows)

    def test_signing_in_ends_the_session_the_browser_came_with(self, site):
        client = site.client("ann")
        earlier = client.headers["Cookie"].partition("=")[2]
        assert sign_in(client, "ann").status_code == 303
        assert Sessions(site.database, site.clock).find(earlier) is None

    def test_signing_out_ends_it_and_wipes_the_browser(self, site):
        client = site.client("ann")
        answer = client.post("/logout")
        assert (answer.status_code, answer.headers["clear-site-data"]) == (303, '"storage"')
        assert not is_in(site, client)

    @pytest.mark.parametrize(("away", "is_still_in"), [({"minutes": 29}, True), ({"minutes": 31}, False)])
    def test_ends_after_half_an_hour_without_a_request(self, site, away, is_still_in):
        client = site.client("ann")
        site.clock.move(**away)
        assert is_in(site, client) is is_still_in

    def test_ends_after_twelve_hours_however_busy(self, site):
        client = site.client("ann")
        for _ in range(35):
            site.clock.move(minutes=20)
            assert is_in(site, client)
        site.clock.move(minutes=21)
        assert not is_in(site, client)

    def test_ends_when_the_account_is_shut(self, site):
        client = site.client("ann")
        assert site.client("root").post(f"/people/{site.user('ann').id}/disable").status_code == 303
        assert not is_in(site, client)

    def test_all_end_when_the_password_changes_and_the_one_at_hand_begins_anew(self, site):
        here, elsewhere = site.client("ann"), site.client("ann")
        new = "another four words here"
        form = {"current": PASSWORD, "password": new, "again": new}
        answer = here.post("/account/password", data=form)
        assert answer.status_code == 303, answer.text
        assert not is_in(site, elsewhere)
        here.headers["Cookie"] = answer.headers["set-cookie"].partition(";")[0]
        assert is_in(site, here)
        assert sign_in(site.client(), "ann", PASSWORD).status_code == 401
        assert sign_in(site.client(), "ann", new).status_code == 303

    @pytest.mark.parametrize(
        "change", [{"current": "wrong"}, {"again": "other"}, {"password": "short", "again": "short"}]
    )
    def test_a_password_is_not_changed_without_the_present_one(self, site, change):
        form = {"current": PASSWORD, "password": "another four words here", "again": "another four words here"}
        assert site.client("ann").post("/account/password", data=form | change).status_code == 422
        assert sign_in(site.client(), "ann").status_code == 303


class TestInvitations:
    def test_there_is_no_account_to_begin_with(self, open_database):
        with open_database("sqlite").reading() as session:
            assert session.scalars(select(User)).all() == []

    def test_a_secret_is_good_once(self, site):
        secret = site.accounts.invite("new", BY)
        form = {"secret": secret, "password": PASSWORD, "again": PASSWORD}
        assert sign_in(site.client(), "new").status_code == 401
        assert site.client().post("/welcome", data=form).status_code == 200
        assert sign_in(site.client(), "new").status_code == 303
        assert site.client().post("/welcome", data=form).status_code == 404

    def test_a_weak_password_leaves_the_secret_good(self, site):
        secret = site.accounts.invite("new", BY)
        weak = {"secret": secret, "password": "password1234", "again": "password1234"}
        assert site.client().post("/welcome", data=weak).status_code == 422
        good = {"secret": secret, "password": PASSWORD, "again": PASSWORD}
        assert site.client().post("/welcome", data=good).status_code == 200

    def test_a_secret_lasts_three_days_and_a_new_one_replaces_it(self, site):
        first = site.accounts.invite("new", BY)
        second = site.accounts.invite_again(site.user("new").id, BY)
        with pytest.raises(NotFoundError):
            site.accounts.accept(first, PASSWORD, BY)
        site.clock.move(days=3, seconds=1)
        with pytest.raises(NotFoundError):
            site.accounts.accept(second, PASSWORD, BY)

    def test_a_new_password_ends_old_sessions(self, site):
        client = site.client("ann")
        site.accounts.accept(site.accounts.invite_again(site.user("ann").id, BY), PASSWORD, BY)
        assert not is_in(site, client)

    @pytest.mark.parametrize("name", ["", "a b", "x" * 65, "<b>", "-x", "a/b", "ann", "ANN"])
    def test_names_are_plain_and_unique(self, site, name):
        answer = site.client("root").post("/people", data={"name": name})
        assert answer.status_code in (409, 422)

    def test_an_administrator_sees_the_secret_once(self, site):
        root = site.client("root")
        answer = root.post("/people", data={"name": "new"})
        secret = answer.text.partition('<p class="secret">')[2].partition("<")[0]
        assert len(secret) == 32
        assert secret not in root.get("/people").text
        assert site.accounts.accept(secret, PASSWORD, BY).name == "new"

    def test_an_administrator_cannot_shut_the_own_account(self, site):
        assert site.client("root").post(f"/people/{site.user('root').id}/disable").status_code == 422


class TestAuthenticator:
    SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", of RFC 6238, appendix B

    @pytest.mark.parametrize(
        ("at_s", "code"),
        [(59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
         (2000000000, "69279037"), (20000000000, "65353130")],
    )  # fmt: skip
    def test_gives_the_codes_of_the_standard(self, at_s, code):
        assert code_at(self.SECRET, at_s // 30, digits=8) == code

    def test_takes_codes_of_the_steps_beside(self):
        now = 1111111109
        near = [code_at(self.SECRET, now // 30 + k) for k in (-2, -1, 0, 1, 2)]
        assert [matching_step(self.SECRET, code, now) is not None for code in near] == [False, True, True, True, False]
        assert matching_step(self.SECRET, "ü" * 6, now) is None

    def code(self, site, secret):
        return code_at(secret, int(site.clock().timestamp()) // 30)

    def test_is_asked_for_once_tied_and_a_code_is_good_once(self, site):
        form = {"current": PASSWORD, "secret": self.SECRET, "code": self.code(site, self.SECRET)}
        assert site.client("ann").post("/account/authenticator", data=form).status_code == 303
        site.clock.move(minutes=2)
        code = self.code(site, self.SECRET)
        assert sign_in(site.client(), "ann").status_code == 401
        assert sign_in(site.client(), "ann", code=code).status_code == 303
        assert sign_in(site.client(), "ann", code=code).status_code == 401

    def test_is_not_tied_with_a_wrong_code_or_password(self, site):
        good = {"current": PASSWORD, "secret": self.SECRET, "code": self.code(site, self.SECRET)}
        for wrong in ({"code": "000000"}, {"current": "wrong"}, {"secret": "not base 32!"}):
            assert site.client("ann").post("/account/authenticator", data=good | wrong).status_code == 422
        assert sign_in(site.client(), "ann").status_code == 303

    def test_that_everybody_needs_keeps_other_pages_shut(self, site_of):
        site = site_of(needs_authenticator=True)
        client = site.client("ann")
        assert client.get("/").headers["location"] == "/account"
        assert client.get(f"/projects/{site.bench.id}/queue").headers["location"] == "/account"
        form = {"current": PASSWORD, "secret": self.SECRET, "code": self.code(site, self.SECRET)}
        client.post("/account/authenticator", data=form)
        assert client.get(f"/projects/{site.bench.id}/queue").status_code == 200
