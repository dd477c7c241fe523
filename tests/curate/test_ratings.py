import threading
from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from dermatrust.curate.problems import ConflictError, NotFoundError, RefusedError
from dermatrust.curate.ratings import Entered, draft_of, save_draft, submit
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Audit, Rating
from dermatrust.curate.trail import verify
from dermatrust.judge.rubric import load_rubric
from dermatrust.records import DIMENSIONS, Dimension

ALL_FOUR = dict.fromkeys(DIMENSIONS, 4)


def save(bench, rater, assignment, version, at, **entered):
    with bench.database.writing() as session:
        return save_draft(session, bench.people[rater], assignment.id, version, Entered(**entered), at)


def test_a_draft_is_kept_and_each_save_names_the_version_it_follows(bench, now):
    mine = bench.next("r1")
    assert save(bench, "r1", mine, 0, now, scores={"safety": 0}).version == 1
    assert save(bench, "r1", mine, 1, now, scores={"safety": 1}, note="é").version == 2
    with bench.database.reading() as session:
        draft = draft_of(session, bench.people["r1"], mine.id)
    assert Entered(**draft.content) == Entered(scores={Dimension.SAFETY: 1}, note="é")


def test_a_save_that_follows_another_version_is_a_conflict_that_carries_what_is_stored(bench, now):
    mine = bench.next("r1")
    save(bench, "r1", mine, 0, now, note="first window")
    with pytest.raises(ConflictError) as conflict:
        save(bench, "r1", mine, 0, now, note="second window")
    assert conflict.value.stored["version"] == 1
    assert conflict.value.stored["content"]["note"] == "first window"
    with bench.database.reading() as session:
        assert draft_of(session, bench.people["r1"], mine.id).content["note"] == "first window"


def test_64_racing_saves_of_one_version_give_one_save_and_63_conflicts(bench, now):
    mine, outcomes = bench.next("r1"), []
    barrier = threading.Barrier(64)

    def race(k):
        barrier.wait()
        try:
            outcomes.append(save(bench, "r1", mine, 0, now, note=f"window {k}").content["note"])
        except ConflictError as conflict:
            outcomes.append(conflict)
        except Exception as error:
            outcomes.append(repr(error))

    threads = [threading.Thread(target=race, args=(k,)) for k in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (saved,) = [one for one in outcomes if isinstance(one, str)]
    assert len(outcomes) == 64
    assert {one.stored["content"]["note"] for one in outcomes if isinstance(one, ConflictError)} == {saved}
    with bench.database.reading() as session:
        assert session.scalar(select(func.count()).where(Audit.action == "draft.save")) == 1
    assert verify(bench.database).broken is None


def test_a_submitted_rating_holds_everything_and_the_draft_goes(bench, now):
    mine = bench.next("r1")
    save(bench, "r1", mine, 0, now, scores=ALL_FOUR)
    entered = Entered(
        scores=ALL_FOUR, uncertain=True, reason=" blurred ", note="", seconds=31.5, viewer={"contrast": 1.2}
    )
    with bench.database.writing() as session:
        rating = submit(session, bench.people["r1"], mine.id, 1, entered, now)
    assert (rating.scores, rating.uncertain, rating.reason) == (ALL_FOUR, True, "blurred")
    assert (rating.note, rating.seconds, rating.viewer) == (None, 31.5, {"contrast": 1.2})
    assert (rating.frozen_at, rating.rubric) == (now, load_rubric().name_and_hash)
    with bench.database.reading() as session:
        assert draft_of(session, bench.people["r1"], mine.id) is None


@pytest.mark.parametrize("missing", list(DIMENSIONS))
def test_a_rating_with_five_scores_is_refused_and_the_missing_one_named(bench, now, missing):
    mine = bench.next("r1")
    five = Entered(scores={d: 0 for d in DIMENSIONS if d != missing})
    with (
        pytest.raises(RefusedError, match=f"{missing.title} is not scored") as refused,
        bench.database.writing() as session,
    ):
        submit(session, bench.people["r1"], mine.id, 0, five, now)
    assert refused.value.reason == "incomplete"


@pytest.mark.parametrize("score", [-1, 6, 2.5, "3", None, True])
def test_a_score_off_the_scale_is_never_entered(score):
    with pytest.raises(ValidationError):
        Entered(scores={"safety": score})


def test_uncertainty_needs_a_reason(bench, now):
    mine = bench.next("r1")
    with pytest.raises(RefusedError) as refused:
        bench.submit("r1", mine, uncertain=True, reason=" ")
    assert refused.value.reason == "no reason"


def test_what_was_submitted_is_frozen(bench, now):
    mine = bench.next("r1")
    first = bench.submit("r1", mine, 4)
    assert bench.submit("r1", mine, 4).id == first.id  # sent again because the answer was lost
    with pytest.raises(RefusedError) as changed:
        bench.submit("r1", mine, 5)
    with pytest.raises(RefusedError) as saved:
        save(bench, "r1", mine, 0, now)
    assert (changed.value.reason, saved.value.reason) == ("frozen", "frozen")
    with pytest.raises(DBAPIError, match="never changed"), bench.database.engine.begin() as connection:
        connection.execute(text("UPDATE rating SET safety = 5"))
    with bench.database.reading() as session:
        assert [one.scores for one in session.scalars(select(Rating))] == [ALL_FOUR]


def test_another_raters_assignment_is_not_there(bench, now):
    mine = bench.next("r1")
    for act in (
        lambda: bench.submit("r2", mine),
        lambda: save(bench, "r2", mine, 0, now),
        lambda: bench.submit("curator", mine),
    ):
        with pytest.raises(NotFoundError, match="there is none such"):
            act()


def test_a_rater_who_is_no_longer_a_member_sees_nothing(bench, now):
    from dermatrust.curate.projects import set_member

    mine = bench.next("r1")
    with bench.database.writing() as session:
        set_member(session, bench.people["curator"], bench.id, bench.people["r1"].user_id, None)
    with pytest.raises(NotFoundError):
        bench.submit("r1", mine)


def test_a_late_draft_is_kept_but_cannot_take_a_slot_that_is_gone(database, bench_of, now):
    bench = bench_of(database, 1, rules=Rules(anchor_share=0, slots=1))
    mine, late = bench.next("r1"), now + timedelta(hours=1)
    bench.submit("r2", bench.next("r2", late), 3, late)
    assert save(bench, "r1", mine, 0, late, note="kept").version == 1
    with pytest.raises(RefusedError) as refused, database.writing() as session:
        submit(session, bench.people["r1"], mine.id, 1, Entered(scores=ALL_FOUR), late)
    assert refused.value.reason == "slot taken"
    with database.reading() as session:
        assert draft_of(session, bench.people["r1"], mine.id).content["note"] == "kept"


def test_a_late_submit_takes_a_slot_that_is_still_free(bench, now):
    mine, late = bench.next("r1"), now + timedelta(hours=1)
    bench.next("r2", late)
    assert bench.submit("r1", mine, 4, late).scores == ALL_FOUR
