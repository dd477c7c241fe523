import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dermatrust.curate.assignment import next_assignment
from dermatrust.curate.problems import NotFoundError, RefusedError
from dermatrust.curate.ratings import Entered, save_draft
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Anchor, Assignment, Item

HALF_HOUR = timedelta(minutes=30)
NO_ANCHORS = Rules(anchor_share=0)


def held(bench):
    """How many raters hold or have rated each item, in the first round."""
    with bench.database.reading() as session:
        query = select(Assignment.item_id, func.count()).where(Assignment.slot.is_not(None), Assignment.round == 1)
        return dict(session.execute(query.group_by(Assignment.item_id)).all())


def order_of(bench, rater):
    found = []
    while (assignment := bench.next(rater)) is not None:
        found.append(assignment.item_id)
        bench.submit(rater, assignment)
    numbers = {item.id: item.number for item in bench.items()}
    return [numbers[item_id] for item_id in found]


def test_each_item_gets_k_raters_and_no_rater_an_item_twice(bench):
    bench.rate_all({"r1": 4, "r2": 4, "r3": 4})
    assert set(held(bench).values()) == {2}
    with bench.database.reading() as session:
        pairs = session.execute(select(Assignment.item_id, Assignment.rater_id)).all()
    assert max(Counter(pairs).values()) == 1
    assert bench.next("r3") is None


def test_what_is_begun_comes_first_however_often_one_asks(bench):
    first = bench.next("r1")
    assert bench.next("r1").id == first.id
    bench.submit("r1", first)
    assert bench.next("r1").id != first.id


def test_raters_have_orders_of_their_own_which_a_seed_repeats(open_database, bench_of):
    rules = Rules(anchor_share=0, slots=3)
    orders = []
    for _ in range(2):
        bench = bench_of(open_database("sqlite"), 12, rules=rules)
        orders.append([order_of(bench, rater) for rater in ("r1", "r2", "r3")])
    assert orders[0] == orders[1]
    assert len({tuple(order) for order in orders[0]}) == 3
    assert all(sorted(order) == list(range(1, 13)) for order in orders[0])
    assert list(range(1, 13)) not in orders[0]


def test_a_lease_that_ran_out_frees_the_slot_and_keeps_the_draft(database, bench_of, now):
    bench = bench_of(database, 1, rules=Rules(anchor_share=0, slots=1))
    mine = bench.next("r1")
    with database.writing() as session:
        save_draft(session, bench.people["r1"], mine.id, 0, Entered(note="so far"), now)
    assert bench.next("r2", now + HALF_HOUR) is None
    other = bench.next("r2", now + HALF_HOUR + timedelta(seconds=1))
    assert (other.item_id, other.slot) == (mine.item_id, 1)
    with database.reading() as session:
        returned = session.get(Assignment, mine.id)
        assert (returned.state, returned.slot) == ("returned", None)


def test_saving_extends_the_lease(database, bench_of, now):
    bench = bench_of(database, 1, rules=Rules(anchor_share=0, slots=1))
    mine = bench.next("r1")
    with database.writing() as session:
        save_draft(session, bench.people["r1"], mine.id, 0, Entered(), now + HALF_HOUR)
    assert bench.next("r2", now + 2 * HALF_HOUR) is None
    assert bench.next("r2", now + 2 * HALF_HOUR + timedelta(seconds=1)) is not None


def test_a_returned_item_may_be_taken_again_with_its_draft(database, bench_of, now):
    bench = bench_of(database, 1, rules=NO_ANCHORS)
    mine = bench.next("r1")
    with database.writing() as session:
        save_draft(session, bench.people["r1"], mine.id, 0, Entered(note="so far"), now)
    again = bench.next("r1", now + 3 * HALF_HOUR)
    assert (again.id, again.state, again.slot) == (mine.id, "draft", 1)


def test_an_anchor_goes_to_every_rater_and_comes_again_after_a_week(database, bench_of, now):
    bench = bench_of(database, 4, rules=Rules(slots=1, anchor_share=0.25))
    with database.reading() as session:
        (anchor,) = session.scalars(select(Anchor.item_id))
    bench.rate_all({"r1": 4, "r2": 4, "r3": 4})
    assert held(bench)[anchor] == 3
    assert sorted(held(bench).values()) == [1, 1, 1, 3]
    week = timedelta(days=7)
    assert bench.next("r1", now + week - timedelta(seconds=1)) is None
    again = bench.next("r1", now + week)
    assert (again.item_id, again.round) == (anchor, 2)
    bench.submit("r1", again, 4, now + week)
    assert bench.next("r1", now + 10 * week) is None


def test_an_anchor_stands_anywhere_in_an_order(open_database, bench_of):
    bench = bench_of(open_database("sqlite"), 10, rules=Rules(slots=3, anchor_share=0.1))
    with bench.database.reading() as session:
        number = session.scalar(select(Item.number).join(Anchor, Anchor.item_id == Item.id))
    assert len({order_of(bench, rater).index(number) for rater in ("r1", "r2", "r3")}) > 1


@pytest.mark.parametrize(("who", "error"), [("curator", RefusedError), ("outsider", NotFoundError)])
def test_only_raters_of_the_project_are_given_anything(bench, who, error):
    with pytest.raises(error):
        bench.next(who)


def test_16_raters_at_once_never_give_an_item_to_more_than_k(database, bench_of, now):
    bench = bench_of(database, 100, rules=NO_ANCHORS, n_raters=16)
    failures = []

    def work(rater):
        try:
            while (assignment := bench.next(rater)) is not None:
                bench.submit(rater, assignment)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"r{k}",)) for k in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Counter(held(bench).values()) == {2: 100}
    assert {item.state for item in bench.items()} == {"agreed"}


def test_a_person_of_another_project_sees_none(bench, now):
    with pytest.raises(NotFoundError), bench.database.writing() as session:
        next_assignment(session, bench.people["r1"], bench.id + 1, now)
