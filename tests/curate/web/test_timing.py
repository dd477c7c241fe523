"""T02, T08: how long an answer takes tells neither whether an account exists nor whether a case is an anchor.

Times are CPU seconds of the process, so that other programs do not count, and what is compared takes turns. A machine
is noisy all the same: a difference that is there shows in each of three tries, one that is not hardly ever does.
"""

import statistics
from time import process_time

import pytest
from argon2 import PasswordHasher
from scipy.stats import mannwhitneyu
from sqlalchemy import select

from dermatrust.curate import routes_rate
from dermatrust.curate.accounts import Accounts
from dermatrust.curate.app import make_app
from dermatrust.curate.gate import Settings
from dermatrust.curate.passwords import Passwords
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Anchor, Assignment, User

from .conftest import PASSWORD, case_in, entered

TRIES = 3
N_SIGN_INS = 30


def timed(call):
    begun = process_time()
    answer = call()
    return process_time() - begun, answer


def sign_in_times(site):
    """Return (unknown, wrong password) CPU seconds of as many sign-ins of each, taking turns; the answers are one."""
    took, answers = {"nobody": [], "ann": []}, set()
    for _ in range(N_SIGN_INS):
        site.clock.move(minutes=16)  # earlier failures no longer count
        for name in took:
            form = {"name": name, "password": "another " + PASSWORD}
            s, answer = timed(lambda form=form: site.client().post("/login", data=form))
            took[name].append(s)
            answers.add((answer.status_code, answer.text))
    assert len(answers) == 1
    return took["nobody"], took["ann"]


@pytest.fixture
def slow_to_guess(site_of, tmp_path):
    """A workbench whose passwords take as long to check as most of a request does."""
    site = site_of(everybody=False)
    passwords = Passwords(PasswordHasher(time_cost=3, memory_cost=16_384, parallelism=1))
    site.accounts = Accounts(site.database, passwords, site.clock)
    site.add("ann", "rater")
    site.app = make_app(site.database, Settings(tmp_path / "images"), passwords=passwords, clock=site.clock)
    return site


def within_a_tenth(one, two):
    return abs(statistics.median(one) / statistics.median(two) - 1) <= 0.1


def test_an_unknown_name_takes_as_long_as_a_wrong_password(slow_to_guess):
    assert any(within_a_tenth(*sign_in_times(slow_to_guess)) for _ in range(TRIES))


@pytest.mark.long
def test_an_unknown_name_that_is_answered_at_once_would_be_seen(slow_to_guess, monkeypatch):
    right = Passwords.is_right
    monkeypatch.setattr(Passwords, "is_right", lambda self, hashed, given: bool(hashed) and right(self, hashed, given))
    assert not any(within_a_tenth(*sign_in_times(slow_to_guess)) for _ in range(TRIES))


def told_apart(site):
    """Rate all there is as somebody new; return the measures by which anchors and others differ at p <= 0.01."""
    name = f"rater{site.n_new}"
    site.n_new += 1
    site.add(name, "rater")
    client, found = site.client(name), {}
    while (answer := client.post(f"/projects/{site.bench.id}/next")).headers["location"].startswith("/rate/"):
        path = answer.headers["location"]
        case = case_in(client.get(path).text)
        pages = [timed(lambda path=path: client.get(path)) for _ in range(5)]
        image = timed(lambda case=case: client.get(case["images"][0]))
        draft = timed(lambda case=case: client.put(f"/rate/{case['id']}/draft", json=entered(4)))
        sent = timed(lambda case=case: client.post(f"/rate/{case['id']}/submit", json=entered(4, version=1)))
        assert sent[1].status_code == 200
        size = len(pages[0][1].content) - len(case["text"].encode())
        found[case["id"]] = {
            "page": statistics.median(s for s, _ in pages), "image": image[0], "draft": draft[0], "submit": sent[0],
            "size": size, "image size": len(image[1].content), "headers": len(str(pages[0][1].headers)),
        }  # fmt: skip
    with site.database.reading() as session:
        anchors = set(session.scalars(select(Anchor.item_id)))
        user = session.scalars(select(User.id).where(User.name == name)).one()
        turns = session.scalars(select(Assignment).where(Assignment.rater_id == user))
        is_anchor = {turn.id: turn.item_id in anchors for turn in turns}
    assert sorted(is_anchor[one] for one in found) == [False] * 20 + [True] * 20
    measures = {what: [[found[one][what] for one in found if is_anchor[one] is kind] for kind in (True, False)]
                for what in next(iter(found.values()))}  # fmt: skip
    return {what for what, (a, b) in measures.items() if set(a) != set(b) and mannwhitneyu(a, b).pvalue <= 0.01}


@pytest.fixture
def half_anchors(site_of):
    site = site_of(40, rules=Rules(anchor_share=0.5, slots=8))
    site.n_new = 0
    return site


def test_anchors_take_as_long_and_are_as_large_as_other_cases(half_anchors):
    tries = [told_apart(half_anchors)]
    while tries[-1] and len(tries) < TRIES:
        tries.append(told_apart(half_anchors))
    assert not set.intersection(*tries)


@pytest.mark.long
def test_a_case_that_is_told_of_its_anchor_would_be_seen(half_anchors, monkeypatch):
    """2 ms more, or 16 characters more, for anchors."""
    plain = routes_rate.case_of

    def telling(session, by, assignment_id):
        case = plain(session, by, assignment_id)
        item = session.get(Assignment, assignment_id).item_id
        if session.get(Anchor, item) is not None:
            until = process_time() + 0.002
            while process_time() < until:
                pass
            case["context"] = [*case["context"], ("Hint", "an old friend")]
        return case

    monkeypatch.setattr(routes_rate, "case_of", telling)
    assert {"page", "size"} <= told_apart(half_anchors)
