from dataclasses import replace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from dermatrust.curate.adjudication import compare, decide, disputed_items, disputes_in, set_anchor
from dermatrust.curate.problems import NotFoundError, RefusedError
from dermatrust.curate.projects import set_member
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Anchor, Item, Rating
from dermatrust.records import DIMENSIONS, Dimension

FIVES, FOURS = dict.fromkeys(DIMENSIONS, 5), dict.fromkeys(DIMENSIONS, 4)


def rating(*scores, uncertain=False):
    return Rating(**{d.value: s for d, s in zip(DIMENSIONS, scores, strict=True)}, uncertain=uncertain)


def causes(found):
    return [(one.cause, one.dimension) for one in found]


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ((4, 4, 4, 4, 4, 4), (5, 4, 3, 4, 5, 3), []),
        ((4, 4, 4, 4, 4, 4), (2, 4, 4, 4, 4, 4), [("scores differ", Dimension.ACCURACY)]),
        ((4, 4, 4, 4, 4, 4), (4, 3, 4, 4, 4, 4), [("scores differ", Dimension.SAFETY)]),
        ((0, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 5), [("scores differ", Dimension.DESCRIPTION_PRECISION)]),
    ],
)
def test_two_points_are_too_many_and_one_on_safety(first, second, found):
    assert causes(disputes_in(Rules(), [rating(*first), rating(*second)])) == found


def test_the_points_are_configurable():
    pair = [rating(4, 4, 4, 4, 4, 4), rating(1, 2, 4, 4, 4, 4)]
    assert disputes_in(Rules(differ_by=4, differ_by_on_safety=3), pair) == []
    assert len(disputes_in(Rules(differ_by=3, differ_by_on_safety=2), pair)) == 2


def test_uncertainty_is_decided_upon_unless_the_rules_say_otherwise():
    unsure = [rating(4, 4, 4, 4, 4, 4, uncertain=True)]
    assert causes(disputes_in(Rules(), unsure)) == [("uncertain", None)]
    assert disputes_in(Rules(settle_uncertain=False), unsure) == []


def test_an_anchor_is_missed_by_more_than_its_tolerance():
    given = [rating(4, 3, 4, 4, 4, 4)]
    anchor = Anchor(expected={"safety": 5, "accuracy": 3}, tolerance=1.0)
    (found,) = disputes_in(Rules(), given, anchor)
    assert (found.cause, found.dimension, found.low, found.high) == ("anchor missed", "safety", 3, 5)
    assert disputes_in(Rules(settle_anchor_misses=False), given, anchor) == []
    assert disputes_in(Rules(), given, Anchor(expected={}, tolerance=0.0)) == []


def test_an_anchor_with_expected_scores_shows_who_is_off(bench):
    bench.rate_all({"r1": 4, "r2": 4})
    item_id = bench.items()[0].id

    def expect(who, score, tolerance):
        with bench.database.writing() as session:
            set_anchor(session, bench.people[who], item_id, {Dimension.ACCURACY: score}, tolerance)
        return [item.state for item in bench.items()]

    assert expect("curator", 5, 1.0) == ["agreed", "agreed", "agreed"]
    assert expect("curator", 5, 0.5) == ["disputed", "agreed", "agreed"]
    assert bench.next("r3").item_id == item_id  # who has not rated it gets it now
    with pytest.raises(RefusedError, match="Accuracy is 6"):
        expect("curator", 6, 1.0)
    with pytest.raises(RefusedError, match="you are rater"):
        expect("r1", 5, 1.0)


@pytest.fixture
def disputed(bench):
    """Three items on which the two raters are two points apart."""
    bench.rate_all({"r1": 5, "r2": 3})
    return bench


def test_raters_who_agree_leave_nothing_to_decide(bench):
    bench.rate_all({"r1": 4, "r2": 4})
    assert {item.state for item in bench.items()} == {"agreed"}
    with bench.database.reading() as session:
        assert disputed_items(session, bench.people["adjudicator"], bench.id) == []


