"""What a curator keeps for raters by name: rules, leases, the raters' order, the trail."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from dermatrust.curate.adjudication import decide
from dermatrust.curate.assignable import Wanted, lines, matching
from dermatrust.curate.keeping import keep, loads, take_back
from dermatrust.curate.problems import NotFoundError, RefusedError
from dermatrust.curate.projects import set_member
from dermatrust.curate.ratings import Entered, save_draft
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Anchor, Assignment, Audit, Project
from dermatrust.curate.trail import verify
from dermatrust.records import DIMENSIONS

WEEK = timedelta(days=7)


def kept(bench, numbers, raters, at, *, by="curator", kept_for=WEEK):
    items = {item.number: item.id for item in bench.items()}
    ids = [bench.people[name].user_id for name in raters]
    with bench.database.writing() as session:
        return keep(session, bench.people[by], bench.id, [items[k] for k in numbers], ids, kept_for, at)


def took_back(bench, assignment_id, at, *, by="curator"):
    with bench.database.writing() as session:
        take_back(session, bench.people[by], bench.id, assignment_id, at)


def turns(bench, rater):
    with bench.database.reading() as session:
        query = select(Assignment).where(Assignment.rater_id == bench.people[rater].user_id)
        found = session.scalars(query).all()
        session.expunge_all()
    return found


def number_of(bench, assignment):
    return next(item.number for item in bench.items() if item.id == assignment.item_id)


def test_it_comes_first_and_counts_as_a_place(database, bench_of, now):
    bench = bench_of(database, 6)
    assert kept(bench, [5, 2], ["r1"], now).n == 2
    found = []
    for _ in range(6):
        turn = bench.next("r1")
        found.append(number_of(bench, turn))
        assert turn.place == len(found)
        bench.submit("r1", turn)
    assert set(found[:2]) == {2, 5}
    assert sorted(found) == [1, 2, 3, 4, 5, 6]


def test_no_item_gets_more_than_k_raters_and_no_rater_an_item_twice(bench, now):
    done = kept(bench, [1, 2, 3], ["r1", "r2", "r3"], now)
    assert done.n == 6
    assert {(one.rater, one.why) for one in done.left} == {("r3", "all its places are taken")}
    assert {one.why for one in kept(bench, [1], ["r1"], now).left} == {"has it already"}
    assert bench.next("r3") is None
    bench.rate_all({"r1": 4, "r2": 4})
    assert {one.why for one in kept(bench, [1], ["r3"], now).left} == {"has all its ratings"}
    with bench.database.reading() as session:
        pairs = session.execute(select(Assignment.item_id, Assignment.rater_id)).all()
    assert max(Counter(pairs).values()) == 1
    assert len(pairs) == 6


def test_what_is_not_begun_in_time_goes_back_to_the_queue(bench, now):
    kept(bench, [1], ["r1", "r2"], now, kept_for=timedelta(days=2))
    later = now + timedelta(days=2, minutes=1)
    got = set()
    while (turn := bench.next("r3", later)) is not None:
        got.add(number_of(bench, turn))
        bench.submit("r3", turn, at=later)
    assert got == {1, 2, 3}
    assert {turn.state for turn in turns(bench, "r1")} == {"returned"}
    with bench.database.reading() as session:
        returned = session.scalars(select(Audit).where(Audit.action == "assignment.return")).all()
    assert [row.actor for row in returned] == ["lease", "lease"]


def test_once_begun_it_stays_for_as_long_as_it_was_kept_and_then_as_long_as_somebody_saves(bench, now):
    kept(bench, [1], ["r1", "r2"], now, kept_for=timedelta(days=2))
    turn = bench.next("r1")
    assert turn.lease_until == now + timedelta(days=2)
    late = now + timedelta(days=1, hours=23, minutes=50)
    with bench.database.writing() as session:
        save_draft(session, bench.people["r1"], turn.id, 0, Entered(), late)
    assert turns(bench, "r1")[0].lease_until == late + timedelta(minutes=30)


def test_what_is_not_begun_may_be_taken_back(bench, now):
    kept(bench, [1, 2], ["r1"], now)
    first, second = turns(bench, "r1")
    took_back(bench, first.id, now)
    assert {turn.id: turn.state for turn in turns(bench, "r1")} == {first.id: "returned", second.id: "assigned"}
    assert number_of(bench, bench.next("r1")) == number_of(bench, second)  # it comes first, the other with the rest
    with pytest.raises(RefusedError, match="begun"):
        took_back(bench, first.id, now)


def test_what_is_begun_may_not_be_taken_back(bench, now):
    kept(bench, [1], ["r1"], now)
    turn = bench.next("r1")
    with pytest.raises(RefusedError, match="begun"):  # it is on the rater's screen
        took_back(bench, turn.id, now + timedelta(minutes=29))
    with bench.database.writing() as session:
        save_draft(session, bench.people["r1"], turn.id, 0, Entered(note="x"), now)
    for later in (now, now + timedelta(days=3)):
        with pytest.raises(RefusedError, match="begun"):
            took_back(bench, turn.id, later)
    assert turns(bench, "r1")[0].state == "draft"


def test_what_was_shown_but_never_saved_may_be_taken_back_after_a_lease(bench, now):
    kept(bench, [1], ["r1"], now)
    turn = bench.next("r1")
    took_back(bench, turn.id, now + timedelta(minutes=31))
    assert turns(bench, "r1")[0].state == "returned"


def test_an_adjudicator_of_an_item_is_not_given_it(bench, now):
    bench.rate_all({"r1": 5, "r2": 1})
    item = bench.items()[0]
    with bench.database.writing() as session:
        decide(session, bench.people["adjudicator"], item.id, dict.fromkeys(DIMENSIONS, 4), "seen", now)
        session.add(Anchor(item_id=item.id, expected={}, tolerance=1))
        set_member(session, bench.people["curator"], bench.id, bench.people["adjudicator"].user_id, "rater")
    assert {one.why for one in kept(bench, [1], ["adjudicator"], now).left} == {"decided on it"}


@pytest.mark.parametrize("who", ["r1", "adjudicator", "outsider"])
def test_only_curators_may(bench, now, who):
    expected = NotFoundError if who == "outsider" else RefusedError
    with pytest.raises(expected):
        kept(bench, [1], ["r1"], now, by=who)
    kept(bench, [1], ["r1"], now)
    with pytest.raises(expected):
        took_back(bench, turns(bench, "r1")[0].id, now, by=who)


@pytest.mark.parametrize(
    ("numbers", "raters", "days", "said"),
    [
        ([], ["r1"], 7, "is empty"),
        ([1], [], 7, "is empty"),
        ([1], ["curator"], 7, "does not rate here"),
        ([1], ["r1", "outsider"], 7, "does not rate here"),
        ([1], ["r1"], 0, "the time"),
        ([1], ["r1"], 91, "the time"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(bench, now, numbers, raters, days, said):
    with pytest.raises(RefusedError, match=said):
        kept(bench, numbers, raters, now, kept_for=timedelta(days=days))
    assert turns(bench, "r1") == []


def test_an_item_of_another_project_is_not_there(bench, now):
    ids = [bench.people["r1"].user_id]
    with pytest.raises(NotFoundError), bench.database.writing() as session:
        keep(session, bench.people["curator"], bench.id, [bench.items()[0].id, "A" * 16], ids, WEEK, now)
    assert turns(bench, "r1") == []
    for absent in ("A" * 16, ""):
        with pytest.raises(NotFoundError):
            took_back(bench, absent, now)


def test_every_step_is_in_the_trail(bench, now):
    kept(bench, [1, 2], ["r1"], now)
    took_back(bench, turns(bench, "r1")[0].id, now)
    with bench.database.reading() as session:
        rows = session.scalars(select(Audit).where(Audit.action.like("assignment.%")).order_by(Audit.id)).all()
        assert [(row.action, row.actor) for row in rows] == [
            ("assignment.keep", "curator"), ("assignment.keep", "curator"), ("assignment.take_back", "curator"),
        ]  # fmt: skip
        assert rows[0].after.keys() == {"item", "rater", "slot", "until"}
        assert rows[2].before["rater"] == bench.people["r1"].user_id
    assert verify(bench.database).broken is None


def test_anchors_come_among_what_is_kept_as_often_as_among_the_rest(open_database, bench_of, now):
    """Or whoever knows that thirty narratives were kept for them would know that none of these is an anchor."""
    rules = Rules(anchor_share=0.2, slots=20)
    n_before, n_kept, n_raters = [], 30, 8
    bench = bench_of(open_database("sqlite"), 100, rules=rules, n_raters=n_raters)
    with bench.database.reading() as session:
        anchors = set(session.scalars(select(Anchor.item_id)))
    numbers = [item.number for item in bench.items() if item.id not in anchors][:n_kept]
    for k in range(1, n_raters + 1):
        kept(bench, numbers, [f"r{k}"], now)
        n_anchors = n_ours = 0
        while n_ours < n_kept:
            turn = bench.next(f"r{k}")
            n_anchors, n_ours = n_anchors + (turn.item_id in anchors), n_ours + (number_of(bench, turn) in numbers)
            bench.submit(f"r{k}", turn)
        n_before.append(n_anchors)
    # 20 of 100 texts are anchors: among the 37 or so shown until 30 ordinary ones are done, 7 or so are
    assert 4 <= sum(n_before) / n_raters <= 11
    assert len(set(n_before)) > 1


def test_loads_and_lines(bench, now):
    kept(bench, [1, 2], ["r1"], now)
    bench.submit("r2", bench.next("r2"))
    bench.next("r1")
    with bench.database.reading() as session:
        project = session.get_one(Project, bench.id)
        found = {one.rater.name: (one.n_kept, one.n_begun, one.n_submitted) for one in loads(session, bench.id)}
        assert found == {"r1": (1, 1, 0), "r2": (0, 0, 1), "r3": (0, 0, 0)}
        shown = lines(session, project, matching(session, bench.id, Wanted(state="")), now)
    hows = Counter(holder.how for line in shown for holder in line.holders)
    assert hows == {"kept": 1, "begun": 1, "rated": 1}
    assert [holder.how for line in shown for holder in line.holders if holder.assignment_id] == ["kept"]
    assert {line.is_full for line in shown} <= {True, False}


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(), [1, 2, 3]),
        (Wanted(ids="2"), [2]),
        (Wanted(ids="1-2"), [1, 2]),
        (Wanted(ids="C3, 1"), [1, 3]),
        (Wanted(ids="model-x"), []),
        (Wanted(site="elbow"), []),
        (Wanted(state="certified"), []),
        (Wanted(state=""), [1, 2, 3]),
    ],
)
def test_narratives_are_found_by_number_case_site_and_state_never_by_author(bench, wanted, numbers):
    with bench.database.reading() as session:
        found = matching(session, bench.id, wanted)
    assert [item.number for item in bench.items() if item.id in found] == numbers
