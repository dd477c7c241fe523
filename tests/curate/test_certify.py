from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from dermatrust.curate.adjudication import decide
from dermatrust.curate.certify import certificate_of, certify, release
from dermatrust.curate.problems import NotFoundError, RefusedError
from dermatrust.curate.tables import Item, Rating
from dermatrust.curate.texts import latest_text, revise
from dermatrust.records import DIMENSIONS, Dimension

FIVES = dict.fromkeys(DIMENSIONS, 5)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def agreed(bench):
    bench.rate_all({"r1": 4, "r2": 4})
    return bench


def sign(bench, who, at, *, scores=FIVES, sha256=None, password_at=None):
    item_id = bench.items()[0].id
    with bench.database.writing() as session:
        sha256 = sha256 or latest_text(session, item_id).sha256
        return certify(session, bench.people[who], item_id, scores, sha256, password_at or at, at)


def reason(*args, **more):
    with pytest.raises(RefusedError) as refused:
        sign(*args, **more)
    return refused.value.reason


def test_a_certificate_names_the_text_the_person_and_the_time(agreed, now):
    made = sign(agreed, "r2", now, password_at=now - 2 * MINUTE)
    with agreed.database.reading() as session:
        certificate, version = certificate_of(session, agreed.items()[0].id)
        assert session.get(Item, agreed.items()[0].id).state == "certified"
        assert certificate_of(session, agreed.items()[1].id) is None
    assert (certificate.id, version.number, certificate.text_sha256) == (made.id, 1, version.sha256)
    assert (certificate.rater_id, certificate.certified_at) == (agreed.people["r2"].user_id, now)
    assert certificate.authenticated_at == now - 2 * MINUTE


def test_the_first_blind_scores_survive_revision_and_certificate(agreed, now):
    with agreed.database.writing() as session:
        revise(session, agreed.people["r1"], agreed.items()[0].id, 1, "A better text.", now)
    sign(agreed, "r1", now)
    with agreed.database.reading() as session:
        _, version = certificate_of(session, agreed.items()[0].id)
        assert (version.number, version.text) == (2, "A better text.")
        assert {one.safety for one in session.scalars(select(Rating))} == {4}
    with pytest.raises(DBAPIError, match="never changed"), agreed.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM certificate"))


def test_each_rule_refuses_with_a_reason_of_its_own(agreed, now):
    assert reason(agreed, "r1", now, scores={}) == "incomplete"
    assert reason(agreed, "r1", now, scores=FIVES | {Dimension.SAFETY: 7}) == "off the scale"
    assert reason(agreed, "r1", now, sha256="0" * 64) == "text changed"
    assert reason(agreed, "r3", now) == "role"
    assert reason(agreed, "curator", now) == "role"
    assert reason(agreed, "r1", now, password_at=now - 5 * MINUTE - timedelta(seconds=1)) == "sign in again"
    assert reason(agreed, "r1", now, password_at=now + MINUTE) == "sign in again"
    with pytest.raises(NotFoundError):
        sign(agreed, "outsider", now)
    with agreed.database.reading() as session:
        assert session.get(Item, agreed.items()[0].id).state == "agreed"


@pytest.mark.parametrize("dimension", list(DIMENSIONS))
def test_a_single_4_is_refused(agreed, now, dimension):
    assert reason(agreed, "r1", now, scores=FIVES | {dimension: 4}) == "not all five"


def test_a_text_revised_by_somebody_else_meanwhile_is_not_certified_unseen(agreed, now):
    with agreed.database.reading() as session:
        shown = latest_text(session, agreed.items()[0].id).sha256
    with agreed.database.writing() as session:
        revise(session, agreed.people["r2"], agreed.items()[0].id, 1, "Another text.", now)
    assert reason(agreed, "r1", now, sha256=shown) == "text changed"


def test_what_is_certified_stays_as_it_is(agreed, now):
    sign(agreed, "r1", now)
    assert reason(agreed, "r2", now) == "frozen"
    with pytest.raises(RefusedError) as refused, agreed.database.writing() as session:
        revise(session, agreed.people["r1"], agreed.items()[0].id, 1, "Later.", now)
    assert refused.value.reason == "frozen"


def test_a_disputed_item_is_certified_only_once_it_is_decided_and_by_who_decided(bench, now):
    bench.rate_all({"r1": 5, "r2": 2})
    assert reason(bench, "r1", now) == "too early"
    assert reason(bench, "adjudicator", now) == "role"
    with bench.database.writing() as session:
        decide(session, bench.people["adjudicator"], bench.items()[0].id, FIVES, "seen", now)
    assert sign(bench, "adjudicator", now).rater_id == bench.people["adjudicator"].user_id


def test_only_a_curator_releases_and_only_what_is_certified(agreed, now):
    item_id = agreed.items()[0].id
    with pytest.raises(RefusedError, match="agreed"), agreed.database.writing() as session:
        release(session, agreed.people["curator"], item_id)
    sign(agreed, "r1", now)
    with pytest.raises(RefusedError, match="you are rater"), agreed.database.writing() as session:
        release(session, agreed.people["r1"], item_id)
    with agreed.database.writing() as session:
        release(session, agreed.people["curator"], item_id)
        assert session.get(Item, item_id).state == "released"