def test_an_adjudicator_sees_two_sides_without_names_in_an_order_of_its_own(database, bench_of):
    bench = bench_of(database, 10)
    bench.rate_all({"r1": 5, "r2": 3})
    firsts = []
    with database.reading() as session:
        for item in disputed_items(session, bench.people["adjudicator"], bench.id):
            seen = compare(session, bench.people["adjudicator"], item.id)
            assert seen == compare(session, bench.people["adjudicator"], item.id)
            assert [side.letter for side in seen.sides] == ["A", "B"]
            shown = repr([replace(side, assignment_id="") for side in seen.sides]) + seen.text
            assert [name for name in ("r1", "r2", "drafter", "secret-label") if name in shown] == []
            assert len(seen.disputes) == 6
            firsts.append(seen.sides[0].scores[Dimension.SAFETY])
    assert sorted(set(firsts)) == [3, 5]


def test_the_adjudicators_scores_count_and_the_raters_own_stay(disputed, now):
    item = disputed.items()[0]
    with disputed.database.writing() as session:
        made = decide(session, disputed.people["adjudicator"], item.id, FOURS, " seen closely ", now)
    assert (made.scores, made.reason, made.decided_at) == (FOURS, "seen closely", now)
    with disputed.database.reading() as session:
        assert session.get(Item, item.id).state == "adjudicated"
        rows = session.scalars(select(Rating).where(Rating.assignment_id.in_(made.assignment_ids))).all()
        assert sorted(one.safety for one in rows) == [3, 5]
    with pytest.raises(DBAPIError, match="never changed"), disputed.database.engine.begin() as connection:
        connection.execute(text("UPDATE adjudication SET safety = 5"))


def refused(disputed, who, now, scores=FOURS, reason="seen", number=0):
    with pytest.raises(RefusedError) as error, disputed.database.writing() as session:
        decide(session, disputed.people[who], disputed.items()[number].id, scores, reason, now)
    return error.value.reason


def test_who_rated_an_item_may_not_decide_on_it(disputed, now):
    for rater in ("r1", "r3"):
        with disputed.database.writing() as session:
            set_member(session, disputed.people["curator"], disputed.id, disputed.people[rater].user_id, "adjudicator")
    assert refused(disputed, "r1", now) == "own rating"
    with disputed.database.writing() as session:
        assert disputed_items(session, disputed.people["r1"], disputed.id) == []
        decide(session, disputed.people["r3"], disputed.items()[0].id, FOURS, "seen", now)


def test_a_decision_needs_six_scores_a_reason_a_dispute_and_the_role(disputed, now):
    assert refused(disputed, "adjudicator", now, scores={Dimension.SAFETY: 4}) == "incomplete"
    assert refused(disputed, "adjudicator", now, scores=FOURS | {Dimension.SAFETY: 6}) == "off the scale"
    assert refused(disputed, "adjudicator", now, reason=" ") == "no reason"
    assert refused(disputed, "curator", now) == "role"
    with disputed.database.writing() as session:
        decide(session, disputed.people["adjudicator"], disputed.items()[0].id, FOURS, "seen", now)
    assert refused(disputed, "adjudicator", now) == "frozen"
    with pytest.raises(NotFoundError), disputed.database.reading() as session:
        compare(session, disputed.people["outsider"], disputed.items()[0].id)


def test_what_agrees_is_not_disputed(bench, now):
    bench.rate_all({"r1": 4, "r2": 4})
    assert refused(bench, "adjudicator", now) == "not disputed"


def test_an_adjudicator_who_becomes_a_rater_is_not_given_what_was_decided(database, bench_of, now):
    bench = bench_of(database, 1, rules=Rules(anchor_share=1))
    bench.rate_all({"r1": 5, "r2": 3})
    with database.writing() as session:
        decide(session, bench.people["adjudicator"], bench.items()[0].id, FOURS, "seen", now)
        set_member(session, bench.people["curator"], bench.id, bench.people["adjudicator"].user_id, "rater")
    assert bench.next("adjudicator") is None
    assert bench.next("r3") is not None
